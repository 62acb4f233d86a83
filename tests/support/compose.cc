// compose PLATFORM: what a platform is sent for Markdown documents, for tests in other languages.
// Reads documents from standard input, each ended by a NUL; writes for each a line of JSON: the
// texts of its messages. "wecom-bot" is WeCom's AI bot.
#include <iostream>
#include <nlohmann/json.hpp>

#include "channels/channel.h"

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: compose PLATFORM\n", 2;
  ai_bot::ChannelConfig config;
  config.type = argv[1];
  if (config.type == "wecom") config.agent_id = "1";
  if (config.type == "wecom-bot") config.type = "wecom";
  const auto channel = ai_bot::make_channel(config, {});
  if (channel == nullptr) return std::cerr << "no platform " << argv[1] << '\n', 2;
  for (std::string document; std::getline(std::cin, document, '\0');)
    std::cout << nlohmann::json(channel->compose(document)).dump() << '\n';
}
