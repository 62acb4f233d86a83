#include "models/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

}  // namespace
}  // namespace ai_bot
