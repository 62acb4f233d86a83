// What concerns the process as a whole.
#pragma once

#include <signal.h>

#include <cstddef>
#include <string>

namespace ai_bot {

// What this process holds is nobody else's: its files, a core of its memory, its memory through
// /proc and ptrace.
void close_to_others();

// As many open files as this process may have: each answer takes up to two.
void raise_file_limit();

// Throws std::system_error when so many further threads can't be had at once. Asked at the start,
// where that can be told, for those that are started later, where it would end the process.
void require_threads(size_t count);

// Those that a thread of ours waits for.
sigset_t our_signals();

}  // namespace ai_bot
