#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <type_traits>

#include "config/fields.h"

namespace ai_bot {
namespace {

template <class T>
concept Section = requires(T& value, struct Nothing& visitor) {
  fields(visitor, value);
};

// Collects the keys that a reload makes active.
struct Nothing {
  template <class T>
  void operator()(T& value, const Field& field) {
    const std::string key = prefix + field.key;
    if constexpr (Section<T>) {
      Nothing inner{key + ".", keys};
      fields(inner, value);
    } else if constexpr (requires {
                           typename T::value_type;
                           requires Section<typename T::value_type>;
                         }) {
      typename T::value_type one;
      Nothing inner{key + "[].", keys};
      fields(inner, one);
    } else if (field.change == Change::kReload) {
      keys->insert(key);
    }
  }
  std::string prefix;
  std::set<std::string>* keys;
};

// Whoever marks another key shows in tests/e2e/test_reload.py that a reload changes what happens.
TEST(ReloadKeys, EachHasATestOfItsBehaviour) {
  std::set<std::string> keys;
  Config config;
  Nothing visitor{"", &keys};
  fields(visitor, config);
  EXPECT_THAT(keys, testing::ElementsAre("assistant.history_messages", "assistant.max_answer",
                                         "assistant.max_answer_tokens", "assistant.retry_for",
                                         "assistant.retry_max", "assistant.retry_min",
                                         "assistant.system_prompt", "log.format", "log.level",
                                         "log.message_text", "models[].path"));
}

}  // namespace
}  // namespace ai_bot
