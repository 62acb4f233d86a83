#include "store/kept_write.h"

namespace ai_bot {

KeptWrite::~KeptWrite() {
  if (ledger_ != nullptr) ledger_->release();
}

bool KeptWrite::keep(Ledger& ledger, const Error& why) {
  if (why.code == Code::kInternal) return false;
  if (why.code == Code::kStorageDamaged && ++at_damage_ >= kMostAtDamage) return false;
  // Where ai_bot stops nothing is wrong with the database.
  if (ledger_ == nullptr && why.code != Code::kUnavailable) {
    ledger.hold(why);
    ledger_ = &ledger;
  }
  return true;
}

}  // namespace ai_bot
