// What concerns the process as a whole.
#pragma once

#include <cstddef>
#include <string>

namespace ai_bot {

// What this process holds is nobody else's: its files, a core of its memory, its memory through
// /proc and ptrace.
void close_to_others();

// As many open files as this process may have: each answer takes up to two.
void raise_file_limit();

// Throws std::system_error when so many further threads can't be had at once. Signalled at the
// start, where that can be told, for those that are started later, where it would end the process.
void require_threads(size_t count);

// Blocks those that await_signal() waits for, in this thread and all that it starts.
void block_signals();

enum class Signalled { kReload, kStop };
// Waits until a signal asks for something: SIGTERM or SIGINT for a stop, SIGHUP for a reload, or
// for a stop when it came from a terminal that was closed. After a stop was asked for, a second
// such signal ends the process at once.
Signalled await_signal();

}  // namespace ai_bot
