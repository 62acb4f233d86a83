#include "models/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "models/child_environment.h"
#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using testing::ElementsAre;

struct Ended {
  std::vector<std::string> lines;
  ChildExit exit;
};

Ended run(const std::string& script) {
  Ended ended;
  ChildOptions options;
  options.arguments = {"/bin/sh", "-c", script};
  options.on_output = [&](std::string_view line) { ended.lines.emplace_back(line); };
  options.on_exit = [&](const ChildExit& exit) { ended.exit = exit; };
  auto child = ChildProcess::start(std::move(options));
  EXPECT_TRUE(child);
  (*child)->wait();
  return ended;
}

TEST(ChildProcess, GivesItsLinesAndHowItEnded) {
  const Ended ended = run("echo one; echo two >&2; printf three; exit 7");
  EXPECT_THAT(ended.lines, ElementsAre("one", "two", "three"));
  EXPECT_EQ(ended.exit.text(), "exit code 7");
  EXPECT_GT(ended.exit.peak_memory, 0);
  EXPECT_EQ(run("kill -9 $$").exit.text(), "signal 9");
}

TEST(ChildProcess, AProgramThatIsMissingEndsAtOnce) {
  ChildOptions options;
  options.arguments = {"/no/such/program"};
  ChildExit exit;
  options.on_exit = [&](const ChildExit& e) { exit = e; };
  auto child = ChildProcess::start(std::move(options));
  ASSERT_TRUE(child);
  (*child)->wait();
  EXPECT_EQ(exit.code, 127);
}

TEST(ChildProcess, StopsPolitelyAndThenByForce) {
  std::atomic<bool> ready{false};
  const auto stop = [&](const std::string& script, milliseconds patience) {
    ready = false;
    ChildExit exit;
    ChildOptions options;
    options.arguments = {"/bin/sh", "-c", script};
    options.on_output = [&](std::string_view) { ready = true; };
    options.on_exit = [&](const ChildExit& e) { exit = e; };
    auto child = ChildProcess::start(std::move(options));
    EXPECT_TRUE(test::wait_until([&] { return ready.load(); }));
    (*child)->stop(patience);
    return exit.text();
  };
  EXPECT_EQ(
      stop("trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done", milliseconds(20000)),
      "exit code 3");
  EXPECT_EQ(stop("trap '' TERM; echo ready; while :; do sleep 0.01; done", milliseconds(50)),
            "signal 9");
}

TEST(ChildProcess, DiesWithTheProcessThatStartedIt) {
  test::TempFolder folder;
  const std::string pid_file = folder / "pid";
  const pid_t parent = fork();
  if (parent == 0) {
    ChildOptions options;
    options.arguments = {"/bin/sh", "-c",
                         "echo $$ > " + pid_file + ".new; mv " + pid_file + ".new " + pid_file +
                             "; exec sleep 1000"};
    auto child = ChildProcess::start(std::move(options));
    pause();
    _exit(0);
  }
  ASSERT_TRUE(test::wait_until([&] { return std::filesystem::exists(pid_file); }));
  const pid_t child = std::stoi(test::read_file(pid_file));
  EXPECT_EQ(kill(child, 0), 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  // Gone, or a zombie that whoever inherited it has not reaped yet.
  EXPECT_TRUE(test::wait_until([&] {
    const std::string status = test::read_file("/proc/" + std::to_string(child) + "/stat");
    return status.empty() || status.find(") Z") != std::string::npos;
  }));
}

TEST(ChildProcess, HasADefaultSignalMaskAndEmptyInput) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, nullptr);
  EXPECT_EQ(run("kill -TERM $$; exit 0").exit.text(), "signal 15");
  pthread_sigmask(SIG_UNBLOCK, &term, nullptr);
  EXPECT_EQ(run("cat; exit 4").exit.text(), "exit code 4");
}

bool is_alive(pid_t pid) {
  const std::string status = test::read_file("/proc/" + std::to_string(pid) + "/stat");
  return !status.empty() && status.find(") Z") == std::string::npos;
}

// A script that starts the real program and does not become it; its last line is that one's pid.
struct Wrapped {
  explicit Wrapped(const std::string& script) {
    ChildOptions options;
    options.arguments = {"/bin/sh", "-c", script};
    options.on_output = [this](std::string_view line) { inner = std::stoi(std::string(line)); };
    options.on_exit = [this](const ChildExit& exit) { end = exit.text(); };
    child = std::move(*ChildProcess::start(std::move(options)));
    EXPECT_TRUE(test::wait_until([&] { return inner > 0; }));
  }
  std::atomic<pid_t> inner{0};
  std::string end;
  std::unique_ptr<ChildProcess> child;
};

TEST(ChildProcess, StopsWhatAScriptHasStartedToo) {
  Wrapped wrapped("sleep 1000 & echo $!; wait");
  wrapped.child->stop(milliseconds(20000));
  EXPECT_EQ(wrapped.end, "signal 15");
  EXPECT_TRUE(test::wait_until([&] { return !is_alive(wrapped.inner); }));
}

TEST(ChildProcess, ItsEndIsSeenThoughAnotherHoldsItsOutput) {
  Wrapped killed("sleep 1000 & echo $!; wait");
  kill(killed.child->pid(), SIGKILL);
  killed.child->wait();
  EXPECT_EQ(killed.end, "signal 9");
  EXPECT_TRUE(test::wait_until([&] { return !is_alive(killed.inner); }))
      << "its group goes with it";
  // One that left the group is not ours to end, nor to wait for.
  Wrapped daemon("setsid sleep 1000 & echo $!; sleep 0.1; exit 3");
  daemon.child->wait();
  EXPECT_EQ(daemon.end, "exit code 3");
  kill(daemon.inner, SIGKILL);
}

TEST(ChildProcess, AFloodOfOutputIsHeldBackAndDoesNotHoldUpItsStop) {
  std::atomic<size_t> bytes{0};
  ChildOptions options;
  options.arguments = {"/bin/sh", "-c", "trap '' TERM; exec yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
  options.on_output = [&](std::string_view line) { bytes += line.size() + 1; };
  const SteadyTime begun = steady_now();
  auto child = ChildProcess::start(std::move(options));
  ASSERT_TRUE(child);
  ASSERT_TRUE(test::wait_until([&] { return bytes > 200000; }));
  (*child)->stop(milliseconds(300));
  const auto seconds = static_cast<size_t>(since(begun).count() / 1000);
  EXPECT_LT(bytes, (seconds + 3) * (256 << 10) + (64 << 10));
}

TEST(ChildProcess, InheritsNoFilesOfOurs) {
  test::TempFolder folder;
  const int ours = open((folder / "ours").c_str(), O_RDWR | O_CREAT, 0600);  // without CLOEXEC
  ASSERT_GE(ours, 0);
  const Ended ended = run("ls -l /proc/$$/fd");
  close(ours);
  EXPECT_THAT(ended.lines, testing::Contains(testing::HasSubstr("0 -> /dev/null")));
  EXPECT_THAT(ended.lines, testing::Not(testing::Contains(testing::HasSubstr("/ours"))));
}

TEST(ChildProcess, InheritsOnlyTheNeededOfOurEnvironment) {
  setenv("MODEL_KEY", "sk-secret", 1);
  setenv("LC_TIME", "C", 1);
  const Ended ended = run("tr '\\0' '\\n' < /proc/$$/environ");
  unsetenv("MODEL_KEY");
  unsetenv("LC_TIME");
  EXPECT_THAT(ended.lines, testing::Contains(testing::StartsWith("PATH=")));
  EXPECT_THAT(ended.lines, testing::Contains("LC_TIME=C"));
  EXPECT_THAT(ended.lines, testing::Contains("GOMP_SPINCOUNT=1000"));
  EXPECT_THAT(ended.lines, testing::Not(testing::Contains(testing::HasSubstr("sk-secret"))));
}

#if !defined(__SANITIZE_ADDRESS__)  // UBSan's look at a vtable needs files of its own
TEST(ChildProcess, ReportsThatTheSystemGivesNoMore) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  ChildOptions options;
  options.arguments = {"/bin/true"};
  const auto child = ChildProcess::start(std::move(options));
  setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, Code::kUnavailable);
  EXPECT_THAT(child.error().text.en, testing::StartsWith("can't start a process: no pipe"));
}
#endif

TEST(ChildProcess, ReportsThatTheSystemGivesNoThread) {
  const pid_t tester = fork();
  if (tester == 0) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, size_t{1} << 50);  // more than there are addresses
    pthread_setattr_default_np(&attributes);
    ChildOptions options;
    options.arguments = {"/bin/sleep", "1000"};
    const auto child = ChildProcess::start(std::move(options));
    _exit(!child && child.error().code == Code::kUnavailable && waitpid(-1, nullptr, WNOHANG) == -1
              ? 42
              : 1);
  }
  int status = 0;
  waitpid(tester, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 42) << "an error, and the process is gone and reaped";
}

TEST(ChildEnvironment, LeavesTheSpinningToAnOperatorWhoDecided) {
  const char* const ours[] = {"GOMP_SPINCOUNT=7", "A_TOKEN=x", "PATHS=x", "odd", nullptr};
  EXPECT_THAT(child_environment(ours), ElementsAre("GOMP_SPINCOUNT=7"));
  const char* const passive[] = {"OMP_WAIT_POLICY=passive", nullptr};
  EXPECT_THAT(child_environment(passive), ElementsAre("OMP_WAIT_POLICY=passive"));
}

}  // namespace
}  // namespace ai_bot
