#include "app/delivery.h"

#include "core/log.h"

namespace ai_bot {
namespace {

constexpr int kResumeBatch = 1000;
constexpr int64_t kStorageRetryMs = 1000;

}  // namespace

Deliverer::Deliverer(Store& store, HttpClient& http, Metrics& metrics, DeliveryConfig config,
                     FindChannel find_channel)
    : store_(store),
      http_(http),
      metrics_(metrics),
      config_(std::move(config)),
      find_channel_(std::move(find_channel)),
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
  const auto channel = find_channel_(reply.channel);
  Delivery delivery =
      channel ? send(*channel, reply)
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
  }
  const auto committed = store_.write([&](Connection& connection) {
    switch (delivery.outcome) {
      case Delivery::Outcome::kDelivered:
        return outbox::delivered(connection, id);
      case Delivery::Outcome::kRetry:
        return outbox::postpone(connection, id, *again, delivery.why);
      case Delivery::Outcome::kFinal:
        return outbox::bury(connection, id, delivery.why);
    }
  });
  if (!committed) return now_ms() + kStorageRetryMs;
  constexpr const char* kOutcomes[] = {"delivered", "retried", "dead"};
  metrics_.delivery(reply.channel, kOutcomes[static_cast<int>(delivery.outcome)]);
  if (delivery.outcome != Delivery::Outcome::kDelivered) {
    log::warning(again ? "delivery.retried" : "delivery.dead", delivery.why,
                 {{"http.request.id", reply.request_id}, {"ai_bot.channel", reply.channel}});
  }
  return again;
}

Delivery Deliverer::send(const Channel& channel, const Reply& reply) {
  HttpRequest request = channel.render(reply, now_ms());
  request.timeouts = {config_.timeout, config_.timeout, config_.timeout, config_.timeout};
  const auto response = http_.fetch(std::move(request), [this] { return lanes_.interrupted(); });
  if (response) return channel.judge(*response);
  const bool hopeless = response.error().code == Code::kInvalid;
  return {hopeless ? Delivery::Outcome::kFinal : Delivery::Outcome::kRetry,
          response.error().text.en,
          {}};
}

}  // namespace ai_bot
