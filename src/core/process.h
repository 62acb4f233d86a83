// What concerns the process as a whole.
#pragma once

#include <cstddef>
#include <functional>

#include "core/result.h"

namespace ai_bot {

// To be called before the first thread. What this process holds is nobody else's: its files, a core
// of its memory, its memory through /proc and ptrace. It may open as many files as it is allowed to
// (each answer takes up to two); a connection that was closed is an error, no signal; signals wait
// for await_signal().
void prepare_process();

// What `build`, which starts threads, returns. What it throws becomes an error: the system gives no
// further thread, or a mistake of ours.
Result<void> with_threads(const std::function<Result<void>()>& build);

// Throws std::system_error when so many further threads can't be had at once. Signalled at the
// start, where that can be told, for those that are started later, where it would end the process.
void require_threads(size_t count);

enum class Signalled { kReload, kStop };
// Waits until a signal asks for something: SIGTERM or SIGINT for a stop, SIGHUP for a reload, or
// for a stop when it came from a terminal that was closed. After a stop was asked for, a second
// such signal ends the process at once.
Signalled await_signal();

}  // namespace ai_bot
