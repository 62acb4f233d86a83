#include "gateway/intake.h"

#include <algorithm>

#include "core/guarded.h"
#include "core/log.h"
#include "net/event_loop.h"
#include "store/ledger.h"

namespace ai_bot {
namespace {

// On an event loop's thread: all that one turn of the loop takes in goes to the store together, and
// so into one commit. Handed over one by one, the first would wake the writer, which on a busy core
// interrupts this thread and commits it alone (docs/decisions/0009-speed.md).
void write_with_this_turn(Ledger& ledger, Ledger::Write write) {
  const EventLoop loop = EventLoop::of_this_thread();
  if (!loop) return ledger.write(std::move(write.task), std::move(write.done));
  thread_local std::vector<Ledger::Write> gathered;
  gathered.push_back(std::move(write));
  if (gathered.size() > 1) return;
  loop.post("intake.write", [&ledger] { ledger.write(std::exchange(gathered, {})); });
}

}  // namespace

Intake::Intake(Ledger& ledger, Assistant& assistant, Metrics& metrics,
               const std::atomic<Phase>& phase, int64_t max_pending, const ChannelMap& channels,
               std::function<void(int64_t inbox_id)> replies_waiting)
    : ledger_(ledger),
      assistant_(assistant),
      metrics_(metrics),
      phase_(phase),
      max_pending_(max_pending),
      channels_(channels),
      replies_waiting_(std::move(replies_waiting)) {}

Result<void> Intake::may_take_in(const ChannelEntry& channel) {
  if (phase_ == Phase::kDraining)
    return fail(Code::kUnavailable, "ai_bot is stopping; send it again",
                "ai_bot 正在停止，请稍后重发");
  if (auto in_place = ledger_.in_place(); !in_place) {
    metrics_.event(channel.config.name, "failed");
    return in_place;
  }
  if (has_room(channel.config.name)) return {};
  metrics_.event(channel.config.name, "full");
  return fail(Code::kUnavailable,
              "too many messages are waiting (database.max_pending); send it again later",
              "等待处理的消息过多（database.max_pending），请稍后重发");
}

// What waits for its commit waits for its answer too.
bool Intake::has_room(const std::string& channel) {
  if (assistant_.depth().waiting + ledger_.queued() >= max_pending_) return false;
  const int64_t of_one =
      channels_.size() < 2 ? max_pending_ : std::max<int64_t>(1, max_pending_ / 2);
  MutexLock lock(mutex_);
  return assistant_.waiting(channel) + uncommitted_[channel] < of_one;
}

void Intake::take_in(const ChannelEntry& channel, Event event, Committed committed) {
  auto taken = std::make_shared<TakenIn>();
  taken->event = std::move(event);
  const std::string& fixed = taken->event.fixed_answer;
  Ledger::Write write;
  write.task = [taken, texts = fixed.empty()
                                   ? std::vector<std::string>()
                                   : channel.channel->compose(fixed)](Transaction& transaction) {
    taken->added = transaction.inbox().add(taken->event);
    if (!taken->added.is_new) {
      taken->answer = transaction.outbox().answer_to(taken->added.id);
    } else if (!texts.empty()) {
      transaction.inbox().finish(taken->added.id);
      transaction.outbox().add(taken->added.id, taken->event, Outbox::Kind::kAnswer, texts,
                               /*held=*/false);
    }
  };
  write.done = [this, taken, committed = std::move(committed)](Result<void> result) {
    written(taken, std::move(result), committed);
  };
  {
    MutexLock lock(mutex_);
    ++uncommitted_[taken->event.channel];
  }
  write_with_this_turn(ledger_, std::move(write));
}

void Intake::written(const TakenInPtr& taken, Result<void> result, const Committed& committed) {
  {
    MutexLock lock(mutex_);
    --uncommitted_[taken->event.channel];
  }
  const bool is_written = result.has_value();
  // Committed to a file that is no longer there would be acknowledged into nothing.
  if (is_written) result = ledger_.in_place();
  committed(taken, result);
  if (!result) {
    // Should the file come back, the event sent again must not look like one that was taken.
    if (is_written && taken->added.is_new) {
      ledger_.write([id = taken->added.id](Transaction& t) { t.inbox().remove(id); },
                    [](const Result<void>&) {});
    }
    return metrics_.event(taken->event.channel, "failed");
  }
  if (!taken->added.is_new) return;
  const Event& event = taken->event;
  if (!event.fixed_answer.empty()) return replies_waiting_(taken->added.id);
  assistant_.accept(
      {taken->added.id, lane_key(event.channel, event.conversation), taken->added.next_ms},
      event.text);
}

void Intake::note_authentic(const ChannelEntry& channel) {
  using Kind = ConnectionState::Kind;
  const Kind before = channel.webhook->kind();
  if (before == Kind::kConnected) return;
  channel.webhook->set(Kind::kConnected);
  if (before == Kind::kConnecting)
    log::info("channel.webhook_works", "the platform's first request came, and it is authentic",
              {{"ai_bot.channel", channel.config.name}});
}

void Intake::note_refused(const ChannelEntry& channel, const Text& why) {
  using Kind = ConnectionState::Kind;
  const auto before = channel.webhook->get();
  if (before.kind == Kind::kConnected && since(before.begun) >= kToldAgain)
    channel.webhook->recovered();
  if (channel.webhook->set(Kind::kRefused, why))
    log::warning("event.refused", why.en, {{"ai_bot.channel", channel.config.name}});
}

void Intake::note_ignored(const ChannelEntry& channel, const Reading& reading) {
  metrics_.event(channel.config.name, reading.outcome.c_str());
  if (reading.outcome != "unreadable") return;
  log::warning(
      "event.unreadable",
      "the platform sent something that can't be read; it is acknowledged, so that it does "
      "not keep others away",
      {{"ai_bot.channel", channel.config.name}});
}

void Intake::note_taken_in(const TakenIn& taken) {
  const Event& event = taken.event;
  metrics_.event(event.channel, taken.added.is_new ? "accepted" : "duplicate");
  metrics_.acknowledged(std::chrono::duration<double>(steady_now() - taken.begun).count());
  if (!log::enabled(log::Level::kDebug)) return;
  log::debug("event.acknowledged",
             taken.added.is_new ? "an event was accepted" : "an event came again",
             {{"http.request.id", event.request_id}, {"ai_bot.channel", event.channel}});
}

}  // namespace ai_bot
