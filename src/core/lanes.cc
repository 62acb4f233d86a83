#include "core/lanes.h"

#include <algorithm>
#include <atomic>

#include "core/guarded.h"
#include "core/log.h"
#include "core/mutex.h"

namespace ai_bot {

class Lanes::State : public std::enable_shared_from_this<Lanes::State> {
 public:
  State(std::string name, int most_running, Executor& executor, Clock& clock)
      : name_(std::move(name)),
        most_running_(most_running),
        share_(std::max(1, most_running / 2)),
        executor_(executor),
        clock_(clock) {}

  void add(const std::string& name, const std::string& group, Turn turn, SteadyTime not_before) {
    MutexLock lock(mutex_);
    if (stopping_) return;
    const auto [lane, is_new] = lanes_.try_emplace(name);
    if (is_new) lane->second.group = group;
    lane->second.turns.push_back(std::make_shared<Turn>(std::move(turn)));
    count_waiting(group, 1);
    if (!is_new) return;  // its first turn runs, waits for its time or for its place
    schedule(lane, not_before);
    dispatch();
  }

  void hurry(milliseconds within, size_t most) {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.now();
    std::multimap<SteadyTime, std::string> sooner;
    const auto count = static_cast<int64_t>(std::min(resting_.size(), most));
    int64_t at = 0;
    for (auto& [when, lane] : resting_) {
      const SteadyTime spread = at < count ? now + within * at / count : when;
      ++at;
      sooner.emplace(std::min(when, spread), std::move(lane));
    }
    resting_.swap(sooner);
    if (!resting_.empty()) wake_at(resting_.begin()->first);
  }

  bool stop(SteadyTime deadline) {
    drop_waiting();
    MutexLock lock(mutex_);
    bool is_idle = wait_idle(lock, deadline);
    interrupted_ = true;
    if (!is_idle) is_idle = wait_idle(lock, clock_.now() + kGiveUp);
    if (!is_idle) {
      log::warning("lanes.not_given_up", "some work did not end when ai_bot stopped",
                   {{"ai_bot.lanes", name_}, {"ai_bot.count", int64_t{running_}}});
    }
    lock.unlock();
    drop_waiting();  // turns that would have run again
    return is_idle;
  }

  bool interrupted() const { return interrupted_; }

  Depth depth() const {
    MutexLock lock(mutex_);
    return {waiting_, running_, static_cast<int64_t>(lanes_.size())};
  }

  int64_t waiting(const std::string& group) const {
    MutexLock lock(mutex_);
    const auto found = groups_.find(group);
    return found == groups_.end() ? 0 : found->second.waiting;
  }

 private:
  using TurnPtr = std::shared_ptr<Turn>;
  struct Lane {
    std::string group;
    std::deque<TurnPtr> turns;  // without the one under way
    bool is_running = false;
  };
  using LaneMap = std::unordered_map<std::string, Lane>;
  struct Group {
    std::deque<std::string> ready;  // lanes
    int64_t waiting = 0;            // turns that are not begun
    int running = 0;
    bool is_listed = false;  // in rotation_
  };

  void count_waiting(const std::string& group, int64_t change) REQUIRES(mutex_) {
    waiting_ += change;
    groups_[group].waiting += change;
  }

  // The lane has a turn and none is under way: make it ready, now or later.
  void schedule(LaneMap::iterator lane, SteadyTime not_before) REQUIRES(mutex_) {
    if (not_before <= clock_.now()) return make_ready(lane);
    resting_.emplace(not_before, lane->first);
    wake_at(not_before);
  }

  // One timer, for the lane that rests shortest.
  void wake_at(SteadyTime when) REQUIRES(mutex_) {
    if (when >= next_wake_) return;
    next_wake_ = when;
    executor_.post_at(when, name_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->take_due();
    });
  }

  void take_due() {
    MutexLock lock(mutex_);
    next_wake_ = SteadyTime::max();
    const SteadyTime now = clock_.now();
    while (!resting_.empty() && resting_.begin()->first <= now) {
      const auto lane = lanes_.find(resting_.begin()->second);
      resting_.erase(resting_.begin());
      if (lane != lanes_.end()) make_ready(lane);
    }
    if (!resting_.empty()) wake_at(resting_.begin()->first);
    dispatch();
  }

  void make_ready(LaneMap::iterator lane) REQUIRES(mutex_) {
    Group& group = groups_[lane->second.group];
    group.ready.push_back(lane->first);
    list(lane->second.group, group);
  }

  // A group stands in the rotation once while it has lanes that are ready and not yet its share.
  void list(const std::string& name, Group& group) REQUIRES(mutex_) {
    if (group.is_listed || group.ready.empty() || group.running >= share_) return;
    group.is_listed = true;
    rotation_.push_back(name);
  }

  void dispatch() REQUIRES(mutex_) {
    while (!stopping_ && running_ < most_running_ && !rotation_.empty()) {
      const std::string name = std::move(rotation_.front());
      rotation_.pop_front();
      Group& group = groups_.at(name);
      group.is_listed = false;
      const auto lane = lanes_.find(group.ready.front());
      group.ready.pop_front();
      ++group.running;
      list(name, group);
      begin(lane);
    }
  }

  void begin(LaneMap::iterator lane) REQUIRES(mutex_) {
    lane->second.is_running = true;
    ++running_;
    count_waiting(lane->second.group, -1);
    const TurnPtr turn = std::move(lane->second.turns.front());
    lane->second.turns.pop_front();
    const auto is_over = std::make_shared<std::atomic<bool>>(false);
    Finish finish = [self = shared_from_this(), name = lane->first, turn,
                     is_over](std::optional<SteadyTime> again) {
      if (!is_over->exchange(true)) self->finished(name, turn, again);
    };
    const bool is_posted = executor_.post(lane->second.group, [turn, finish] {
      if (!guarded("lanes.turn", [&] { (*turn)(finish); })) finish(std::nullopt);
    });
    // Too much waits there already: it is tried again when there may be less.
    if (!is_posted) put_back(lane, turn, clock_.now() + kFullPause);
  }

  void put_back(LaneMap::iterator lane, const TurnPtr& turn, SteadyTime again) REQUIRES(mutex_) {
    lane->second.turns.push_front(turn);
    count_waiting(lane->second.group, 1);
    end(lane);
    schedule(lane, again);
  }

  void end(LaneMap::iterator lane) REQUIRES(mutex_) {
    lane->second.is_running = false;
    --running_;
    const auto group = groups_.find(lane->second.group);
    --group->second.running;
    list(group->first, group->second);
    if (group->second.running == 0 && group->second.waiting == 0) groups_.erase(group);
  }

  void finished(const std::string& name, const TurnPtr& turn, std::optional<SteadyTime> again) {
    MutexLock lock(mutex_);
    const auto lane = lanes_.find(name);
    if (again) {
      put_back(lane, turn, *again);
    } else {
      end(lane);
      if (lane->second.turns.empty()) {
        lanes_.erase(lane);
      } else {
        make_ready(lane);
      }
    }
    if (stopping_) return idle_.notify_all();
    dispatch();
  }

  // Lets go every lane but those with a turn under way, whose later turns go too.
  void drop_waiting() {
    LaneMap dropped;  // goes outside the lock: who waits for it hears so
    MutexLock lock(mutex_);
    stopping_ = true;
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
      count_waiting(lane->second.group, -static_cast<int64_t>(lane->second.turns.size()));
      Lane& to = dropped[lane->first];
      std::move(lane->second.turns.begin(), lane->second.turns.end(), std::back_inserter(to.turns));
      lane->second.turns.clear();
      lane = lane->second.is_running ? std::next(lane) : lanes_.erase(lane);
    }
    resting_.clear();
    rotation_.clear();
    for (auto& [name, group] : groups_) {
      group.ready.clear();
      group.is_listed = false;
    }
  }

  bool wait_idle(MutexLock& lock, SteadyTime deadline) REQUIRES(mutex_) {
    while (running_ > 0 && clock_.now() < deadline)
      clock_.wait_until(idle_, lock.native(), deadline);
    return running_ == 0;
  }

  static constexpr milliseconds kFullPause{20};

  const std::string name_;
  const int most_running_;
  const int share_;
  Executor& executor_;
  Clock& clock_;
  mutable Mutex mutex_;
  std::condition_variable idle_;
  LaneMap lanes_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, Group> groups_ GUARDED_BY(mutex_);
  std::deque<std::string> rotation_ GUARDED_BY(mutex_);
  std::multimap<SteadyTime, std::string> resting_ GUARDED_BY(mutex_);
  int64_t waiting_ GUARDED_BY(mutex_) = 0;
  int running_ GUARDED_BY(mutex_) = 0;
  SteadyTime next_wake_ GUARDED_BY(mutex_) = SteadyTime::max();
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::atomic<bool> interrupted_{false};
};

Lanes::Lanes(std::string name, int most_running, Executor& executor, Clock& clock)
    : state_(std::make_shared<State>(std::move(name), most_running, executor, clock)) {}

Lanes::~Lanes() { stop({}); }

void Lanes::add(const std::string& lane, const std::string& group, Turn turn,
                SteadyTime not_before) {
  state_->add(lane, group, std::move(turn), not_before);
}

void Lanes::hurry(milliseconds within, size_t most) { state_->hurry(within, most); }

bool Lanes::stop(SteadyTime deadline) { return state_->stop(deadline); }

bool Lanes::interrupted() const { return state_->interrupted(); }

Lanes::Depth Lanes::depth() const { return state_->depth(); }

int64_t Lanes::waiting(const std::string& group) const { return state_->waiting(group); }

}  // namespace ai_bot
