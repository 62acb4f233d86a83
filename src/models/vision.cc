#include "models/vision.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/json.h"
#include "core/log.h"

namespace ai_bot {
namespace {

using nlohmann::json;

// Another model may stand behind the same address some day.
constexpr std::chrono::hours kToldFor{1};
constexpr std::chrono::hours kBlindFor{1};
constexpr std::chrono::seconds kUnaskedFor{30};

std::optional<bool> told_by_list(const json& object, const char* key,
                                 std::initializer_list<std::string_view> words) {
  const auto list = object.find(key);
  if (list == object.end() || !list->is_array()) return std::nullopt;
  return std::any_of(list->begin(), list->end(), [&](const json& entry) {
    return entry.is_string() && std::find(words.begin(), words.end(),
                                          entry.get_ref<const std::string&>()) != words.end();
  });
}

std::optional<bool> told_by_flag(const json& object, const char* key) {
  const auto flag = object_in(object, key).find("vision");
  if (flag == object_in(object, key).end() || !flag->is_boolean()) return std::nullopt;
  return flag->get<bool>();
}

std::optional<bool> told_by_entry(const json& entry) {
  if (const auto told = told_by_flag(entry, "modalities")) return told;
  if (const auto told = told_by_flag(entry, "capabilities")) return told;
  if (const auto told = told_by_list(entry, "capabilities", {"multimodal", "vision"})) return told;
  return told_by_list(object_in(entry, "architecture"), "input_modalities", {"image"});
}

bool is_named(const json& entry, const std::string& model) {
  return text_or(entry, "id") == model || text_or(entry, "name") == model ||
         text_or(entry, "model") == model;
}

// In lower case, as the words are.
bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

std::optional<bool> told_of_vision(const json& reply, const std::string& model) {
  if (!reply.is_object()) return std::nullopt;
  for (const char* key : {"data", "models"}) {
    const auto list = reply.find(key);
    if (list == reply.end() || !list->is_array()) continue;
    for (const json& entry : *list) {
      // A server of one model, such as llama-server, answers with it whatever it is called.
      if (!entry.is_object() || (list->size() > 1 && !is_named(entry, model))) continue;
      if (const auto told = told_by_entry(entry)) return told;
    }
  }
  return told_by_entry(reply);
}

Refusal refusal_of(const Error& error) {
  if (error.code != Code::kInvalid && error.code != Code::kNotFound) return Refusal::kOther;
  const std::string text = lower_case(error.text.en);
  // "must be a string" of an endpoint that knows no content parts at all; "too large" of a proxy
  // before it that takes no such body.
  if (!has_any(text, {"image", "vision", "multimodal", "multi-modal", "modalit", "mmproj", "图片",
                      "图像", "视觉", "多模态", "must be a string", "valid string", "too large"})) {
    return Refusal::kOther;
  }
  const bool of_this_one = has_any(
      text,
      {"format", "media type", "mime",    "size",          "too large",  "too big",    "exceed",
       "larger", "smaller",    "width",   "height",        "dimension",  "resolution", "pixel",
       "decode", "corrupt",    "base64",  "invalid image", "load image", "process",    "download",
       "fetch",  "too many",   "at most", "policy",        "safety",     "格式",       "大小",
       "过大",   "尺寸",       "解码",    "损坏",          "违规"});
  return of_this_one ? Refusal::kImage : Refusal::kImages;
}

void add_images(json& body, const Images& images) {
  if (images.empty()) return;
  json& content = body["messages"].back()["content"];
  json parts = json::array({{{"type", "text"}, {"text", std::move(content)}}});
  for (const auto& image : images)
    parts.push_back({{"type", "image_url"}, {"image_url", {{"url", *image}}}});
  content = std::move(parts);
}

bool Vision::sees() const {
  MutexLock lock(mutex_);
  return configured_.value_or(told_) && steady_now() >= blind_until_;
}

bool Vision::is_known() const {
  MutexLock lock(mutex_);
  return configured_ || steady_now() < known_until_;
}

void Vision::told(std::optional<bool> sees, bool could_be_asked) {
  MutexLock lock(mutex_);
  told_ = sees.value_or(false);
  known_until_ = steady_now() + (could_be_asked ? milliseconds(kToldFor) : kUnaskedFor);
}

void Vision::found_blind(const std::string& model, const Error& error) {
  {
    MutexLock lock(mutex_);
    const SteadyTime now = steady_now();
    if (now < std::exchange(blind_until_, now + kBlindFor)) return;
  }
  log::warning("model.takes_no_images", error.text.en, {{"ai_bot.model", model}});
}

void VisionLookup::look(std::function<void()> then) {
  if (vision_->is_known()) return then();
  {
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(then));
    if (waiting_.size() > 1) return;
  }
  std::string base = config_.base_url;
  while (base.ends_with('/')) base.pop_back();
  ask(base + "/models", [self = shared_from_this(), base](const Result<HttpReply>& models) {
    const auto told = models && models->status == 200
                          ? told_of_vision(parse_json(models->body), self->config_.model)
                          : std::nullopt;
    constexpr std::string_view kVersion = "/v1";
    if (told || !models || !base.ends_with(kVersion)) return self->settle(told, models.has_value());
    // llama-server's own, which stands beside OpenAI's.
    const std::string root = base.substr(0, base.size() - kVersion.size());
    self->ask(root + "/props", [self](const Result<HttpReply>& props) {
      self->settle(props && props->status == 200
                       ? told_of_vision(parse_json(props->body), self->config_.model)
                       : std::nullopt,
                   true);
    });
  });
}

void VisionLookup::ask(const std::string& url, std::function<void(const Result<HttpReply>&)> then) {
  HttpRequest request;
  request.url = url;
  request.proxy = config_.proxy;
  if (!config_.api_key.empty())
    request.headers.emplace_back("Authorization", "Bearer " + config_.api_key.reveal());
  request.timeouts = HttpTimeouts::all(kVisionTime / 2);
  HttpStream stream;
  stream.on_done = std::move(then);
  http_.start(std::move(request), std::move(stream));
}

void VisionLookup::settle(std::optional<bool> sees, bool could_be_asked) {
  vision_->told(sees, could_be_asked);
  std::vector<std::function<void()>> waiting;
  {
    MutexLock lock(mutex_);
    waiting.swap(waiting_);
  }
  for (const auto& then : waiting) then();
}

void send_as_seen(const std::shared_ptr<Vision>& vision, const std::string& model,
                  ChatRequest request, ChatSink sink,
                  const std::function<void(ChatRequest request, ChatSink sink)>& send) {
  if (!vision->sees()) request.images.clear();
  if (request.images.empty()) return send(std::move(request), std::move(sink));
  ChatRequest plain = request;
  plain.images.clear();
  ChatSink watched = sink;
  const auto spoke = std::make_shared<bool>(false);
  watched.on_chunk = [spoke, on_chunk = sink.on_chunk](json& chunk) {
    *spoke = true;
    on_chunk(chunk);
  };
  watched.on_end = [vision, model, plain = std::move(plain), sink, send,
                    spoke](const Result<ChatEnd>& end) {
    const Refusal refusal = end || *spoke ? Refusal::kOther : refusal_of(end.error());
    if (refusal == Refusal::kOther) return sink.on_end(end);
    ChatSink last = sink;
    last.on_end = [vision, model, refusal, error = end.error(),
                   on_end = sink.on_end](const Result<ChatEnd>& answered) {
      if (answered && refusal == Refusal::kImages) vision->found_blind(model, error);
      on_end(answered);
    };
    send(plain, std::move(last));
  };
  send(std::move(request), std::move(watched));
}

}  // namespace ai_bot
