// What SQLite's header shows only then; Debian's library is built with it.
#define SQLITE_ENABLE_PREUPDATE_HOOK 1

#include "store/sqlite/kept_counts.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <string_view>
#include <utility>

namespace ai_bot {
namespace {

constexpr int kOpen = 0, kDead = 2;  // Inbox::State and Outbox::State alike

int state_column(SQLite::Database& database, const char* table) {
  return database
      .execAndGet(fmt::format("SELECT cid FROM pragma_table_info('{}') WHERE name='state'", table))
      .getInt();
}

}  // namespace

// What a change does to the counts, once its transaction is committed.
struct KeptCounts::Hook {
  static void before_change(void* user, sqlite3* database, int change, const char*,
                            const char* name, sqlite3_int64, sqlite3_int64) {
    auto& counts = *static_cast<KeptCounts*>(user);
    LedgerCounts& pending = counts.pending_;
    const std::string_view table = name;
    if (table == "inbox") {
      note(database, change, counts.inbox_state_, pending.inbox_open, pending.inbox_dead);
    } else if (table == "outbox") {
      note(database, change, counts.outbox_state_, pending.outbox_open, pending.outbox_dead);
    }
  }

 private:
  static void note(sqlite3* database, int change, int column, int64_t& open, int64_t& dead) {
    const auto add = [&](auto read, int64_t count) {
      sqlite3_value* state = nullptr;
      if (read(database, column, &state) != SQLITE_OK) return;
      if (sqlite3_value_int(state) == kOpen) open += count;
      if (sqlite3_value_int(state) == kDead) dead += count;
    };
    if (change != SQLITE_INSERT) add(sqlite3_preupdate_old, -1);
    if (change != SQLITE_DELETE) add(sqlite3_preupdate_new, 1);
  }
};

KeptCounts::KeptCounts(SQLite::Database& writer)
    : writer_(writer),
      inbox_state_(state_column(writer, "inbox")),
      outbox_state_(state_column(writer, "outbox")) {
  sqlite3_preupdate_hook(writer.getHandle(), Hook::before_change, this);
  version_ = writer.execAndGet("PRAGMA data_version").getInt64();
  count();
}

KeptCounts::~KeptCounts() { sqlite3_preupdate_hook(writer_.getHandle(), nullptr, nullptr); }

void KeptCounts::committed() {
  const LedgerCounts change = std::exchange(pending_, {});
  if (change == LedgerCounts()) return;
  inbox_open_ += change.inbox_open;
  inbox_dead_ += change.inbox_dead;
  outbox_open_ += change.outbox_open;
  outbox_dead_ += change.outbox_dead;
}

void KeptCounts::look_for_others() {
  const int64_t version = writer_.execAndGet("PRAGMA data_version").getInt64();
  if (version == version_) return;
  count();
  version_ = version;  // only now: what could not be counted is counted the next time
}

LedgerCounts KeptCounts::get() const {
  return {inbox_open_, inbox_dead_, outbox_open_, outbox_dead_};
}

void KeptCounts::count() {
  const auto rows = [this](const char* table, int state) {
    return writer_.execAndGet(fmt::format("SELECT count(*) FROM {} WHERE state={}", table, state))
        .getInt64();
  };
  inbox_open_ = rows("inbox", kOpen);
  inbox_dead_ = rows("inbox", kDead);
  outbox_open_ = rows("outbox", kOpen);
  outbox_dead_ = rows("outbox", kDead);
}

}  // namespace ai_bot
