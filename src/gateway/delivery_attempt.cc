#include "gateway/delivery_attempt.h"

#include <algorithm>

#include "core/guarded.h"
#include "core/log.h"
#include "store/ledger.h"

namespace ai_bot {
namespace {

constexpr milliseconds kStorageRetry{1000};
constexpr int kSendsAtOnce = 6;  // one for each change of the way, and a token

constexpr int kCutOffPart = 1;  // of the notices to an event; no model could answer yet: 0

using Outcome = Delivery::Outcome;

const Text kCutOff{
    "(A part of this answer could not be delivered, so the rest is not sent either; the operator "
    "finds the reason in the log. Ask again to get a new answer.)",
    "（该回答有一部分无法送达，其余部分也不再发送；管理员可在日志中查看原因。请重新提问。）"};

// What the other way changes; false when it is no other than the one that was taken.
bool change(Way& way, const Way& by) {
  const Way before = way;
  way.afresh = way.afresh || by.afresh;
  way.plain = way.plain || by.plain;
  way.outside_thread = way.outside_thread || by.outside_thread;
  if (!by.chat.empty()) way.chat = by.chat;
  return way != before;
}

// Of an answer with a hole in it no more is sent: its later parts are buried too, and the person is
// told. Returns how many they are.
int cut_off(Transaction& transaction, const Outbox::Entry& entry) {
  const int count = transaction.outbox().bury_later_parts(
      entry, "an earlier part of this answer could not be delivered");
  const auto asked = count > 0 ? transaction.inbox().get(entry.inbox_id) : std::nullopt;
  if (asked) {
    transaction.outbox().add(entry.inbox_id, asked->event, Outbox::Kind::kNotice,
                             {kCutOff.in(language_of(asked->event.text))}, /*held=*/false,
                             kCutOffPart);
  }
  return count;
}

}  // namespace

void Deliverer::Attempt::guard(const std::function<void()>& step) {
  if (!guarded("delivery.attempt", step)) end(std::nullopt);
}

template <class Work>
auto Deliverer::Attempt::tried(Work work) -> std::optional<std::invoke_result_t<Work>> {
  std::string why;
  {
    const UnderWay::Ticket::Scope scope(leave_->ticket);
    try {
      return work();
    } catch (...) {
      report_exception("delivery.send");
      why = "a mistake in ai_bot: " + name_of_exception();
    }
  }
  broke(why);
  return std::nullopt;
}

void Deliverer::Attempt::broke(const std::string& why) {
  settle({leave_->ticket.strike() ? Outcome::kFinal : Outcome::kRetry, why});
}

void Deliverer::Attempt::begin(Lanes::Finish finish) {
  finish_ = std::move(finish);
  guard([this] { unwritten_ ? write_down() : look(); });
}

void Deliverer::Attempt::look() {
  if (!deliverer_.ledger_.last_commit()) return end(kStorageRetry);
  leave_.emplace(deliverer_.under_way_.begin(UnderWay::Kind::kDelivery, id_));
  if (leave_->wait_until != 0) {
    const SteadyTime until = deliverer_.clock_.steady(leave_->wait_until, UnderWay::kLongestRest);
    return end(std::chrono::ceil<milliseconds>(until - deliverer_.clock_.now()));
  }
  auto found = deliverer_.ledger_.read<std::optional<Outbox::Entry>>(
      [this](Transaction& transaction) { return transaction.outbox().get_open(id_); });
  if (!found) {
    leave_->ticket.untried();
    return end(kStorageRetry);
  }
  if (!*found) return end(std::nullopt);
  entry_ = std::move(**found);
  channel_ = deliverer_.channels_.find(entry_.reply.channel);
  if (leave_->give_up)
    return settle({Outcome::kFinal, "ai_bot crashed each time it was about to send this"});
  if (const auto until = deliverer_.paused_until(entry_.reply.channel)) {
    leave_->ticket.untried();
    return end(std::chrono::ceil<milliseconds>(*until - deliverer_.clock_.now()));
  }
  if (channel_ == nullptr) return settle({Outcome::kFinal, "the channel is no longer configured"});
  reply_ = entry_.reply;
  gone_draft_.clear();
  sends_ = 0;
  send();
}

void Deliverer::Attempt::send() {
  ++sends_;
  channel_->access->token(
      [self = shared_from_this()](const Result<std::string>& token) {
        self->guard([&] { self->send_with(token); });
      },
      [this] { return deliverer_.lanes_.interrupted(); });
}

void Deliverer::Attempt::send_with(const Result<std::string>& token) {
  if (!token) {
    const bool is_refused = token.error().code == Code::kUnauthorized;
    return settle({is_refused ? Outcome::kRefused : Outcome::kRetry, token.error().text.en,
                   token.error().retry_after});
  }
  auto request =
      tried([&] { return channel_->channel->render(reply_, *token, deliverer_.clock_.unix_ms()); });
  if (!request) return;
  if (request->url.empty())
    return judge({Outcome::kFinal, "the time in which this could be answered is over"});
  request->timeouts = HttpTimeouts::all(deliverer_.outgoing_.timeout);
  HttpStream stream;
  stream.abandoned = [this] { return deliverer_.lanes_.interrupted(); };
  stream.on_done = [self = shared_from_this(), token = *token](const Result<HttpReply>& response) {
    self->guard([&] { self->came(response, token); });
  };
  deliverer_.outgoing_.http.start(std::move(*request), std::move(stream));
}

void Deliverer::Attempt::came(const Result<HttpReply>& response, const std::string& token) {
  if (!response) {
    const bool is_hopeless = response.error().code == Code::kInvalid;
    return judge({is_hopeless ? Outcome::kFinal : Outcome::kRetry, response.error().text.en});
  }
  auto delivery = tried([&] { return channel_->channel->judge(*response); });
  if (!delivery) return;
  if (delivery->outcome == Outcome::kTokenExpired) channel_->access->forget(token);
  if (delivery->outcome == Outcome::kDelivered) retract_draft(token);
  judge(std::move(*delivery));
}

// An expired token, a draft that is gone or can't be edited for good, or a way that is closed where
// there is another, is no failure yet: once more, so.
void Deliverer::Attempt::judge(Delivery delivery) {
  const bool is_expired = delivery.outcome == Outcome::kTokenExpired;
  if (delivery.outcome == Outcome::kFinal && !reply_.draft.empty())
    delivery = other_way({.afresh = true}, std::move(delivery.why));
  if (delivery.outcome == Outcome::kOtherWay) {
    if (sends_ < kSendsAtOnce && change(reply_.way, delivery.way)) {
      if (reply_.way.afresh && !reply_.draft.empty()) gone_draft_ = std::exchange(reply_.draft, "");
      return send();
    }
    delivery.outcome = Outcome::kFinal;
  }
  if (sends_ < kSendsAtOnce && is_expired) return send();
  if (is_expired) delivery.outcome = Outcome::kRetry;
  settle(std::move(delivery));
}

// So that the draft, which ends in "…", does not stay beside the answer. Nobody waits for that.
void Deliverer::Attempt::retract_draft(const std::string& token) {
  if (gone_draft_.empty()) return;
  Reply gone = reply_;
  gone.draft = std::exchange(gone_draft_, "");
  auto request = channel_->channel->retract(gone, token);
  if (!request) return;
  request->timeouts = HttpTimeouts::all(deliverer_.outgoing_.timeout);
  HttpStream stream;
  stream.on_done = [](const Result<HttpReply>&) {};
  deliverer_.outgoing_.http.start(std::move(*request), std::move(stream));
}

void Deliverer::Attempt::settle(Delivery delivery) {
  // What was interrupted by our own stop counts as no attempt.
  if (delivery.outcome == Outcome::kRetry && deliverer_.lanes_.interrupted()) {
    leave_->ticket.untried();
    return end(milliseconds(0));
  }
  const DeliveryConfig& config = deliverer_.config_;
  if (delivery.outcome == Outcome::kRetry && entry_.attempts + 1 >= config.max_attempts)
    delivery.outcome = Outcome::kFinal;
  const int64_t age_ms = deliverer_.clock_.unix_ms() - entry_.created_ms;
  if (delivery.outcome == Outcome::kRefused && age_ms > config.retry_for.count())
    delivery.outcome = Outcome::kFinal;
  std::optional<milliseconds> wait;
  // The others find out for themselves: what is refused may be one of several ways.
  if (delivery.outcome == Outcome::kRefused) wait = config.backoff_max;
  if (delivery.outcome == Outcome::kRetry) {
    // Never sooner than of our own accord: a platform that says 0 would burn all attempts at once.
    const milliseconds least = backoff(entry_.attempts, config.backoff_min, config.backoff_max);
    wait = std::max(least, delivery.retry_after.value_or(least));
    if (delivery.whole_app) deliverer_.pause(entry_.reply.channel, deliverer_.clock_.now() + *wait);
  }
  unwritten_.emplace(Unwritten{std::move(delivery), wait});
  write_down();
}

void Deliverer::Attempt::write_down() {
  const auto self = shared_from_this();
  const int64_t next_ms =
      deliverer_.clock_.unix_ms() + unwritten_->wait.value_or(milliseconds(0)).count();
  deliverer_.ledger_.write(
      [self, next_ms](Transaction& transaction) { self->write(transaction, next_ms); },
      [self](const Result<void>& result) { self->guard([&] { self->written(result); }); });
}

void Deliverer::Attempt::write(Transaction& transaction, int64_t next_ms) {
  const Delivery& delivery = unwritten_->delivery;
  if (delivery.outcome == Outcome::kDelivered) return transaction.outbox().delivered(id_);
  if (unwritten_->wait) {
    const bool counts = delivery.outcome != Outcome::kRefused;
    return transaction.outbox().postpone(id_, next_ms, delivery.why, counts);
  }
  transaction.outbox().bury(id_, delivery.why);
  // A channel that is gone can't tell anybody.
  if (!entry_.reply.is_notice && channel_ != nullptr)
    unwritten_->cut_off = cut_off(transaction, entry_);
}

void Deliverer::Attempt::written(const Result<void>& result) {
  if (!result && unwritten_->kept.keep(deliverer_.ledger_, result.error()))
    return end(kStorageRetry);
  const Unwritten done = std::move(*unwritten_);
  unwritten_.reset();
  if (!result) {
    log::error("delivery.not_written", result.error().text.en, {{"ai_bot.row", id_}});
    deliverer_.set_aside(id_);  // it may have been sent
    return end(std::nullopt);
  }
  tell(done);
  end(done.wait);
}

// Once when the platform refuses us, and once when it does not any more.
void Deliverer::Attempt::tell_of_credentials(const Delivery& delivery) {
  if (channel_ == nullptr) return;
  using Kind = ConnectionState::Kind;
  ConnectionState& sending = *channel_->sending;
  if (delivery.outcome == Outcome::kRefused &&
      sending.set(Kind::kRefused, {delivery.why, delivery.why})) {
    log::error("delivery.refused",
               delivery.why + "; the answers wait until that is mended (ai_bot channel test)",
               {{"ai_bot.channel", entry_.reply.channel}});
  }
  if (delivery.outcome != Outcome::kDelivered || sending.get().kind != Kind::kRefused) return;
  sending.set(Kind::kConnected);
  sending.recovered();
  log::info("delivery.accepted", "the platform takes answers again",
            {{"ai_bot.channel", entry_.reply.channel}});
}

void Deliverer::Attempt::tell(const Unwritten& done) {
  const std::string& channel = entry_.reply.channel;
  tell_of_credentials(done.delivery);
  if (done.delivery.outcome == Outcome::kRefused && done.wait)
    return deliverer_.metrics_.delivery(channel, "retried");
  if (done.delivery.outcome == Outcome::kDelivered)
    return deliverer_.metrics_.delivery(channel, "delivered");
  for (int part = 0; part <= done.cut_off; ++part)
    deliverer_.metrics_.delivery(channel, done.wait ? "retried" : "dead");
  log::warning(done.wait ? "delivery.retried" : "delivery.dead", done.delivery.why,
               {{"http.request.id", entry_.reply.request_id},
                {"ai_bot.channel", channel},
                {"ai_bot.later_parts", int64_t{done.cut_off}}});
  if (done.wait) return;
  deliverer_.under_way_.forget(UnderWay::Kind::kDelivery, id_);
  if (done.cut_off > 0) deliverer_.deliver(entry_.inbox_id);
}

void Deliverer::Attempt::end(std::optional<milliseconds> wait) {
  leave_.reset();
  if (!wait) deliverer_.leave(id_);
  std::optional<SteadyTime> again;
  if (wait) again = deliverer_.clock_.now() + *wait;
  // Holds this turn, which holds us.
  if (const auto finish = std::exchange(finish_, nullptr)) finish(again);
}

}  // namespace ai_bot
