// Messages of a platform as rows of a data file, {"base": {…}, "rows": [{"name", "message", …}]}:
// `message` over `base` (null: without the member) gives `text`, `attachments` ([id, name, type]),
// `said` (part of a fixed answer), or is ignored as `outcome` says.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "channels/channel.h"
#include "support/test_data.h"

namespace ai_bot::test {

inline void expect_row(const nlohmann::json& row, const Reading& reading) {
  if (row.contains("outcome")) {
    EXPECT_FALSE(reading.event) << reading.event->text;
    EXPECT_EQ(reading.outcome, row["outcome"].get<std::string>());
    return;
  }
  ASSERT_TRUE(reading.event) << reading.outcome;
  if (row.contains("said")) {
    EXPECT_NE(reading.event->fixed_answer.find(row["said"].get<std::string>()), std::string::npos)
        << reading.event->fixed_answer;
    return;
  }
  EXPECT_EQ(reading.event->fixed_answer, "");
  EXPECT_EQ(reading.event->text, row["text"].get<std::string>());
  nlohmann::json attachments = nlohmann::json::array();
  for (const Attachment& a : reading.event->attachments)
    attachments.push_back({a.id, a.name, a.type});
  EXPECT_EQ(attachments, row.value("attachments", nlohmann::json::array()));
}

inline void expect_rows(const std::string& file,
                        const std::function<Reading(const nlohmann::json&)>& read) {
  const nlohmann::json data = read_json(file);
  ASSERT_FALSE(data["rows"].empty());
  for (const nlohmann::json& row : data["rows"]) {
    SCOPED_TRACE(row["name"].get<std::string>());
    nlohmann::json message = data["base"];
    message.merge_patch(row["message"]);
    expect_row(row, read(message));
  }
}

}  // namespace ai_bot::test
