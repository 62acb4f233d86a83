#include "assistant/entry_turn.h"

#include <utility>

#include "assistant/commands.h"
#include "assistant/texts.h"
#include "core/guarded.h"
#include "core/log.h"
#include "store/ledger.h"

namespace ai_bot {
namespace {

constexpr milliseconds kStorageRetry{1000};

}  // namespace

Assistant::EntryTurn::EntryTurn(Assistant& assistant, int64_t id, std::string lane,
                                std::string channel, bool has_stopped)
    : assistant_(assistant),
      id_(id),
      lane_(std::move(lane)),
      channel_(std::move(channel)),
      has_stopped_(has_stopped) {}

void Assistant::EntryTurn::tried(const std::function<void()>& step) {
  std::string why;
  {
    const UnderWay::Ticket::Scope scope(leave_->ticket);
    try {
      return step();
    } catch (...) {
      report_exception("assistant.turn");
      why = "a mistake in ai_bot: " + name_of_exception();
    }
  }
  broke(why);
}

void Assistant::EntryTurn::broke(const std::string& why) {
  if (leave_) broken(why, leave_->ticket.strike());
}

void Assistant::EntryTurn::begin(Lanes::Finish finish) {
  finish_ = std::move(finish);
  if (!guarded("assistant.turn", [this] { unwritten_ ? write_down() : look(); }))
    end(kStorageRetry);
}

void Assistant::EntryTurn::look() {
  if (!assistant_.ledger_.last_commit()) return end(kStorageRetry);
  leave_ =
      std::make_unique<UnderWay::Leave>(assistant_.under_way_.begin(UnderWay::Kind::kTurn, id_));
  if (leave_->wait_until != 0) {
    const SteadyTime until = assistant_.clock_.steady(leave_->wait_until, UnderWay::kLongestRest);
    return end(std::chrono::ceil<milliseconds>(until - assistant_.clock_.now()));
  }
  auto found = assistant_.ledger_.read<std::optional<Inbox::Entry>>(
      [this](Transaction& transaction) { return transaction.inbox().get(id_); });
  const Code code = found ? Code::kInternal : found.error().code;
  if (code != Code::kInternal && code != Code::kStorageDamaged) {
    leave_->ticket.untried();
    return end(kStorageRetry);
  }
  if (found && (!*found || (*found)->state != Inbox::State::kOpen)) return end(std::nullopt);
  entry_ = found ? std::make_shared<const Inbox::Entry>(std::move(**found)) : nullptr;
  if (leave_->give_up) return broken("ai_bot crashed each time it worked on this", true);
  const std::string why = entry_ ? entry_->damage : found.error().text.en;
  if (!why.empty()) return broke(why);
  tried([this] { take(); });
}

void Assistant::EntryTurn::take() {
  const Event& event = entry_->event;
  const auto command = parse_command(event.text);
  is_command_ = command.has_value();
  if (command) return answered(assistant_.obey(lane_, *command, has_stopped_));
  turn_ = assistant_.begin_turn(lane_);
  if (assistant_.events_.begun) draft_ = assistant_.events_.begun(id_, event);
  if (!assistant_.events_.files || event.attachments.empty()) return ask({});
  assistant_.router_.look([self = shared_from_this()](bool sees) {
    self->assistant_.hop(self->channel_,
                         [self, sees] { self->tried([&] { self->read_files(sees); }); });
  });
}

void Assistant::EntryTurn::read_files(bool sees) {
  const auto over = [&lanes = assistant_.lanes_, turn = turn_] {
    return turn->stopped || lanes.interrupted();
  };
  const auto then = [self = shared_from_this()](const FileContents& files) {
    self->assistant_.hop(self->channel_, [self, files] { self->tried([&] { self->ask(files); }); });
  };
  assistant_.events_.files(entry_->event, sees, over, then);
}

void Assistant::EntryTurn::ask(const FileContents& files) {
  Asked asked;
  asked.lane = lane_;
  asked.channel = channel_;
  asked.text = entry_->event.text + files.text;
  asked.images = files.images;
  asked.notice = files.notice;
  asked.request_id = entry_->event.request_id;
  asked.turn = turn_;
  asked.over = [&lanes = assistant_.lanes_, turn = turn_] {
    return turn->stopped || lanes.interrupted();
  };
  if (draft_) {
    asked.on_text = [draft = draft_, leave = leave_.get()](const std::string& text) {
      const UnderWay::Ticket::Scope scope(leave->ticket);  // it ends after the last of the text
      draft->grow(text);
    };
  }
  std::make_shared<Asking>(
      assistant_.asking_needs(), assistant_.config(), std::move(asked),
      [self = shared_from_this()](const std::function<void()>& step) { self->tried(step); },
      [self = shared_from_this()](Result<Outcome> outcome) { self->came(std::move(outcome)); })
      ->begin();
}

// Nothing is committed before the draft is quiet: the answer replaces it.
void Assistant::EntryTurn::came(Result<Outcome> outcome) {
  const auto draft = std::exchange(draft_, nullptr);
  if (!draft) return conclude(std::move(outcome));
  draft->finish([self = shared_from_this(), outcome = std::move(outcome)] {
    self->assistant_.hop(self->channel_,
                         [self, outcome] { self->tried([&] { self->conclude(outcome); }); });
  });
}

void Assistant::EntryTurn::conclude(Result<Outcome> outcome) {
  if (outcome) return answered(std::move(*outcome));
  if (!assistant_.lanes_.interrupted()) return failed(outcome.error());
  // Parked: nothing was committed, it resumes at the next start. Not from within the ticket's
  // scope.
  leave_->ticket.untried();
  assistant_.hop(channel_, [self = shared_from_this()] { self->end(milliseconds(0)); });
}

void Assistant::EntryTurn::answered(Outcome outcome) {
  const Event& event = entry_->event;
  auto texts = assistant_.events_.compose(event.channel, outcome.answer);
  if (texts.empty()) texts = {texts::in_language_of(texts::kNothing, event.text)};
  Unwritten unwritten;
  unwritten.write =
      [entry = entry_, effect = std::move(outcome.effect), texts = std::move(texts),
       held = assistant_.events_.holds_replies(event.channel)](Transaction& transaction) {
        if (effect) effect(transaction);
        transaction.inbox().finish(entry->id);
        transaction.outbox().add(entry->id, entry->event, Outbox::Kind::kAnswer, texts, held);
      };
  unwritten.written = [this, entry = entry_, answer = std::move(outcome.answer),
                       model = outcome.end.model] {
    const Event& event = entry->event;
    log::info("turn.answered", "a message was answered",
              {{"http.request.id", event.request_id},
               {"ai_bot.channel", event.channel},
               {"ai_bot.model", model},
               {"event.duration_ms", now_ms() - event.received_ms}});
    if (log::message_texts()) {
      log::info("turn.texts", "what was said",
                {{"http.request.id", event.request_id},
                 {"ai_bot.question", event.text},
                 {"ai_bot.answer", answer}});
    }
    assistant_.events_.answered(id_, answer);
  };
  settle(std::move(unwritten));
}

void Assistant::EntryTurn::failed(const Error& error) {
  const auto settings = assistant_.config();
  const Event& event = entry_->event;
  const bool give_up =
      assistant_.clock_.unix_ms() - event.received_ms > settings->retry_for.count();
  const milliseconds wait = backoff(entry_->attempts, settings->retry_min, settings->retry_max);
  const std::string notice =
      texts::in_language_of(give_up ? texts::kGivenUp : texts::kPostponed, event.text);
  const std::string why = error.text.en;
  Unwritten unwritten;
  unwritten.write = [entry = entry_, why, next = assistant_.clock_.unix_ms() + wait.count(),
                     give_up, notice, held = assistant_.events_.holds_replies(event.channel),
                     is_told = give_up ||
                               assistant_.may_say_later(event.channel)](Transaction& transaction) {
    if (give_up) {
      transaction.inbox().bury(entry->id, why);
    } else {
      transaction.inbox().postpone(entry->id, next, why);
    }
    if (!is_told) return;
    transaction.outbox().add(entry->id, entry->event, Outbox::Kind::kNotice, {notice}, held);
  };
  unwritten.written = [this, entry = entry_, why, give_up, notice] {
    log::warning(give_up ? "turn.given_up" : "turn.postponed", why,
                 {{"http.request.id", entry->event.request_id},
                  {"ai_bot.attempts", int64_t{entry->attempts + 1}}});
    assistant_.events_.postponed(id_, notice);
  };
  if (!give_up) unwritten.wait = wait;
  settle(std::move(unwritten));
}

// A turn that failed by a mistake of ours, a damaged row or a write that was refused. Where the
// entry can't be read only who waits for its answer is told. The notice is not kept where the
// database refuses that, too.
void Assistant::EntryTurn::broken(const std::string& why, bool give_up, bool keeps_notice) {
  const auto settings = assistant_.config();
  const milliseconds wait = backoff(0, settings->retry_min, settings->retry_max);
  const std::string notice = entry_ ? texts::in_language_of(texts::kGivenUp, entry_->event.text)
                                    : texts::kGivenUp.en + "\n" + texts::kGivenUp.zh;
  const bool is_kept = give_up && keeps_notice && entry_;
  using Next = Unwritten::Next;
  Unwritten unwritten;
  unwritten.next = !give_up ? Next::kNotice : is_kept ? Next::kBury : Next::kNothing;
  unwritten.write = [id = id_, entry = entry_, why,
                     next = assistant_.clock_.unix_ms() + wait.count(), give_up, notice, is_kept,
                     held = is_kept && assistant_.events_.holds_replies(entry_->event.channel)](
                        Transaction& transaction) {
    if (!give_up) return transaction.inbox().postpone(id, next, why);
    transaction.inbox().bury(id, why);
    if (is_kept) transaction.outbox().add(id, entry->event, Outbox::Kind::kNotice, {notice}, held);
  };
  unwritten.written = [this, why, give_up, notice] {
    log::error(give_up ? "turn.given_up" : "turn.postponed", why, {{"ai_bot.row", id_}});
    if (!give_up) return;
    assistant_.under_way_.forget(UnderWay::Kind::kTurn, id_);
    assistant_.events_.postponed(id_, notice);
  };
  if (!give_up) unwritten.wait = wait;
  settle(std::move(unwritten));
}

void Assistant::EntryTurn::settle(Unwritten unwritten) {
  draft_ = nullptr;
  unwritten_.emplace(std::move(unwritten));
  write_down();
}

void Assistant::EntryTurn::write_down() {
  assistant_.ledger_.write(
      unwritten_->write, [self = shared_from_this()](const Result<void>& result) {
        self->assistant_.hop(self->channel_, [self, result] { self->written(result); });
      });
}

void Assistant::EntryTurn::written(const Result<void>& result) {
  if (!result && unwritten_->kept.keep(assistant_.ledger_, result.error()))
    return end(kStorageRetry);
  const Unwritten done = std::move(*unwritten_);
  unwritten_.reset();
  if (result) {
    if (!is_command_) assistant_.set_waiting(lane_, done.wait.has_value());
    guarded("assistant.written", done.written);
    return end(done.wait);
  }
  log::error("turn.not_written", result.error().text.en, {{"ai_bot.row", id_}});
  if (done.next == Unwritten::Next::kNothing) return end(std::nullopt);
  broken(result.error().text.en, true, done.next == Unwritten::Next::kNotice);
}

void Assistant::EntryTurn::end(std::optional<milliseconds> wait) {
  leave_.reset();
  if (std::exchange(turn_, nullptr)) assistant_.end_turn(lane_);
  if (!wait) assistant_.leave(id_);
  std::optional<SteadyTime> again;
  if (wait) again = assistant_.clock_.now() + *wait;
  // Holds this turn, which holds us.
  if (const auto finish = std::exchange(finish_, nullptr)) finish(again);
}

}  // namespace ai_bot
