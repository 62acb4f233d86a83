// Channels with mode: connect. Each has a thread that opens the platform's long connection (or
// polls it), takes its events in, acknowledges them after their commit, and connects again with
// backoff.
#pragma once

#include <trantor/net/EventLoopThread.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "app/parts.h"

namespace ai_bot {

class Connections {
 public:
  explicit Connections(Parts& parts) : parts_(parts) {}
  ~Connections() { stop(); }

  // Connects every channel that has mode: connect. On the main loop's thread; where no thread can
  // be had for one, it is tried again from there.
  void start();
  void stop();

 private:
  void run(const ChannelEntry& channel);
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
  std::set<std::string> begun_;                     // channels that have their thread
  std::vector<std::thread> threads_;
};

}  // namespace ai_bot
