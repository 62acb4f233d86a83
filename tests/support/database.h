// A database of its own for each test: the store, and a connection to call the tables' functions
// on.
#pragma once

#include <gtest/gtest.h>

#include "store/store.h"
#include "support/temp_folder.h"

namespace ai_bot::test {

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest()
      : store_(std::move(*Store::open({folder_ / "a.db"}))),
        db_(folder_ / "a.db", SQLite::OPEN_READWRITE) {}

  TempFolder folder_;
  std::unique_ptr<Store> store_;
  Connection db_;
};

}  // namespace ai_bot::test
