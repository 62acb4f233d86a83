// Channels with mode: connect. Each has a thread that opens the platform's long connection (or
// polls it), takes its events in, acknowledges them after their commit, and connects again with
// backoff: soon after a connection that had been healthy, rarely while the platform refuses for
// good. What ended it is logged once, stands in health, and is tried again at once after SIGHUP.
// The connection of a channel that is retired ends.
#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "gateway/channel_map.h"
#include "gateway/intake.h"
#include "net/event_loop.h"

namespace ai_bot {

// What connections work with; all of it outlives them.
struct ConnectionNeeds {
  const ChannelMap& channels;
  Intake& intake;
  HttpClient& http;
  milliseconds timeout;  // of a request, and for a connection to be made
};

class Connections {
 public:
  explicit Connections(const ConnectionNeeds& needs) : needs_(needs) {}
  ~Connections() { stop(); }

  // How many start() will want: one a channel.
  size_t threads() const;

  // Connects every channel that has mode: connect and is not connected yet. On the main loop's
  // thread; where no thread can be had for one, it is tried again from there.
  void start();
  void stop();
  // After the channels were configured anew: connects those that are new, and whoever waits to
  // connect again does so now, since somebody may have mended the set-up. `loop`: the main one.
  void reconfigured(const EventLoop& loop);

 private:
  struct Running {
    const ChannelEntry* channel;
    std::thread thread;
    std::atomic<bool> is_over{false};
  };

  void run(const ChannelEntry& channel);
  void run_poll(const ChannelEntry& channel);
  void run_socket(const ChannelEntry& channel);
  // The wait after a failure, with its reason noted; grows with their number.
  milliseconds wait_after(const ChannelEntry& channel, const Error& error, int& failures);
  // Waits, or until reconfigured(); false once the channel's connection is to end.
  bool rest(const ChannelEntry& channel, milliseconds time);
  // One poll, its events committed.
  Result<void> poll_once(const ChannelEntry& channel, std::string& cursor);

  const ConnectionNeeds needs_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  int retries_ = 0;  // calls of reconfigured()
  std::list<Running> running_;
};

}  // namespace ai_bot
