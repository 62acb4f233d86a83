// A request that came on a unix socket (net/local_server.h).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "net/request.h"

namespace ai_bot {

class LocalRequest final : public Request {
 public:
  // Reads one from the connection, at most `max` bytes, until the deadline or until `stopping` is
  // readable. Fails with what is wrong with it.
  static Result<std::shared_ptr<LocalRequest>> read(int connection, int stopping, size_t max,
                                                    SteadyTime deadline);

  Method method() const override { return method_; }
  // A GET whose answer has no body (RFC 9110, 9.3.2).
  bool is_head() const { return is_head_; }
  std::string_view path() const override { return path_; }
  std::string_view header(std::string_view name) const override;
  std::string_view query(const std::string&) const override { return {}; }
  std::string_view body() const override { return body_; }
  const std::string& peer() const override { return peer_; }
  EventLoop loop() const override { return {}; }
  bool is_gone() const override { return false; }
  void on_gone(std::function<void()>) const override {}
  EventStreamPtr stream() const override { return nullptr; }

 private:
  class Parser;

  Method method_ = Method::kOther;
  bool is_head_ = false;
  std::string path_;
  std::map<std::string, std::string> headers_;  // names in lower case
  std::string body_;
  const std::string peer_ = "unix";
};

// Whether the descriptor can be read (or written) before the deadline and before `stopping` can be
// read.
bool wait_for(int descriptor, short events, int stopping, SteadyTime deadline);

}  // namespace ai_bot
