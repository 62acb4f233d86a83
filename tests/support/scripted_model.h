// A model that does what a test tells it to, on a thread of its own like the real ones.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "models/model.h"
#include "models/tokens.h"

namespace ai_bot::test {

class ScriptedModel : public Model {
 public:
  // Gets the request; sends text with `say`; what it returns is the end: an error, or the number of
  // tokens.
  using Say = std::function<void(const std::string& text)>;
  using Script = std::function<Result<ChatEnd>(const ChatRequest&, const ChatSink&, const Say&)>;

  ScriptedModel(std::string name, Script script)
      : name_(std::move(name)), script_(std::move(script)) {}
  ~ScriptedModel() override {
    for (std::thread& thread : threads_) thread.join();
  }

  const std::string& name() const override { return name_; }
  int context() const override { return context_; }
  void count_tokens(std::vector<std::string> texts, Counted then) override {
    then(estimate_tokens(texts));
  }
  int parallel() const override { return parallel_; }
  ModelStatus status() const override {
    std::lock_guard lock(mutex_);
    return status_;
  }
  void set_status(ModelStatus status) {
    std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }

  void chat(ChatRequest request, ChatSink sink) override {
    ++calls_;
    std::lock_guard lock(mutex_);
    threads_.emplace_back([this, request = std::move(request), sink = std::move(sink)] {
      const Say say = [&](const std::string& text) {
        nlohmann::json chunk = {{"choices", {{{"delta", {{"content", text}}}}}}};
        sink.on_chunk(chunk);
      };
      auto end = script_(request, sink, say);
      if (end) end->model = name_;
      sink.on_end(std::move(end));
    });
  }

  int calls() const { return calls_; }
  void set_parallel(int answers) { parallel_ = answers; }
  void set_context(int tokens) { context_ = tokens; }
  void make_guide() { is_guide_ = true; }
  void make_see() { sees_ = true; }
  bool sees() const override { return sees_; }
  bool is_guide() const override { return is_guide_; }

 private:
  const std::string name_;
  const Script script_;
  std::atomic<int> calls_{0};
  std::atomic<int> context_{4096};
  std::atomic<int> parallel_{0};
  std::atomic<bool> is_guide_{false};
  std::atomic<bool> sees_{false};
  mutable std::mutex mutex_;
  ModelStatus status_{ModelState::kReady, "scripted", "", 0, 0, false};
  std::vector<std::thread> threads_;
};

inline ScriptedModel::Script says(const std::string& text) {
  return [text](const ChatRequest&, const ChatSink&,
                const ScriptedModel::Say& say) -> Result<ChatEnd> {
    say(text);
    return ChatEnd{};
  };
}

inline ScriptedModel::Script fails(Code code) {
  return [code](const ChatRequest&, const ChatSink&, const ScriptedModel::Say&) -> Result<ChatEnd> {
    return fail(code, "scripted failure", "测试失败");
  };
}

}  // namespace ai_bot::test
