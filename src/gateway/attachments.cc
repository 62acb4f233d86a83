#include "gateway/attachments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "channels/quotation.h"
#include "core/guarded.h"
#include "core/log.h"
#include "core/utf8.h"

namespace ai_bot {
namespace {

constexpr std::array<std::string_view, 24> kTextNames = {
    ".txt", ".md",   ".csv", ".tsv",  ".json", ".jsonl", ".log",  ".yaml",
    ".yml", ".toml", ".ini", ".conf", ".xml",  ".html",  ".sql",  ".py",
    ".js",  ".ts",   ".c",   ".cc",   ".h",    ".go",    ".java", ".sh"};

bool is_named_as_text(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::any_of(kTextNames.begin(), kTextNames.end(),
                     [&](std::string_view ending) { return lower.ends_with(ending); });
}

bool is_text(const std::string& bytes) {
  return bytes.find('\0') == std::string::npos && is_valid_utf8(bytes);
}

// What is left of a message's files. Whoever has the next step holds it; once nobody does, whatever
// came in between, it hands over what it has.
class Files : public std::enable_shared_from_this<Files> {
 public:
  Files(const ChannelEntry& channel, const Outgoing& outgoing, const Event& event, size_t most,
        std::function<bool()> over, std::function<void(std::string text)> then)
      : channel_(channel),
        outgoing_(outgoing),
        request_id_(event.request_id),
        language_(language_of(event.text)),
        most_(most),
        over_(std::move(over)),
        then_(std::move(then)) {
    for (const Attachment& attachment : event.attachments) {
      const bool fits = attachment.size <= channel.config.max_file.count;
      if (is_named_as_text(attachment.name) && fits && channel.config.max_file.count > 0)
        files_.push_back(attachment);
    }
    const auto max_files = static_cast<size_t>(channel.config.max_files);
    if (files_.size() <= max_files) return;
    more_ = files_.size() - max_files;
    files_.resize(max_files);
  }

  ~Files() {
    guarded("attachments.then", [this] {
      if (more_ > 0) text_ += more_text();
      then_(std::move(text_));
    });
  }

  void read_next() {
    if (next_ == files_.size() || text_.size() >= most_ || over_()) return;
    channel_.access->token(
        [self = shared_from_this()](const Result<std::string>& token) { self->download(token); },
        over_);
  }

 private:
  const Attachment& file() const { return files_[next_]; }

  void download(const Result<std::string>& token) {
    if (!token) return pass_over(token.error());
    fetch(channel_.channel->download(file(), *token), channel_.channel->downloads_in_two_steps());
  }

  // `is_address`: what comes tells where the bytes are.
  void fetch(std::optional<HttpRequest> request, bool is_address) {
    if (!request) {
      return pass_over(
          {Code::kNotFound, {"the platform gives no address for it", "平台未提供下载地址"}});
    }
    request->timeouts = HttpTimeouts::all(outgoing_.timeout);
    request->max_response = static_cast<size_t>(channel_.config.max_file.count);
    HttpStream stream;
    stream.abandoned = over_;
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
    if (!is_text(reply->body))
      return pass_over({Code::kInvalid, {"it is not UTF-8 text", "不是 UTF-8 文本"}});
    text_ += quotation(file().name, reply->body, most_ - std::min(most_, text_.size()));
    ++next_;
    read_next();
  }

  void pass_over(const Error& why) {
    note(why.text.en);
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
  const size_t most_;
  const std::function<bool()> over_;
  const std::function<void(std::string text)> then_;
  std::vector<Attachment> files_;  // those to be read
  size_t more_ = 0;                // and how many there were beside them
  size_t next_ = 0;
  std::string text_;
};

}  // namespace

void read_text_files(const ChannelEntry& channel, const Outgoing& outgoing, const Event& event,
                     size_t most, std::function<bool()> over,
                     std::function<void(std::string text)> then) {
  const auto files =
      std::make_shared<Files>(channel, outgoing, event, most, std::move(over), std::move(then));
  guarded("attachments.read", [&] { files->read_next(); });
}

}  // namespace ai_bot
