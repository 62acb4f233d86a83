// The values that travel between the rooms: what came in, what goes out, what a model sees.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ai_bot {

// A file or an image that came with a message; its bytes stay with the platform until they are
// asked for.
struct Attachment {
  std::string id;    // the platform's handle for downloading it
  std::string name;  // as the sender called it; foreign text, never a path
  std::string type;  // "file", "image", "audio", "video" or "quote" (Channel::read_quoted)
  int64_t size = 0;  // bytes, 0: not told

  bool operator==(const Attachment&) const = default;
};

// One message from a person, as every channel normalizes it.
struct Event {
  std::string channel;       // the channel's configured name
  std::string event_id;      // the platform's id; (channel, event_id) is never answered twice
  std::string conversation;  // whose context it shares: a chat, a thread, a person in a chat
  std::string sender;        // the platform's id of the person
  std::string text;          // UTF-8, trimmed
  std::string request_id;    // follows the event through every log line
  int64_t received_ms = 0;   // Unix time
  std::string address = {};  // where an answer goes, as the channel writes and reads it
  std::vector<Attachment> attachments = {};
  // A fixed answer (a greeting), given in place of a model's; empty for what a person wrote.
  std::string fixed_answer = {};
  // The platform's id of the message this is a part of, where it tells one message (an album) in
  // several events; they become one turn. Empty: none.
  std::string album = {};
  int64_t album_ms = 1000;  // how long the other parts are waited for, from the first one on
  // Of an album, a part that alone would not be answered: it counts where another part does.
  bool only_joins = false;
  // The event_id of the message this is a new version of. It counts where that one was taken in and
  // said something else. Empty: none.
  std::string edits = {};
};

// The one place where the key of a session and its lane is made: two channels never share one,
// whatever they are called. (The configuration allows neither '/' nor '%' in a name.)
inline std::string lane_key(const std::string& channel, const std::string& conversation) {
  std::string key;
  for (const char c : channel) {
    if (c == '/' || c == '%') {
      key += c == '/' ? "%2F" : "%25";
    } else {
      key += c;
    }
  }
  return key + "/" + conversation;
}

// How a reply is sent after its usual way turned out to be closed.
struct Way {
  bool afresh = false;  // as an ordinary message: the draft, or the question's own way, is gone
  bool plain = false;   // without formatting, which the platform could not read
  bool outside_thread = false;  // to the conversation: its thread, or the question, is gone
  std::string chat = {};        // to which the conversation has moved; empty: it has not

  bool operator==(const Way&) const = default;
};

// One answer on its way to a person.
struct Reply {
  int64_t id = 0;  // the outbox row
  std::string channel;
  std::string conversation;
  std::string event_id;         // the event it answers
  std::string idempotency_key;  // the same for every attempt, different for every reply
  std::string text;
  std::string request_id;
  bool is_notice = false;    // not the answer yet: it comes later
  std::string address = {};  // as in the event
  int part = 0;              // of an answer that is longer than one message may be, from 0
  std::string draft = {};  // the message that grew while the answer was made: this part replaces it
  bool growing = false;    // is such a message, and more of it is to come
  Way way = {};
};

// One entry of a prompt; role is "system", "user" or "assistant".
struct ChatMessage {
  std::string role;
  std::string content;

  bool operator==(const ChatMessage&) const = default;
};

using ChatMessages = std::vector<ChatMessage>;

// Images for a model to see, each as a data URL ("data:image/png;base64,…", RFC 2397): made once,
// shared by all who ask a model with it, never stored.
using Images = std::vector<std::shared_ptr<const std::string>>;

}  // namespace ai_bot
