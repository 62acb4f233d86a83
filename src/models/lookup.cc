#include "models/lookup.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <set>

#include "core/json.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr size_t kShortestPiece = 2, kLongestPiece = 5;  // letters of a word with its edges
constexpr size_t kLongestRun = 4;                        // units
constexpr size_t kMostFound = 3;                         // topics when it is not sure
constexpr size_t kMostHelp = 2;                          // topics named beside a refusal
constexpr size_t kLongestQuestion = 1000;                // bytes that are looked up
constexpr size_t kLongestShown = 300;                    // bytes of it the guide gets to see
constexpr const char* kOutside = "outside";

bool is_word_letter(uint32_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); }

// Letters of scripts other than ASCII; marks and symbols only part units.
bool is_other_letter(uint32_t c) {
  return (c >= 0xC0 && c < 0x2000) || (c >= 0x2C00 && c < 0x3000) || (c >= 0x3040 && c < 0x10000);
}

// Full-width ASCII counts as ASCII, capitals as small letters.
uint32_t fold(uint32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

// Words in lower case and single letters of other scripts, between "^" and "$".
std::vector<std::string> units_of(std::string_view utf8) {
  std::vector<std::string> units{"^"};
  bool in_word = false;
  for (size_t at = 0; at < utf8.size();) {
    const size_t begin = at;
    const uint32_t c = fold(next_code_point(utf8, at));
    if (is_word_letter(c)) {
      if (!in_word) units.emplace_back();
      units.back() += static_cast<char>(c);
    } else if (is_other_letter(c)) {
      units.emplace_back(utf8.substr(begin, at - begin));
    }
    in_word = is_word_letter(c);
  }
  units.emplace_back("$");
  return units;
}

uint32_t key_of(std::string_view feature) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(feature.data()), static_cast<uInt>(feature.size())));
}

// A message's text: its content, or the text parts of it (OpenAI's chat completions have both).
std::string text_in(const nlohmann::json& message) {
  const auto content = message.find("content");
  if (content == message.end() || !content->is_array()) return text_or(message, "content");
  std::string text;
  for (const auto& part : *content) {
    if (part.is_object()) text += text_or(part, "text");
  }
  return text;
}

bool all_finite(const std::vector<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](float n) { return std::isfinite(n); });
}

// The elements of arrays, checked against what the file says of them.
class Reader {
 public:
  explicit Reader(const GgufInfo& info) : info_(info) {}

  template <class T>
  std::vector<T> numbers(const std::string& name, GgufArray::Type type) {
    const GgufArray* array = find(name, type);
    if (array == nullptr || array->bytes.size() != array->count * sizeof(T)) return bad<T>(name);
    std::vector<T> out(array->count);
    if (!out.empty()) std::memcpy(out.data(), array->bytes.data(), array->bytes.size());
    return out;
  }

  std::vector<std::string> texts(const std::string& name) {
    const GgufArray* array = find(name, GgufArray::Type::kString);
    if (array == nullptr) return bad<std::string>(name);
    std::vector<std::string> out;
    for (size_t at = 0; at + sizeof(uint64_t) <= array->bytes.size();) {
      uint64_t size;
      std::memcpy(&size, array->bytes.data() + at, sizeof size);
      out.push_back(array->bytes.substr(at + sizeof size, size));
      at += sizeof size + size;
    }
    return out;
  }

  const std::string& problem() const { return problem_; }

 private:
  const GgufArray* find(const std::string& name, GgufArray::Type type) const {
    const auto at = info_.own.find("ai_bot.lookup." + name);
    return at != info_.own.end() && at->second.type == type ? &at->second : nullptr;
  }

  template <class T>
  std::vector<T> bad(const std::string& name) {
    if (problem_.empty()) problem_ = "ai_bot.lookup." + name;
    return {};
  }

  const GgufInfo& info_;
  std::string problem_;  // the first array that is missing or malformed
};

}  // namespace

std::vector<uint32_t> text_features(std::string_view utf8) {
  std::set<uint32_t> found;
  const std::vector<std::string> units = units_of(utf8);
  for (const std::string& unit : units) {
    if (!is_word_letter(static_cast<unsigned char>(unit[0]))) continue;
    const std::string word = "<" + unit + ">";
    for (size_t size = kShortestPiece; size <= kLongestPiece; ++size) {
      for (size_t at = 0; at + size <= word.size(); ++at) {
        found.insert(key_of(std::string_view(word).substr(at, size)));
      }
    }
  }
  for (size_t first = 0; first < units.size(); ++first) {
    std::string run = "\t";
    for (size_t i = first; i < std::min(units.size(), first + kLongestRun); ++i) {
      if (i > first) run += ' ';
      run += units[i];
      found.insert(key_of(run));
    }
  }
  return {found.begin(), found.end()};
}

Result<std::optional<Lookup>> Lookup::read(const GgufInfo& info) {
  if (info.own.empty()) return std::optional<Lookup>();
  Reader in(info);
  using Type = GgufArray::Type;
  Lookup lookup;
  const auto names = in.texts("topics");
  const auto en = in.texts("subjects.en");
  const auto zh = in.texts("subjects.zh");
  lookup.features_ = in.numbers<uint32_t>("features", Type::kUint32);
  lookup.importance_ = in.numbers<uint8_t>("importance", Type::kUint8);
  lookup.starts_ = in.numbers<uint32_t>("starts", Type::kUint32);
  lookup.weight_topics_ = in.numbers<uint8_t>("weight_topics", Type::kUint8);
  lookup.weights_ = in.numbers<int8_t>("weights", Type::kInt8);
  lookup.scales_ = in.numbers<float>("scales", Type::kFloat32);
  lookup.biases_ = in.numbers<float>("biases", Type::kFloat32);
  const auto shares = in.numbers<float>("beliefs", Type::kFloat32);
  std::string problem = in.problem();
  const auto expect = [&](bool holds, const char* name) {
    if (!holds && problem.empty()) problem = std::string("ai_bot.lookup.") + name;
  };
  const size_t topics = names.size();
  expect(en.size() == topics && zh.size() == topics, "subjects");
  expect(lookup.scales_.size() == topics && all_finite(lookup.scales_), "scales");
  expect(lookup.biases_.size() == topics && all_finite(lookup.biases_), "biases");
  expect(shares.size() == 4, "beliefs");
  const auto outside = std::find(names.begin(), names.end(), kOutside);
  expect(outside != names.end() && topics > 1, "topics");
  expect(std::is_sorted(lookup.features_.begin(), lookup.features_.end()), "features");
  expect(lookup.importance_.size() == lookup.features_.size(), "importance");
  expect(lookup.starts_.size() == lookup.features_.size() + 1 &&
             std::is_sorted(lookup.starts_.begin(), lookup.starts_.end()) &&
             lookup.starts_.back() == lookup.weights_.size(),
         "starts");
  expect(lookup.weight_topics_.size() == lookup.weights_.size() &&
             std::all_of(lookup.weight_topics_.begin(), lookup.weight_topics_.end(),
                         [&](uint8_t topic) { return topic < topics; }),
         "weight_topics");
  if (!problem.empty()) {
    return fail(Code::kInvalid, fmt::format("is damaged: {}; copy it again", problem),
                fmt::format("已损坏：{}；请重新复制", problem));
  }
  for (size_t i = 0; i < topics; ++i) lookup.topics_.push_back({names[i], {en[i], zh[i]}});
  lookup.outside_ = static_cast<size_t>(outside - names.begin());
  lookup.shares_ = {shares[0], shares[1], shares[2], shares[3]};
  return std::optional<Lookup>(std::move(lookup));
}

Lookup::Found Lookup::find(std::string_view question) const {
  const std::vector<double> belief = beliefs(question);
  std::vector<size_t> order(topics_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::erase(order, outside_);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return belief[a] > belief[b]; });
  Found found;
  if (belief[outside_] >= shares_.foreign) return found;
  found.known = belief[outside_] < shares_.doubtful;
  const bool sure = found.known && belief[order[0]] >= shares_.sure;
  const size_t most = sure ? 1 : found.known ? kMostFound : kMostHelp;
  for (const size_t topic : order) {
    if (found.topics.size() == most) break;
    if (belief[topic] < shares_.likely && !found.topics.empty()) break;
    found.topics.push_back(&topics_[topic]);
  }
  return found;
}

std::vector<double> Lookup::beliefs(std::string_view question) const {
  std::vector<size_t> places;
  double square = 0;
  for (const uint32_t feature : text_features(truncate_utf8(question, kLongestQuestion))) {
    const auto at = std::lower_bound(features_.begin(), features_.end(), feature);
    if (at == features_.end() || *at != feature) continue;
    places.push_back(static_cast<size_t>(at - features_.begin()));
    square += importance_[places.back()] * importance_[places.back()];
  }
  std::vector<double> belief(biases_.begin(), biases_.end());
  for (const size_t place : places) {
    const double weight = importance_[place] / std::sqrt(std::max(square, 1.0));
    for (uint32_t i = starts_[place]; i < starts_[place + 1]; ++i) {
      belief[weight_topics_[i]] += weight * weights_[i] * scales_[weight_topics_[i]];
    }
  }
  double sum = std::numeric_limits<double>::min();
  for (double& one : belief) sum += one = 1 / (1 + std::exp(-one));
  for (double& one : belief) one /= sum;
  return belief;
}

std::string Lookup::shown(const Found& found, Language language) const {
  const auto& topics = found.topics;
  if (found.known && topics.size() == 1) return topics[0]->subject.in(language);
  std::string text = found.known ? "" : topics_[outside_].subject.in(language);
  for (size_t i = 0; i < topics.size(); ++i) {
    text +=
        fmt::format("{}{}. {}", text.empty() ? "" : "\n", i + 1, topics[i]->subject.in(language));
  }
  return text;
}

nlohmann::json Lookup::ground(const nlohmann::json& messages) const {
  std::string question;
  if (!messages.is_array()) return messages;
  for (const auto& message : messages) {
    if (message.is_object() && text_or(message, "role") == "user") question = text_in(message);
  }
  if (question.empty()) return messages;
  const std::string text = shown(find(question), language_of(question));
  return {{{"role", "system"}, {"content", text}},
          {{"role", "user"}, {"content", truncate_utf8(question, kLongestShown)}}};
}

}  // namespace ai_bot
