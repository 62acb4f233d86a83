#include "assistant/assistant.h"

#include "assistant/commands.h"
#include "assistant/conversation_turn.h"
#include "assistant/entry_turn.h"
#include "assistant/texts.h"
#include "core/log.h"
#include "store/ledger.h"

namespace ai_bot {
namespace {

constexpr milliseconds kStorageRetry{1000};
constexpr int kResumeBatch = 1000;
constexpr int kCommandsAtOnce = 64;
const std::string kResumeLane;  // no conversation has this key
const std::string kCommands = "commands";
const std::string kApi = "api";  // no channel is called so

// A lane's key begins with its channel (lane_key).
std::string channel_of(const std::string& lane) { return lane.substr(0, lane.find('/')); }

}  // namespace

Assistant::Assistant(Ledger& ledger, UnderWay& under_way, Router& router, Executor& executor,
                     const AssistantConfig& config, AssistantEvents events, Clock& clock)
    : ledger_(ledger),
      under_way_(under_way),
      router_(router),
      executor_(executor),
      clock_(clock),
      events_(std::move(events)),
      config_(std::make_shared<const AssistantConfig>(config)),
      lanes_("turns", static_cast<int>(config.max_parallel_turns), executor, clock),
      commands_("commands", 2 * kCommandsAtOnce, executor, clock),
      recovery_(std::make_shared<Recovery>(router, lanes_, executor, clock)) {
  for (const Router::Member& member : router.members()) gates_.try_emplace(member.model);
}

Assistant::~Assistant() { stop({}); }

bool Assistant::stop(SteadyTime deadline) {
  recovery_->stop();
  const bool have_commands_ended = commands_.stop(deadline);
  return lanes_.stop(deadline) && have_commands_ended;
}

void Assistant::configure(const AssistantConfig& config) {
  MutexLock lock(mutex_);
  config_ = std::make_shared<const AssistantConfig>(config);
}

std::shared_ptr<const AssistantConfig> Assistant::config() const {
  MutexLock lock(mutex_);
  return config_;
}

void Assistant::accept(const Inbox::Open& entry, std::string_view text) {
  const auto command = parse_command(text);
  const bool has_stopped = interfere(command, entry.lane);
  bool waits = false;
  {
    MutexLock lock(mutex_);
    if (!here_.insert(entry.id).second) return;
    waits = !command && waiting_.contains(entry.lane);
  }
  // Made when its turn comes: a long backlog waits as ids.
  auto run = [this, id = entry.id, lane = entry.lane, has_stopped,
              turn = std::shared_ptr<EntryTurn>()](Lanes::Finish finish) mutable {
    if (!turn) turn = std::make_shared<EntryTurn>(*this, id, lane, channel_of(lane), has_stopped);
    turn->begin(std::move(finish));
  };
  if (command) return commands_.add(entry.lane, kCommands, std::move(run));
  const SteadyTime due =
      entry.next_ms == 0 ? SteadyTime() : clock_.steady(entry.next_ms, config()->retry_max);
  lanes_.add(entry.lane, channel_of(entry.lane), std::move(run), due);
  if (waits) {
    commands_.add(entry.lane, kCommands, [this, id = entry.id](const Lanes::Finish& finish) {
      tell_it_waits(id, finish);
    });
  }
}

void Assistant::resume() {
  if (take_up_all()) return;
  const auto again = [this](const Lanes::Finish& finish) {
    finish(take_up_all() ? std::nullopt : std::optional(clock_.now() + kStorageRetry));
  };
  lanes_.add(kResumeLane, kResumeLane, again, clock_.now() + kStorageRetry);
}

bool Assistant::take_up_all() {
  int64_t count = 0;
  for (int64_t after = 0;;) {
    const auto batch = ledger_.read<std::vector<Inbox::Open>>([after](Transaction& transaction) {
      return transaction.inbox().open_after(after, kResumeBatch);
    });
    if (!batch) return false;
    if (batch->empty()) break;
    for (const Inbox::Open& entry : *batch) accept(entry, "");
    count += static_cast<int64_t>(batch->size());
    after = batch->back().id;
  }
  if (count > 0)
    log::info("inbox.resumed", "unfinished messages are taken up again", {{"ai_bot.count", count}});
  return true;
}

void Assistant::converse(Conversation conversation) {
  const auto command = parse_command(conversation.text);
  const bool has_stopped = interfere(command, conversation.lane);
  const std::string lane = conversation.lane;
  const auto turn = std::make_shared<ConversationTurn>(*this, std::move(conversation), has_stopped);
  const auto run = [turn](Lanes::Finish finish) { turn->begin(std::move(finish)); };
  if (command) return commands_.add(lane, kCommands, run);
  lanes_.add(lane, kApi, run);
}

bool Assistant::interfere(const std::optional<ParsedCommand>& command, const std::string& lane) {
  if (!command) return false;
  MutexLock lock(mutex_);
  const auto at = turns_.find(lane);
  if (at == turns_.end()) return false;
  if (command->command == Command::kNew) at->second->begun_anew = true;
  return command->command == Command::kStop && !at->second->stopped.exchange(true);
}

void Assistant::tell_it_waits(int64_t id, const Lanes::Finish& finish) {
  const auto entry = ledger_.read<std::optional<Inbox::Entry>>(
      [id](Transaction& transaction) { return transaction.inbox().get(id); });
  if (!entry || !*entry || (*entry)->state != Inbox::State::kOpen) return finish(std::nullopt);
  const Event& event = (*entry)->event;
  if (!may_say_later(event.channel)) return finish(std::nullopt);
  const std::string notice = texts::in_language_of(texts::kPostponed, event.text);
  const auto write = [id, event, notice,
                      held = events_.holds_replies(event.channel)](Transaction& transaction) {
    const auto now = transaction.inbox().get(id);
    if (now && now->state == Inbox::State::kOpen)
      transaction.outbox().add(id, event, Outbox::Kind::kNotice, {notice}, held);
  };
  ledger_.write(write, [this, id, notice, finish](const Result<void>& written) {
    hop(kCommands, [this, id, notice, finish, is_written = written.has_value()] {
      if (is_written) events_.postponed(id, notice);
      finish(std::nullopt);
    });
  });
}

bool Assistant::may_say_later(const std::string& channel) const {
  return !events_.answers_once || !events_.answers_once(channel);
}

AskingNeeds Assistant::asking_needs() {
  return {ledger_, router_, executor_, clock_, gates_, *recovery_};
}

void Assistant::hop(const std::string& channel, const std::function<void()>& step) {
  // Where too much waits already, here: what is never over would hold its lane for ever.
  if (!executor_.post(channel, step)) step();
}

std::shared_ptr<TurnState> Assistant::begin_turn(const std::string& lane) {
  MutexLock lock(mutex_);
  return turns_[lane] = std::make_shared<TurnState>();
}

void Assistant::end_turn(const std::string& lane) {
  MutexLock lock(mutex_);
  turns_.erase(lane);
}

void Assistant::leave(int64_t id) {
  MutexLock lock(mutex_);
  here_.erase(id);
}

void Assistant::set_waiting(const std::string& lane, bool waits) {
  MutexLock lock(mutex_);
  if (waits) {
    waiting_.insert(lane);
  } else {
    waiting_.erase(lane);
  }
}

}  // namespace ai_bot
