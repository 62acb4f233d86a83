#include "net/drogon_request.h"

#include <algorithm>

#include "net/sse_writer.h"

namespace ai_bot {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Drogon keeps names in lower case.
bool is_named(const std::string& kept, std::string_view name) {
  return kept.size() == name.size() && std::equal(kept.begin(), kept.end(), name.begin(),
                                                  [](char a, char b) { return a == lower(b); });
}

drogon::HttpResponsePtr to_drogon(Response response) {
  auto out = drogon::HttpResponse::newHttpResponse();
  out->setStatusCode(static_cast<drogon::HttpStatusCode>(response.status));
  if (response.type == Response::kJson) {
    out->setContentTypeCode(drogon::CT_APPLICATION_JSON);
  } else {
    out->setContentTypeString(response.type);
  }
  for (auto& [name, value] : response.headers) out->addHeader(name, std::move(value));
  out->setBody(std::move(response.body));
  return out;
}

}  // namespace

DrogonRequest::DrogonRequest(drogon::HttpRequestPtr request, GuardedConnectionPtr connection,
                             Send send, const OnUnseen& on_unseen)
    : request_(std::move(request)),
      connection_(std::move(connection)),
      on_unseen_(on_unseen),
      send_(std::move(send)) {}

Method DrogonRequest::method() const {
  switch (request_->method()) {
    case drogon::Get:
    case drogon::Head:
      return Method::kGet;
    case drogon::Post:
      return Method::kPost;
    case drogon::Put:
      return Method::kPut;
    case drogon::Delete:
      return Method::kDelete;
    case drogon::Patch:
      return Method::kPatch;
    case drogon::Options:
      return Method::kOptions;
    default:
      return Method::kOther;
  }
}

std::string_view DrogonRequest::header(std::string_view name) const {
  // A look-up by key would need a string of its own; there are few headers.
  for (const auto& [kept, value] : request_->headers()) {
    if (is_named(kept, name)) return value;
  }
  return {};
}

bool DrogonRequest::is_gone() const {
  const auto tcp = request_->getConnectionPtr().lock();
  return !tcp || !tcp->connected();
}

EventStreamPtr DrogonRequest::stream() const {
  return std::make_shared<SseWriter>(shared_from_this());
}

void DrogonRequest::answer(Response response) const {
  if (!answered_) answer(to_drogon(std::move(response)));
}

void DrogonRequest::answer(const drogon::HttpResponsePtr& response) const {
  if (answered_.exchange(true)) return;
  const Send send = std::exchange(send_, nullptr);
  send(response);
}

bool DrogonRequest::answer_past_drogon(int status) const {
  if (answered_.exchange(true)) return false;
  send_ = nullptr;
  on_unseen_(*this, status);
  return true;
}

}  // namespace ai_bot
