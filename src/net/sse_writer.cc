#include "net/sse_writer.h"

#include <drogon/HttpRequest.h>

namespace ai_bot {
namespace {

constexpr const char* kContentType = "text/event-stream; charset=utf-8";
constexpr const char* kHeadOfAClosingStream =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: "
    "no-cache\r\n"
    "x-accel-buffering: no\r\nconnection: close\r\n\r\n";

}  // namespace

SseWriter::SseWriter(DrogonRequestPtr request)
    : request_(std::move(request)),
      connection_(request_->connection()),
      tcp_(request_->drogons()->getConnectionPtr()),
      kept_(request_->drogons()->version() == drogon::Version::kHttp11 &&
            connection_->keeps_alive()) {}

void SseWriter::begin() {
  connection_->stream_begins();
  connection_->loop().post("http.stream", [self = shared_from_this()] { self->keep_alive(); });
  if (!kept_) return begin_alone();
  auto response = drogon::HttpResponse::newAsyncStreamResponse(
      [self = shared_from_this()](drogon::ResponseStreamPtr stream) {
        self->attach(std::move(stream));
      });
  response->setContentTypeString(kContentType);
  response->addHeader("Cache-Control", "no-cache");
  response->addHeader("X-Accel-Buffering", "no");  // nginx: pass it on as it comes
  request_->answer(response);
}

void SseWriter::begin_alone() {
  if (!request_->answer_past_drogon(200)) return;
  const auto head = [self = shared_from_this()] {
    self->alone_ = true;
    self->write(kHeadOfAClosingStream);
  };
  if (connection_->loop().is_this_thread()) return head();
  connection_->loop().post("http.stream", head);
}

void SseWriter::attach(drogon::ResponseStreamPtr stream) { stream_ = std::move(stream); }

void SseWriter::send_data(std::string_view data) {
  send(std::string("data: ").append(data).append("\n\n"));
}

void SseWriter::send(std::string bytes) {
  waiting_ += bytes.size();
  connection_->loop().post("http.stream", [self = shared_from_this(), bytes = std::move(bytes)] {
    self->waiting_ -= bytes.size();
    self->write(bytes);
  });
}

void SseWriter::write(const std::string& bytes) {
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

void SseWriter::close() {
  connection_->loop().post("http.stream", [self = shared_from_this()] { self->end(); });
}

void SseWriter::end() {
  if (std::exchange(closed_, true)) return;
  if (stream_) stream_->close();
  stream_.reset();
  if (const auto tcp = tcp_.lock(); alone_ && tcp) tcp->shutdown();
  connection_->stream_ended();
}

void SseWriter::keep_alive() {
  if (closed_ || tcp_.expired()) return;
  if (std::exchange(quiet_, true)) write(": still at work\n\n");
  // A stream that has ended is not kept for its next look.
  connection_->loop().after(connection_->stream_ping(), "http.stream", [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->keep_alive();
  });
}

bool SseWriter::ready() const {
  return waiting_ + connection_->unsent() <= connection_->most_unsent();
}

}  // namespace ai_bot
