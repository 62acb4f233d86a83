#include "gateway/attachments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "channels/incoming.h"
#include "channels/quotation.h"
#include "core/guarded.h"
#include "core/log.h"
#include "gateway/images.h"
#include "gateway/text_decoding.h"

namespace ai_bot {
namespace {

constexpr std::array<std::string_view, 24> kTextNames = {
    ".txt", ".md",   ".csv", ".tsv",  ".json", ".jsonl", ".log",  ".yaml",
    ".yml", ".toml", ".ini", ".conf", ".xml",  ".html",  ".sql",  ".py",
    ".js",  ".ts",   ".c",   ".cc",   ".h",    ".go",    ".java", ".sh"};

constexpr std::array<std::string_view, 6> kImageNames = {".png", ".jpg",  ".jpeg",
                                                         ".gif", ".webp", ".jfif"};

template <class Endings>
bool is_named(const std::string& name, const Endings& endings) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return lower.ends_with(ending); });
}

constexpr int64_t kLongestQuote = 1 << 20;  // bytes of the platform's answer

bool is_quote(const Attachment& file) { return file.type == "quote"; }

bool may_be_text(const Attachment& file) { return is_named(file.name, kTextNames); }

bool may_be_image(const Attachment& file) {
  if (is_quote(file)) return false;
  return file.type == "image" || is_named(file.name, kImageNames) ||
         (file.type == "file" && file.name.find('.') == std::string::npos);
}

// What is left of a message's files. Whoever has the next step holds it; once nobody does, whatever
// came in between, it hands over what it has.
class Files : public std::enable_shared_from_this<Files> {
 public:
  Files(const ChannelEntry& channel, const Outgoing& outgoing, const Event& event, FileNeeds needs,
        std::function<void(FileContents)> then)
      : channel_(channel),
        outgoing_(outgoing),
        request_id_(event.request_id),
        language_(language_of(event.text)),
        needs_(std::move(needs)),
        then_(std::move(then)) {
    for (const Attachment& attachment : event.attachments) {
      const int64_t limit = limit_of(attachment);
      if (limit > 0 && attachment.size <= limit) files_.push_back(attachment);
    }
    const auto max_files = static_cast<size_t>(channel.config.max_files);
    if (files_.size() <= max_files) return;
    more_ = files_.size() - max_files;
    files_.resize(max_files);
  }

  ~Files() {
    guarded("attachments.then", [this] {
      if (more_ > 0) read_.text += more_text();
      then_(std::move(read_));
    });
  }

  void read_next() {
    while (next_ < files_.size() && !is_wanted()) ++next_;
    if (next_ == files_.size() || needs_.over()) return;
    if (may_be_image(file()) && !(room_ = needs_.room->take(limit_of(file())))) return no_room();
    channel_.access->token(
        [self = shared_from_this()](const Result<std::string>& token) { self->download(token); },
        needs_.over);
  }

 private:
  const Attachment& file() const { return files_[next_]; }

  // Bytes; 0: it is not read.
  int64_t limit_of(const Attachment& file) const {
    if (is_quote(file)) return kLongestQuote;
    if (may_be_image(file)) return needs_.sees ? channel_.config.max_image.count : 0;
    return may_be_text(file) ? channel_.config.max_file.count : 0;
  }

  bool is_wanted() const { return may_be_image(file()) || read_.text.size() < needs_.most; }

  void download(const Result<std::string>& token) {
    if (!token) return pass_over(token.error());
    fetch(channel_.channel->download(file(), *token),
          channel_.channel->downloads_in_two_steps() && !is_quote(file()));
  }

  // `is_address`: what comes tells where the bytes are.
  void fetch(std::optional<HttpRequest> request, bool is_address) {
    if (!request) {
      return pass_over(
          {Code::kNotFound, {"the platform gives no address for it", "平台未提供下载地址"}});
    }
    request->timeouts = HttpTimeouts::all(outgoing_.timeout);
    request->max_response = static_cast<size_t>(limit_of(file()));
    HttpStream stream;
    stream.abandoned = needs_.over;
    stream.on_done = [self = shared_from_this(), is_address](Result<HttpReply> reply) {
      // Off the HTTP client's thread: a file may be large.
      const std::string& group = self->channel_.config.name;
      auto shared = std::make_shared<Result<HttpReply>>(std::move(reply));
      if (!self->outgoing_.executor.post(
              group, [self, is_address, shared] { self->take(std::move(*shared), is_address); }))
        self->note("too much else waits, or ai_bot stops");
    };
    outgoing_.http.start(std::move(*request), std::move(stream));
  }

  void take(Result<HttpReply> reply, bool is_address) {
    if (!reply) return pass_over(reply.error());
    if (reply->status != 200) {
      return pass_over({Code::kUnavailable,
                        {fmt::format("HTTP status {}", reply->status),
                         fmt::format("HTTP 状态 {}", reply->status)}});
    }
    if (is_address) return fetch(channel_.channel->download_from(*reply), false);
    is_quote(file()) ? read_quote(*reply) : read(reply->body);
  }

  void read(const std::string& bytes) {
    const std::string_view type = image_type_of(bytes);
    if (needs_.sees && !type.empty()) {
      if (auto exact = needs_.room->take(static_cast<int64_t>(bytes.size()))) room_ = exact;
      if (!room_) return no_room();
      read_.images.push_back(image_of(type, bytes, std::move(room_)));
    } else if (may_be_image(file())) {
      return pass_over(
          {Code::kUnsupportedMedia,
           {"it is not a PNG, JPEG, GIF or WebP image", "不是 PNG、JPEG、GIF 或 WebP 图片"}});
    } else if (const auto text = decode_text(bytes)) {
      read_.text +=
          quotation(file().name, *text, needs_.most - std::min(needs_.most, read_.text.size()));
    } else {
      return pass_over({Code::kUnsupportedMedia,
                        {"the encoding of its text is not known; save it as UTF-8",
                         "无法识别文本编码，请另存为 UTF-8"}},
                       /*is_told=*/true);
    }
    go_on();
  }

  void read_quote(const HttpReply& reply) {
    const auto words = channel_.channel->read_quoted(reply);
    if (!words)
      return pass_over({Code::kNotFound, {"the platform tells no words of it", "平台未返回内容"}});
    read_.text += quotation(Text{"quoted", "引用"}.in(language_), *words,
                            needs_.most - std::min(needs_.most, read_.text.size()));
    go_on();
  }

  void no_room() {
    pass_over({Code::kTooLarge,
               {"too many images are looked at just now (assistant.image_memory)",
                "正在处理的图片过多（assistant.image_memory）"}},
              /*is_told=*/true);
  }

  // `is_told`: the person can do something about it, and the model is to know.
  void pass_over(const Error& why, bool is_told = false) {
    note(why.text.en);
    if (is_told) {
      const std::string name = name_in_brackets(file().name);
      const std::string word =
          Text{fmt::format("[{} was not read: {}]\n", name.empty() ? file().type : name,
                           why.text.en),
               fmt::format("[未读取 {}：{}]\n", name.empty() ? file().type : name, why.text.zh)}
              .in(language_);
      read_.text += "\n\n" + word;
      read_.notice += word;
    }
    go_on();
  }

  void go_on() {
    room_ = nullptr;
    ++next_;
    read_next();
  }

  void note(const std::string& why) const {
    log::warning("attachment.unread", why,
                 {{"http.request.id", request_id_}, {"ai_bot.channel", channel_.config.name}});
  }

  std::string more_text() const {
    return Text{fmt::format("\n\n[{} more files came with this message and were not read: at most "
                            "{} are]\n",
                            more_, channel_.config.max_files),
                fmt::format("\n\n[此消息另有 {} 个文件未读取：每条消息最多读取 {} 个]\n", more_,
                            channel_.config.max_files)}
        .in(language_);
  }

  const ChannelEntry& channel_;
  const Outgoing outgoing_;
  const std::string request_id_;
  const Language language_;
  const FileNeeds needs_;
  const std::function<void(FileContents)> then_;
  std::vector<Attachment> files_;  // those to be read
  size_t more_ = 0;                // and how many there were beside them
  size_t next_ = 0;
  std::shared_ptr<void> room_;  // for the next one, an image
  FileContents read_;
};

}  // namespace

void read_files(const ChannelEntry& channel, const Outgoing& outgoing, const Event& event,
                FileNeeds needs, std::function<void(FileContents)> then) {
  const auto files =
      std::make_shared<Files>(channel, outgoing, event, std::move(needs), std::move(then));
  guarded("attachments.read", [&] { files->read_next(); });
}

}  // namespace ai_bot
