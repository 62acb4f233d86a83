// A chat platform at an address of the test's choice that has all there is: tokens, an identity,
// messages that can be edited, files. A test says what its server answers.
#pragma once

#include <nlohmann/json.hpp>

#include "channels/channel.h"
#include "gateway/channel_entry.h"

namespace ai_bot::test {

class TestPlatform : public Channel {
 public:
  explicit TestPlatform(std::string url) : url_(std::move(url)) {}

  Result<Reading> receive(const WebhookRequest&) const override { return Reading{}; }
  std::vector<std::string> compose(const std::string& answer) const override {
    if (answer.starts_with("poison")) throw std::runtime_error("a mistake of ours");
    return {answer};
  }

  std::optional<HttpRequest> token_request() const override { return at("POST", "/token", ""); }
  Result<AccessToken> read_token(const HttpReply& reply) const override {
    if (reply.status != 200) return fail(Code::kUnavailable, "no token", "无令牌");
    return AccessToken{reply.body, std::chrono::hours(2)};
  }
  std::optional<HttpRequest> identity_request(const std::string& token) const override {
    return at("GET", "/me", token);
  }
  Result<Identity> read_identity(const HttpReply& reply) const override {
    if (reply.status != 200) return fail(Code::kUnavailable, "nobody", "未知");
    return Identity{reply.body, ""};
  }

  std::vector<HttpRequest> introductions(const std::string& token) const override {
    return {at("POST", "/menu/en", token), at("POST", "/menu/zh", token)};
  }

  // POST /send, with the way it goes (?plain, ?outside …), or PUT /send/ID for an edit; the
  // answer's body is the message's id.
  HttpRequest render(const Reply& reply, const std::string& token, int64_t) const override {
    const std::string way = std::string(reply.way.plain ? "?plain" : "") +
                            (reply.way.outside_thread ? "?outside" : "") + reply.way.chat;
    HttpRequest request = reply.draft.empty() ? at("POST", "/send" + way, token)
                                              : at("PUT", "/send/" + reply.draft, token);
    request.body = reply.text;
    return request;
  }
  Delivery judge(const HttpReply& reply) const override {
    Delivery delivery;
    delivery.message_id = reply.body;
    if (reply.status == 401) delivery.outcome = Delivery::Outcome::kTokenExpired;
    if (reply.status == 403) delivery.outcome = Delivery::Outcome::kRefused;
    if (reply.status == 406) return other_way({.plain = true}, "cannot read that");
    if (reply.status == 410) return other_way({.outside_thread = true}, "no such thread");
    if (reply.status == 308) return other_way({.chat = reply.body}, "moved");
    if (reply.status == 400) delivery.outcome = Delivery::Outcome::kFinal;
    if (is_passing(reply.status)) delivery.outcome = Delivery::Outcome::kRetry;
    delivery.retry_after = retry_after(reply);
    delivery.why = "HTTP status " + std::to_string(reply.status);
    return delivery;
  }
  bool edits() const override { return true; }
  std::optional<HttpRequest> retract(const Reply& reply, const std::string& token) const override {
    return at("DELETE", "/send/" + reply.draft, token);
  }
  std::optional<HttpRequest> typing(const std::string&, const std::string& token) const override {
    return at("POST", "/typing", token);
  }

  std::optional<HttpRequest> download(const Attachment& attachment,
                                      const std::string& token) const override {
    return at("GET", "/files/" + attachment.id, token);
  }

 private:
  HttpRequest at(const char* method, const std::string& path, const std::string& token) const {
    HttpRequest request;
    request.method = method;
    request.url = url_ + path;
    request.headers = {{"Authorization", token}};
    return request;
  }

  const std::string url_;
};

// The platform as a configured channel.
inline ChannelEntry entry_of(const std::string& name, const std::string& url, HttpClient& http,
                             milliseconds timeout, Clock& clock = Clock::system()) {
  ChannelConfig config;
  config.name = name;
  config.stream = true;
  config.edit_interval = milliseconds(300);
  const auto platform = std::make_shared<TestPlatform>(url);
  return {platform, config, std::make_shared<PlatformAccess>(name, platform, http, timeout, clock)};
}

}  // namespace ai_bot::test
