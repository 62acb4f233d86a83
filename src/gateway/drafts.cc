#include "gateway/drafts.h"

#include <algorithm>

#include "channels/signing.h"
#include "core/guarded.h"
#include "core/log.h"
#include "core/mutex.h"
#include "gateway/typing.h"
#include "store/ledger.h"

namespace ai_bot {
namespace {

constexpr size_t kKeyCharacters = 32;

class StreamedDraft : public Draft, public std::enable_shared_from_this<StreamedDraft> {
 public:
  StreamedDraft(const ChannelEntry& channel, const Outgoing& outgoing, Ledger& ledger,
                int64_t inbox_id, const Event& event, std::string draft,
                std::shared_ptr<Typing> typing)
      : channel_(channel),
        outgoing_(outgoing),
        ledger_(ledger),
        inbox_id_(inbox_id),
        typing_(std::move(typing)),
        not_before_(outgoing.clock.now() + channel.config.edit_interval) {
    reply_.channel = event.channel;
    reply_.conversation = event.conversation;
    reply_.event_id = event.event_id;
    reply_.request_id = event.request_id;
    reply_.address = event.address;
    reply_.draft = std::move(draft);
    reply_.growing = true;
    // The same for every attempt at this event, so that a platform that knows such keys makes one
    // message even when we died before its id was on disk.
    reply_.idempotency_key =
        to_hex(sha256("draft/" + event.channel + "/" + event.event_id)).substr(0, kKeyCharacters);
  }

  void grow(const std::string& text) override {
    guarded("draft.grow", [&] {
      MutexLock lock(mutex_);
      text_ = text;
      is_shown_ = false;
      plan();
    });
  }

  void finish(std::function<void()> then) override {
    {
      MutexLock lock(mutex_);
      is_closed_ = true;
      typing_ = nullptr;
      if (doing_ == Doing::kSending) {
        then_ = std::move(then);
        return;
      }
    }
    then();
  }

 private:
  enum class Doing { kNothing, kPlanned, kPreparing, kSending };

  // What there is to be shown is, when its time has come. One step at a time.
  void plan() REQUIRES(mutex_) {
    if (doing_ != Doing::kNothing || is_shown_ || is_closed_ || is_given_up_) return;
    doing_ = Doing::kPlanned;
    outgoing_.executor.post_at(not_before_, reply_.channel,
                               [self = shared_from_this()] { self->prepare(); });
  }

  void prepare() {
    std::string text;
    {
      MutexLock lock(mutex_);
      doing_ = Doing::kPreparing;
      is_shown_ = true;
      text = text_ + " …";
    }
    const auto texts = guarded(
        "draft.compose", [&] { return channel_.channel->compose(text); },
        std::vector<std::string>());
    if (texts.empty()) {
      MutexLock lock(mutex_);
      doing_ = Doing::kNothing;
      return;
    }
    channel_.access->token([self = shared_from_this(), text = texts.front()](
                               const Result<std::string>& token) { self->send(text, token); });
  }

  void send(const std::string& text, const Result<std::string>& token) {
    HttpRequest request;
    {
      MutexLock lock(mutex_);
      doing_ = Doing::kNothing;
      if (is_closed_) return;
      if (!token) return put_off(token.error().retry_after);
      if (text == shown_) {  // what the answer grew by is for a later message
        not_before_ = outgoing_.clock.now() + channel_.config.edit_interval;
        return plan();
      }
      reply_.text = text;
      const Reply reply = reply_;  // a lambda does not know of the lock
      const bool is_rendered = guarded("draft.render", [&] {
        request = channel_.channel->render(reply, *token, outgoing_.clock.unix_ms());
      });
      is_given_up_ = !is_rendered;
      if (is_given_up_) return;
      doing_ = Doing::kSending;
    }
    request.timeouts = HttpTimeouts::all(outgoing_.timeout);
    HttpStream stream;
    stream.on_done = [self = shared_from_this(), token = *token](const Result<HttpReply>& reply) {
      self->sent(reply, token);
    };
    outgoing_.http.start(std::move(request), std::move(stream));
  }

  void sent(const Result<HttpReply>& reply, const std::string& token) {
    const Delivery failed{Delivery::Outcome::kRetry, reply ? "" : reply.error().text.en, {}};
    const Delivery delivery =
        reply ? guarded(
                    "draft.sent", [&] { return channel_.channel->judge(*reply); },
                    Delivery{Delivery::Outcome::kFinal, "a mistake in ai_bot"})
              : failed;
    if (delivery.outcome == Delivery::Outcome::kTokenExpired) channel_.access->forget(token);
    std::function<void()> then;
    {
      MutexLock lock(mutex_);
      doing_ = Doing::kNothing;
      take(delivery);
      then = std::move(then_);
    }
    if (then) then();
  }

  void take(const Delivery& delivery) REQUIRES(mutex_) {
    not_before_ = outgoing_.clock.now() + channel_.config.edit_interval;
    switch (delivery.outcome) {
      case Delivery::Outcome::kDelivered:
        shown_ = reply_.text;
        if (reply_.draft.empty()) remember(delivery.message_id);
        return plan();
      case Delivery::Outcome::kRetry:
      case Delivery::Outcome::kTokenExpired:
        return put_off(delivery.retry_after);
      default:
        log::debug("draft.given_up", delivery.why, {{"ai_bot.channel", reply_.channel}});
        is_given_up_ = true;
    }
  }

  // Nothing was shown; what there is by then is tried later.
  void put_off(std::optional<milliseconds> wait) REQUIRES(mutex_) {
    const milliseconds least = channel_.config.edit_interval;
    not_before_ = outgoing_.clock.now() + least + std::max(least, wait.value_or(least));
    is_shown_ = false;
    plan();
  }

  // On disk before the turn's answer can be, since the turn waits for us and the writer is one.
  void remember(const std::string& message) REQUIRES(mutex_) {
    is_given_up_ = message.empty();
    reply_.draft = message;
    ledger_.write([id = inbox_id_, message](Transaction& t) { t.inbox().set_draft(id, message); },
                  [](const Result<void>&) {});
  }

  const ChannelEntry& channel_;
  const Outgoing outgoing_;
  Ledger& ledger_;
  const int64_t inbox_id_;
  Mutex mutex_;
  std::shared_ptr<Typing> typing_ GUARDED_BY(mutex_);
  Reply reply_ GUARDED_BY(mutex_);
  std::string text_ GUARDED_BY(mutex_);   // all of it so far
  std::string shown_ GUARDED_BY(mutex_);  // what the message says
  bool is_shown_ GUARDED_BY(mutex_) = true;
  SteadyTime not_before_ GUARDED_BY(mutex_);
  Doing doing_ GUARDED_BY(mutex_) = Doing::kNothing;
  bool is_given_up_ GUARDED_BY(mutex_) = false;
  bool is_closed_ GUARDED_BY(mutex_) = false;
  std::function<void()> then_ GUARDED_BY(mutex_);
};

// Nothing but the sign.
class SilentDraft : public Draft {
 public:
  explicit SilentDraft(std::shared_ptr<Typing> typing) : typing_(std::move(typing)) {}

  void grow(const std::string&) override {}
  void finish(std::function<void()> then) override {
    typing_ = nullptr;
    then();
  }

 private:
  std::shared_ptr<Typing> typing_;
};

}  // namespace

std::shared_ptr<Draft> begin_draft(const ChannelEntry& channel, const Outgoing& outgoing,
                                   Ledger& ledger, int64_t inbox_id, const Event& event) {
  if (channel.channel->holds_replies()) return nullptr;
  auto typing = std::make_shared<Typing>(channel, outgoing, event.address);
  typing->show();
  if (!channel.config.stream || !channel.channel->edits())
    return std::make_shared<SilentDraft>(std::move(typing));
  const auto draft = ledger.read<std::string>(
      [inbox_id](Transaction& transaction) { return transaction.inbox().draft(inbox_id); });
  if (!draft) return std::make_shared<SilentDraft>(std::move(typing));
  return std::make_shared<StreamedDraft>(channel, outgoing, ledger, inbox_id, event, *draft,
                                         std::move(typing));
}

}  // namespace ai_bot
