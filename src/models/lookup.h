// What the built-in guide knows, and which of it a question is about: the topics of its corpus and
// a linear classifier over pieces of text. Both stand in the metadata of the guide's own GGUF file
// (models/guide/train/lookup.py writes them; docs/decisions/0007-guide.md says why).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/language.h"
#include "core/result.h"
#include "models/gguf.h"

namespace ai_bot {

// What a text is made of: pieces of 2 to 5 letters of every word, runs of 1 to 4 words (or letters
// of scripts without spaces), each once, as CRC-32. lookup.py's features() does the same.
std::vector<uint32_t> text_features(std::string_view utf8);

class Lookup {
 public:
  struct Topic {
    std::string name;
    Text subject;  // what the guide knows it by
  };

  // What was found for a question. `known`: something here answers it: one topic when that is sure,
  // up to three, the likeliest first, when it is not. Otherwise it is to be declined, and the
  // topics are what may still help.
  struct Found {
    bool known = false;
    std::vector<const Topic*> topics;
  };

  // From the file's own metadata; nothing in other models' files. Fails when it is inconsistent.
  static Result<std::optional<Lookup>> read(const GgufInfo& info);

  Found find(std::string_view question) const;

  // The conversation as the guide gets it, from a chat completion's messages: what was found for
  // the last question, and that question. Without a question nothing changes.
  nlohmann::json ground(const nlohmann::json& messages) const;

 private:
  // How the belief of all 1 is shared out, and from which share on what happens.
  struct Shares {
    float sure;      // the first topic is the answer
    float likely;    // otherwise topics of at least this may be
    float foreign;   // questions nothing here answers: declined
    float doubtful;  // declined, but the likely topics are named
  };

  std::vector<double> beliefs(std::string_view question) const;  // by topic
  std::string shown(const Found& found, Language language) const;

  std::vector<Topic> topics_;
  size_t outside_ = 0;               // the topic of questions nothing here answers
  std::vector<uint32_t> features_;   // sorted
  std::vector<uint8_t> importance_;  // of each feature
  std::vector<uint32_t> starts_;     // of each feature's weights; one more than features
  std::vector<uint8_t> weight_topics_;
  std::vector<int8_t> weights_;
  std::vector<float> scales_, biases_;  // by topic
  Shares shares_{};
};

}  // namespace ai_bot
