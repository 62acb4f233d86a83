#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "settings/config.h"

namespace ai_bot {
namespace {

// Collects the keys that a reload makes active.
class Reloaded : public Visitor {
 public:
  Reloaded(std::string prefix, std::set<std::string>& keys)
      : prefix_(std::move(prefix)), keys_(keys) {}

  void operator()(int64_t&, const Field& field) override { note(field); }
  void operator()(bool&, const Field& field) override { note(field); }
  void operator()(std::optional<bool>&, const Field& field) override { note(field); }
  void operator()(std::string&, const Field& field) override { note(field); }
  void operator()(Secret&, const Field& field) override { note(field); }
  void operator()(Duration&, const Field& field) override { note(field); }
  void operator()(Bytes&, const Field& field) override { note(field); }
  void operator()(StringList&, const Field& field) override { note(field); }
  void operator()(StringLists&, const Field& field) override { note(field); }
  void section(const Fields& fields, const Field& field) override {
    Reloaded inner(prefix_ + field.key + ".", keys_);
    fields(inner);
  }
  void sections(SectionList& list, const Field& field) override {
    Reloaded inner(prefix_ + field.key + "[].", keys_);
    list.visit_default(inner);
  }

 private:
  void note(const Field& field) {
    if (field.change != Change::kReload) return;
    // A channel is built anew, whatever has changed of it.
    keys_.insert(prefix_.starts_with("channels[].") ? "channels[]" : prefix_ + field.key);
  }

  std::string prefix_;
  std::set<std::string>& keys_;
};

// Whoever marks another key shows in tests/e2e/test_reload.py that a reload changes what happens.
TEST(ReloadKeys, EachHasATestOfItsBehaviour) {
  std::set<std::string> keys;
  Config config;
  Reloaded visitor("", keys);
  fields(visitor, config);
  EXPECT_THAT(keys, testing::ElementsAre("assistant.history_messages", "assistant.max_answer",
                                         "assistant.max_answer_tokens", "assistant.retry_for",
                                         "assistant.retry_max", "assistant.retry_min",
                                         "assistant.system_prompt", "channels[]", "log.format",
                                         "log.level", "log.message_text", "models[].path"));
}

}  // namespace
}  // namespace ai_bot
