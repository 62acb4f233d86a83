// Finds what is to be delivered: reads the outbox when a hint comes that there may be something,
// and all of it every 30 s, since hints may get lost: one that could not be read, a reply that
// somebody else opened again. One reading at a time, so that the replies of a conversation are
// found in the order in which they were committed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/executor.h"
#include "core/mutex.h"
#include "store/ledger.h"

namespace ai_bot {

class OutboxReader {
 public:
  // Hears of an open reply, often of the same one; on the executor's threads, one at a time.
  using Found = std::function<void(const Outbox::Open& entry)>;

  static constexpr milliseconds kEvery{30000}, kRetry{1000};

  // `executor` is stopped before this goes.
  OutboxReader(Ledger& ledger, Executor& executor, Clock& clock, Found found);

  // Reads all that is open; what can't be read now is tried again until it can. From the first call
  // on it is repeated every kEvery.
  void read_all();
  // Reads the open replies to one event. The same.
  void read(int64_t inbox_id);

  // Nothing is found any more, but by a reading under way.
  void stop();

 private:
  // More hints than this are one: read everything.
  static constexpr size_t kMostHints = 10000;

  struct Hints {
    bool all = false;
    std::vector<int64_t> inbox_ids = {};
  };

  void wake() REQUIRES(mutex_);
  void work();
  bool take(Hints& hints);
  bool read(const Hints& hints);
  bool read_open();
  void failed();
  void poll_later() REQUIRES(mutex_);

  Ledger& ledger_;
  Executor& executor_;
  Clock& clock_;
  const Found found_;
  Mutex mutex_;
  Hints hints_ GUARDED_BY(mutex_);
  bool is_busy_ GUARDED_BY(mutex_) = false;  // reads, is about to, or waits to try again
  bool polls_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace ai_bot
