#include "app/event_stream.h"

#include <trantor/net/EventLoop.h>

#include "core/guarded.h"

namespace ai_bot {
namespace {

constexpr double kKeepAliveSeconds = 15;  // proxies' read timeouts begin at 30 s
constexpr const char* kContentType = "text/event-stream; charset=utf-8";
constexpr const char* kHeadOfAClosingStream =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: "
    "no-cache\r\n"
    "x-accel-buffering: no\r\nconnection: close\r\n\r\n";

}  // namespace

EventStream::EventStream(const drogon::HttpRequestPtr& request, GuardedConnectionPtr connection)
    : tcp_(request->getConnectionPtr()),
      connection_(std::move(connection)),
      kept_(request->version() == drogon::Version::kHttp11 && connection_ != nullptr &&
            connection_->keeps_alive()) {}

void EventStream::begin(const Respond& respond) {
  if (!connection_) return;
  connection_->stream_begins();
  connection_->loop()->queueInLoop([self = shared_from_this()] { self->keep_alive(); });
  if (!kept_)
    return connection_->loop()->runInLoop([self = shared_from_this()] { self->begin_alone(); });
  auto response = drogon::HttpResponse::newAsyncStreamResponse(
      [self = shared_from_this()](drogon::ResponseStreamPtr stream) {
        self->attach(std::move(stream));
      });
  response->setContentTypeString(kContentType);
  response->addHeader("Cache-Control", "no-cache");
  response->addHeader("X-Accel-Buffering", "no");  // nginx: pass it on as it comes
  respond(response);
}

void EventStream::begin_alone() {
  alone_ = true;
  write(kHeadOfAClosingStream);
}

void EventStream::attach(drogon::ResponseStreamPtr stream) { stream_ = std::move(stream); }

void EventStream::send_data(std::string_view data) {
  send(std::string("data: ").append(data).append("\n\n"));
}

void EventStream::send_json(const nlohmann::json& value) {
  send_data(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void EventStream::send(std::string bytes) {
  if (!connection_) return;
  waiting_ += bytes.size();
  connection_->loop()->queueInLoop([self = shared_from_this(), bytes = std::move(bytes)] {
    self->waiting_ -= bytes.size();
    guarded("http.stream", [&] { self->write(bytes); });
  });
}

void EventStream::write(const std::string& bytes) {
  const auto tcp = tcp_.lock();
  if (closed_ || !tcp) return;
  quiet_ = false;
  connection_->sending(bytes.size());
  if (alone_) {
    tcp->send(bytes);
  } else if (stream_) {
    stream_->send(bytes);
  }
}

void EventStream::close() {
  if (!connection_) return;
  connection_->loop()->queueInLoop([self = shared_from_this()] { self->end(); });
}

void EventStream::end() {
  if (std::exchange(closed_, true)) return;
  if (stream_) stream_->close();
  stream_.reset();
  if (const auto tcp = tcp_.lock(); alone_ && tcp) tcp->shutdown();
  connection_->stream_ended();
}

void EventStream::keep_alive() {
  if (closed_ || tcp_.expired()) return;
  if (std::exchange(quiet_, true)) write(": still at work\n\n");
  // A stream that has ended is not kept for its next look.
  connection_->loop()->runAfter(kKeepAliveSeconds, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->keep_alive();
  });
}

bool EventStream::ready() const {
  return !connection_ || waiting_ + connection_->unsent() <= connection_->most_unsent();
}

}  // namespace ai_bot
