// What a chat platform is to ai_bot: bytes in, one Event; one Reply, a request out. Nothing here
// does any I/O, so every platform is tested with recorded bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/config.h"
#include "core/message.h"
#include "core/result.h"
#include "net/http_client.h"

namespace ai_bot {

// Who the bot is on a platform, where only the platform can tell (Channel::identity_request).
struct Identity {
  std::string id;    // of the bot's account
  std::string name;  // the handle people mention, without '@'; may be empty

  // For people: "@name", or the id.
  std::string handle() const { return name.empty() ? id : "@" + name; }
};

// One request to a webhook, as it came.
struct WebhookRequest {
  std::string_view body;
  // The value of a header (any case), or an empty string.
  std::function<std::string(const char* name)> header;
  int64_t now_ms = 0;
  std::string method = "POST";
  // The decoded value of a query parameter, or an empty string.
  std::function<std::string(const char* name)> query = [](const char*) { return std::string(); };
  std::shared_ptr<const Identity> self = {};  // none: not known yet
};

// What a platform wants to hear.
struct WebhookAnswer {
  int status = 200;
  std::string type = "application/json";
  std::string body = "{}";
};

// What a request turned out to be.
struct Reading {
  std::optional<Event> event;  // to be committed before `answer` is given
  WebhookAnswer answer;
  // What is counted when there is no event: "handshake", or why it was ignored ("bot_message",
  // "not_addressed", "not_allowed", "unknown", or "unreadable", which is logged …).
  std::string outcome;
};

// What the platform said to a delivery.
struct Delivery {
  enum class Outcome {
    kDelivered,
    kRetry,
    kFinal,
    kTokenExpired,  // fetch another access token and repeat at once
    kOtherWay,      // not so, but as `way` says: repeat at once, where that was not tried yet
    kRefused,       // the credentials, or what they may do, until the operator mends them: whatever
                    // is to be sent waits for that
  };
  Outcome outcome = Outcome::kDelivered;
  std::string why = {};  // for logs and the dead letters, in English; no secrets
  std::optional<milliseconds> retry_after = {};  // what the platform asked for
  bool whole_app = false;       // the wait is for every conversation of the channel
  std::string message_id = {};  // of the message that was made, where one can be edited
  Way way = {};                 // of kOtherWay: what is to be changed
};

// kOtherWay, with what the log says about it.
Delivery other_way(Way way, std::string why);

// A platform's access token, and how long it may be used.
struct AccessToken {
  std::string value;
  milliseconds valid_for{0};
};

// One question to the platform's API that `ai_bot channel test` asks, and how to judge the answer.
struct Probe {
  HttpRequest request;
  // A text when something is missing: which credential, scope or setting, and where to set it.
  std::function<std::optional<Text>(const HttpReply&)> finding;
};

// What one poll gave.
struct Polled {
  std::vector<Reading> readings;
  std::string cursor;  // for the next poll, which confirms these; empty: as before
};

class SocketProtocol;

class Channel {
 public:
  virtual ~Channel() = default;

  // Verifies authenticity over the raw bytes, then reads. Errors: kUnauthorized, whose text is for
  // the operator alone (who asked hears only that it is refused), kInvalid naming the field,
  // kUnavailable when the platform should repeat.
  virtual Result<Reading> receive(const WebhookRequest& request) const = 0;

  // True when answers are fetched by the asker (in the response to its request) and never sent.
  virtual bool holds_replies() const { return false; }

  // True when an event can be answered by one message only, so that it must be the answer: nobody
  // is told that it comes later.
  virtual bool answers_once() const { return false; }

  // An answer (Markdown) as the texts of one or more messages in the platform's dialect, each
  // within its size limit. What render() gets in Reply::text is one of these.
  virtual std::vector<std::string> compose(const std::string& answer) const { return {answer}; }

  // `token` is empty for platforms that need none.
  // The address of a conversation by the platform's id of it (dingtalk: also of a person; wecom:
  // only of a person), for a message that answers nothing; empty where that is not possible.
  virtual std::string address_for(const std::string&) const { return ""; }

  virtual HttpRequest render(const Reply& reply, const std::string& token,
                             int64_t now_ms) const = 0;
  virtual Delivery judge(const HttpReply& response) const = 0;

  // Takes back the message `reply.draft`, which can't become the answer any more, so that no half
  // of it stays; none where that is not possible.
  virtual std::optional<HttpRequest> retract(const Reply& reply, const std::string& token) const;

  // How an access token is got; none where the credentials themselves are sent.
  virtual std::optional<HttpRequest> token_request() const { return std::nullopt; }
  virtual Result<AccessToken> read_token(const HttpReply& response) const;

  // How the bot learns who it is; none where it need not ask. `token` as for render().
  virtual std::optional<HttpRequest> identity_request(const std::string& token) const;
  virtual Result<Identity> read_identity(const HttpReply& response) const;

  // What is sent once when a channel begins and the bot is known: what the platform shows people of
  // it, as a menu of commands. Nobody waits for the answers.
  virtual std::vector<HttpRequest> introductions(const std::string& token) const;

  // The request for an attachment's bytes; none where they can't be had. Where a platform first
  // tells at which address they are, download_from() makes the second request of the first one's
  // answer.
  virtual std::optional<HttpRequest> download(const Attachment& attachment,
                                              const std::string& token) const;
  virtual bool downloads_in_two_steps() const { return false; }
  virtual std::optional<HttpRequest> download_from(const HttpReply& response) const;
  // Of an attachment of type "quote" (what a message replies to or forwards, which the platform
  // tells only when asked): the words in the answer to download(); none where there are none.
  virtual std::optional<std::string> read_quoted(const HttpReply& response) const;

  // True when a message can be edited while the answer grows.
  virtual bool edits() const { return false; }

  // What shows people that an answer is being made ("typing …"); none where there is nothing.
  virtual std::optional<HttpRequest> typing(const std::string& address,
                                            const std::string& token) const;

  // mode: connect, either by polling or by a socket of the platform's own protocol.
  virtual bool polls() const { return false; }
  virtual HttpRequest poll_request(const std::string& cursor, std::chrono::seconds wait) const;
  virtual Result<Polled> read_poll(const HttpReply& response, const Identity* self,
                                   int64_t now_ms) const;
  virtual std::unique_ptr<SocketProtocol> socket() const;

  virtual std::vector<Probe> probes(const std::string& token) const;
};

struct ChannelLimits {
  size_t max_message = 32 << 10;  // bytes of a text
};

// Makes the channel of a configuration; the table of platforms stands in channel.cc.
std::unique_ptr<Channel> make_channel(const ChannelConfig& config, const ChannelLimits& limits);

}  // namespace ai_bot
