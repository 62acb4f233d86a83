// Markdown as a model may write it, in every platform's dialect: whatever it is, each message keeps
// the platform's limit in the platform's own unit, is sound UTF-8, mentions nobody, links to
// nothing but the web, and there are no more of them than are allowed. As code it arrives as it is,
// but for seams. Time is libFuzzer's
// -timeout.
#include <cstdio>
#include <cstdlib>

#include "channels/markdown.h"
#include "core/utf8.h"
#include "support/harmless.h"

namespace {

using namespace ai_bot;

void fail(const char* platform, const std::string& why, const std::string& part) {
  std::fprintf(stderr, "%s: %s\n%s\n", platform, why.c_str(), part.c_str());
  std::abort();
}

void check(const test::Platform& platform, const Channel& channel, const std::string& text) {
  const auto parts = channel.compose(text);
  if (parts.size() > platform.parts) fail(platform.name, "too many messages", text);
  for (const std::string& part : parts) {
    if (part.empty() || !is_valid_utf8(part)) fail(platform.name, "no text", part);
    if (test::size_of(platform, part) > platform.most) fail(platform.name, "too long", part);
    const std::string harm = test::harm_in(platform.name, part);
    if (!harm.empty()) fail(platform.name, harm, part);
  }
}

// The text as code, if there is a fence for it and it fits into one message.
void check_code(const test::Platform& platform, const Channel& channel, const std::string& text) {
  const std::string code(text, 0, text.find_last_not_of("\n") + 1);
  if (!is_valid_utf8(code) || trim(code).empty() || code.size() > 1000 ||
      code.find('\r') != std::string::npos || code.find('\0') != std::string::npos ||
      code.find("~~~~~") != std::string::npos)
    return;
  const auto parts = channel.compose("~~~~~\n" + code + "\n~~~~~\n");
  if (parts.size() != 1 ||
      test::read_back(platform.name, parts[0]).find(test::without_seams(code)) == std::string::npos)
    fail(platform.name, "code is not what it was", code);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const std::vector<std::shared_ptr<const Channel>> channels = [] {
    std::vector<std::shared_ptr<const Channel>> list;
    for (const test::Platform& platform : test::kPlatforms)
      list.push_back(test::channel_of(platform));
    return list;
  }();
  for (size_t i = 0; i < channels.size(); ++i) {
    check(test::kPlatforms[i], *channels[i], text);
    check_code(test::kPlatforms[i], *channels[i], text);
  }
  Dialect small = plain_markdown();
  small.most = 64;
  for (const std::string& part : render_markdown(text, small, 100)) {
    if (part.size() > small.most) fail("small", "too long", part);
  }
  return 0;
}
