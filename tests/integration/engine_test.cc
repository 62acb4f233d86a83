// A real llama-server with the built-in model: start, answer, crash, swap, stop.
#include "models/engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <future>

#include "support/temp_folder.h"
#include "support/wait.h"

namespace ai_bot {
namespace {

using test::wait_until;
using testing::HasSubstr;

bool is_alive(int64_t pid) { return pid > 0 && kill(static_cast<pid_t>(pid), 0) == 0; }

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    config_.name = "guide";
    config_.type = "local";
    config_.path = BUILTIN_MODEL;
    config_.model = "guide";
    engine_.restart_min = 10ms;
    engine_.restart_max = 50ms;
    const auto tool = find_engine_tool({}, "llama-server");
    EXPECT_TRUE(tool) << "script/engine obtains it";
  }

  LocalModel& start() {
    model_ = std::make_unique<LocalModel>(config_, engine_, folder_.path(), http_);
    model_->start();
    return *model_;
  }
  void wait_for(ModelState state) {
    ASSERT_TRUE(wait_until([&] { return model_->status().state == state; }))
        << model_->status().problem;
  }

  Result<std::string> ask(const std::string& question) {
    auto promise = std::make_shared<std::promise<Result<ChatEnd>>>();
    auto text = std::make_shared<std::string>();
    ChatRequest request;
    request.body = {{"stream", true},
                    {"max_tokens", 64},
                    {"messages", {{{"role", "user"}, {"content", question}}}}};
    ChatSink sink;
    sink.on_chunk = [text](nlohmann::json& chunk) { text->append(delta_text(chunk)); };
    sink.on_end = [promise](Result<ChatEnd> end) { promise->set_value(std::move(end)); };
    auto future = promise->get_future();
    model_->chat(std::move(request), std::move(sink));
    const auto end = future.get();
    if (!end) return fail(end.error());
    EXPECT_GT(end->usage.completion_tokens, 0);
    return *text;
  }

  test::TempFolder folder_;
  HttpClient http_;
  ModelConfig config_;
  EngineConfig engine_;
  std::unique_ptr<LocalModel> model_;
};

TEST_F(EngineTest, AnswersOverItsSocketAndCountsItsOwnTokens) {
  start();
  wait_for(ModelState::kReady);
  const auto answer = ask("What is ai_bot?");
  ASSERT_TRUE(answer) << answer.error().text.en;
  EXPECT_THAT(*answer, HasSubstr("ai_bot"));
  EXPECT_EQ(model_->context(), 512);
  EXPECT_GT(model_->parallel(), 0);
  std::promise<std::vector<int>> counted;
  model_->count_tokens({"What is ai_bot?", "", "What is ai_bot?"},
                       [&](std::vector<int> tokens) { counted.set_value(std::move(tokens)); });
  const auto tokens = counted.get_future().get();
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_GT(tokens[0], 1);
  EXPECT_LT(tokens[0], 12);
  EXPECT_EQ(tokens[1], 0);
  EXPECT_EQ(tokens[2], tokens[0]);
  const int64_t pid = model_->status().engine_pid;
  EXPECT_TRUE(is_alive(pid));
  model_->stop();
  EXPECT_FALSE(is_alive(pid));
  EXPECT_EQ(model_->status().state, ModelState::kStopped);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << "its socket is gone";
}

TEST_F(EngineTest, IsStartedAgainAfterItWasKilled) {
  start();
  wait_for(ModelState::kReady);
  const int64_t first = model_->status().engine_pid;
  kill(static_cast<pid_t>(first), SIGKILL);
  ASSERT_TRUE(wait_until([&] { return model_->status().restarts == 1; }));
  wait_for(ModelState::kReady);
  EXPECT_NE(model_->status().engine_pid, first);
  EXPECT_TRUE(ask("What is ai_bot?"));
}

TEST_F(EngineTest, ReportsACrashLoopWithItsReason) {
  engine_.crash_loop_count = 3;
  engine_.extra_args = {"--no-such-argument"};
  start();
  ASSERT_TRUE(wait_until([&] {
    return model_->status().problem.starts_with("crash loop: 3 ends within 60 s");
  })) << model_->status().problem;
  EXPECT_THAT(model_->status().problem, HasSubstr("exit code 1"));
  EXPECT_EQ(model_->status().state, ModelState::kFailing);
  const auto answer = ask("hi");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
}

TEST_F(EngineTest, SaysWhatIsWrongWithTheFile) {
  const std::string whole = test::read_file(BUILTIN_MODEL);
  test::write_file(folder_ / "cut.gguf", whole.substr(0, whole.size() - 1000));
  config_.path = folder_ / "cut.gguf";
  start();
  wait_for(ModelState::kFailing);
  EXPECT_THAT(model_->status().problem, HasSubstr(fmt::format("{} is truncated: {} of at least",
                                                              config_.path, whole.size() - 1000)));
}

TEST_F(EngineTest, SaysThatLlamaServerIsMissing) {
  engine_.command = "/no/such/llama-server";
  start();
  wait_for(ModelState::kFailing);
  EXPECT_EQ(model_->status().problem,
            "engine.command: /no/such/llama-server is not a program that can be run");
}

TEST_F(EngineTest, SwapsToAnotherFileWithoutRefusingARequest) {
  std::filesystem::copy_file(BUILTIN_MODEL, folder_ / "other.gguf");
  start();
  wait_for(ModelState::kReady);
  const int64_t first = model_->status().engine_pid;
  std::atomic<bool> stop{false};
  std::atomic<int> answered{0};
  std::vector<std::string> refused;
  std::thread asker([&] {
    while (!stop) {
      if (const auto answer = ask("What is ai_bot?"); answer) {
        ++answered;
      } else {
        refused.push_back(answer.error().text.en);
      }
    }
  });
  ASSERT_TRUE(wait_until([&] { return answered > 2; }));
  model_->use(folder_ / "other.gguf");
  ASSERT_TRUE(wait_until([&] { return model_->status().detail == folder_ / "other.gguf"; }));
  const int before = answered;
  ASSERT_TRUE(wait_until([&] { return answered > before + 2; }));
  ASSERT_TRUE(wait_until([&] { return !is_alive(first); })) << "the old one is stopped";
  stop = true;
  asker.join();
  EXPECT_THAT(refused, testing::IsEmpty());
  EXPECT_NE(model_->status().engine_pid, first);
}

TEST_F(EngineTest, KeepsTheOldModelWhenTheNewOneIsDamaged) {
  test::write_file(folder_ / "bad.gguf", "not a model");
  start();
  wait_for(ModelState::kReady);
  model_->use(folder_ / "bad.gguf");
  ASSERT_TRUE(wait_until([&] { return !model_->status().problem.empty(); }));
  EXPECT_THAT(
      model_->status().problem,
      HasSubstr("the former model goes on: " + (folder_ / "bad.gguf") + " is not a GGUF file"));
  EXPECT_EQ(model_->status().state, ModelState::kReady);
  EXPECT_TRUE(ask("What is ai_bot?"));
}

TEST_F(EngineTest, StopsInTheMiddleOfAStart) {
  start();
  model_->stop();
  EXPECT_EQ(model_->status().state, ModelState::kStopped);
}

}  // namespace
}  // namespace ai_bot
