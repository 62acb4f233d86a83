#include "store/under_way.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <thread>

#include "store/sqlite/ledger.h"
#include "support/temp_folder.h"

namespace ai_bot {
namespace {

// No address of ours; volatile, so that the compiler does not see it coming.
volatile uintptr_t kNowhere = 8;

using Kind = UnderWay::Kind;

int64_t time_now = 1000000;
int64_t test_clock() { return time_now; }

class UnderWayTest : public testing::Test {
 protected:
  UnderWayTest() { test::write_file(database_, "a database"); }

  UnderWay life() { return UnderWay(file_, database_, test_clock); }

  // A process of its own that dies as `work` does; returns the signal it died of.
  int dies(const std::function<void(UnderWay&)>& work) {
    const pid_t pid = fork();
    if (pid == 0) {
      const rlimit none{0, 0};
      setrlimit(RLIMIT_CORE, &none);
      UnderWay under_way(file_, database_, test_clock);
      UnderWay::watch_crashes();
      work(under_way);
      _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
  int killed_with(const std::vector<int64_t>& ids) {
    return dies([&](UnderWay& under_way) {
      std::vector<UnderWay::Leave> leaves;
      for (const int64_t id : ids) leaves.push_back(under_way.begin(Kind::kTurn, id));
      kill(getpid(), SIGKILL);
    });
  }
  // What the next life would do with the entry.
  enum class Does { kGo, kWait, kGiveUp };
  Does next(int64_t id, Kind kind = Kind::kTurn) {
    // In a copy: looking must not change what is there.
    const std::string copy = folder_ / "copy";
    test::write_file(copy, test::read_file(file_));
    UnderWay under_way(copy, database_, test_clock);
    const auto leave = under_way.begin(kind, id);
    return leave.give_up ? Does::kGiveUp : leave.wait_until != 0 ? Does::kWait : Does::kGo;
  }

  test::TempFolder folder_;
  const std::string file_ = folder_ / "under_way";
  const std::string database_ = folder_ / "a.db";
};

[[gnu::noinline]] int endless(int depth) {
  volatile char room[1024];
  room[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : endless(depth + 1) + room[0];
}

struct Crash {
  const char* name;
  int signal;
  void (*crash)();
};
class Crashes : public UnderWayTest, public testing::WithParamInterface<Crash> {};

TEST_P(Crashes, OfItsThreadAreTheEntrysDoing) {
  const auto crashes = [&](UnderWay& under_way) {
    std::promise<void> begun;
    std::thread innocent([&] {
      const auto leave = under_way.begin(Kind::kTurn, 1);
      const UnderWay::Ticket::Scope scope(leave.ticket);
      begun.set_value();
      pause();
    });
    begun.get_future().wait();
    std::thread culprit([&] {
      const auto leave = under_way.begin(Kind::kTurn, 2);
      const UnderWay::Ticket::Scope scope(leave.ticket);
      GetParam().crash();
    });
    culprit.join();
  };
  EXPECT_EQ(dies(crashes), GetParam().signal);
  EXPECT_EQ(next(2), Does::kWait);
  EXPECT_EQ(next(1), Does::kGo);
}

#if !defined(__SANITIZE_ADDRESS__)
INSTANTIATE_TEST_SUITE_P(
    UnderWay, Crashes,
    testing::Values(Crash{"segv", SIGSEGV, [] { *reinterpret_cast<volatile int*>(kNowhere) = 1; }},
                    Crash{"abort", SIGABRT, [] { abort(); }},
                    Crash{"exception", SIGABRT, [] { std::terminate(); }},
                    Crash{"trap", SIGILL, [] { __builtin_trap(); }},
                    Crash{"stack", SIGSEGV, [] { endless(0); }}),
    [](const auto& param) { return std::string(param.param.name); });
#endif
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Crashes);

// A turn goes from thread to thread: the crash is its doing only while the thread works on it.
TEST_P(Crashes, AreTheDoingOfTheEntryThatTheThreadWorksOnThen) {
  const auto crashes = [&](UnderWay& under_way) {
    const auto first = under_way.begin(Kind::kTurn, 1), second = under_way.begin(Kind::kTurn, 2);
    {
      const UnderWay::Ticket::Scope scope(first.ticket);
      const UnderWay::Ticket::Scope within(second.ticket);
    }
    std::thread([&] {
      const UnderWay::Ticket::Scope scope(second.ticket);
      GetParam().crash();
    }).join();
  };
  EXPECT_EQ(dies(crashes), GetParam().signal);
  EXPECT_EQ(next(2), Does::kWait);
  EXPECT_EQ(next(1), Does::kGo);
}

TEST_F(UnderWayTest, AnEntryIsForgottenWhenItsTurnEnds) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(dies([](UnderWay& under_way) {
                { const auto leave = under_way.begin(Kind::kTurn, 1); }
                kill(getpid(), SIGKILL);
              }),
              SIGKILL);
  }
  EXPECT_EQ(next(1), Does::kGo);
}

TEST_F(UnderWayTest, KillsFromOutsideMakeItWaitAndHarmNoOneElse) {
  for (int i = 0; i < UnderWay::kLivesInARow - 1; ++i) killed_with({1, 2});
  EXPECT_EQ(next(1), Does::kGo);
  killed_with({1, 3});
  EXPECT_EQ(next(1), Does::kWait);
  EXPECT_EQ(next(2), Does::kGo);
  EXPECT_EQ(next(3), Does::kGo);
  EXPECT_EQ(next(1, Kind::kDelivery), Does::kGo) << "another entry with the same number";
  // It rests: so much killing as there may be does it no further harm.
  for (int i = 0; i < 20; ++i) killed_with({1});
  EXPECT_EQ(next(1), Does::kWait);
  time_now += UnderWay::kLongestRest.count();
  EXPECT_EQ(next(1), Does::kGo);
}

TEST_F(UnderWayTest, OneThatIsThereAtEachDeathIsBuriedAtLast) {
  for (int i = 0; i < UnderWay::kLivesInARow; ++i) killed_with({1, 2});
  life();
  for (int i = 0; i < UnderWay::kMostAlone; ++i) {
    EXPECT_EQ(next(1), Does::kWait) << i;
    time_now += UnderWay::kLongestRest.count();
    ASSERT_EQ(next(1), Does::kGo) << i;
    killed_with({1, 2, 3});  // 2 is a suspect too: it has to wait for 1
    life();
  }
  EXPECT_EQ(next(1), Does::kGiveUp);
  EXPECT_EQ(next(2), Does::kGo);
  EXPECT_EQ(next(3), Does::kWait) << "a suspect now, and no more";
}

TEST_F(UnderWayTest, ThreeCrashesOfItsOwnBuryIt) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer reports the crashes";
#endif
  const auto crash = [](UnderWay& under_way) {
    const auto leave = under_way.begin(Kind::kTurn, 1);
    const UnderWay::Ticket::Scope scope(leave.ticket);
    if (!leave.give_up && leave.wait_until == 0) abort();
  };
  for (int i = 0; i < UnderWay::kMostStrikes; ++i) {
    EXPECT_EQ(dies(crash), SIGABRT);
    EXPECT_EQ(dies(crash), 0) << "it rests";
    time_now += UnderWay::kLongestRest.count();
  }
  EXPECT_EQ(next(1), Does::kGiveUp);
}

TEST_F(UnderWayTest, ExceptionsCountAcrossLives) {
  for (int i = 0; i < UnderWay::kMostStrikes; ++i) {
    UnderWay under_way = life();
    auto leave = under_way.begin(Kind::kTurn, 1);
    ASSERT_FALSE(leave.give_up);
    ASSERT_EQ(leave.wait_until, 0);
    EXPECT_EQ(leave.ticket.strike(), i == UnderWay::kMostStrikes - 1);
  }
  EXPECT_EQ(next(1), Does::kGiveUp);
  life().forget(Kind::kTurn, 1);
  EXPECT_EQ(next(1), Does::kGo);
}

TEST_F(UnderWayTest, ATurnThatWentWellForgivesWhatWas) {
  UnderWay under_way;
  { under_way.begin(Kind::kTurn, 1).ticket.strike(); }
  { under_way.begin(Kind::kTurn, 1).ticket.strike(); }
  { const auto leave = under_way.begin(Kind::kTurn, 1); }
  { EXPECT_FALSE(under_way.begin(Kind::kTurn, 1).ticket.strike()); }
}

TEST_F(UnderWayTest, ATurnThatWasNotTriedForgivesNothing) {
  UnderWay under_way;
  for (int i = 0; i < UnderWay::kMostStrikes - 1; ++i)
    under_way.begin(Kind::kTurn, 1).ticket.strike();
  for (int i = 0; i < 3; ++i) {
    auto leave = under_way.begin(Kind::kTurn, 1);
    ASSERT_EQ(leave.wait_until, 0) << "the one before holds nothing any more";
    leave.ticket.untried();
  }
  EXPECT_TRUE(under_way.begin(Kind::kTurn, 1).ticket.strike());
}

TEST_F(UnderWayTest, SuspectsAreNeverTriedTogether) {
  UnderWay under_way;
  for (const int64_t id : {1, 2}) under_way.begin(Kind::kTurn, id).ticket.strike();
  {
    const auto first = under_way.begin(Kind::kTurn, 1);
    EXPECT_EQ(first.wait_until, 0);
    EXPECT_NE(under_way.begin(Kind::kTurn, 2).wait_until, 0);
    EXPECT_EQ(under_way.begin(Kind::kTurn, 3).wait_until, 0) << "others go on";
  }
  EXPECT_EQ(under_way.begin(Kind::kTurn, 2).wait_until, 0);
}

TEST_F(UnderWayTest, KnowsNothingOfAnotherDatabasesEntries) {
  for (int i = 0; i < UnderWay::kLivesInARow; ++i) killed_with({1});
  EXPECT_EQ(next(1), Does::kWait);
  test::write_file(folder_ / "b.db", "another");
  std::filesystem::rename(folder_ / "b.db", database_);
  EXPECT_EQ(next(1), Does::kGo);
}

TEST_F(UnderWayTest, WhateverStandsInTheFileItIsOpened) {
  { const auto fresh = std::make_unique<UnderWay>(file_, database_); }
  const std::string good = test::read_file(file_);
  for (const char byte : {'\0', '\1', '\xff'}) {
    std::string bad = good;
    for (size_t at = 32; at < bad.size(); ++at) bad[at] = byte;
    test::write_file(file_, bad);
    EXPECT_NE(next(77), Does::kGiveUp);
  }
  test::write_file(file_, "short");
  EXPECT_EQ(next(1), Does::kGo);
}

TEST_F(UnderWayTest, GoesOnInMemoryWhereTheFileCannotBeHad) {
  UnderWay under_way(folder_ / "no/such/folder", database_);
  EXPECT_TRUE([&] {
    for (int i = 0; i < 2; ++i) under_way.begin(Kind::kTurn, 1).ticket.strike();
    return under_way.begin(Kind::kTurn, 1).ticket.strike();
  }());
}

TEST_F(UnderWayTest, WhatWasDoneWhenTheProcessDiedIsNoSuspect) {
  std::filesystem::remove(database_);
  {
    const auto ledger = std::move(*SqliteLedger::open({database_}));
    ASSERT_TRUE(ledger->write([](Transaction& t) {
      for (const char* name : {"done", "open", "dead"})
        t.inbox().add({"hook", name, "room", "anna", "hi", "r", 1});
      t.inbox().finish(1);
      t.inbox().bury(3, "why");
      const Event event{"hook", "open", "room", "anna", "hi", "r", 1};
      t.outbox().add(2, event, Outbox::Kind::kAnswer, {"one", "two"}, false);
      t.outbox().delivered(1);
    }));
  }
  const std::vector<int64_t> ids = {1, 2, 3, 4};
  const auto killed = [&](UnderWay& under_way) {
    std::vector<UnderWay::Leave> leaves;
    for (const Kind kind : {Kind::kTurn, Kind::kDelivery}) {
      for (const int64_t id : ids) leaves.push_back(under_way.begin(kind, id));
    }
    kill(getpid(), SIGKILL);
  };
  for (int i = 0; i < UnderWay::kLivesInARow; ++i) EXPECT_EQ(dies(killed), SIGKILL);
  life();
  for (const Kind kind : {Kind::kTurn, Kind::kDelivery}) {
    for (const int64_t id : ids) EXPECT_EQ(next(id, kind), Does::kWait) << id;
  }
  const auto ledger = std::move(*SqliteLedger::open({database_}));
  life().forget_closed(*ledger);
  for (const Kind kind : {Kind::kTurn, Kind::kDelivery}) {
    for (const int64_t id : ids) EXPECT_EQ(next(id, kind), id == 2 ? Does::kWait : Does::kGo) << id;
  }
}

TEST_F(UnderWayTest, WhereTheDatabaseCannotBeReadNothingIsForgotten) {
  std::filesystem::remove(database_);
  { const auto ledger = std::move(*SqliteLedger::open({database_})); }
  for (int i = 0; i < UnderWay::kLivesInARow; ++i) killed_with({1});
  const auto ledger = std::move(*SqliteLedger::open({database_}));
  {
    SQLite::Database other(database_, SQLite::OPEN_READWRITE);
    other.exec("ALTER TABLE inbox RENAME TO elsewhere");
  }
  life().forget_closed(*ledger);
  EXPECT_EQ(next(1), Does::kWait);
}

TEST_F(UnderWayTest, SaysOnceThatItHasNoRoomForMoreSuspects) {
  UnderWay under_way;
  testing::internal::CaptureStderr();
  for (int64_t id = 1; id <= 2100; ++id) under_way.begin(Kind::kTurn, id).ticket.strike();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  EXPECT_NE(said.find("under_way.full"), std::string::npos) << said;
}

TEST_F(UnderWayTest, MoreThanItHasRoomForGoOnUnnoted) {
  UnderWay under_way;
  std::vector<UnderWay::Leave> leaves;
  for (int64_t id = 1; id <= 5000; ++id) leaves.push_back(under_way.begin(Kind::kTurn, id));
  EXPECT_FALSE(leaves.back().give_up);
  EXPECT_EQ(leaves.back().wait_until, 0);
}

}  // namespace
}  // namespace ai_bot
