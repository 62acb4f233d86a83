#include "gateway/outbox_reader.h"

#include "core/guarded.h"
#include "store/ledger.h"

namespace ai_bot {
namespace {

constexpr int kBatch = 1000;
const std::string kGroup = "/outbox";  // no channel has this name

using Entries = std::vector<Outbox::Open>;

}  // namespace

OutboxReader::OutboxReader(Ledger& ledger, Executor& executor, Clock& clock, Found found)
    : ledger_(ledger), executor_(executor), clock_(clock), found_(std::move(found)) {}

void OutboxReader::read_all() {
  MutexLock lock(mutex_);
  hints_ = {true};
  wake();
  if (!std::exchange(polls_, true)) poll_later();
}

void OutboxReader::read(int64_t inbox_id) {
  MutexLock lock(mutex_);
  if (hints_.inbox_ids.size() >= kMostHints) hints_ = {true};
  if (!hints_.all) hints_.inbox_ids.push_back(inbox_id);
  wake();
}

void OutboxReader::stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
}

void OutboxReader::poll_later() {
  executor_.post_at(clock_.now() + kEvery, kGroup, [this] {
    MutexLock lock(mutex_);
    hints_ = {true};
    wake();
    poll_later();
  });
}

void OutboxReader::wake() {
  if (is_busy_ || stopping_) return;
  // Where too much waits there already, the hints are kept for the next one, or the next poll.
  is_busy_ = executor_.post(kGroup, [this] { work(); });
}

void OutboxReader::work() {
  for (Hints hints; take(hints);) {
    if (!guarded(
            "outbox.read", [&] { return read(hints); }, false))
      return failed();
  }
}

bool OutboxReader::take(Hints& hints) {
  MutexLock lock(mutex_);
  hints = std::exchange(hints_, {});
  is_busy_ = !stopping_ && (hints.all || !hints.inbox_ids.empty());
  return is_busy_;
}

// What was hinted at meanwhile is among all: to find it first would be to find it too early.
void OutboxReader::failed() {
  MutexLock lock(mutex_);
  hints_ = {true};
  if (!stopping_) executor_.post_at(clock_.now() + kRetry, kGroup, [this] { work(); });
}

bool OutboxReader::read(const Hints& hints) {
  if (hints.all) return read_open();
  for (const int64_t inbox_id : hints.inbox_ids) {
    const auto entries = ledger_.read<Entries>(
        [inbox_id](Transaction& transaction) { return transaction.outbox().open_of(inbox_id); });
    if (!entries) return false;
    for (const Outbox::Open& entry : *entries) found_(entry);
  }
  return true;
}

bool OutboxReader::read_open() {
  for (int64_t after = 0;;) {
    const auto batch = ledger_.read<Entries>([after](Transaction& transaction) {
      return transaction.outbox().open_after(after, kBatch);
    });
    if (!batch) return false;
    if (batch->empty()) return true;
    for (const Outbox::Open& entry : *batch) found_(entry);
    after = batch->back().id;
  }
}

}  // namespace ai_bot
