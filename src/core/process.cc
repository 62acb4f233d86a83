#include "core/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <initializer_list>
#include <system_error>
#include <thread>
#include <vector>

#include "core/guarded.h"

namespace ai_bot {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

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

}  // namespace

void prepare_process() {
  close_to_others();
  raise_file_limit();
  signal(SIGPIPE, SIG_IGN);
  // All threads inherit the mask, and one of them takes the signals.
  const sigset_t signals = set_of({SIGTERM, SIGINT, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Result<void> with_threads(const std::function<Result<void>()>& build) {
  try {
    return build();
  } catch (const std::system_error& e) {
    const std::string why = e.code().message();
    return fail(
        Code::kInternal,
        "can't start a thread: " + why +
            "; raise the limit (ulimit -u and -v, TasksMax and MemoryMax of the service)",
        "无法启动线程：" + why + "；请提高限制（ulimit -u 和 -v，服务的 TasksMax 和 MemoryMax）");
  } catch (...) {
    return fail(our_mistake_named());
  }
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
