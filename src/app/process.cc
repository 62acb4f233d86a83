#include "app/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <future>
#include <thread>
#include <vector>

namespace ai_bot {

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

sigset_t our_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace ai_bot
