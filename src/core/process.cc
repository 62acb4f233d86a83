#include "core/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <initializer_list>
#include <thread>
#include <vector>

namespace ai_bot {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

void close_to_others() {
  umask(0077);
#ifndef __SANITIZE_ADDRESS__  // whose leak check looks at the process from outside
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void require_threads(size_t count) {
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  std::vector<std::thread> threads;
  const auto end = [&] {
    gate.set_value();
    for (std::thread& thread : threads) thread.join();
  };
  try {
    while (threads.size() < count) threads.emplace_back([opened] { opened.wait(); });
  } catch (...) {
    end();
    throw;
  }
  end();
}

void block_signals() {
  const sigset_t signals = set_of({SIGTERM, SIGINT, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Signalled await_signal() {
  static const bool on_terminal = isatty(STDERR_FILENO) == 1;
  const sigset_t signals = set_of({SIGTERM, SIGINT, SIGHUP});
  int signal = 0;
  sigwait(&signals, &signal);
  // A terminal that is closed sends SIGHUP too, and is no terminal any more.
  const bool closed = on_terminal && isatty(STDERR_FILENO) == 0;
  if (signal == SIGHUP && !closed) return Signalled::kReload;
  const sigset_t impatient = set_of({SIGINT, SIGTERM});
  pthread_sigmask(SIG_UNBLOCK, &impatient, nullptr);
  return Signalled::kStop;
}

}  // namespace ai_bot
