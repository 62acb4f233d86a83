// A write that the database did not take and that is repeated until it does: what it says is known
// already (a model's answer, a delivery) and must not be found out again.
#pragma once

#include <utility>

#include "store/ledger.h"

namespace ai_bot {

// While one is kept, Ledger::last_commit() stays failed, whatever smaller write succeeds meanwhile:
// nothing begins that could not be written down either. On one thread at a time.
class KeptWrite {
 public:
  // Tries of one write at a damaged place of the database, where other writes may succeed: the
  // damage does not pass, and must not hold everybody for ever.
  static constexpr int kMostAtDamage = 5;

  KeptWrite() = default;
  KeptWrite(KeptWrite&& other) noexcept
      : ledger_(std::exchange(other.ledger_, nullptr)), at_damage_(other.at_damage_) {}
  KeptWrite& operator=(KeptWrite&& other) noexcept {
    std::swap(ledger_, other.ledger_);
    std::swap(at_damage_, other.at_damage_);
    return *this;
  }
  ~KeptWrite();

  // The write failed with `why`. True: it is kept, repeat it in a while. False: repeating it does
  // not help, it is given up.
  bool keep(Ledger& ledger, const Error& why);

 private:
  Ledger* ledger_ = nullptr;  // null: not kept
  int at_damage_ = 0;
};

}  // namespace ai_bot
