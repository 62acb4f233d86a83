#include "gateway/drafts.h"

#include <condition_variable>
#include <mutex>

#include "channels/signing.h"
#include "core/guarded.h"
#include "core/log.h"
#include "store/inbox.h"

namespace ai_bot {
namespace {

constexpr size_t kKeyCharacters = 32;

class StreamedDraft : public Draft, public std::enable_shared_from_this<StreamedDraft> {
 public:
  StreamedDraft(const ChannelEntry& channel, HttpClient& http, Store& store, milliseconds timeout,
                int64_t inbox_id, const Event& event, std::string token, std::string draft)
      : channel_(channel),
        http_(http),
        store_(store),
        timeout_(timeout),
        inbox_id_(inbox_id),
        token_(std::move(token)),
        not_before_(steady_now() + channel.config.edit_interval) {
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
    std::lock_guard lock(mutex_);
    if (busy_ || given_up_ || closed_ || steady_now() < not_before_) return;
    const auto texts = channel_.channel->compose(text + " …");
    if (texts.empty()) return;
    reply_.text = texts.front();
    // finish() waits as long as it is busy: only when sent() will be called.
    busy_ = guarded("draft.grow", [this] { send(); });
  }

  void finish() override {
    std::unique_lock lock(mutex_);
    closed_ = true;
    idle_.wait(lock, [this] { return !busy_; });
  }

 private:
  void send() {
    HttpRequest request = channel_.channel->render(reply_, token_, now_ms());
    request.timeouts = HttpTimeouts::all(timeout_);
    HttpStream stream;
    stream.on_done = [self = shared_from_this()](const Result<HttpReply>& reply) {
      self->sent(reply);
    };
    http_.start(std::move(request), std::move(stream));
  }

  void sent(const Result<HttpReply>& reply) {
    std::lock_guard lock(mutex_);
    if (!guarded("draft.sent", [&] { judge(reply); })) given_up_ = true;
    busy_ = false;
    idle_.notify_all();
  }

  void judge(const Result<HttpReply>& reply) {
    not_before_ = steady_now() + channel_.config.edit_interval;
    const Delivery delivery = reply
                                  ? channel_.channel->judge(*reply)
                                  : Delivery{Delivery::Outcome::kRetry, reply.error().text.en, {}};
    switch (delivery.outcome) {
      case Delivery::Outcome::kDelivered:
        if (reply_.draft.empty()) remember(delivery.message_id);
        break;
      case Delivery::Outcome::kRetry:
        not_before_ += delivery.retry_after.value_or(channel_.config.edit_interval);
        break;
      default:
        log::debug("draft.given_up", delivery.why, {{"ai_bot.channel", reply_.channel}});
        given_up_ = true;
    }
  }

  // On disk before the turn's answer can be, since finish() waits for us and the writer is one.
  void remember(const std::string& message) {
    given_up_ = message.empty();
    reply_.draft = message;
    store_.write([id = inbox_id_, message](Connection& c) { inbox::set_draft(c, id, message); },
                 [](const Result<void>&) {});
  }

  const ChannelEntry& channel_;
  HttpClient& http_;
  Store& store_;
  const milliseconds timeout_;
  const int64_t inbox_id_;
  const std::string token_;
  std::mutex mutex_;
  std::condition_variable idle_;
  Reply reply_;
  SteadyTime not_before_;
  bool busy_ = false;
  bool given_up_ = false;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<Draft> begin_draft(const ChannelEntry& channel, HttpClient& http, Store& store,
                                   milliseconds timeout, int64_t inbox_id, const Event& event) {
  if (channel.channel->holds_replies()) return nullptr;
  const auto token = channel.access->token();
  if (!token) return nullptr;
  if (auto typing = channel.channel->typing(event.address, *token)) {
    typing->timeouts = HttpTimeouts::all(timeout);
    HttpStream stream;
    stream.on_done = [](const Result<HttpReply>&) {};
    http.start(std::move(*typing), std::move(stream));
  }
  if (!channel.config.stream || !channel.channel->edits()) return nullptr;
  const auto draft = store.read<std::string>(
      [inbox_id](Connection& connection) { return inbox::draft(connection, inbox_id); });
  if (!draft) return nullptr;
  return std::make_shared<StreamedDraft>(channel, http, store, timeout, inbox_id, event, *token,
                                         *draft);
}

}  // namespace ai_bot
