// The database's layout and how an older one becomes the present one.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/result.h"

namespace ai_bot {

// Brings the database to the present layout, each step in a transaction of its own
// (PRAGMA user_version counts them), and lets it give space back. A database of a later version is
// refused, not touched.
Result<void> migrate(SQLite::Database& database);

}  // namespace ai_bot
