#include "models/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/guarded.h"

namespace ai_bot {
namespace {

constexpr int kExecFailed = 127;
constexpr size_t kLongestLine = 8192;  // bytes; longer ones are split

// Between fork and exec only async-signal-safe calls are allowed.
[[noreturn]] void become(char* const* arguments, int out_fd, int error_fd, int parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kExecFailed);  // the parent died before prctl
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(out_fd, STDOUT_FILENO);
  dup2(error_fd, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  setpgid(0, 0);  // Ctrl-C on our terminal is ours to handle
  execvp(arguments[0], arguments);
  _exit(kExecFailed);
}

// Splits what comes through a pipe into lines.
class LineSplitter {
 public:
  explicit LineSplitter(std::function<void(std::string_view)> on_line)
      : on_line_(std::move(on_line)) {}

  // False at the end of the stream.
  bool read_some(int fd) {
    char buffer[4096];
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) {
      flush();
      return false;
    }
    for (const char c : std::string_view(buffer, static_cast<size_t>(count))) {
      if (c == '\n' || pending_.size() >= kLongestLine) flush();
      if (c != '\n' && c != '\r') pending_ += c;
    }
    return true;
  }

 private:
  void flush() {
    if (!pending_.empty() && on_line_)
      guarded("child_process.line", [this] { on_line_(pending_); });
    pending_.clear();
  }

  std::function<void(std::string_view)> on_line_;
  std::string pending_;
};

}  // namespace

std::string ChildExit::text() const {
  return signal != 0 ? fmt::format("signal {}", signal) : fmt::format("exit code {}", code);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(ChildOptions options) {
  std::unique_ptr<ChildProcess> child(new ChildProcess(std::move(options)));
  std::vector<char*> arguments;
  for (const std::string& argument : child->options_.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  int error_pipe[2];
  int out_pipe[2] = {-1, -1};
  const bool apart = static_cast<bool>(child->options_.on_stdout);
  if (pipe2(error_pipe, O_CLOEXEC) != 0 || (apart && pipe2(out_pipe, O_CLOEXEC) != 0)) {
    return fail(Code::kInternal, std::string("no pipe: ") + std::strerror(errno),
                std::string("无法创建管道：") + std::strerror(errno));
  }
  const int parent = getpid();
  const int pid = fork();
  if (pid == 0)
    become(arguments.data(), apart ? out_pipe[1] : error_pipe[1], error_pipe[1], parent);
  close(error_pipe[1]);
  if (apart) close(out_pipe[1]);
  if (pid < 0) {
    close(error_pipe[0]);
    if (apart) close(out_pipe[0]);
    return fail(Code::kInternal, std::string("can't start a process: ") + std::strerror(errno),
                std::string("无法启动进程：") + std::strerror(errno));
  }
  child->pid_ = pid;
  const auto read = [raw = child.get(), error_fd = error_pipe[0], out_fd = out_pipe[0]] {
    raw->read_until_exit(error_fd, out_fd);
  };
  if (guarded("child_process.thread", [&] { child->reader_ = std::thread(read); })) return child;
  // Nobody would see it end.
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  child->reaped_ = true;
  close(error_pipe[0]);
  if (apart) close(out_pipe[0]);
  return fail(Code::kInternal, "can't start a thread: too many threads or too little memory",
              "无法启动线程：线程过多或内存不足");
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
  std::lock_guard lock(mutex_);
  if (!reaped_) kill(pid_, signal);
}

bool ChildProcess::wait_for(milliseconds patience) {
  std::unique_lock lock(mutex_);
  return gone_.wait_for(lock, patience, [this] { return reaped_; });
}

void ChildProcess::read_until_exit(int error_fd, int out_fd) {
  LineSplitter errors(options_.on_output);
  LineSplitter output(options_.on_stdout);
  pollfd fds[2] = {{error_fd, POLLIN, 0}, {out_fd, POLLIN, 0}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (poll(fds, 2, -1) < 0 && errno != EINTR) break;
    if (fds[0].revents != 0 && !errors.read_some(fds[0].fd)) fds[0].fd = -1;
    if (fds[1].revents != 0 && !output.read_some(fds[1].fd)) fds[1].fd = -1;
  }
  close(error_fd);
  if (out_fd >= 0) close(out_fd);
  // Leave it a zombie until its pid can no longer be signalled by us.
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  int status = 0;
  rusage usage{};
  {
    std::lock_guard lock(mutex_);
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
