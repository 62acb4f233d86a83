#include "app/intake.h"

#include <trantor/net/EventLoop.h>

#include "core/guarded.h"
#include "core/log.h"
#include "store/outbox.h"

namespace ai_bot {
namespace {

// On an event loop's thread: all that one turn of the loop takes in goes to the store together, and
// so into one commit. Handed over one by one, the first would wake the writer, which on a busy core
// interrupts this thread and commits it alone (docs/decisions/0009-speed.md).
void write_with_this_turn(Store& store, Store::Write write) {
  trantor::EventLoop* loop = trantor::EventLoop::getEventLoopOfCurrentThread();
  if (loop == nullptr) return store.write(std::move(write.task), std::move(write.done));
  thread_local std::vector<Store::Write> gathered;
  gathered.push_back(std::move(write));
  if (gathered.size() > 1) return;
  loop->queueInLoop(
      [&store] { guarded("intake.write", [&] { store.write(std::exchange(gathered, {})); }); });
}

}  // namespace

Result<void> may_take_in(Parts& parts, const ChannelEntry& channel) {
  if (parts.phase == Phase::kDraining)
    return fail(Code::kUnavailable, "ai_bot is stopping; send it again",
                "ai_bot 正在停止，请稍后重发");
  if (auto in_place = parts.store->in_place(); !in_place) {
    parts.metrics.event(channel.config.name, "failed");
    return in_place;
  }
  // What waits for its commit waits for its answer too.
  const int64_t waiting = parts.assistant->depth().waiting + parts.store->queued();
  if (waiting < parts.config.database.max_pending) return {};
  parts.metrics.event(channel.config.name, "full");
  return fail(Code::kUnavailable,
              "too many messages are waiting (database.max_pending); send it again later",
              "等待处理的消息过多（database.max_pending），请稍后重发");
}

void take_in(Parts& parts, const ChannelEntry& channel, Event event,
             std::function<void(const TakenInPtr& taken, const Result<void>& result)> committed) {
  auto taken = std::make_shared<TakenIn>();
  taken->event = std::move(event);
  const std::string& fixed = taken->event.fixed_answer;
  Store::Write write;
  write.task = [taken, texts = fixed.empty()
                                   ? std::vector<std::string>()
                                   : channel.channel->compose(fixed)](Connection& connection) {
    taken->added = inbox::add(connection, taken->event);
    if (!taken->added.is_new) {
      taken->answer = outbox::answer_to(connection, taken->added.id);
    } else if (!texts.empty()) {
      inbox::finish(connection, taken->added.id);
      outbox::add(connection, taken->added.id, taken->event, outbox::Kind::kAnswer, texts,
                  /*held=*/false);
    }
  };
  write.done = [&parts, taken, committed = std::move(committed)](Result<void> result) {
    const bool is_written = result.has_value();
    // Committed to a file that is no longer there would be acknowledged into nothing.
    if (is_written) result = parts.store->in_place();
    committed(taken, result);
    if (!result) {
      // Should the file come back, the event sent again must not look like one that was taken.
      if (is_written && taken->added.is_new) {
        parts.store->write([id = taken->added.id](Connection& c) { inbox::remove(c, id); },
                           [](const Result<void>&) {});
      }
      return parts.metrics.event(taken->event.channel, "failed");
    }
    if (!taken->added.is_new) return;
    const Event& event = taken->event;
    if (!event.fixed_answer.empty()) return parts.replies_waiting(taken->added.id);
    parts.assistant->accept({taken->added.id, lane_key(event.channel, event.conversation), 0},
                            event.text);
  };
  write_with_this_turn(*parts.store, std::move(write));
}

void note_ignored(Parts& parts, const ChannelEntry& channel, const Reading& reading) {
  parts.metrics.event(channel.config.name, reading.outcome.c_str());
  if (reading.outcome != "unreadable") return;
  log::warning(
      "event.unreadable",
      "the platform sent something that can't be read; it is acknowledged, so that it does "
      "not keep others away",
      {{"ai_bot.channel", channel.config.name}});
}

void note_taken_in(Parts& parts, const TakenIn& taken) {
  const Event& event = taken.event;
  parts.metrics.event(event.channel, taken.added.is_new ? "accepted" : "duplicate");
  parts.metrics.acknowledged(std::chrono::duration<double>(steady_now() - taken.begun).count());
  if (!log::enabled(log::Level::kDebug)) return;
  log::debug("event.acknowledged",
             taken.added.is_new ? "an event was accepted" : "an event came again",
             {{"http.request.id", event.request_id}, {"ai_bot.channel", event.channel}});
}

}  // namespace ai_bot
