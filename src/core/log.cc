#include "core/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/redact.h"
#include "core/utf8.h"

namespace ai_bot::log {
namespace {

std::atomic<Format> format_in_use{Format::kText};
std::atomic<bool> message_texts_wanted{false};

spdlog::logger& sink() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("ai_bot",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};

std::string timestamp(int64_t time_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(time_t(time_ms / 1000)),
                     time_ms % 1000);
}

nlohmann::json json_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return redacted(*text);
  return std::visit([](const auto& v) { return nlohmann::json(v); }, value);
}

// Control characters (C0, DEL and C1) written out: foreign texts must neither steer a terminal nor
// look like lines of their own.
std::string printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const uint32_t c = next_code_point(text, at);
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
      out += c == '\n' ? "\\n" : fmt::format("\\x{:02x}", c);
    } else if (c == kReplacementCharacter) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(begin, at - begin);
    }
  }
  return out;
}

std::string json_line(Level level, std::string_view action, std::string_view message, Fields fields,
                      int64_t time_ms) {
  nlohmann::ordered_json out;
  out["@timestamp"] = timestamp(time_ms);
  out["log.level"] = kNames[static_cast<int>(level)];
  out["message"] = redacted(message);
  out["ecs.version"] = "8.11.0";
  out["service.name"] = "ai_bot";
  out["event.action"] = action;
  for (const auto& [name, value] : fields) out[std::string(name)] = json_of(value);
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string text_line(Level level, std::string_view action, std::string_view message, Fields fields,
                      int64_t time_ms) {
  std::string out = fmt::format("{} {:<7} {} [{}]", timestamp(time_ms).substr(11, 12),
                                kNames[static_cast<int>(level)], redacted(message), action);
  for (const auto& [name, value] : fields) {
    out +=
        fmt::format(" {}={}", name,
                    json_of(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return printable(out);
}

}  // namespace

void set_level(Level level) { sink().set_level(spdlog_level(level)); }
void set_format(Format format) { format_in_use = format; }
void set_message_texts(bool wanted) { message_texts_wanted = wanted; }
bool message_texts() { return message_texts_wanted; }
bool enabled(Level level) { return sink().should_log(spdlog_level(level)); }

Level level_named(std::string_view name) {
  for (int i = 0; i < 4; ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  return Level::kInfo;
}

std::string line(Format format, Level level, std::string_view action, std::string_view message,
                 Fields fields, int64_t time_ms) {
  return format == Format::kJson ? json_line(level, action, message, fields, time_ms)
                                 : text_line(level, action, message, fields, time_ms);
}

void write(Level level, std::string_view action, std::string_view message, Fields fields) noexcept {
  if (!enabled(level)) return;
  try {
    sink().log(spdlog_level(level), "{}",
               line(format_in_use, level, action, message, fields, now_ms()));
  } catch (...) {
    // Without memory a line is lost; what it tells of goes on.
  }
}

}  // namespace ai_bot::log
