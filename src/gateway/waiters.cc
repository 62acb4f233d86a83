#include "gateway/waiters.h"

#include <vector>

#include "core/guarded.h"

namespace ai_bot {

int64_t Waiters::wait(int64_t inbox_id, OnAnswer on_answer) {
  MutexLock lock(mutex_);
  waiting_.emplace(inbox_id, Waiter{next_ticket_, std::move(on_answer)});
  return next_ticket_++;
}

bool Waiters::leave(int64_t inbox_id, int64_t ticket) {
  MutexLock lock(mutex_);
  const auto [first, last] = waiting_.equal_range(inbox_id);
  for (auto at = first; at != last; ++at) {
    if (at->second.ticket != ticket) continue;
    waiting_.erase(at);
    return true;
  }
  return false;
}

void Waiters::answered(int64_t inbox_id, const Answer& answer) {
  std::vector<OnAnswer> found;
  {
    MutexLock lock(mutex_);
    const auto [first, last] = waiting_.equal_range(inbox_id);
    for (auto at = first; at != last; ++at) found.push_back(std::move(at->second.on_answer));
    waiting_.erase(first, last);
  }
  for (const OnAnswer& on_answer : found) guarded("waiters.answer", [&] { on_answer(answer); });
}

void Waiters::release() {
  std::vector<int64_t> ids;
  {
    MutexLock lock(mutex_);
    for (const auto& [id, waiter] : waiting_) ids.push_back(id);
  }
  const Answer later{
      "ai_bot is stopping; the message is kept: send it again to fetch its answer / ai_bot "
      "正在停止，消息已保存，请稍后重发以取回回答",
      /*postponed=*/true};
  for (const int64_t id : ids) answered(id, later);
}

}  // namespace ai_bot
