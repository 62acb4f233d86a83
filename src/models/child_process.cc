#include "models/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/guarded.h"
#include "models/child_environment.h"

namespace ai_bot {
namespace {

constexpr int kExecFailed = 127;
constexpr size_t kLongestLine = 8192;      // bytes; longer ones are split
constexpr size_t kMostOutput = 256 << 10;  // bytes of standard error a second, and after the end
constexpr milliseconds kSecond{1000};
constexpr int kEndCheckMs = 50;  // where the end can't be waited for (Linux before 5.3), or a flood

// The strings' addresses, and a null pointer, as exec wants them.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec only async-signal-safe calls are allowed.
void close_all_above_stderr(int most) {
  if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0) return;
  for (int fd = 3; fd < most; ++fd) close(fd);  // Linux before 5.9
}

[[noreturn]] void become(char* const* arguments, char* const* environment, int out_fd, int error_fd,
                         int parent, int most_files) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kExecFailed);  // the parent died before prctl
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(out_fd, STDOUT_FILENO);
  dup2(error_fd, STDERR_FILENO);
  close_all_above_stderr(most_files);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  setpgid(0, 0);  // Ctrl-C on our terminal is ours to handle
  execvpe(arguments[0], arguments, environment);
  _exit(kExecFailed);
}

int limit_of_files() {
  constexpr rlim_t kMost = 65536;  // only the fallback of close_all_above_stderr needs it
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return static_cast<int>(kMost);
  return static_cast<int>(std::min(limit.rlim_cur, kMost));
}

// A pipe whose ends are closed when they go.
struct Pipe {
  int ends[2] = {-1, -1};
  bool open() { return pipe2(ends, O_CLOEXEC) == 0; }
  int release_reader() { return std::exchange(ends[0], -1); }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) close(end);
    }
  }
};

tl::unexpected<Error> no(const char* en, const char* zh, const char* why) {
  return fail(Code::kUnavailable, fmt::format("can't start a process: no {}: {}", en, why),
              fmt::format("无法启动进程：没有可用的{}：{}", zh, why));
}

// Splits what comes through a pipe into lines.
class LineSplitter {
 public:
  explicit LineSplitter(std::function<void(std::string_view)> on_line)
      : on_line_(std::move(on_line)) {}

  // The bytes that were read; 0 at the end of the stream.
  size_t read_some(int fd) {
    char buffer[4096];
    ssize_t count = 0;
    do {
      count = read(fd, buffer, sizeof buffer);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return 0;
    for (const char c : std::string_view(buffer, static_cast<size_t>(count))) {
      if (c == '\n' || pending_.size() >= kLongestLine) flush();
      if (c != '\n' && c != '\r') pending_ += c;
    }
    return static_cast<size_t>(count);
  }

  // Gives the last line though nothing ended it.
  void flush() {
    if (!pending_.empty() && on_line_)
      guarded("child_process.line", [this] { on_line_(pending_); });
    pending_.clear();
  }

 private:
  std::function<void(std::string_view)> on_line_;
  std::string pending_;
};

bool has_ended(int pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
         info.si_pid == pid;
}

// Takes what the pipe still holds, and closes it.
void drain(LineSplitter& lines, int fd) {
  if (fd >= 0) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    size_t left = kMostOutput;
    while (left > 0) {
      const size_t count = lines.read_some(fd);
      if (count == 0) break;
      left -= std::min(left, count);
    }
    close(fd);
  }
  lines.flush();
}

}  // namespace

std::string ChildExit::text() const {
  return signal != 0 ? fmt::format("signal {}", signal) : fmt::format("exit code {}", code);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(ChildOptions options) {
  std::unique_ptr<ChildProcess> child(new ChildProcess(std::move(options)));
  const std::vector<char*> arguments = pointers(child->options_.arguments);
  const std::vector<std::string> variables = child_environment(environ);
  const std::vector<char*> environment = pointers(variables);
  const bool apart = static_cast<bool>(child->options_.on_stdout);
  const int parent = getpid();
  const int most_files = limit_of_files();
  Pipe error_pipe, out_pipe;
  if (!error_pipe.open() || (apart && !out_pipe.open()))
    return no("pipe", "管道", std::strerror(errno));
  const int pid = fork();
  if (pid == 0) {
    become(arguments.data(), environment.data(), apart ? out_pipe.ends[1] : error_pipe.ends[1],
           error_pipe.ends[1], parent, most_files);
  }
  if (pid < 0) return no("process", "进程", std::strerror(errno));
  setpgid(pid, pid);  // also here: whoever of the two comes first
  child->pid_ = pid;
  const auto read = [raw = child.get(), error_fd = error_pipe.ends[0], out_fd = out_pipe.ends[0]] {
    raw->read_until_exit(error_fd, out_fd);
  };
  if (!guarded("child_process.thread", [&] { child->reader_ = std::thread(read); })) {
    child->send(SIGKILL);
    child->reap();
    return no("thread", "线程", "too many threads or too little memory");
  }
  error_pipe.release_reader();
  out_pipe.release_reader();
  return child;
}

ChildProcess::~ChildProcess() {
  send(SIGKILL);
  wait();
}

void ChildProcess::wait() {
  if (reader_.joinable()) reader_.join();
}

void ChildProcess::stop(milliseconds patience) {
  send(SIGTERM);
  if (!wait_for(patience)) send(SIGKILL);
  wait();
}

void ChildProcess::send(int signal) {
  MutexLock lock(mutex_);
  if (reaped_) return;
  if (kill(-pid_, signal) != 0) kill(pid_, signal);
}

bool ChildProcess::wait_for(milliseconds patience) {
  MutexLock lock(mutex_);
  return gone_.wait_for(lock.native(), patience, [this] {
    mutex_.assert_held();
    return reaped_;
  });
}

void ChildProcess::read_until_exit(int error_fd, int out_fd) {
  LineSplitter errors(options_.on_output);
  LineSplitter output(options_.on_stdout);
  // Its end is what we wait for, not that of the pipes: a program it has started may hold them.
  const int end_fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd fds[3] = {{error_fd, POLLIN, 0}, {out_fd, POLLIN, 0}, {end_fd, POLLIN, 0}};
  size_t allowed = kMostOutput;
  SteadyTime second = steady_now();
  bool ended = false;
  while (!ended) {
    if (since(second) >= kSecond) {
      second = steady_now();
      allowed = kMostOutput;
    }
    fds[0].fd = allowed > 0 ? error_fd : -1;
    const int wait = allowed == 0 || end_fd < 0 ? kEndCheckMs : -1;
    for (pollfd& fd : fds) fd.revents = 0;
    if (poll(fds, 3, wait) < 0 && errno != EINTR) break;
    ended = end_fd >= 0 ? fds[2].revents != 0 : has_ended(pid_);
    if (fds[0].revents != 0) {
      const size_t count = errors.read_some(error_fd);
      if (count == 0) close(std::exchange(error_fd, -1));
      allowed -= std::min(allowed, count);
    }
    if (fds[1].revents != 0 && output.read_some(out_fd) == 0) {
      close(std::exchange(out_fd, -1));
      fds[1].fd = -1;
    }
  }
  send(SIGKILL);  // what is left of its group; it itself stays a zombie until it is reaped
  drain(errors, error_fd);
  drain(output, out_fd);
  if (end_fd >= 0) close(end_fd);
  reap();
}

void ChildProcess::reap() {
  // Leave it a zombie until its pid can no longer be signalled by us.
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  int status = 0;
  rusage usage{};
  {
    MutexLock lock(mutex_);
    wait4(pid_, &status, 0, &usage);
    reaped_ = true;
  }
  gone_.notify_all();
  ChildExit exit;
  exit.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  exit.peak_memory = usage.ru_maxrss * 1024;
  if (options_.on_exit) guarded("child_process.exit", [&] { options_.on_exit(exit); });
}

}  // namespace ai_bot
