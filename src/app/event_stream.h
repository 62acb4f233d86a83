// A response of server-sent events that is written from any thread, also before its headers are
// out.
#pragma once

#include <drogon/HttpResponse.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ai_bot {

class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  // The response to hand to Drogon, once.
  drogon::HttpResponsePtr response();

  void send_data(std::string_view data);
  void send_json(const nlohmann::json& value);
  void close();

 private:
  void attach(drogon::ResponseStreamPtr stream);

  std::mutex mutex_;
  drogon::ResponseStreamPtr stream_;
  std::string waiting_;  // written before the stream was attached
  bool closed_ = false;
};

}  // namespace ai_bot
