// A turn: from a person's message to an answer that is committed.
//
// Events come from the inbox (their answers go to the outbox in the same commit), or directly from
// a client that waits and reads along. Both go through the conversation's lane, of which a channel
// gets at most half; a turn that waits for a model, a file or a commit holds no thread. Commands
// need no model and wait for nobody: they have lanes of their own.
//
// While the database takes no writes no turn begins, and what came of those under way is kept in
// memory (at most one for each of assistant.max_parallel_turns): the model is not asked again. What
// a damaged place of the database refuses is given up after some tries. A turn that throws, crashes
// the process or finds its row damaged is tried UnderWay::kMostStrikes times, then buried.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "assistant/asking.h"
#include "assistant/config.h"
#include "assistant/file_contents.h"
#include "assistant/gate.h"
#include "assistant/recovery.h"
#include "core/executor.h"
#include "core/lanes.h"
#include "core/mutex.h"
#include "models/router.h"
#include "store/ledger.h"
#include "store/under_way.h"

namespace ai_bot {

// The message that grows while an answer is made.
class Draft {
 public:
  virtual ~Draft() = default;
  // The whole text so far. Called on the model client's thread: never waits, never throws.
  virtual void grow(const std::string& text) = 0;
  // No more comes. `then` is called once, when what is under way is over (within delivery.timeout):
  // perhaps at once, on the caller's thread.
  virtual void finish(std::function<void()> then) = 0;
};

// What the rest of the program does when a turn is over. Called on one of the executor's threads.
struct AssistantEvents {
  // Answers of this channel are fetched, not sent.
  std::function<bool(const std::string& channel)> holds_replies;
  // This channel takes one message in answer to an event: none says that the answer comes later.
  // May be empty.
  std::function<bool(const std::string& channel)> answers_once;
  // An answer as the texts of one or more messages of this channel.
  std::function<std::vector<std::string>(const std::string& channel, const std::string& answer)>
      compose;
  // Hands over what the files that came with an event hold; images only where a model `sees`.
  // `then` is called once, on any thread; soon once `over` is true. May be empty.
  std::function<void(const Event& event, bool sees, std::function<bool()> over,
                     std::function<void(FileContents)> then)>
      files;
  // A turn of an inbox entry begins; what is returned hears the answer grow and is gone before the
  // answer is committed. May be empty.
  std::function<std::shared_ptr<Draft>(int64_t inbox_id, const Event& event)> begun;
  // The answer to an inbox entry is committed; there may be a reply to deliver.
  std::function<void(int64_t inbox_id, const std::string& answer)> answered;
  // No model could answer; the person was told so and the event will be tried again.
  std::function<void(int64_t inbox_id, const std::string& notice)> postponed;
};

// A message of a client that waits.
struct Conversation {
  std::string lane;
  std::string text;
  Images images = {};  // for a model that sees
  std::string model;   // empty: the session's, or the default
  std::string request_id;
  std::function<void(std::string_view delta)> on_delta;
  // Once, last; the text is the whole answer. Also when it never began.
  std::function<void(Result<std::string> answer, const ChatEnd& end)> on_end;
  std::function<bool()> abandoned;
  std::function<bool()> ready = nullptr;  // optional: false when the client can't take more now
};

class Assistant {
 public:
  // The executor, and all that stands before it, are there until it was stopped after stop().
  Assistant(Ledger& ledger, UnderWay& under_way, Router& router, Executor& executor,
            const AssistantConfig& config, AssistantEvents events, Clock& clock = Clock::system());
  ~Assistant();
  Assistant(const Assistant&) = delete;
  Assistant& operator=(const Assistant&) = delete;

  // Puts an open inbox entry into its lane; one that is there already stays where it is. `text` is
  // what it says: a /stop or /new among them takes effect at once on the turn under way.
  void accept(const Inbox::Open& entry, std::string_view text);
  // The same for every open entry (at start, and after a replay), without their texts. What can't
  // be read now is tried again until it can.
  void resume();
  void converse(Conversation conversation);

  void configure(const AssistantConfig& config);

  // Begins no further turn; those under way have until `deadline`, and a moment more to be parked
  // (Lanes::stop). False when some did not end.
  bool stop(SteadyTime deadline);

  // Turns, without commands.
  Lanes::Depth depth() const { return lanes_.depth(); }
  // Of one channel, those that are not begun.
  int64_t waiting(const std::string& channel) const { return lanes_.waiting(channel); }

 private:
  class EntryTurn;
  class ConversationTurn;

  bool take_up_all();  // false when the database could not be read
  // What a command does to the turn under way in its lane; true when a /stop stopped one.
  bool interfere(const std::optional<struct ParsedCommand>& command, const std::string& lane);
  // Tells the person that a message has to wait behind one that no model could answer.
  void tell_it_waits(int64_t id, const Lanes::Finish& finish);
  bool may_say_later(const std::string& channel) const;

  Outcome obey(const std::string& lane, const struct ParsedCommand& command, bool has_stopped);
  std::string status_text(Language language) const;
  std::string choose_model(const std::string& lane, const struct ParsedCommand& command,
                           Ledger::Task& effect) const;

  AskingNeeds asking_needs();
  void hop(const std::string& channel, const std::function<void()>& step);

  std::shared_ptr<TurnState> begin_turn(const std::string& lane);
  void end_turn(const std::string& lane);
  void leave(int64_t id);
  void set_waiting(const std::string& lane, bool waits);

  std::shared_ptr<const AssistantConfig> config() const;

  Ledger& ledger_;
  UnderWay& under_way_;
  Router& router_;
  Executor& executor_;
  Clock& clock_;
  const AssistantEvents events_;
  Gates gates_;
  mutable Mutex mutex_;
  std::shared_ptr<const AssistantConfig> config_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::shared_ptr<TurnState>> turns_
      GUARDED_BY(mutex_);                                // under way, by lane
  std::unordered_set<int64_t> here_ GUARDED_BY(mutex_);  // entries in a lane
  std::unordered_set<std::string> waiting_
      GUARDED_BY(mutex_);  // lanes whose first turn is postponed
  Lanes lanes_;
  Lanes commands_;
  const std::shared_ptr<Recovery> recovery_;
};

}  // namespace ai_bot
