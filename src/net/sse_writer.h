// An EventStream on a connection of Drogon's. What is written is kept until its headers are out.
#pragma once

#include <drogon/HttpResponse.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "net/drogon_request.h"

namespace ai_bot {

class SseWriter final : public EventStream, public std::enable_shared_from_this<SseWriter> {
 public:
  explicit SseWriter(DrogonRequestPtr request);

  // Drogon streams on connections that are kept only; where HTTP/1.0 or "Connection: close"
  // (nginx's defaults, many clients') makes the end of the connection the end of the answer, it is
  // written past Drogon.
  void begin() override;
  void send_data(std::string_view data) override;
  void close() override;
  bool ready() const override;

 private:
  void begin_alone();
  void attach(drogon::ResponseStreamPtr stream);
  void send(std::string bytes);
  void write(const std::string& bytes);
  void end();
  void keep_alive();

  const DrogonRequestPtr request_;
  const GuardedConnectionPtr connection_;
  const std::weak_ptr<trantor::TcpConnection> tcp_;
  const bool kept_;
  std::atomic<size_t> waiting_{0};  // bytes on their way to the loop's thread
  // For the connection's loop's thread.
  drogon::ResponseStreamPtr stream_;
  bool alone_ = false;
  bool closed_ = false;
  bool quiet_ = false;  // nothing was written since the last look
};

}  // namespace ai_bot
