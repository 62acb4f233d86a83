// What answers: a model behind one streaming chat interface.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/message.h"
#include "core/result.h"

namespace ai_bot {

struct ChatRequest {
  // An OpenAI chat completion request ("messages", "max_tokens", "temperature", "tools", …) without
  // "model". With "stream": true the answer comes as chunks, otherwise as one object.
  nlohmann::json body;
  std::string request_id;
  // Belong to the last message, which is the user's and a text; a model that does not see is asked
  // without them.
  Images images = {};
};

struct Usage {
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
};

struct ChatEnd {
  std::string model;  // the configured name of the model that answered
  Usage usage;
  milliseconds first_token{0};  // of an answer that came whole: total
  milliseconds total{0};
};

class Model;

// Called on the HTTP client's thread, which must not be kept waiting.
struct ChatSink {
  // A "chat.completion.chunk" (streaming) or the "chat.completion" (not). May be changed and moved
  // from.
  std::function<void(nlohmann::json& chunk)> on_chunk;
  // Exactly once, last.
  std::function<void(Result<ChatEnd>)> on_end;
  // Optional: true when the asker is gone.
  std::function<bool()> abandoned;
  // Optional: false when the asker can't take more just now; see HttpStream::ready.
  std::function<bool()> ready;
  // Optional: the model that is asked now; again when another one takes over.
  std::function<void(const Model&)> on_model;
};

// The text a chunk adds to the answer ("" when none).
std::string_view delta_text(const nlohmann::json& chunk);

// Whether a chunk brings anything of an answer: text, reasoning, a refusal, audio, a part of a tool
// call, whatever it is called. A role, or a name with nothing in it, is nothing yet.
bool has_progress(const nlohmann::json& chunk);

enum class ModelState { kStarting, kReady, kFailing, kStopped };
const char* name_of(ModelState state);

struct ModelStatus {
  ModelState state = ModelState::kReady;
  std::string detail;   // the file or endpoint
  std::string problem;  // why it is failing, in English; empty when it is not
  int64_t restarts = 0;
  int64_t engine_pid = 0;   // 0: no process of ours
  bool recovering = false;  // it was ready, and is being started again
};

class Model {
 public:
  virtual ~Model() = default;

  virtual const std::string& name() const = 0;
  virtual void chat(ChatRequest request, ChatSink sink) = 0;
  // Tokens a prompt and its answer may have together.
  virtual int context() const = 0;
  // Hands over the tokens of each text: exact where the model can be asked in time (kCountTime for
  // all of them together), otherwise an estimate from above. `then` is called once, on any thread
  // (the HTTP client's must not be kept waiting), perhaps at once.
  using Counted = std::function<void(std::vector<int> tokens)>;
  virtual void count_tokens(std::vector<std::string> texts, Counted then) = 0;
  static constexpr milliseconds kCountTime{500};  // a message takes one or two
  // Whether it takes images, as far as that is known.
  virtual bool sees() const { return false; }
  // Finds out, where that takes a question to its endpoint: `then` is called once, on any thread
  // (the HTTP client's must not be kept waiting), within some seconds, perhaps at once.
  virtual void look(const std::function<void()>& then) { then(); }
  // Answers it makes at the same time; more wait inside it. 0: not told.
  virtual int parallel() const { return 0; }
  virtual ModelStatus status() const = 0;
  // True for the built-in guide, which knows ai_bot only.
  virtual bool is_guide() const { return false; }
};

}  // namespace ai_bot
