// A connection as libcurl makes it, through proxies and with TLS, for a protocol that libcurl does
// not speak. Of one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "net/url.h"

namespace ai_bot {

class CurlConnection {
 public:
  // To the host and port of the address, with TLS where it is_secure(). `proxy` as in HttpRequest;
  // one is asked for a tunnel (CONNECT). Ends with kCancelled soon after `is_over` says so, with
  // kTimeout at the deadline.
  static Result<CurlConnection> open(const Url& url, const std::string& proxy, SteadyTime deadline,
                                     const std::function<bool()>& is_over);

  CurlConnection(CurlConnection&&) noexcept;
  ~CurlConnection();

  // How many bytes were moved; 0: none for the moment. No value: the connection has ended.
  std::optional<size_t> receive(void* into, size_t most);
  std::optional<size_t> send(const void* bytes, size_t most);

  // Returns when there is something to receive, room to send (where that is wanted), or `wake`
  // (a descriptor) can be read, at the latest after this time.
  void wait(bool wants_to_send, int wake, milliseconds most) const;

 private:
  struct Handles;

  explicit CurlConnection(std::unique_ptr<Handles> handles);

  std::unique_ptr<Handles> handles_;
};

}  // namespace ai_bot
