// A write that the database did not take and that is repeated until it does: what it says is known
// already (a model's answer, a delivery) and must not be found out again.
#pragma once

#include <utility>

#include "store/store.h"

namespace ai_bot {

// While one is kept, Store::last_commit() stays failed, whatever smaller write succeeds meanwhile:
// nothing begins that could not be written down either. On one thread at a time.
class KeptWrite {
 public:
  // Tries of one write at a damaged place of the database, where other writes may succeed: the
  // damage does not pass, and must not hold everybody for ever.
  static constexpr int kMostAtDamage = 5;

  KeptWrite() = default;
  KeptWrite(KeptWrite&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)), at_damage_(other.at_damage_) {}
  KeptWrite& operator=(KeptWrite&& other) noexcept {
    std::swap(store_, other.store_);
    std::swap(at_damage_, other.at_damage_);
    return *this;
  }
  ~KeptWrite();

  // The write failed with `why`. True: it is kept, repeat it in a while. False: repeating it does
  // not help, it is given up.
  bool keep(Store& store, const Error& why);

 private:
  Store* store_ = nullptr;  // null: not kept
  int at_damage_ = 0;
};

}  // namespace ai_bot
