#include "app/delivery.h"

#include "core/log.h"

namespace ai_bot {
namespace {

constexpr int kResumeBatch = 1000;
constexpr int64_t kStorageRetryMs = 1000;
constexpr int kAttemptsAtOnce = 3;

}  // namespace

Deliverer::Deliverer(Store& store, HttpClient& http, Metrics& metrics, DeliveryConfig config,
                     const ChannelMap& channels)
    : store_(store),
      http_(http),
      metrics_(metrics),
      config_(std::move(config)),
      channels_(channels),
      lanes_(static_cast<int>(config_.parallel)) {}

void Deliverer::resume() {
  for (int64_t after = 0;;) {
    const auto batch = store_.read<std::vector<outbox::Entry>>([after](Connection& connection) {
      return outbox::open_after(connection, after, kResumeBatch);
    });
    if (!batch || batch->empty()) return;
    for (const outbox::Entry& entry : *batch) take_up(entry);
    after = batch->back().reply.id;
  }
}

void Deliverer::deliver(int64_t inbox_id) {
  const auto entries = store_.read<std::vector<outbox::Entry>>(
      [inbox_id](Connection& connection) { return outbox::open_of(connection, inbox_id); });
  if (!entries) return;
  for (const outbox::Entry& entry : *entries) take_up(entry);
}

void Deliverer::take_up(const outbox::Entry& entry) {
  const int64_t id = entry.reply.id;
  {
    std::lock_guard lock(mutex_);
    if (!under_way_.insert(id).second) return;
  }
  lanes_.add(
      lane_key(entry.reply.channel, entry.reply.conversation),
      [this, id] {
        const auto again = attempt(id);
        if (!again) {
          std::lock_guard lock(mutex_);
          under_way_.erase(id);
        }
        return again;
      },
      entry.next_ms);
}

std::optional<int64_t> Deliverer::attempt(int64_t id) {
  const auto found = store_.read<std::optional<outbox::Entry>>(
      [id](Connection& connection) { return outbox::get_open(connection, id); });
  if (!found) return now_ms() + kStorageRetryMs;
  if (!*found) return std::nullopt;
  const outbox::Entry& entry = **found;
  const Reply& reply = entry.reply;
  if (const auto until = paused_until(reply.channel)) return until;
  const ChannelEntry* channel = find_channel(channels_, reply.channel);
  Delivery delivery =
      channel != nullptr
          ? send(*channel, reply)
          : Delivery{Delivery::Outcome::kFinal, "the channel is no longer configured", {}};
  // What was interrupted by our own stop counts as no attempt.
  if (delivery.outcome == Delivery::Outcome::kRetry && lanes_.interrupted()) return now_ms();
  if (delivery.outcome == Delivery::Outcome::kRetry && entry.attempts + 1 >= config_.max_attempts) {
    delivery.outcome = Delivery::Outcome::kFinal;
  }
  std::optional<int64_t> again;
  if (delivery.outcome == Delivery::Outcome::kRetry) {
    const milliseconds wait = delivery.retry_after.value_or(
        backoff(entry.attempts, config_.backoff_min, config_.backoff_max));
    again = now_ms() + wait.count();
    if (delivery.whole_app) {
      std::lock_guard lock(mutex_);
      paused_[reply.channel] = *again;
    }
  }
  const auto committed = store_.write([&](Connection& connection) {
    switch (delivery.outcome) {
      case Delivery::Outcome::kDelivered:
        return outbox::delivered(connection, id);
      case Delivery::Outcome::kRetry:
        return outbox::postpone(connection, id, *again, delivery.why);
      default:
        return outbox::bury(connection, id, delivery.why);
    }
  });
  if (!committed) return now_ms() + kStorageRetryMs;
  const bool delivered = delivery.outcome == Delivery::Outcome::kDelivered;
  metrics_.delivery(reply.channel, delivered ? "delivered" : again ? "retried" : "dead");
  if (!delivered) {
    log::warning(again ? "delivery.retried" : "delivery.dead", delivery.why,
                 {{"http.request.id", reply.request_id}, {"ai_bot.channel", reply.channel}});
  }
  return again;
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
