// The client of every OpenAI-compatible endpoint: a remote one over HTTPS, a llama-server over its
// unix socket. Shapes: OpenAI's API reference, "Chat completions" and "Streaming".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "models/config.h"
#include "models/model.h"
#include "models/vision.h"
#include "net/http_client.h"

namespace ai_bot {

// Where to send a request just now. `lease` is held until the answer is complete.
struct Endpoint {
  std::string base_url;
  std::string unix_socket;
  std::shared_ptr<void> lease;
};

// Sends one chat request there. `config` gives name, model, key, proxy and timeouts.
void send_chat(HttpClient& http, const ModelConfig& config, Endpoint endpoint, ChatRequest request,
               ChatSink sink);

// What a reply other than 200 means. Its text names the status and the endpoint's own message.
// kInvalid: this request is refused (4xx, or a 500 that blames the request; any 500 of our own
// engine that has a reason); kUnauthorized and kNotFound: the operator's key or model's name;
// kUnavailable: the endpoint fails, for everybody.
Error error_of_reply(const HttpReply& reply, bool is_local);

class RemoteModel : public Model {
 public:
  RemoteModel(ModelConfig config, HttpClient& http)
      : config_(std::move(config)),
        http_(http),
        vision_(std::make_shared<Vision>(config_.vision)),
        vision_lookup_(std::make_shared<VisionLookup>(config_, http, vision_)) {}

  const std::string& name() const override { return config_.name; }
  void chat(ChatRequest request, ChatSink sink) override;
  int context() const override { return static_cast<int>(config_.context); }
  void count_tokens(std::vector<std::string> texts, Counted then) override;
  ModelStatus status() const override;
  bool sees() const override { return vision_->sees(); }
  void look(const std::function<void()>& then) override { vision_lookup_->look(then); }

 private:
  const ModelConfig config_;
  HttpClient& http_;
  const std::shared_ptr<Vision> vision_;
  const std::shared_ptr<VisionLookup> vision_lookup_;
};

}  // namespace ai_bot
