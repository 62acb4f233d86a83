// The top of a thread, a timer, a queued task or a C callback: an exception that left it would end
// the process, or unwind through a library that was not made for that. What comes so far is a
// mistake of ours or of a library; it is logged and the work goes on.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/result.h"

namespace ai_bot {

// Logs the exception that is being handled: its type, and its text where that can't hold foreign
// bytes or secrets (a JSON parser quotes what it read). The same from the same place at most once a
// minute. Call it in a catch block. Never throws.
void report_exception(std::string_view place) noexcept;

// The type of the exception that is being handled, and its text where that is harmless.
std::string name_of_exception();

// What others hear of it: that it was our mistake and the log says which.
Error our_mistake();
// The same, with the name of the exception that is being handled.
Error our_mistake_named();

// Runs `work`; true unless it threw. `place` is a constant that says where, e.g. "store.done".
template <class Work>
bool guarded(std::string_view place, Work&& work) noexcept {
  try {
    std::forward<Work>(work)();
    return true;
  } catch (...) {
    report_exception(place);
    return false;
  }
}

// What `work` returns; `otherwise` when it threw.
template <class Work, class Value>
std::invoke_result_t<Work> guarded(std::string_view place, Work&& work,
                                   Value&& otherwise) noexcept {
  try {
    return std::forward<Work>(work)();
  } catch (...) {
    report_exception(place);
    return std::forward<Value>(otherwise);
  }
}

}  // namespace ai_bot
