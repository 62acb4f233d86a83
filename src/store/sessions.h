// Sessions: what was said in a conversation.
#pragma once

#include <string>

#include "core/message.h"

namespace ai_bot {

// Of one transaction (store/ledger.h), and not longer than it. `key` names the conversation
// (lane_key, core/message.h).
class Sessions {
 public:
  struct Session {
    std::string model;      // chosen with /model; empty: the default
    ChatMessages messages;  // since the last /new, oldest first
  };

  // The newest messages: at most `limit`, at least about half as many when there are. The first of
  // them stays the same for limit / 4 turns, so that a model need not read a long conversation anew
  // on each turn (assistant/window.h).
  virtual Session load(const std::string& key, int limit) = 0;

  virtual void append(const std::string& key, const std::string& question,
                      const std::string& answer) = 0;

  // /new: earlier messages stay on disk, and are no longer loaded.
  virtual void begin_anew(const std::string& key) = 0;

  virtual void choose_model(const std::string& key, const std::string& model) = 0;

 protected:
  ~Sessions() = default;
};

}  // namespace ai_bot
