// A turn: from a person's message to an answer that is committed.
//
// Events come from the inbox (their answers go to the outbox in the same commit), or directly from
// a client that waits and reads along. Both go through the conversation's lane.
//
// While the database takes no writes no turn begins, and what came of those under way is kept in
// memory (at most one for each of assistant.max_parallel_turns): the model is not asked again. What
// a damaged place of the database refuses is given up after some tries. A turn that throws, crashes
// the process or finds its row damaged is tried UnderWay::kMostStrikes times, then buried.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "assistant/thread_lanes.h"
#include "config/config.h"
#include "models/router.h"
#include "store/inbox.h"
#include "store/kept_write.h"
#include "store/store.h"
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

// What the rest of the program does when a turn is over. Called on a lane's thread.
struct AssistantEvents {
  // Answers of this channel are fetched, not sent.
  std::function<bool(const std::string& channel)> holds_replies;
  // An answer as the texts of one or more messages of this channel.
  std::function<std::vector<std::string>(const std::string& channel, const std::string& answer)>
      compose;
  // Hands over what the files that came with an event say, to be read after its text; may be empty.
  // `then` is called once, on any thread; soon once `over` is true. May be empty.
  std::function<void(const Event& event, std::function<bool()> over,
                     std::function<void(std::string text)> then)>
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
  std::string model;  // empty: the session's, or the default
  std::string request_id;
  std::function<void(std::string_view delta)> on_delta;
  // Once, last; the text is the whole answer.
  std::function<void(Result<std::string> answer, const ChatEnd& end)> on_end;
  std::function<bool()> abandoned;
  std::function<bool()> ready = nullptr;  // optional: false when the client can't take more now
};

class Assistant {
 public:
  Assistant(Store& store, UnderWay& under_way, Router& router, const AssistantConfig& config,
            AssistantEvents events);

  // Puts an open inbox entry into its lane. A /stop among them takes effect at once.
  void accept(const inbox::Open& entry, std::string_view text);
  // The same for every open entry (at start, and after a replay). What can't be read now is tried
  // again until it can.
  void resume();
  void converse(Conversation conversation);

  void configure(const AssistantConfig& config);
  void stop(milliseconds grace) { lanes_.stop(grace); }
  ThreadLanes::Depth depth() const { return lanes_.depth(); }

 private:
  // What a turn leads to, before it is committed.
  struct Outcome {
    std::string answer;
    Store::Task effect;  // on the session; may be empty
    ChatEnd end;
  };
  struct Asked {
    std::string lane;
    std::string text;
    std::string model;
    std::string request_id;
    std::function<void(std::string_view delta)> on_delta;
    std::function<bool()> abandoned;
    std::function<bool()> ready = nullptr;
    std::function<void(const std::string& text)> on_text = nullptr;  // all of it so far
  };
  using Flag = std::shared_ptr<std::atomic<bool>>;

  // What came of an entry's turn, while it is not on disk: only writing it down is repeated.
  struct Unwritten {
    Store::Task write;
    std::function<void()> written;                        // once it is on disk
    std::optional<int64_t> again;                         // as ThreadLanes::Turn returns it
    std::shared_ptr<const inbox::Entry> entry = nullptr;  // null when it can't be read
    // What is left to be tried where the database refuses this one: bury it and say so; bury it.
    enum class Next { kNotice, kBury, kNothing } next = Next::kNotice;
    KeptWrite kept = {};
  };
  using EntryPtr = std::shared_ptr<const inbox::Entry>;

  std::optional<int64_t> run_entry(int64_t id, std::optional<Unwritten>& unwritten);
  std::optional<int64_t> take_turn(int64_t id, UnderWay::Leave& leave,
                                   std::optional<Unwritten>& unwritten);
  std::optional<int64_t> write_down(int64_t id, std::optional<Unwritten>& unwritten);
  bool take_up_all();  // false when the database could not be read
  Unwritten settle(const EntryPtr& entry);
  Unwritten answered(const EntryPtr& entry, Outcome outcome);
  Unwritten failed(const EntryPtr& entry, const Error& error);
  Unwritten broken(int64_t id, const EntryPtr& entry, const std::string& why, bool give_up,
                   bool keeps_notice = true);
  void run_conversation(const Conversation& conversation);

  Result<Outcome> answer(const Asked& asked);
  Outcome obey(const Asked& asked, const struct ParsedCommand& command);
  Result<Outcome> ask_model(const Asked& asked);
  std::string status_text(Language language) const;
  std::string choose_model(const Asked& asked, const struct ParsedCommand& command,
                           Store::Task& effect);

  // Sets the flag of the turn under way in this lane, if there is one.
  void stop_turn(const std::string& lane);
  Flag begin_turn(const std::string& lane);
  void end_turn(const std::string& lane);

  std::shared_ptr<const AssistantConfig> config() const;

  Store& store_;
  UnderWay& under_way_;
  Router& router_;
  const AssistantEvents events_;
  mutable std::mutex mutex_;
  std::shared_ptr<const AssistantConfig> config_;
  std::unordered_map<std::string, Flag> turns_;  // under way, by lane
  std::unordered_set<std::string>
      stopped_lanes_;  // a /stop hit a turn there and was not confirmed yet
  ThreadLanes lanes_;
};

}  // namespace ai_bot
