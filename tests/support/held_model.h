// A model whose answers come when a test says so, and that holds no thread meanwhile.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "models/model.h"
#include "models/tokens.h"

namespace ai_bot::test {

class HeldModel : public Model {
 public:
  explicit HeldModel(std::string name) : name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  int context() const override { return 4096; }
  void count_tokens(std::vector<std::string> texts, Counted then) override {
    then(estimate_tokens(texts));
  }
  int parallel() const override { return parallel_; }
  ModelStatus status() const override { return {}; }
  void chat(ChatRequest request, ChatSink sink) override {
    std::lock_guard lock(mutex_);
    questions_.push_back(request.body["messages"].back()["content"]);
    sinks_.push_back(std::move(sink));
  }

  void set_parallel(int answers) { parallel_ = answers; }
  // All that were asked so far, in order.
  std::vector<std::string> questions() const {
    std::lock_guard lock(mutex_);
    return questions_;
  }
  // How many answers are held.
  size_t held() const {
    std::lock_guard lock(mutex_);
    return sinks_.size();
  }
  // Ends the answers held longest: with their question.
  void let_go(size_t count) {
    for (; count > 0; --count) {
      std::unique_lock lock(mutex_);
      const ChatSink sink = std::move(sinks_.front());
      sinks_.erase(sinks_.begin());
      lock.unlock();
      nlohmann::json chunk = {{"choices", {{{"delta", {{"content", "answer"}}}}}}};
      sink.on_chunk(chunk);
      ChatEnd end;
      end.model = name_;
      sink.on_end(end);
    }
  }
  // Ends those nobody waits for any more, as the HTTP client does.
  void drop_abandoned() {
    std::vector<ChatSink> dropped;
    {
      std::lock_guard lock(mutex_);
      for (auto at = sinks_.begin(); at != sinks_.end();) {
        if (!at->abandoned()) {
          ++at;
          continue;
        }
        dropped.push_back(std::move(*at));
        at = sinks_.erase(at);
      }
    }
    for (const ChatSink& sink : dropped) sink.on_end(fail(Code::kCancelled, "left", "已取消"));
  }

 private:
  const std::string name_;
  std::atomic<int> parallel_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> questions_;
  std::vector<ChatSink> sinks_;
};

}  // namespace ai_bot::test
