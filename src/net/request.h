// One HTTP request, its answer, and the stream an answer may be.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/language.h"
#include "net/event_loop.h"

namespace ai_bot {

// HEAD comes to a route as GET; its answer's body is left out on the way.
enum class Method { kGet, kPost, kPut, kDelete, kPatch, kOptions, kOther };

const char* name_of(Method method);

struct Response {
  int status = 200;
  std::string body = {};
  std::string type = kJson;
  std::vector<std::pair<std::string, std::string>> headers = {};

  static constexpr const char* kJson = "application/json; charset=utf-8";
};

// An answer of server-sent events that is written from any thread, in pieces. A comment is sent in
// a long silence, so that no proxy takes the connection for dead.
class EventStream {
 public:
  virtual ~EventStream() = default;

  // Begins the response, once, before anything is sent.
  virtual void begin() = 0;
  virtual void send_data(std::string_view data) = 0;
  void send_json(const nlohmann::json& value);
  virtual void close() = 0;

  // False while the client has not taken what it was sent (more than server.max_unsent waits).
  virtual bool ready() const = 0;
};
using EventStreamPtr = std::shared_ptr<EventStream>;

// As it was received. The views live as long as the request. Any thread, where nothing else is
// said.
class Request {
 public:
  virtual ~Request() = default;

  virtual Method method() const = 0;
  // As it was written: no case is changed, nothing decoded, without the query.
  virtual std::string_view path() const = 0;
  // The value of a header (its name in any case); empty: not there.
  virtual std::string_view header(std::string_view name) const = 0;
  // The decoded value of a query parameter; empty: not there. On the request's own thread.
  virtual std::string_view query(const std::string& key) const = 0;
  virtual std::string_view body() const = 0;
  // The address it came from, without the port.
  virtual const std::string& peer() const = 0;

  // The client's X-Request-Id, or one of ours; always the same. First on the request's own thread.
  const std::string& id() const;
  // What Accept-Language prefers.
  Language language() const;

  // The loop it came on, where its route was called.
  virtual EventLoop loop() const = 0;
  // Whether the client has left.
  virtual bool is_gone() const = 0;
  // Called when the client leaves before the answer, or at once when it has. On the loop.
  virtual void on_gone(std::function<void()> gone) const = 0;
  // To answer with a stream instead of a Response.
  virtual EventStreamPtr stream() const = 0;

 private:
  mutable std::string id_;
};
using RequestPtr = std::shared_ptr<const Request>;

// Answers the request it was given with. Only the first answer counts. Any thread.
using Respond = std::function<void(Response response)>;

}  // namespace ai_bot
