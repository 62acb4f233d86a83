// The turn of one inbox entry, from its lane's call to what is committed, as often as it is tried.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "assistant/assistant.h"
#include "store/kept_write.h"

namespace ai_bot {

// One step at a time, each on whatever thread the one before it ended.
class Assistant::EntryTurn : public std::enable_shared_from_this<Assistant::EntryTurn> {
 public:
  // `has_stopped`: it is a /stop, and there was something to stop.
  EntryTurn(Assistant& assistant, int64_t id, std::string lane, std::string channel,
            bool has_stopped);

  // The turn of its lane, again and again until the entry is done with.
  void begin(Lanes::Finish finish);

 private:
  using EntryPtr = std::shared_ptr<const Inbox::Entry>;

  // What came of the turn, while it is not on disk: only writing it down is repeated.
  struct Unwritten {
    Ledger::Task write;
    std::function<void()> written;     // once it is on disk
    std::optional<milliseconds> wait;  // until the turn is taken again; none: it is over
    // What is left to be tried where the database refuses this one: bury it and say so; bury it.
    enum class Next { kNotice, kBury, kNothing } next = Next::kNotice;
    KeptWrite kept = {};
  };

  // Runs a step that may crash or throw because of what is in this very entry: then it has failed.
  void tried(const std::function<void()>& step);
  void broke(const std::string& why);

  void look();
  void take();
  void read_files(bool sees);
  void ask(const FileContents& files);
  void came(Result<Outcome> outcome);
  void conclude(Result<Outcome> outcome);
  void answered(Outcome outcome);
  void failed(const Error& error);
  void broken(const std::string& why, bool give_up, bool keeps_notice = true);

  void settle(Unwritten unwritten);
  void write_down();
  void written(const Result<void>& result);
  // None: the entry is done with.
  void end(std::optional<milliseconds> wait);

  Assistant& assistant_;
  const int64_t id_;
  const std::string lane_;
  const std::string channel_;
  const bool has_stopped_;
  Lanes::Finish finish_;                    // of this turn; empty between two
  std::unique_ptr<UnderWay::Leave> leave_;  // until what came of it is on disk, or kept
  EntryPtr entry_;                          // null when it can't be read
  std::shared_ptr<TurnState> turn_;         // null while no model is asked
  std::shared_ptr<Draft> draft_;
  bool is_command_ = false;
  std::optional<Unwritten> unwritten_;
};

}  // namespace ai_bot
