// What Discord's Gateway tells of the servers a bot is in, as far as messages are read by it.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <unordered_map>

namespace ai_bot {

class DiscordKnown {
 public:
  // Of each kind. What is beyond is not kept: names are then shown as their ids, and threads are
  // conversations that nobody allowed.
  static constexpr size_t kMost = 50000;

  // Any dispatch; most tell nothing.
  void learn(const std::string& type, const nlohmann::json& data);

  // The account of the bot, which is not the application's id where that is older than 2016; empty:
  // not told yet.
  const std::string& bot() const { return bot_; }
  // Whether it is the role that Discord made for this bot when it was invited.
  bool is_own_role(const std::string& id) const { return own_roles_.contains(id); }
  // Empty: not known.
  std::string role(const std::string& id) const { return found(roles_, id); }
  std::string channel(const std::string& id) const { return found(channels_, id); }
  // The channel a thread belongs to.
  std::string parent(const std::string& thread) const { return found(parents_, thread); }

 private:
  using Texts = std::unordered_map<std::string, std::string>;

  static std::string found(const Texts& texts, const std::string& id);
  static void keep(Texts& texts, const std::string& id, const std::string& text);
  void learn_role(const nlohmann::json& role);
  void learn_channel(const nlohmann::json& channel);
  void learn_thread(const nlohmann::json& thread);

  std::string bot_;
  std::set<std::string> own_roles_;
  Texts roles_, channels_, parents_;
};

// The parent of a channel as events and interactions tell it, where that is a thread ("Channel
// Types"); a channel's own parent is a category. Empty: none.
std::string discord_thread_parent(const nlohmann::json& channel);

}  // namespace ai_bot
