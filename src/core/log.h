// Structured logs: one call, one line on standard error. Lines are JSON in Elastic Common Schema
// names (ECS 8, so that ELK needs no mapping), or readable text on a terminal. Message texts of
// users never go in; whoever calls this sees to it. Secrets are masked (core/redact.h), and control
// characters are written out.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/result.h"

namespace ai_bot::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

using Value = std::variant<std::string, int64_t, double, bool>;
using Field = std::pair<std::string_view, Value>;  // an ECS name, e.g. "http.request.id"
using Fields = std::initializer_list<Field>;

// Call once before the first line; both may be called again at any time.
void set_level(Level level);
void set_format(Format format);
bool enabled(Level level);

// "debug", "info", "warning" or "error"; kInfo for anything else.
Level level_named(std::string_view name);

// Whether texts of messages may be logged (log.message_text); off until said otherwise.
void set_message_texts(bool wanted);
bool message_texts();

// `action` is ECS event.action: what happened, in the past, e.g. "engine.ready". A line that can't
// be written is left out.
void write(Level level, std::string_view action, std::string_view message,
           Fields fields = {}) noexcept;

inline void debug(std::string_view action, std::string_view message, Fields fields = {}) {
  if (enabled(Level::kDebug)) write(Level::kDebug, action, message, fields);
}
inline void info(std::string_view action, std::string_view message, Fields fields = {}) {
  write(Level::kInfo, action, message, fields);
}
inline void warning(std::string_view action, std::string_view message, Fields fields = {}) {
  write(Level::kWarning, action, message, fields);
}
inline void error(std::string_view action, std::string_view message, Fields fields = {}) {
  write(Level::kError, action, message, fields);
}

// The line itself, without its end; for tests.
std::string line(Format format, Level level, std::string_view action, std::string_view message,
                 Fields fields, int64_t time_ms);

}  // namespace ai_bot::log
