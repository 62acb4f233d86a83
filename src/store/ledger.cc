#include "store/ledger.h"

#include <future>
#include <memory>

namespace ai_bot {

void Ledger::write(Task task, Done done) {
  std::vector<Write> writes;
  writes.push_back({std::move(task), std::move(done)});
  write(std::move(writes));
}

Result<void> Ledger::write(Task task) {
  auto promise = std::make_shared<std::promise<Result<void>>>();
  auto future = promise->get_future();
  write(std::move(task), [promise](Result<void> result) { promise->set_value(std::move(result)); });
  return future.get();
}

}  // namespace ai_bot
