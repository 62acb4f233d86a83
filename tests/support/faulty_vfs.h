// A disk for SQLite that fails when the test says so: the n-th write, sync or read, once or from
// then on; and whose power is cut, which drops what was not synced.
//
// While there is one, it is SQLite's default VFS in this program: Ledger uses it without knowing.
// The bytes are in real files (the system's VFS is below), but a sync only says which of them would
// survive, so that thousands of days can be tried.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace ai_bot::test {

class FaultyVfs {
 public:
  enum class Call { kWrite, kSync, kRead, kChange };  // kChange: a write, truncation or sync

  FaultyVfs();
  ~FaultyVfs();  // after everything that was opened is closed
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  // The nth call from now (1: the next) fails with `code`, SQLite's; `lasting`: all later ones too.
  void fail(Call call, int64_t nth, int code, bool lasting);
  // At the nth kChange from now, in its stead.
  void cut_power_at(int64_t nth);
  void cut_power();
  // Nothing fails any more. The numbers of count() begin anew.
  void mend();

  // Calls since the last mend(), and whether the planned fault came to pass.
  int64_t count(Call call) const;
  bool has_struck() const;

  // After a cut, with everything closed: the files hold what was synced and, of what was written
  // since, with `some`: a random part (whole, or the first half of a write).
  void restore_power(bool some, uint32_t seed);

 private:
  friend struct FaultyFile;

  // A change that was not synced yet.
  struct Change {
    int64_t offset = 0;
    std::string before, after;
    int64_t size_before = 0;
    int64_t truncated_to = -1;  // -1: it is a write
  };

  int strike(Call call);
  int note_change(const std::string& path, sqlite3_file* file, Change change);

  sqlite3_vfs* const base_;
  sqlite3_vfs vfs_{};
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Change>> unsynced_;  // by path
  int64_t counts_[4] = {};
  Call planned_ = Call::kChange;
  int64_t nth_ = 0;  // 0: nothing is planned
  int code_ = SQLITE_OK;
  bool lasting_ = false, cuts_power_ = false, has_struck_ = false, is_dark_ = false;
};

}  // namespace ai_bot::test
