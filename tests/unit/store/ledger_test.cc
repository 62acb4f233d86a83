#include "store/ledger.h"

#include <gtest/gtest.h>

#include <future>

#include "store/kept_write.h"
#include "support/ledgers.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::adds;
using test::rows;
using test::write_all;

class LedgersTest : public test::LedgerTest {
 protected:
  void open_again() {
    tables_.reset();
    ledger_.reset();
    ledger_ = GetParam().open(folder_.path());
  }
};

FOR_EACH_LEDGER(LedgersTest);

TEST_P(LedgersTest, KeepsWhatWasCommitted) {
  ASSERT_TRUE(ledger_->write(adds(1)));
  open_again();
  EXPECT_EQ(rows(*ledger_), 1);
}

TEST_P(LedgersTest, CommitsManyWritesAtOnceAndAnswersEach) {
  constexpr int kCount = 1000;
  std::atomic<int> good{0}, heard{0};
  std::promise<void> all;
  for (int i = 0; i < kCount; ++i) {
    ledger_->write(adds(i), [&](const Result<void>& result) {
      good += result ? 1 : 0;
      if (++heard == kCount) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(good, kCount);
  EXPECT_EQ(rows(*ledger_), kCount);
}

TEST_P(LedgersTest, WritesHandedOverTogetherAreOneCommit) {
  std::promise<int64_t> seen_by_the_first;
  std::vector<Ledger::Write> writes;
  for (int i = 0; i < 3; ++i) {
    writes.push_back({adds(i), [&, i](const Result<void>&) {
                        if (i == 0) seen_by_the_first.set_value(rows(*ledger_));
                      }});
  }
  ledger_->write(std::move(writes));
  EXPECT_EQ(seen_by_the_first.get_future().get(), 3);
}

TEST_P(LedgersTest, OneBadWriteFailsAloneAndItsPartsAreRolledBack) {
  std::promise<void> open_gate;
  auto gate = open_gate.get_future().share();
  ledger_->write([gate](Transaction&) { gate.wait(); }, [](const Result<void>&) {});
  std::vector<std::future<Result<void>>> results;
  for (int i = 0; i < 3; ++i) {
    auto promise = std::make_shared<std::promise<Result<void>>>();
    results.push_back(promise->get_future());
    ledger_->write(
        [i](Transaction& t) {
          adds(i)(t);
          if (i == 1) throw std::runtime_error("a mistake");
        },
        [promise](Result<void> result) { promise->set_value(std::move(result)); });
  }
  open_gate.set_value();
  EXPECT_TRUE(results[0].get());
  const auto bad = results[1].get();
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kInternal);
  EXPECT_TRUE(results[2].get());
  EXPECT_EQ(rows(*ledger_), 2);
  EXPECT_TRUE(ledger_->last_commit()) << "a task's own failure is not the database's";
}

TEST_P(LedgersTest, NothingThatIsThrownLeavesIt) {
  const auto results =
      write_all(*ledger_, {adds(1), [](Transaction&) { throw std::runtime_error("a mistake"); },
                           [](Transaction&) { throw 7; }, adds(2)});
  EXPECT_TRUE(results[0]);
  EXPECT_TRUE(results[3]);
  for (const int bad : {1, 2}) {
    ASSERT_FALSE(results[bad]);
    EXPECT_EQ(results[bad].error().code, Code::kInternal);
    EXPECT_EQ(results[bad].error().text.en.find("a mistake in ai_bot: "), 0u);
  }
  const auto read =
      ledger_->read<int>([](Transaction&) -> int { throw std::runtime_error("a mistake"); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kInternal);
  ledger_->write(adds(3), [](const Result<void>&) { throw std::runtime_error("in done"); });
  EXPECT_TRUE(ledger_->write(adds(4)));
  EXPECT_EQ(rows(*ledger_), 4);
}

TEST_P(LedgersTest, StaysFailedWhileAWriteIsKept) {
  const Error full{Code::kStorageFull, {"full", "满"}};
  testing::internal::CaptureStderr();
  {
    KeptWrite one, two;
    EXPECT_TRUE(one.keep(*ledger_, full));
    EXPECT_TRUE(two.keep(*ledger_, full));
    EXPECT_TRUE(two.keep(*ledger_, full));
    EXPECT_TRUE(ledger_->write(adds(1))) << "a smaller one";
    std::this_thread::sleep_for(Ledger::kCheckInterval + milliseconds(500));  // it would be tried
    EXPECT_FALSE(ledger_->last_commit());
    { const KeptWrite moved = std::move(one); }
    EXPECT_TRUE(ledger_->write(adds(2)));
    EXPECT_FALSE(ledger_->last_commit()) << "the other one is still kept";
  }
  EXPECT_TRUE(test::wait_until([&] { return ledger_->last_commit().has_value(); }));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2)
      << "failed, and takes them again: " << said;
}

TEST_P(LedgersTest, AKeptWriteIsGivenUpAtDamageAndAtMistakesOnly) {
  KeptWrite kept;
  EXPECT_FALSE(kept.keep(*ledger_, {Code::kInternal, {"", ""}}));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(kept.keep(*ledger_, {Code::kStorageFull, {"", ""}}));
  for (int i = 1; i < KeptWrite::kMostAtDamage; ++i)
    EXPECT_TRUE(kept.keep(*ledger_, {Code::kStorageDamaged, {"", ""}}));
  EXPECT_FALSE(kept.keep(*ledger_, {Code::kStorageDamaged, {"", ""}}));
}

TEST_P(LedgersTest, AfterAStopWritesFailAtOnceAndReadingGoesOn) {
  std::atomic<int> heard{0};
  for (int i = 0; i < 100; ++i)
    ledger_->write(adds(i), [&](const Result<void>& r) { heard += r ? 1 : 0; });
  ledger_->stop();
  EXPECT_EQ(heard, 100);
  EXPECT_EQ(ledger_->queued(), 0);
  const auto late = ledger_->write(adds(100));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kUnavailable);
  EXPECT_EQ(rows(*ledger_), 100);
  ledger_->stop();
}

TEST_P(LedgersTest, TellsHowManyWritesWait) {
  std::promise<void> gate;
  ledger_->write([opened = gate.get_future().share()](Transaction&) { opened.wait(); },
                 [](const Result<void>&) {});
  for (int i = 0; i < 5; ++i) ledger_->write(adds(i), [](const Result<void>&) {});
  EXPECT_EQ(ledger_->queued(), 6);
  gate.set_value();
  EXPECT_TRUE(test::wait_until([&] { return ledger_->queued() == 0; }));
}

TEST_P(LedgersTest, AnsweringAfterCloseIsImpossibleBecauseTheQueueIsFinishedFirst) {
  std::atomic<int> heard{0};
  for (int i = 0; i < 100; ++i) ledger_->write(adds(i), [&](const Result<void>&) { ++heard; });
  ledger_.reset();
  EXPECT_EQ(heard, 100);
}

}  // namespace
}  // namespace ai_bot
