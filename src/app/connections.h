// Channels with mode: connect. Each has a thread that opens the platform's long connection (or
// polls it), takes its events in, acknowledges them after their commit, and connects again with
// backoff.
#pragma once

#include <trantor/net/EventLoopThread.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/parts.h"

namespace ai_bot {

class Connections {
 public:
  explicit Connections(Parts& parts) : parts_(parts) {}
  ~Connections() { stop(); }

  // Connects every channel that has mode: connect.
  void start();
  void stop();

 private:
  void run_poll(const ChannelEntry& channel);
  void run_socket(const ChannelEntry& channel);
  // Waits, unless stop() is called; false then.
  bool rest(milliseconds time);
  bool poll_once(const ChannelEntry& channel, std::string& cursor);
  // One connection, until it ends; true when it had been open.
  bool connect_once(const ChannelEntry& channel, class SocketProtocol& protocol);

  Parts& parts_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<trantor::EventLoopThread> loop_;  // of the sockets
  std::vector<std::thread> threads_;
};

}  // namespace ai_bot
