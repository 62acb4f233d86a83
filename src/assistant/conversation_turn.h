// The turn of a client that waits for its answer and reads along.
#pragma once

#include <memory>
#include <string>

#include "assistant/assistant.h"

namespace ai_bot {

class Assistant::ConversationTurn
    : public std::enable_shared_from_this<Assistant::ConversationTurn> {
 public:
  ConversationTurn(Assistant& assistant, Conversation conversation, bool has_stopped);
  // One that never began tells the client so.
  ~ConversationTurn();

  void begin(Lanes::Finish finish);

 private:
  void run(const std::function<void()>& step);
  void take();
  void ask();
  void came(Result<Outcome> outcome);
  void end(const Result<std::string>& answer, const ChatEnd& chat);

  Assistant& assistant_;
  const Conversation conversation_;
  const bool has_stopped_;
  Lanes::Finish finish_;
  bool asks_model_ = false;
  bool is_over_ = false;
};

}  // namespace ai_bot
