// Sessions: what was said in a conversation. Call these inside Store::write or read.
#pragma once

#include <string>
#include <vector>

#include "core/message.h"
#include "store/store.h"

namespace ai_bot::sessions {

struct Session {
  std::string model;      // chosen with /model; empty: the default
  ChatMessages messages;  // since the last /new, oldest first
};

// The newest messages: at most `limit`, at least about half as many when there are. The first of
// them stays the same for limit / 4 turns, so that a model need not read a long conversation anew
// on each turn (assistant/window.h).
Session load(Connection& connection, const std::string& key, int limit);

void append(Connection& connection, const std::string& key, const std::string& question,
            const std::string& answer);

// /new: earlier messages stay on disk, and are no longer loaded.
void begin_anew(Connection& connection, const std::string& key);

void choose_model(Connection& connection, const std::string& key, const std::string& model);

}  // namespace ai_bot::sessions
