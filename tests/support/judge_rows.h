// Answers of a platform as rows of a data file: what judge() must make of `status` (200) and
// `body`: `outcome`, `way` (the members that are true), `whole_app`.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "channels/channel.h"
#include "support/test_data.h"

namespace ai_bot::test {

inline Delivery::Outcome outcome_named(const std::string& name) {
  using Outcome = Delivery::Outcome;
  return std::map<std::string, Outcome>{
      {"delivered", Outcome::kDelivered}, {"retry", Outcome::kRetry},
      {"final", Outcome::kFinal},         {"token", Outcome::kTokenExpired},
      {"other_way", Outcome::kOtherWay},  {"refused", Outcome::kRefused}}
      .at(name);
}

inline void expect_judged(const std::string& file, const Channel& channel) {
  for (const nlohmann::json& row : read_json(file)) {
    SCOPED_TRACE(row.dump());
    const Delivery delivery = channel.judge({row.value("status", 200), {}, row["body"].dump()});
    EXPECT_EQ(delivery.outcome, outcome_named(row["outcome"].get<std::string>())) << delivery.why;
    EXPECT_EQ(delivery.whole_app, row.value("whole_app", false));
    EXPECT_EQ(delivery.why.empty(), delivery.outcome == Delivery::Outcome::kDelivered);
    const nlohmann::json way = row.value("way", nlohmann::json::array());
    const auto changes = [&](const char* what) {
      return std::find(way.begin(), way.end(), what) != way.end();
    };
    EXPECT_EQ(delivery.way, (Way{.afresh = changes("afresh"),
                                 .plain = changes("plain"),
                                 .outside_thread = changes("outside_thread")}));
  }
}

}  // namespace ai_bot::test
