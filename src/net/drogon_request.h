// A Request of Drogon's.
#pragma once

#include <drogon/HttpRequest.h>
#include <drogon/HttpResponse.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "net/guarded_connection.h"
#include "net/request.h"

namespace ai_bot {

class DrogonRequest final : public Request, public std::enable_shared_from_this<DrogonRequest> {
 public:
  using Send = std::function<void(const drogon::HttpResponsePtr&)>;
  // An answer that Drogon does not see, and so does not count.
  using OnUnseen = std::function<void(const DrogonRequest& request, int status)>;

  DrogonRequest(drogon::HttpRequestPtr request, GuardedConnectionPtr connection, Send send,
                const OnUnseen& on_unseen);

  Method method() const override;
  std::string_view path() const override { return request_->getOriginalPath(); }
  std::string_view header(std::string_view name) const override;
  std::string_view query(const std::string& key) const override {
    return request_->getParameter(key);
  }
  std::string_view body() const override { return request_->body(); }
  const std::string& peer() const override { return connection_->address(); }
  EventLoop loop() const override { return connection_->loop(); }
  bool is_gone() const override;
  void on_gone(std::function<void()> gone) const override { connection_->on_gone(std::move(gone)); }
  EventStreamPtr stream() const override;

  // The first answer is the one: later ones are left out. Any thread.
  void answer(Response response) const;
  void answer(const drogon::HttpResponsePtr& response) const;
  // The answer is written to the connection itself; false when there was one.
  bool answer_past_drogon(int status) const;

  const drogon::HttpRequestPtr& drogons() const { return request_; }
  const GuardedConnectionPtr& connection() const { return connection_; }

 private:
  const drogon::HttpRequestPtr request_;
  const GuardedConnectionPtr connection_;
  const OnUnseen& on_unseen_;
  mutable std::atomic<bool> answered_{false};
  mutable Send send_;  // of whoever sets answered_; holds the connection
};
using DrogonRequestPtr = std::shared_ptr<const DrogonRequest>;

}  // namespace ai_bot
