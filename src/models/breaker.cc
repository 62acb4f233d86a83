#include "models/breaker.h"

#include <algorithm>
#include <utility>

namespace ai_bot {
namespace {

// An operator who raises a quota must not have to wait for a day, or to restart ai_bot.
constexpr milliseconds kLongestRest{600000};

}  // namespace

Breaker::Ticket::Ticket(Ticket&& other) noexcept
    : breaker_(std::exchange(other.breaker_, nullptr)), period_(other.period_) {}

Breaker::Ticket& Breaker::Ticket::operator=(Ticket&& other) noexcept {
  std::swap(breaker_, other.breaker_);
  std::swap(period_, other.period_);
  return *this;
}

Breaker::Ticket::~Ticket() {
  if (breaker_ == nullptr) return;
  MutexLock lock(breaker_->mutex_);
  if (breaker_->period_ == period_) breaker_->trial_under_way_ = false;
}

void Breaker::Ticket::success() {
  Breaker* const breaker = std::exchange(breaker_, nullptr);
  if (breaker == nullptr) return;
  MutexLock lock(breaker->mutex_);
  if (breaker->period_ != period_) return;
  breaker->trial_under_way_ = false;
  if (breaker->open_ && ++breaker->good_trials_ < breaker->config_.half_open_trials) return;
  if (breaker->open_) breaker->begin_period(false, breaker->opened_);
  breaker->failures_.clear();
}

void Breaker::Ticket::failure(SteadyTime now) {
  Breaker* const breaker = std::exchange(breaker_, nullptr);
  if (breaker == nullptr) return;
  MutexLock lock(breaker->mutex_);
  if (breaker->period_ != period_) return;
  if (breaker->open_) return breaker->begin_period(true, now);  // a failed trial
  auto& failures = breaker->failures_;
  failures.push_back(now);
  while (now - failures.front() > breaker->config_.window) failures.pop_front();
  if (static_cast<int64_t>(failures.size()) < breaker->config_.failures) return;
  breaker->begin_period(true, now);
}

void Breaker::Ticket::rest(SteadyTime now, milliseconds pause) {
  if (breaker_ == nullptr) return;
  MutexLock lock(breaker_->mutex_);
  breaker_->rests_until_ = std::max(breaker_->rests_until_, now + std::min(pause, kLongestRest));
}

std::optional<Breaker::Ticket> Breaker::allow(SteadyTime now) {
  MutexLock lock(mutex_);
  if (now < rests_until_) return std::nullopt;
  if (open_) {
    if (now - opened_ < config_.open_for || trial_under_way_) return std::nullopt;
    trial_under_way_ = true;
  }
  return Ticket(this, period_);
}

void Breaker::forget() {
  MutexLock lock(mutex_);
  begin_period(false, {});
  failures_.clear();
  rests_until_ = {};
}

void Breaker::begin_period(bool open, SteadyTime now) {
  ++period_;
  open_ = open;
  opened_ = now;
  trial_under_way_ = false;
  good_trials_ = 0;
}

Breaker::State Breaker::state(SteadyTime now) const {
  MutexLock lock(mutex_);
  if (!open_) return State::kClosed;
  return now - opened_ < config_.open_for ? State::kOpen : State::kHalfOpen;
}

milliseconds Breaker::pause_left(SteadyTime now) const {
  MutexLock lock(mutex_);
  if (now >= rests_until_) return milliseconds(0);
  return std::chrono::ceil<milliseconds>(rests_until_ - now);
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
