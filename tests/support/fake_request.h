// A request that came from nowhere.
#pragma once

#include <map>
#include <string>

#include "net/request.h"

namespace ai_bot::test {

class FakeRequest final : public Request {
 public:
  FakeRequest(Method method, std::string path, std::map<std::string, std::string> headers = {},
              std::string body = "")
      : method_(method),
        path_(std::move(path)),
        headers_(std::move(headers)),
        body_(std::move(body)) {}

  Method method() const override { return method_; }
  std::string_view path() const override { return path_; }
  std::string_view header(std::string_view name) const override {
    const auto at = headers_.find(std::string(name));
    return at == headers_.end() ? std::string_view() : at->second;
  }
  std::string_view query(const std::string&) const override { return {}; }
  std::string_view body() const override { return body_; }
  const std::string& peer() const override { return peer_; }
  EventLoop loop() const override { return EventLoop(); }
  bool is_gone() const override { return false; }
  void on_gone(std::function<void()>) const override {}
  EventStreamPtr stream() const override { return nullptr; }

 private:
  const Method method_;
  const std::string path_;
  const std::map<std::string, std::string> headers_;
  const std::string body_;
  const std::string peer_ = "127.0.0.1";
};

}  // namespace ai_bot::test
