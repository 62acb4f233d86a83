// One client's connection: between its bytes and the web framework. It has one request under way at
// a time; what the client sends ahead waits, and is bounded. Headers and bodies must come within a
// time and at a rate, answers must be taken. Who is late is closed
// (docs/decisions/0010-connections.md).
#pragma once

#include <trantor/net/TcpConnection.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "net/connection_limits.h"
#include "net/event_loop.h"
#include "net/http_framing.h"

namespace ai_bot {

class GuardedConnection;
using GuardedConnectionPtr = std::shared_ptr<GuardedConnection>;

// Everything but what says otherwise is for its event loop's thread.
class GuardedConnection : public std::enable_shared_from_this<GuardedConnection> {
 public:
  using OnRefused = std::function<void(int status)>;

  GuardedConnection(const trantor::TcpConnectionPtr& tcp, const ConnectionLimits& limits,
                    OnRefused on_refused);

  // Puts itself between the connection and the framework's reader of its bytes.
  void stand_before_framework(const trantor::TcpConnectionPtr& tcp);

  // The connection whose request is being handed to the framework on this thread: in all that the
  // framework calls about it meanwhile. Null otherwise.
  static GuardedConnectionPtr handing_over();

  // The framework handles the request that was handed over, and later is done with it.
  void began() { began_ = true; }
  void answered();

  // An answer that goes on after its response has begun. Any thread.
  void stream_begins() { streams_ = true; }
  bool streams() const { return streams_; }
  void stream_ended();

  // So many bytes more are on their way out.
  void sending(size_t bytes);
  // Bytes that were given to the connection and did not get out yet, at least. Any thread.
  size_t unsent() const { return unsent_; }
  size_t most_unsent() const { return limits_.max_unsent; }
  milliseconds stream_ping() const { return limits_.stream_ping; }

  // Whether another request may come after the one that is answered. Any thread, meanwhile.
  bool keeps_alive() const { return framing_.keeps_alive(); }

  // Called when the client goes while its request is under way, or at once when it is gone.
  void on_gone(std::function<void()> gone);
  void gone();

  // Closes what is late, goes on with what had to wait. Called several times a second.
  void check(SteadyTime now);
  void close();

  // Closes it, unless its request comes in this very moment. Any thread.
  void make_room();

  // Whether we wait for the client, and since when. Any thread.
  bool waits() const { return !busy_ && !leaves_; }
  SteadyTime waits_since() const { return since_; }

  const std::string& address() const { return address_; }
  EventLoop loop() const { return EventLoop(loop_); }
  bool is_on(const trantor::EventLoop* loop) const { return loop_ == loop; }

 private:
  void receive(const trantor::TcpConnectionPtr& tcp, trantor::MsgBuffer* buffer);
  void feed(const trantor::TcpConnectionPtr& tcp, trantor::MsgBuffer* buffer);
  void hand_over(const trantor::TcpConnectionPtr& tcp, trantor::MsgBuffer* buffer, size_t taken);
  void resume();
  void resume_later();
  void refuse(const trantor::TcpConnectionPtr& tcp, const HttpFraming::Refusal& refusal);
  void count_unsent(const trantor::TcpConnection& tcp);
  milliseconds patience() const;

  const std::weak_ptr<trantor::TcpConnection> tcp_;
  trantor::EventLoop* const loop_;
  const std::string address_;
  const ConnectionLimits& limits_;
  const OnRefused on_refused_;
  trantor::RecvMessageCallback framework_;
  HttpFraming framing_;
  std::unique_ptr<trantor::MsgBuffer> part_;  // of a request that is not whole yet
  bool feeding_ = false;
  bool began_ = false;
  bool over_ = false;     // refused, or the answer was the connection's last: nothing more is read
  size_t discarded_ = 0;  // bytes that came after that
  bool is_gone_ = false;
  bool served_ = false;  // some request was answered
  std::atomic<bool> busy_{false};
  std::atomic<bool> leaves_{false};
  std::atomic<bool> streams_{false};
  std::atomic<SteadyTime> since_;  // when what we wait for began
  uint64_t out_ = 0;               // bytes given to the connection since it was made, at least
  uint64_t got_out_ = 0;           // of them, as last seen
  SteadyTime got_out_at_;
  std::atomic<size_t> unsent_{0};
  std::function<void()> on_gone_;
};

}  // namespace ai_bot
