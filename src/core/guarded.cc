#include "core/guarded.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <typeinfo>

#include "core/clock.h"
#include "core/log.h"

namespace ai_bot {
namespace {

constexpr milliseconds kSilence{60000};
constexpr size_t kMostPlaces = 256;  // remembered; there are fewer, as each is a constant

std::string type_of_exception() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
  return status == 0 && name ? name.get() : type->name();
}

// Of the standard library's own, whose texts name what was called and with which numbers.
std::string harmless_text() {
  try {
    throw;
  } catch (const nlohmann::json::exception& e) {
    return "number " + std::to_string(e.id);
  } catch (const std::system_error& e) {
    return e.code().message();
  } catch (const std::logic_error& e) {
    return e.what();
  } catch (...) {
    return "";
  }
}

bool was_said_lately(const std::string& what) {
  static std::mutex mutex;
  static std::map<std::string, SteadyTime> said;
  const std::lock_guard lock(mutex);
  const auto at = said.find(what);
  if (at != said.end() && since(at->second) < kSilence) return true;
  if (said.size() >= kMostPlaces) said.clear();
  said[what] = steady_now();
  return false;
}

}  // namespace

std::string name_of_exception() {
  const std::string text = harmless_text();
  return type_of_exception() + (text.empty() ? "" : ": " + text);
}

void report_exception(std::string_view place) noexcept {
  try {
    const std::string what = name_of_exception();
    if (was_said_lately(std::string(place) + " " + what)) return;
    log::error("exception.caught", "a mistake in ai_bot: " + what,
               {{"ai_bot.place", std::string(place)}});
  } catch (...) {
    // No memory even to say so.
  }
}

Error our_mistake() {
  return {Code::kInternal,
          {"a mistake in ai_bot; its log says which", "ai_bot 内部错误，详见日志"}};
}

Error our_mistake_named() {
  const std::string what = name_of_exception();
  return {Code::kInternal, {"a mistake in ai_bot: " + what, "ai_bot 内部错误：" + what}};
}

}  // namespace ai_bot
