// Whether a model takes images, and what is done when its endpoint refuses them after all.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/message.h"
#include "core/mutex.h"
#include "models/config.h"
#include "models/model.h"
#include "net/http_client.h"

namespace ai_bot {

// What an endpoint says of a model, in its answer to GET /v1/models or, llama-server, to GET
// /props; none when it does not tell. Known shapes: llama-server ("modalities": {"vision": …},
// "capabilities": ["completion", "multimodal"]; tools/server/README.md), OpenRouter
// ("architecture": {"input_modalities": ["text", "image"]}; "List available models"), Mistral
// ("capabilities": {"vision": …}; "List Models").
std::optional<bool> told_of_vision(const nlohmann::json& reply, const std::string& model);

// What an endpoint's refusal of a question with images is about.
enum class Refusal {
  kOther,   // something else
  kImage,   // these images: too large, damaged, of a format it does not know
  kImages,  // any image
};
Refusal refusal_of(const Error& error);

// The request's body with the images behind the text of its last message, as OpenAI's content
// parts ("Images and vision"); the message must be of the user.
void add_images(nlohmann::json& body, const Images& images);

// Of one endpoint. Any thread.
class Vision {
 public:
  // `configured`: models[].vision; an endpoint's refusal is believed more.
  explicit Vision(std::optional<bool> configured) : configured_(configured) {}

  bool sees() const;
  // Whether the endpoint need not be asked: it is configured, or was asked a while ago.
  bool is_known() const;
  // What the endpoint said; none: it does not tell, or could not be asked, which is asked again
  // sooner.
  void told(std::optional<bool> sees, bool could_be_asked);
  // It answered only without images: for a while it is not sent any. Said in the log once.
  void found_blind(const std::string& model, const Error& error);

 private:
  const std::optional<bool> configured_;
  mutable Mutex mutex_;
  bool told_ GUARDED_BY(mutex_) = false;
  SteadyTime known_until_ GUARDED_BY(mutex_){};
  SteadyTime blind_until_ GUARDED_BY(mutex_){};
};

// Asks a remote endpoint, once for all who want to know at a time, for at most kVisionTime.
class VisionLookup : public std::enable_shared_from_this<VisionLookup> {
 public:
  static constexpr milliseconds kVisionTime{3000};  // two requests

  VisionLookup(const ModelConfig& config, HttpClient& http, std::shared_ptr<Vision> vision)
      : config_(config), http_(http), vision_(std::move(vision)) {}

  // `then` is called once, on any thread, at once when it is known.
  void look(std::function<void()> then);

 private:
  void ask(const std::string& url, std::function<void(const Result<HttpReply>&)> then);
  void settle(std::optional<bool> sees, bool could_be_asked);

  const ModelConfig config_;
  HttpClient& http_;
  const std::shared_ptr<Vision> vision_;
  Mutex mutex_;
  std::vector<std::function<void()>> waiting_ GUARDED_BY(mutex_);
};

// Sends a request on its way: with its images where the model sees, without where it does not. When
// the endpoint refuses them before anything was said, the same question goes again without.
void send_as_seen(const std::shared_ptr<Vision>& vision, const std::string& model,
                  ChatRequest request, ChatSink sink,
                  const std::function<void(ChatRequest request, ChatSink sink)>& send);

}  // namespace ai_bot
