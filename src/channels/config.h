// The section `channels`. What a platform has of its own beside its credentials' places, their
// texts and their checks, is in its NAME_config.cc, which its line in the table names
// (platforms.h).
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "config/checks.h"
#include "config/fields.h"

namespace ai_bot {

// When the bot answers in a group.
struct AnswerConfig {
  std::string groups = "mention";
  std::string prefix;

  bool operator==(const AnswerConfig&) const = default;
};

struct AllowConfig {
  std::vector<std::string> conversations;
  std::vector<std::string> users;

  bool operator==(const AllowConfig&) const = default;
};

struct ChannelConfig {
  std::string name;
  std::string type = "generic";
  bool is_default = false;
  std::string mode;
  Secret secret;
  std::string callback_url;
  std::string app_id;
  Secret app_secret;
  Secret encrypt_key;
  Secret verification_token;
  std::string client_id;
  Secret client_secret;
  std::string corp_id;
  std::string agent_id;
  std::string bot_name;
  Secret token;
  Secret aes_key;
  Secret bot_token;
  Secret signing_secret;
  Secret app_token;
  std::string application_id;
  std::string public_key;
  std::string base_url;
  std::string proxy;
  AnswerConfig answer;
  AllowConfig allow;
  std::string scope = "thread";
  std::string greeting;
  std::string welcome;
  bool stream = true;
  Duration edit_interval = 1500ms;
  Bytes max_file = 256_KiB;
  Bytes max_image = 4_MiB;
  int64_t max_files = 8;
  int64_t max_parts = 20;
  Duration sync_deadline = 25s;
  Duration tolerance = 5min;

  bool operator==(const ChannelConfig&) const = default;
};

void fields(Visitor& v, AnswerConfig& c);
void fields(Visitor& v, AllowConfig& c);
void fields(Visitor& v, ChannelConfig& c);

void check_channels(Checks& check, const std::vector<ChannelConfig>& channels);

// What a platform checks of a channel.
struct ChannelCheck {
  Checks& checks;
  std::string key;  // before the field's, e.g. "channels[0]."
  const ChannelConfig& channel;

  bool connects() const { return channel.mode == "connect"; }
  void modes(std::initializer_list<const char*> allowed) const;
  // A credential the platform can't do without.
  void needs(bool given, const char* field) const;
  void error(const char* field, std::string en, std::string zh) const;
};

}  // namespace ai_bot
