// A program of ours in a process of its own, that never outlives us: the kernel ends it when the
// thread that started it is gone (PR_SET_PDEATHSIG), so also after kill -9. Start it from a thread
// that lives as long as the child should. It leads a process group of its own, which is signalled
// as a whole and gone when the child is, so that a script that starts the real program is as good
// as the program. It inherits no files of ours, and of our environment only what
// child_environment.h lets through.
#pragma once

#include <sys/resource.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"

namespace ai_bot {

struct ChildExit {
  int code = 0;             // exit code, or -1 when a signal ended it
  int signal = 0;           // 0: none
  int64_t peak_memory = 0;  // bytes, of the process at its largest

  std::string text() const;  // "exit code 1", "signal 9"
};

struct ChildOptions {
  std::vector<std::string> arguments;  // the program first
  // Called on a thread of the child's own for each line of its output, without the line's end. A
  // child that writes more than 256 KiB a second has to wait; what its leavings write after its end
  // is not waited for.
  std::function<void(std::string_view line)>
      on_output;  // standard error, and standard output with it
  std::function<void(std::string_view line)> on_stdout;  // optional: standard output apart
  std::function<void(ChildExit)> on_exit;                // once, after the last line
};

class ChildProcess {
 public:
  // kUnavailable when the system gives no process, pipe or thread.
  static Result<std::unique_ptr<ChildProcess>> start(ChildOptions options);

  // Stops it if it still runs (SIGKILL); on_exit was called when this returns.
  ~ChildProcess();

  int pid() const { return pid_; }

  // SIGTERM, and SIGKILL after `patience`; returns when it is gone.
  void stop(milliseconds patience);

  // Waits for its end.
  void wait();

 private:
  explicit ChildProcess(ChildOptions options) : options_(std::move(options)) {}
  void read_until_exit(int error_fd, int out_fd);
  void reap();
  void send(int signal);
  bool wait_for(milliseconds patience);

  ChildOptions options_;
  int pid_ = -1;
  Mutex mutex_;
  std::condition_variable gone_;
  bool reaped_ GUARDED_BY(mutex_) = false;
  std::thread reader_;
};

}  // namespace ai_bot
