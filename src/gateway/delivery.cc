#include "gateway/delivery.h"

#include <algorithm>

#include "core/guarded.h"
#include "core/log.h"

namespace ai_bot {
namespace {

constexpr int kResumeBatch = 1000;
constexpr int64_t kStorageRetryMs = 1000;
constexpr int kAttemptsAtOnce = 3;
constexpr milliseconds kLongestRetryAfter{86400000};
// No conversation has this key.
const std::string kRetryLane;

}  // namespace

Deliverer::Deliverer(Store& store, UnderWay& under_way, HttpClient& http, Metrics& metrics,
                     DeliveryConfig config, const ChannelMap& channels)
    : store_(store),
      under_way_(under_way),
      http_(http),
      metrics_(metrics),
      config_(std::move(config)),
      channels_(channels),
      lanes_(static_cast<int>(config_.parallel)) {}

void Deliverer::resume() {
  if (!take_up_all()) retry_later();
}

bool Deliverer::take_up_all() {
  for (int64_t after = 0;;) {
    const auto batch = store_.read<std::vector<outbox::Entry>>([after](Connection& connection) {
      return outbox::open_after(connection, after, kResumeBatch);
    });
    if (!batch) return false;
    if (batch->empty()) return true;
    for (const outbox::Entry& entry : *batch) take_up(entry);
    after = batch->back().reply.id;
  }
}

// In a lane of its own, until it succeeds. Once for all that wait for it.
void Deliverer::retry_later() {
  if (retries_.exchange(true)) return;
  lanes_.add(
      kRetryLane,
      [this]() -> std::optional<int64_t> {
        retries_ = false;  // before it reads: what fails from now on needs another
        if (!take_up_all()) retry_later();
        return std::nullopt;
      },
      now_ms() + kStorageRetryMs);
}

void Deliverer::deliver(int64_t inbox_id) {
  const auto entries = store_.read<std::vector<outbox::Entry>>(
      [inbox_id](Connection& connection) { return outbox::open_of(connection, inbox_id); });
  if (!entries) return retry_later();
  for (const outbox::Entry& entry : *entries) take_up(entry);
}

void Deliverer::take_up(const outbox::Entry& entry) {
  const int64_t id = entry.reply.id;
  {
    std::lock_guard lock(mutex_);
    if (set_aside_.contains(id) || !under_way_here_.insert(id).second) return;
  }
  // A clock that was set back, or a damaged row, must not make it rest for years.
  const int64_t latest = now_ms() + std::max(kLongestRetryAfter, config_.backoff_max).count();
  lanes_.add(
      lane_key(entry.reply.channel, entry.reply.conversation),
      [this, id, unwritten = std::make_shared<std::optional<Unwritten>>()] {
        const auto again = guarded(
            "delivery.attempt", [&] { return attempt(id, *unwritten); }, std::nullopt);
        if (!again) {
          std::lock_guard lock(mutex_);
          under_way_here_.erase(id);
        }
        return again;
      },
      std::min(entry.next_ms, latest));
}

std::optional<int64_t> Deliverer::attempt(int64_t id, std::optional<Unwritten>& unwritten) {
  std::optional<UnderWay::Leave> leave;  // until it is on disk
  std::optional<UnderWay::Ticket::Scope> scope;
  if (!unwritten) {
    if (!store_.last_commit()) return now_ms() + kStorageRetryMs;
    leave.emplace(under_way_.begin(UnderWay::Kind::kDelivery, id));
    if (leave->wait_until != 0) return leave->wait_until;
    scope.emplace(leave->ticket);
    std::optional<int64_t> again;
    unwritten = try_entry(id, *leave, again);
    if (!unwritten) return again;
  }
  return write_down(id, unwritten);
}

std::optional<Deliverer::Unwritten> Deliverer::try_entry(int64_t id, UnderWay::Leave& leave,
                                                         std::optional<int64_t>& again) {
  const auto found = store_.read<std::optional<outbox::Entry>>(
      [id](Connection& connection) { return outbox::get_open(connection, id); });
  if (!found) {
    leave.ticket.untried();
    again = now_ms() + kStorageRetryMs;
    return std::nullopt;
  }
  if (!*found) return std::nullopt;
  const outbox::Entry& entry = **found;
  const Reply& reply = entry.reply;
  if (leave.give_up) {
    return judged(
        entry,
        {Delivery::Outcome::kFinal, "ai_bot crashed each time it was about to send this", {}});
  }
  again = paused_until(reply.channel);
  if (again) {
    leave.ticket.untried();
    return std::nullopt;
  }
  Delivery delivery;
  try {
    const ChannelEntry* channel = find_channel(channels_, reply.channel);
    delivery = channel != nullptr
                   ? send(*channel, reply)
                   : Delivery{Delivery::Outcome::kFinal, "the channel is no longer configured", {}};
  } catch (...) {
    report_exception("delivery.send");
    const bool is_last = leave.ticket.strike();
    delivery = {is_last ? Delivery::Outcome::kFinal : Delivery::Outcome::kRetry,
                "a mistake in ai_bot: " + name_of_exception(),
                {}};
  }
  // What was interrupted by our own stop counts as no attempt.
  if (delivery.outcome == Delivery::Outcome::kRetry && lanes_.interrupted()) {
    leave.ticket.untried();
    again = now_ms();
    return std::nullopt;
  }
  return judged(entry, std::move(delivery));
}

Deliverer::Unwritten Deliverer::judged(const outbox::Entry& entry, Delivery delivery) {
  const std::string& channel = entry.reply.channel;
  if (delivery.outcome == Delivery::Outcome::kRetry && entry.attempts + 1 >= config_.max_attempts) {
    delivery.outcome = Delivery::Outcome::kFinal;
  }
  std::optional<int64_t> again;
  if (delivery.outcome == Delivery::Outcome::kRetry) {
    // Never sooner than of our own accord: a platform that says 0 would burn all attempts at once.
    const milliseconds least = backoff(entry.attempts, config_.backoff_min, config_.backoff_max);
    again = now_ms() + std::max(least, delivery.retry_after.value_or(least)).count();
    if (delivery.whole_app) {
      std::lock_guard lock(mutex_);
      paused_[channel] = *again;
    }
  }
  return {std::move(delivery), again, channel, entry.reply.request_id};
}

std::optional<int64_t> Deliverer::write_down(int64_t id, std::optional<Unwritten>& unwritten) {
  const Delivery& delivery = unwritten->delivery;
  const auto committed = store_.write([&](Connection& connection) {
    switch (delivery.outcome) {
      case Delivery::Outcome::kDelivered:
        return outbox::delivered(connection, id);
      case Delivery::Outcome::kRetry:
        return outbox::postpone(connection, id, *unwritten->again, delivery.why);
      default:
        return outbox::bury(connection, id, delivery.why);
    }
  });
  if (!committed && unwritten->kept.keep(store_, committed.error()))
    return now_ms() + kStorageRetryMs;
  const Unwritten done = std::move(*unwritten);
  unwritten.reset();
  if (!committed) {
    log::error("delivery.not_written", committed.error().text.en, {{"ai_bot.row", id}});
    std::lock_guard lock(mutex_);
    set_aside_.insert(id);  // it may have been sent
    return std::nullopt;
  }
  const bool delivered = done.delivery.outcome == Delivery::Outcome::kDelivered;
  metrics_.delivery(done.channel, delivered ? "delivered" : done.again ? "retried" : "dead");
  if (!delivered) {
    log::warning(done.again ? "delivery.retried" : "delivery.dead", done.delivery.why,
                 {{"http.request.id", done.request_id}, {"ai_bot.channel", done.channel}});
    if (!done.again) under_way_.forget(UnderWay::Kind::kDelivery, id);
  }
  return done.again;
}

std::optional<int64_t> Deliverer::paused_until(const std::string& channel) {
  std::lock_guard lock(mutex_);
  const auto at = paused_.find(channel);
  if (at == paused_.end()) return std::nullopt;
  if (at->second > now_ms()) return at->second;
  paused_.erase(at);
  return std::nullopt;
}

// An expired token, or a draft that is gone or can't be edited for good, is no failure yet: once
// more, the other way.
Delivery Deliverer::send(const ChannelEntry& channel, Reply reply) {
  Delivery delivery;
  for (int attempt = 0; attempt < kAttemptsAtOnce; ++attempt) {
    delivery = send_once(channel, reply);
    const bool gone = delivery.outcome == Delivery::Outcome::kDraftGone ||
                      (delivery.outcome == Delivery::Outcome::kFinal && !reply.draft.empty());
    if (gone && !reply.afresh) {
      reply.draft.clear();
      reply.afresh = true;
    } else if (delivery.outcome != Delivery::Outcome::kTokenExpired) {
      break;
    }
  }
  if (delivery.outcome == Delivery::Outcome::kTokenExpired)
    delivery.outcome = Delivery::Outcome::kRetry;
  return delivery;
}

Delivery Deliverer::send_once(const ChannelEntry& channel, const Reply& reply) {
  const auto token = channel.access->token();
  if (!token) return {Delivery::Outcome::kRetry, token.error().text.en, {}};
  HttpRequest request = channel.channel->render(reply, *token, now_ms());
  if (request.url.empty())
    return {Delivery::Outcome::kFinal, "the time in which this could be answered is over", {}};
  request.timeouts = HttpTimeouts::all(config_.timeout);
  const auto response = http_.fetch(std::move(request), [this] { return lanes_.interrupted(); });
  if (!response) {
    const bool hopeless = response.error().code == Code::kInvalid;
    return {hopeless ? Delivery::Outcome::kFinal : Delivery::Outcome::kRetry,
            response.error().text.en,
            {}};
  }
  Delivery delivery = channel.channel->judge(*response);
  if (delivery.outcome == Delivery::Outcome::kTokenExpired) channel.access->forget(*token);
  return delivery;
}

}  // namespace ai_bot
