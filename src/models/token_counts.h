// Tokens of texts, as a llama-server counts them, remembered.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/model.h"
#include "net/http_client.h"

namespace ai_bot {

class TokenCounts {
 public:
  explicit TokenCounts(HttpClient& http);

  // The request to /tokenize for a text. Kept until all are counted.
  using Ask = std::function<HttpRequest(const std::string& text, milliseconds limit)>;

  // What Model::count_tokens promises, for the model in `path`; may outlive this.
  void count(const std::string& path, std::vector<std::string> texts, Ask ask, Model::Counted then);

 private:
  struct Known;
  struct Count;

  HttpClient& http_;
  std::shared_ptr<Known> known_;
};

}  // namespace ai_bot
