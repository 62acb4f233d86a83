// The databases a ledger may be in. Each must pass the suite in tests/unit/store, which is what
// store/ledger.h promises; what only one of them does is tested in its own folder there.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "store/sqlite/ledger.h"
#include "support/temp_folder.h"

namespace ai_bot::test {

struct LedgerKind {
  const char* name;
  std::unique_ptr<Ledger> (*open)(const std::string& folder);
  // The tables of a ledger that is open, by a connection of their own, where each statement is
  // committed by itself.
  std::unique_ptr<Transaction> (*connect)(const std::string& folder);
};

inline std::unique_ptr<Ledger> open_sqlite(const std::string& folder) {
  auto ledger = SqliteLedger::open({folder + "/a.db"});
  EXPECT_TRUE(ledger) << (ledger ? "" : ledger.error().text.en);
  return std::move(*ledger);
}

inline const LedgerKind kLedgers[] = {
    {"sqlite", open_sqlite,
     [](const std::string& folder) -> std::unique_ptr<Transaction> {
       return std::make_unique<SqliteTables>(folder + "/a.db", SQLite::OPEN_READWRITE);
     }},
};

// A ledger of its own for each test, and its tables.
class LedgerTest : public testing::TestWithParam<LedgerKind> {
 protected:
  Inbox& inbox() { return tables_->inbox(); }
  Outbox& outbox() { return tables_->outbox(); }
  Sessions& sessions() { return tables_->sessions(); }

  TempFolder folder_;
  std::unique_ptr<Ledger> ledger_ = GetParam().open(folder_.path());
  std::unique_ptr<Transaction> tables_ = GetParam().connect(folder_.path());
};

#define FOR_EACH_LEDGER(suite)                                             \
  INSTANTIATE_TEST_SUITE_P(Each, suite, testing::ValuesIn(test::kLedgers), \
                           [](const auto& param) { return std::string(param.param.name); })

// A write of one event, the `number`th.
inline Ledger::Task adds(int number, const std::string& text = "hello") {
  return [event = Event{"hook", "e" + std::to_string(number), "c", "s", text, "r", 1}](
             Transaction& transaction) { transaction.inbox().add(event); };
}

inline int64_t rows(Ledger& ledger) {
  return *ledger.read<int64_t>([](Transaction& t) { return t.inbox().count().open; });
}

// Hands `tasks` over together and waits for what becomes of each.
inline std::vector<Result<void>> write_all(Ledger& ledger, std::vector<Ledger::Task> tasks) {
  std::vector<Ledger::Write> writes;
  std::vector<std::future<Result<void>>> futures;
  for (Ledger::Task& task : tasks) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    futures.push_back(promise->get_future());
    writes.push_back({std::move(task), [promise](Result<void> r) { promise->set_value(r); }});
  }
  ledger.write(std::move(writes));
  std::vector<Result<void>> results;
  for (auto& future : futures) results.push_back(future.get());
  return results;
}

// For tests of what only SQLite has.
inline Connection& connection_of(Transaction& transaction) {
  return dynamic_cast<SqliteTables&>(transaction).connection();
}

}  // namespace ai_bot::test
