#include "models/breaker.h"

namespace ai_bot {

bool Breaker::allow(SteadyTime now) {
  std::lock_guard lock(mutex_);
  if (!open_) return true;
  if (now - opened_ < config_.open_for || trial_under_way_) return false;
  trial_under_way_ = true;
  return true;
}

void Breaker::success() {
  std::lock_guard lock(mutex_);
  if (!open_) {
    failures_.clear();
    return;
  }
  trial_under_way_ = false;
  if (++good_trials_ < config_.half_open_trials) return;
  open_ = false;
  failures_.clear();
}

void Breaker::failure(SteadyTime now) {
  std::lock_guard lock(mutex_);
  if (open_) {  // a failed trial, or a request that was under way when it opened
    trial_under_way_ = false;
    good_trials_ = 0;
    opened_ = now;
    return;
  }
  failures_.push_back(now);
  while (now - failures_.front() > config_.window) failures_.pop_front();
  if (static_cast<int64_t>(failures_.size()) < config_.failures) return;
  open_ = true;
  opened_ = now;
  good_trials_ = 0;
  trial_under_way_ = false;
}

void Breaker::neither() {
  std::lock_guard lock(mutex_);
  trial_under_way_ = false;
}

Breaker::State Breaker::state(SteadyTime now) const {
  std::lock_guard lock(mutex_);
  if (!open_) return State::kClosed;
  return now - opened_ < config_.open_for ? State::kOpen : State::kHalfOpen;
}

const char* name_of(Breaker::State state) {
  switch (state) {
    case Breaker::State::kClosed:
      return "closed";
    case Breaker::State::kOpen:
      return "open";
    case Breaker::State::kHalfOpen:
      return "half_open";
  }
  return "closed";
}

}  // namespace ai_bot
