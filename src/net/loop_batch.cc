#include "net/loop_batch.h"

#include "core/guarded.h"

namespace ai_bot {

std::shared_ptr<LoopBatch> LoopBatch::of_this_thread() {
  thread_local const std::shared_ptr<LoopBatch> batch(new LoopBatch(EventLoop::of_this_thread()));
  return batch;
}

void LoopBatch::add(Piece piece) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(piece));
    if (waiting_.size() > 1) return;  // run() is on its way
  }
  loop_.post("loop.batch", [self = shared_from_this()] { self->run(); });
}

void LoopBatch::run() {
  std::vector<Piece> pieces;
  {
    std::lock_guard lock(mutex_);
    pieces.swap(waiting_);
  }
  for (const Piece& piece : pieces) guarded("loop.piece", piece);
}

}  // namespace ai_bot
