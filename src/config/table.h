// What the tables of fields are written with, for the files that hold one.
#pragma once

#include "config/fields.h"

namespace ai_bot {

constexpr int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr int64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
constexpr Change kReload = Change::kReload, kRestart = Change::kRestart;

}  // namespace ai_bot
