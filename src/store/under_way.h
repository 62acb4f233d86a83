// What is being worked on, in a small file that is mapped into memory, so that it is known after
// the process died: an entry that ends the process again and again ("poison") must not do so for
// ever, nor may one be given up that was only near when something else did.
//
// Nothing of it is synchronized to the disk: the kernel keeps a mapping's pages when the process
// dies, however it does, and that is all that is needed; noting an entry costs a few stores. After
// a power cut the file may say what was true some seconds before, which costs an entry some
// seconds.
//
// A death is judged by what is known of it:
// - A thread crashed while it worked on the entry (within a Ticket::Scope; SIGSEGV, SIGBUS, SIGFPE,
//   SIGILL, SIGABRT: an exception that nobody caught, a failed check) or an exception was caught at
//   its top: that is the entry's doing, a strike. After kMostStrikes it is given up.
// - The process died otherwise (killed from outside, out of memory, a crash in another thread):
//   each entry under way is a suspect among others. One that was under way in kLivesInARow deaths
//   is from then on tried late (kFirstRest, doubled each time) and never together with another
//   such entry; given up only after kMostAlone further deaths in which it alone of them was under
//   way. So many kills from outside in a row do an innocent entry no harm but a minute's delay.
// An entry whose turn ends is forgotten, whatever came of it; one that was not tried stays what it
// was.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace ai_bot {

class Ledger;

class UnderWay {
 public:
  enum class Kind : uint8_t { kTurn = 1, kDelivery = 2 };

  static constexpr int kMostStrikes = 3;
  static constexpr int kLivesInARow = 3;
  static constexpr int kMostAlone = 3;
  static constexpr milliseconds kFirstRest{10000}, kLongestRest{300000};

  using Clock = int64_t (*)();  // Unix time (ms)

  // In memory only: it forgets all when the process ends.
  UnderWay();
  // In `file`, about entries of `database`, which must be there: of another database's entries
  // nothing is known. Judges the last death. Where the file can't be had, in memory only, and the
  // log says so.
  UnderWay(const std::string& file, const std::string& database, Clock clock = now_ms);
  ~UnderWay();
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  // Makes a crash of this process note the entry its thread works on (SA_ONSTACK handlers, which
  // then let the former ones do as they would have).
  static void watch_crashes();

  struct Slot;

  // An entry is under way from begin() until this is gone. It may go from thread to thread, one at
  // a time.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept;
    ~Ticket();

    // While there is one, what this thread does is done for the entry. Ends on the thread where it
    // began, before the ticket does.
    class Scope {
     public:
      explicit Scope(const Ticket& ticket);
      ~Scope();
      Scope(const Scope&) = delete;
      Scope& operator=(const Scope&) = delete;

     private:
      Slot* const before_;
    };

    // An exception came to the top of the entry's work. True when that was the last one allowed.
    bool strike();
    // The entry was not worked on after all, or not to the end (its channel rests, it can't be read
    // now, ai_bot stops): what is known against it stays.
    void untried() { keeps_suspect_ = true; }

   private:
    friend class UnderWay;

    UnderWay* owner_ = nullptr;
    Slot* slot_ = nullptr;  // null: there was none left
    Kind kind_ = Kind::kTurn;
    int64_t id_ = 0;
    bool is_alone_ = false;  // it is one of those that are never tried together
    bool keeps_suspect_ = false;
  };

  struct Leave {
    bool give_up = false;    // too many deaths: forget() it once it is buried
    int64_t wait_until = 0;  // Unix time (ms); 0: go
    Ticket ticket;
  };
  Leave begin(Kind kind, int64_t id);

  // The entry is buried.
  void forget(Kind kind, int64_t id);
  // Forgets what was done although the process died before it could say so: its row is not open any
  // more, and its number may be given to another. Before anything is taken up. Where the database
  // can't be read now nothing is forgotten, and the log says so.
  void forget_closed(Ledger& ledger);

 private:
  struct Suspect;
  struct File;

  void map(const std::string& file, const std::string& database);
  void judge();
  Suspect* find(Kind kind, int64_t id);
  Suspect* find_or_add(Kind kind, int64_t id);
  void remove(Suspect& suspect);
  bool strike(const Ticket& ticket);
  void end(const Ticket& ticket);

  const Clock clock_;
  std::mutex mutex_;
  File* file_ = nullptr;
  std::vector<Slot*> free_;
  int suspects_ = 0;       // in the table
  bool is_full_ = false;   // there was no room in it, and the log says so
  int alone_running_ = 0;  // 0 or 1
};

}  // namespace ai_bot
