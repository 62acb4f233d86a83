#include "cli/channel_states.h"

#include <fmt/format.h>

#include "core/json.h"

namespace ai_bot {
namespace {

using nlohmann::json;

std::string with_problems(std::string text, const json& state) {
  for (const std::string& problem : problems_of_channel(state)) text += ": " + problem;
  return text;
}

}  // namespace

std::vector<json> channel_states(const json& status) {
  std::vector<json> states;
  for (const char* list : {"connections", "webhooks"}) {
    const auto at = status.find(list);
    if (at != status.end() && at->is_array()) states.insert(states.end(), at->begin(), at->end());
  }
  return states;
}

std::vector<std::string> problems_of_channel(const json& state) {
  std::vector<std::string> problems;
  for (const char* key : {"problem", "sending_problem"}) {
    if (const std::string problem = text_or(state, key); !problem.empty())
      problems.push_back(problem);
  }
  return problems;
}

std::string state_text(const json& state) { return with_problems(text_or(state, "state"), state); }

std::string state_line(const Cli& cli, const json& state) {
  std::string text = text_or(state, "state");
  if (const std::string bot = text_or(state, "as"); !bot.empty())
    text += fmt::format(fmt::runtime(cli.tr(" as {}", "，身份 {}")), bot);
  text += fmt::format(fmt::runtime(cli.tr(" for {}", "，已 {}")),
                      duration(cli, number_or(state, "for_s")));
  return with_problems(std::move(text), state);
}

std::string duration(const Cli& cli, int64_t seconds) {
  const auto text = [&](const char* en, const char* zh, auto... numbers) {
    return fmt::format(fmt::runtime(cli.tr(en, zh)), numbers...);
  };
  const int64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  if (days > 0) return text("{} d {} h", "{} 天 {} 小时", days, hours % 24);
  if (hours > 0) return text("{} h {} min", "{} 小时 {} 分", hours, minutes % 60);
  if (minutes > 0) return text("{} min", "{} 分钟", minutes);
  return text("{} s", "{} 秒", seconds);
}

}  // namespace ai_bot
