// A response of server-sent events that is written from any thread, in pieces, also before its
// headers are out. A comment is sent in a long silence, so that no proxy takes the connection for
// dead.
#pragma once

#include <drogon/HttpResponse.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "app/http_guard.h"
#include "app/replies.h"

namespace ai_bot {

class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  // `connection` is the request's; null when the client is gone already.
  EventStream(const drogon::HttpRequestPtr& request, GuardedConnectionPtr connection);

  // Begins the response, once, before anything is sent. Drogon streams on connections that are kept
  // only; where HTTP/1.0 or "Connection: close" (nginx's defaults, many clients') makes the end of
  // the connection the end of the answer, it is written past Drogon.
  void begin(const Respond& respond);

  // Whether Drogon writes it, and so counts it.
  bool is_drogons() const { return kept_; }

  void send_data(std::string_view data);
  void send_json(const nlohmann::json& value);
  void close();

  // False while the client has not taken what it was sent (more than server.max_unsent waits).
  bool ready() const;

 private:
  void begin_alone();
  void attach(drogon::ResponseStreamPtr stream);
  void send(std::string bytes);
  void write(const std::string& bytes);
  void end();
  void keep_alive();

  const std::weak_ptr<trantor::TcpConnection> tcp_;
  const GuardedConnectionPtr connection_;
  const bool kept_;
  std::atomic<size_t> waiting_{0};  // bytes on their way to the loop's thread
  // For the connection's loop's thread.
  drogon::ResponseStreamPtr stream_;
  bool alone_ = false;
  bool closed_ = false;
  bool quiet_ = false;  // nothing was written since the last look
};

}  // namespace ai_bot
