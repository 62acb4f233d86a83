// The values that travel between the rooms: what came in, what goes out, what a model sees.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ai_bot {

// One message from a person, as every channel normalizes it.
struct Event {
  std::string channel;       // the channel's configured name
  std::string event_id;      // the platform's id; (channel, event_id) is never answered twice
  std::string conversation;  // the platform's id of the chat, group or thread
  std::string sender;        // the platform's id of the person
  std::string text;          // UTF-8, trimmed
  std::string request_id;    // follows the event through every log line
  int64_t received_ms = 0;   // Unix time
};

// The one place where the key of a session and its lane is made: two channels never share one.
inline std::string lane_key(const std::string& channel, const std::string& conversation) {
  return channel + "/" + conversation;
}

// One answer on its way to a person.
struct Reply {
  int64_t id = 0;  // the outbox row
  std::string channel;
  std::string conversation;
  std::string event_id;         // the event it answers
  std::string idempotency_key;  // the same for every attempt, different for every reply
  std::string text;
  std::string request_id;
  bool is_notice = false;  // not the answer yet: it comes later
};

// One entry of a prompt; role is "system", "user" or "assistant".
struct ChatMessage {
  std::string role;
  std::string content;

  bool operator==(const ChatMessage&) const = default;
};

using ChatMessages = std::vector<ChatMessage>;

}  // namespace ai_bot
