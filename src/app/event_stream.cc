#include "app/event_stream.h"

namespace ai_bot {

drogon::HttpResponsePtr EventStream::response() {
  auto response = drogon::HttpResponse::newAsyncStreamResponse(
      [self = shared_from_this()](drogon::ResponseStreamPtr stream) {
        self->attach(std::move(stream));
      });
  response->setContentTypeString("text/event-stream; charset=utf-8");
  response->addHeader("Cache-Control", "no-cache");
  response->addHeader("X-Accel-Buffering", "no");  // nginx: pass it on as it comes
  return response;
}

void EventStream::attach(drogon::ResponseStreamPtr stream) {
  std::lock_guard lock(mutex_);
  stream_ = std::move(stream);
  if (!waiting_.empty()) stream_->send(waiting_);
  waiting_.clear();
  if (closed_) stream_->close();
}

void EventStream::send_data(std::string_view data) {
  std::string event = "data: ";
  event.append(data).append("\n\n");
  std::lock_guard lock(mutex_);
  if (closed_) return;
  if (stream_) {
    stream_->send(event);
  } else {
    waiting_ += event;
  }
}

void EventStream::send_json(const nlohmann::json& value) {
  send_data(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void EventStream::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  if (stream_) stream_->close();
}

}  // namespace ai_bot
