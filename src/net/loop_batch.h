// Work handed from other threads to an HTTP thread, many pieces with one wake-up: after a group
// commit there are as many responses to send as the commit had events, and a wake-up each would
// cost more than the responses.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "net/event_loop.h"

namespace ai_bot {

class LoopBatch : public std::enable_shared_from_this<LoopBatch> {
 public:
  using Piece = std::function<void()>;

  // The batch of the HTTP thread that calls this.
  static std::shared_ptr<LoopBatch> of_this_thread();

  // Runs the piece on that thread, in order. From any thread.
  void add(Piece piece);

 private:
  explicit LoopBatch(EventLoop loop) : loop_(loop) {}
  void run();

  const EventLoop loop_;
  std::mutex mutex_;
  std::vector<Piece> waiting_;
};

}  // namespace ai_bot
