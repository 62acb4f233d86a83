#include "store/kept_write.h"

namespace ai_bot {

KeptWrite::~KeptWrite() {
  if (store_ != nullptr) store_->release();
}

bool KeptWrite::keep(Store& store, const Error& why) {
  if (why.code == Code::kInternal) return false;
  if (why.code == Code::kStorageDamaged && ++at_damage_ >= kMostAtDamage) return false;
  // Where ai_bot stops nothing is wrong with the database.
  if (store_ == nullptr && why.code != Code::kUnavailable) {
    store.hold(why);
    store_ = &store;
  }
  return true;
}

}  // namespace ai_bot
