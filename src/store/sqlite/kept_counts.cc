#include "store/sqlite/kept_counts.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

namespace ai_bot {
namespace {

constexpr int kOpen = 0, kDead = 2;  // Inbox::State and Outbox::State alike

// ai_bot_note(is_inbox, state, change)
void note(sqlite3_context* context, int, sqlite3_value** values) {
  auto& pending = *static_cast<LedgerCounts*>(sqlite3_user_data(context));
  const bool is_inbox = sqlite3_value_int(values[0]) != 0;
  const int state = sqlite3_value_int(values[1]);
  const int64_t change = sqlite3_value_int64(values[2]);
  if (state == kOpen) (is_inbox ? pending.inbox_open : pending.outbox_open) += change;
  if (state == kDead) (is_inbox ? pending.inbox_dead : pending.outbox_dead) += change;
}

std::string triggers_of(const char* table, bool is_inbox) {
  return fmt::format(
      "CREATE TEMP TRIGGER {0}_added AFTER INSERT ON main.{0} BEGIN "
      "SELECT ai_bot_note({1}, new.state, 1); END;"
      "CREATE TEMP TRIGGER {0}_changed AFTER UPDATE OF state ON main.{0} BEGIN "
      "SELECT ai_bot_note({1}, old.state, -1), ai_bot_note({1}, new.state, 1); END;"
      "CREATE TEMP TRIGGER {0}_removed AFTER DELETE ON main.{0} WHEN old.state<>1 BEGIN "
      "SELECT ai_bot_note({1}, old.state, -1); END;",
      table, is_inbox ? 1 : 0);
}

}  // namespace

KeptCounts::KeptCounts(SQLite::Database& writer) : writer_(writer) {
  sqlite3_create_function(writer.getHandle(), "ai_bot_note", 3, SQLITE_UTF8, &pending_, note,
                          nullptr, nullptr);
  writer.exec(triggers_of("inbox", true) + triggers_of("outbox", false));
  version_ = writer.execAndGet("PRAGMA data_version").getInt64();
  count();
}

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
