#include "settings/check.h"

#include <unistd.h>

#include <cstdlib>

namespace ai_bot {
namespace {

// Whether the only channel is the one that is made where none is configured; its secret is made at
// the first start.
bool complete(Config& config) {
  if (config.data_dir.empty()) {
    const char* data_home = std::getenv("XDG_DATA_HOME");
    const char* home = std::getenv("HOME");
    if (geteuid() == 0) {
      config.data_dir = "/var/lib/ai_bot";
    } else if (data_home != nullptr && *data_home == '/') {
      config.data_dir = std::string(data_home) + "/ai_bot";
    } else {
      config.data_dir = std::string(home != nullptr ? home : "/tmp") + "/.local/share/ai_bot";
    }
  }
  if (config.database.path.empty()) config.database.path = config.data_dir + "/ai_bot.db";
  if (config.models.empty()) {
    ModelConfig guide;
    guide.name = "guide";
    guide.type = "local";
    guide.path = "builtin";
    config.models.push_back(guide);
  }
  const bool has_channels = !config.channels.empty();
  if (!has_channels) {
    ChannelConfig generic;
    generic.name = "generic";
    generic.is_default = true;
    config.channels.push_back(generic);
  }
  for (ChannelConfig& channel : config.channels) {
    if (channel.mode.empty()) channel.mode = channel.type == "generic" ? "sync" : "webhook";
  }
  if (config.assistant.system_prompt.empty()) {
    config.assistant.system_prompt =
        "You are ai_bot, the assistant of a team. Answer in the language of the question, "
        "briefly and correctly. Say so when you do not know.";
  }
  return !has_channels;
}

}  // namespace

void complete_and_check(Config& config, const std::map<std::string, int>& lines,
                        std::vector<Finding>& findings) {
  Checks check(config.origin, lines, findings);
  const bool has_generated_channel = complete(config);
  check_server(check, config.server);
  check_models(check, config.models);
  check_router(check, config.router, config.models);
  if (!has_generated_channel) check_channels(check, config.channels);
  check_storage(check, config.storage);
  check_engine(check, config.engine);
  check_delivery(check, config.delivery);
  check_assistant(check, config.assistant);
}

}  // namespace ai_bot
