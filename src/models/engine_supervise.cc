// The thread of a LocalModel: starts, watches, swaps and ends its llama-server.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "core/guarded.h"
#include "core/json.h"
#include "core/log.h"
#include "models/engine.h"

namespace ai_bot {
namespace {

constexpr milliseconds kHealthInterval{20};
constexpr milliseconds kHealthTimeout{1000};
constexpr milliseconds kDrainInterval{20};
constexpr milliseconds kLeastPatience{200};

// llama-server's lines: "0.00.123.456 E srv  function: text", the second word being the level. Its
// warnings are for people who run it bare (e.g. that no API key is set): they are details here.
log::Level level_of(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || space + 2 >= line.size() || line[space + 2] != ' ') {
    return log::Level::kDebug;
  }
  return line[space + 1] == 'E' ? log::Level::kError : log::Level::kDebug;
}

}  // namespace

LocalModel::Running::~Running() {
  child.reset();
  unlink(socket.c_str());
}

std::string LocalModel::Running::error_text() {
  MutexLock lock(last_mutex);
  return last_error;
}

HttpRequest LocalModel::request_to(const std::string& socket, const std::string& path,
                                   milliseconds limit) {
  HttpRequest request;
  request.url = kUnixBase + path;
  request.unix_socket = socket;
  request.timeouts = HttpTimeouts::all(limit);
  return request;
}

void LocalModel::supervise() {
  int failures = 0;
  for (;;) {
    std::string path;
    {
      MutexLock lock(mutex_);
      if (stopping_) break;
      path = path_;
    }
    auto started = guarded(
        "engine.start", [&] { return bring_up(path); }, Result<RunningPtr>(fail(our_mistake())));
    if (started) {
      failures = 0;
      {
        MutexLock lock(mutex_);
        current_ = *started;
        state_ = ModelState::kReady;
        recovering_ = false;
        problem_.clear();
      }
      // Until it exits, a swap is asked for, or we stop.
      MutexLock lock(mutex_);
      while (!stopping_ && !current_->exited) {
        wake_.wait(lock.native(), [this] {
          mutex_.assert_held();
          return stopping_ || current_->exited || !wanted_.empty();
        });
        if (stopping_ || wanted_.empty()) continue;
        const std::string next = std::exchange(wanted_, "");
        lock.unlock();
        started = Result<RunningPtr>(nullptr);  // hold no reference beside current_
        swap_to(next);
        lock.lock();
      }
      if (stopping_) break;
      const RunningPtr dead = std::exchange(current_, nullptr);
      lock.unlock();
      note_crash(fmt::format("llama-server ended unexpectedly {}", dead->error_text()), true);
    } else {
      MutexLock lock(mutex_);
      if (stopping_) break;
      lock.unlock();
      note_crash(started.error().text.en);
    }
    {
      MutexLock lock(mutex_);
      ++restarts_;
      if (!wanted_.empty()) path_ = std::exchange(wanted_, "");
    }
    if (!pause(backoff(failures++, engine_.restart_min, engine_.restart_max))) break;
  }
  RunningPtr last;
  {
    MutexLock lock(mutex_);
    last = std::exchange(current_, nullptr);
    state_ = ModelState::kStopped;
  }
  if (last) last->child->stop(patience());
}

Result<LocalModel::RunningPtr> LocalModel::bring_up(const std::string& path) {
  auto info = inspect_gguf(path);
  if (!info) return fail(info.error());
  auto command = find_engine_tool(engine_, "llama-server");
  if (!command) return fail(command.error());
  auto lookup = Lookup::read(*info);
  if (!lookup) {
    const Error& error = lookup.error();
    return fail(error.code, path + " " + error.text.en, path + " " + error.text.zh);
  }
  auto running = std::make_shared<Running>();
  running->path = path;
  running->lookup = std::move(*lookup);
  running->markers = Markers(info->markers);
  running->vision = std::make_shared<Vision>(config_.vision);
  running->socket = fmt::format("{}/{}-{}.sock", socket_folder_, config_.name, ++starts_);
  running->plan = plan_engine(engine_, *info, usable_memory(),
                              static_cast<int>(std::thread::hardware_concurrency()));
  unlink(running->socket.c_str());
  ChildOptions options;
  options.arguments =
      engine_arguments(*command, path, config_.name, running->socket, running->plan, engine_);
  options.on_output = [this, raw = running.get()](std::string_view line) {
    const log::Level level = level_of(line);
    if (log::enabled(level))
      log::write(level, "engine.output", line, {{"ai_bot.model", config_.name}});
    if (level != log::Level::kError) return;
    MutexLock lock(raw->last_mutex);
    raw->last_error = line;
  };
  options.on_exit = [this, raw = running.get()](const ChildExit& exit) {
    {
      MutexLock lock(raw->last_mutex);
      raw->last_error = fmt::format("({}){}{}", exit.text(), raw->last_error.empty() ? "" : ": ",
                                    raw->last_error);
    }
    {
      MutexLock lock(mutex_);
      raw->exited = true;
    }
    wake_.notify_all();
  };
  auto child = ChildProcess::start(std::move(options));
  if (!child) return fail(child.error());
  running->child = std::move(*child);
  const SteadyTime begun = steady_now();
  if (auto ready = wait_until_ready(*running); !ready) {
    running->child->stop(patience());
    return fail(ready.error());
  }
  learn_vision(*running);
  log::info("engine.ready", "the model is ready",
            {{"ai_bot.model", config_.name},
             {"file.path", path},
             {"process.pid", int64_t{running->child->pid()}},
             {"ai_bot.context", int64_t{running->plan.context}},
             {"ai_bot.parallel", int64_t{running->plan.parallel}},
             {"event.duration_ms", static_cast<int64_t>(since(begun).count())}});
  return running;
}

Result<void> LocalModel::wait_until_ready(Running& running) {
  const SteadyTime begun = steady_now();
  for (;;) {
    if (running.exited) {
      const std::string why = running.error_text();
      return fail(Code::kUnavailable, fmt::format("llama-server did not start {}", why),
                  fmt::format("llama-server 启动失败 {}", why));
    }
    const auto reply = http_.fetch(request_to(running.socket, "/health", kHealthTimeout));
    if (reply && reply->status == 200) return {};
    if (since(begun) > engine_.start_timeout) {
      return fail(Code::kTimeout,
                  fmt::format("the model was not ready within engine.start_timeout ({} ms)",
                              engine_.start_timeout.count()),
                  fmt::format("模型未能在 engine.start_timeout（{} 毫秒）内就绪",
                              engine_.start_timeout.count()));
    }
    if (!pause(kHealthInterval))
      return fail(Code::kCancelled, "ai_bot is stopping", "ai_bot 正在停止");
  }
}

// With --mmproj among engine.extra_args it sees.
void LocalModel::learn_vision(Running& running) {
  if (running.vision->is_known()) return;
  const auto reply = http_.fetch(request_to(running.socket, "/props", kHealthTimeout));
  running.vision->told(reply && reply->status == 200
                           ? told_of_vision(parse_json(reply->body), config_.name)
                           : std::nullopt,
                       true);
}

void LocalModel::swap_to(const std::string& path) {
  log::info("engine.swap_begun", "starting another model",
            {{"ai_bot.model", config_.name}, {"file.path", path}});
  auto next = bring_up(path);
  if (!next) {
    log::error("engine.swap_failed", next.error().text.en,
               {{"ai_bot.model", config_.name}, {"file.path", path}});
    MutexLock lock(mutex_);
    problem_ = "the swap failed, the former model goes on: " + next.error().text.en;
    return;
  }
  RunningPtr old;
  {
    MutexLock lock(mutex_);
    old = std::exchange(current_, *next);
    path_ = path;
    problem_.clear();
  }
  next = Result<RunningPtr>(nullptr);
  drain(old);
  log::info("engine.swapped", "the other model answers now",
            {{"ai_bot.model", config_.name}, {"file.path", path}});
}

void LocalModel::drain(const RunningPtr& old) {
  const SteadyTime begun = steady_now();
  while (old.use_count() > 1 && since(begun) < engine_.drain_timeout && pause(kDrainInterval)) {
  }
  old->child->stop(patience());
}

void LocalModel::note_crash(const std::string& why, bool was_ready) {
  std::string problem = why;
  bool loop = false;
  {
    MutexLock lock(mutex_);
    const SteadyTime now = steady_now();
    crashes_.push_back(now);
    while (now - crashes_.front() > engine_.crash_loop_window) crashes_.pop_front();
    loop = static_cast<int64_t>(crashes_.size()) >= engine_.crash_loop_count;
    if (loop) {
      problem = fmt::format("crash loop: {} ends within {} s; {}", crashes_.size(),
                            engine_.crash_loop_window.count() / 1000, why);
    }
    state_ = ModelState::kFailing;
    recovering_ = was_ready && !loop;
    problem_ = problem;
  }
  log::error(loop ? "engine.crash_loop" : "engine.crashed", problem,
             {{"ai_bot.model", config_.name}});
}

milliseconds LocalModel::patience() const {
  MutexLock lock(mutex_);
  const auto left = std::chrono::duration_cast<milliseconds>(stop_by_ - steady_now());
  return std::clamp(left, kLeastPatience, std::max(engine_.stop_timeout, kLeastPatience));
}

bool LocalModel::pause(milliseconds wait) {
  MutexLock lock(mutex_);
  return !wake_.wait_for(lock.native(), wait, [this] {
    mutex_.assert_held();
    return stopping_;
  });
}

}  // namespace ai_bot
