#include "models/token_counts.h"

#include <fmt/format.h>

#include <unordered_map>

#include "core/json.h"
#include "core/mutex.h"
#include "models/tokens.h"

namespace ai_bot {
namespace {

constexpr size_t kMostKnown = 10000;  // about 100 bytes each

// What a text is remembered by: not the text itself, of which 10,000 may take a server's memory.
// Two texts of one key would share a count, which only makes a window's estimate wrong.
std::string key_of(const std::string& path, const std::string& text) {
  const std::hash<std::string> hash;
  return fmt::format("{:x}/{:x}/{}", hash(path), hash(text), text.size());
}

}  // namespace

struct TokenCounts::Known {
  Mutex mutex;
  std::unordered_map<std::string, int> counts GUARDED_BY(mutex);  // by key_of()

  std::optional<int> find(const std::string& key) {
    MutexLock lock(mutex);
    const auto at = counts.find(key);
    return at == counts.end() ? std::nullopt : std::optional(at->second);
  }
  void keep(const std::string& key, int count) {
    MutexLock lock(mutex);
    if (counts.size() >= kMostKnown) counts.clear();
    counts[key] = count;
  }
};

// One after the other, as most of a conversation's texts were counted before.
struct TokenCounts::Count : std::enable_shared_from_this<Count> {
  HttpClient& http;
  const std::shared_ptr<Known> known;
  const std::string path;
  const std::vector<std::string> texts;
  const Ask ask;
  const Model::Counted then;
  const SteadyTime deadline = steady_now() + Model::kCountTime;
  std::vector<int> tokens{};

  Count(HttpClient& client, std::shared_ptr<Known> known_counts, std::string model,
        std::vector<std::string> wanted, Ask asks, Model::Counted counted)
      : http(client),
        known(std::move(known_counts)),
        path(std::move(model)),
        texts(std::move(wanted)),
        ask(std::move(asks)),
        then(std::move(counted)) {}

  void go_on() {
    while (tokens.size() < texts.size()) {
      const std::string& text = texts[tokens.size()];
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_now());
      if (const auto count = known->find(key_of(path, text))) {
        tokens.push_back(*count);
      } else if (left.count() > 0) {
        return fetch(text, left);
      } else {
        tokens.push_back(estimate_tokens(text));
      }
    }
    then(tokens);
  }

  void fetch(const std::string& text, milliseconds limit) {
    HttpStream stream;
    stream.on_done = [self = shared_from_this()](const Result<HttpReply>& reply) {
      self->came(reply);
    };
    http.start(ask(text, limit), std::move(stream));
  }

  void came(const Result<HttpReply>& reply) {
    const std::string& text = texts[tokens.size()];
    const auto body = reply && reply->status == 200 ? parse_json(reply->body) : nlohmann::json();
    if (body.is_object() && body.contains("tokens") && body["tokens"].is_array()) {
      tokens.push_back(static_cast<int>(body["tokens"].size()));
      known->keep(key_of(path, text), tokens.back());
    } else {
      tokens.push_back(estimate_tokens(text));
    }
    go_on();
  }
};

TokenCounts::TokenCounts(HttpClient& http) : http_(http), known_(std::make_shared<Known>()) {}

void TokenCounts::count(const std::string& path, std::vector<std::string> texts, Ask ask,
                        Model::Counted then) {
  std::make_shared<Count>(http_, known_, path, std::move(texts), std::move(ask), std::move(then))
      ->go_on();
}

}  // namespace ai_bot
