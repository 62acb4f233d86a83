#include "assistant/assistant.h"

#include <fmt/format.h>

#include <future>
#include <thread>

#include "assistant/commands.h"
#include "assistant/window.h"
#include "core/guarded.h"
#include "core/log.h"
#include "core/utf8.h"
#include "models/tokens.h"
#include "store/outbox.h"
#include "store/sessions.h"

namespace ai_bot {
namespace {

// How long a turn waits for a model that is starting or being restarted before the person is told.
constexpr milliseconds kModelPatience{10000};
// Before the second attempt: a process that died takes a moment to be seen as dead.
constexpr milliseconds kAttemptPause{200};
constexpr milliseconds kSlowCount{500};  // for a message's tokens, which take one or two
constexpr int kAttempts = 2;  // on the whole chain, within one turn; nothing reached the asker yet
constexpr int64_t kStorageRetryMs = 1000;
constexpr int kResumeBatch = 1000;
const std::string kResumeLane;  // no conversation has this key

using Again = std::optional<int64_t>;

// Both languages for a person whose language we know from what they wrote.
const Text kNotice{
    "Sorry, no model can answer right now. Your message is kept and will be answered as soon as "
    "one works again.",
    "抱歉，目前没有可用的模型。您的消息已保存，模型恢复后会立即回答。"};
const Text kGivenUp{"Sorry, no model could answer this message in time. Please send it again.",
                    "抱歉，模型未能及时回答这条消息，请重新发送。"};
const Text kGuideStandsIn{
    "(The model you chose is not available: this is the small built-in guide.)\n",
    "（您选择的模型暂不可用，由内置的小向导代为回答。）\n"};
const Text kNothing{"(The model gave no answer.)", "（模型没有给出回答。）"};
const Text kStopped{"(stopped)", "（已停止）"};
const Text kCut{"(The answer was longer than is allowed here and ends here.)",
                "（回答超出了允许的长度，到此为止。）"};
const Text kRefused{
    "The model's provider refused this message; the operator finds the reason in the log. If it "
    "goes on, /new begins a new conversation.",
    "模型服务方拒绝了这条消息，管理员可在日志中查看原因。如果持续出现，可用 /new 开始新的对话。"};
const Text kTooLong{"This message is too long for the model. Please shorten it.",
                    "这条消息超出了模型的长度限制，请缩短后再发。"};

std::string ask_text(const Text& text, const std::string& question) {
  return text.in(language_of(question));
}

// What the person hears when trying again does not help; null when it may.
const Text* final_reason(Code code) {
  if (code == Code::kContextOverflow) return &kTooLong;
  return code == Code::kInvalid || code == Code::kNotFound ? &kRefused : nullptr;
}

}  // namespace

Assistant::Assistant(Store& store, UnderWay& under_way, Router& router,
                     const AssistantConfig& config, AssistantEvents events)
    : store_(store),
      under_way_(under_way),
      router_(router),
      events_(std::move(events)),
      config_(std::make_shared<const AssistantConfig>(config)),
      lanes_(static_cast<int>(config.max_parallel_turns)) {}

void Assistant::configure(const AssistantConfig& config) {
  std::lock_guard lock(mutex_);
  config_ = std::make_shared<const AssistantConfig>(config);
}

std::shared_ptr<const AssistantConfig> Assistant::config() const {
  std::lock_guard lock(mutex_);
  return config_;
}

void Assistant::accept(const inbox::Open& entry, std::string_view text) {
  const auto command = parse_command(text);
  if (command && command->command == Command::kStop) stop_turn(entry.lane);
  // A clock that was set back, or a damaged row, must not make it rest for years.
  const int64_t latest = now_ms() + config()->retry_max.count();
  lanes_.add(
      entry.lane,
      [this, id = entry.id, unwritten = std::make_shared<std::optional<Unwritten>>()] {
        return run_entry(id, *unwritten);
      },
      std::min(entry.next_ms, latest));
}

void Assistant::resume() {
  if (take_up_all()) return;
  const auto again = [this] { return take_up_all() ? Again() : now_ms() + kStorageRetryMs; };
  lanes_.add(kResumeLane, again, now_ms() + kStorageRetryMs);
}

bool Assistant::take_up_all() {
  int64_t count = 0;
  for (int64_t after = 0;;) {
    const auto batch = store_.read<std::vector<inbox::Open>>([after](Connection& connection) {
      return inbox::open_after(connection, after, kResumeBatch);
    });
    if (!batch) return false;
    if (batch->empty()) break;
    for (const inbox::Open& entry : *batch) accept(entry, "");
    count += static_cast<int64_t>(batch->size());
    after = batch->back().id;
  }
  if (count > 0)
    log::info("inbox.resumed", "unfinished messages are taken up again", {{"ai_bot.count", count}});
  return true;
}

void Assistant::converse(Conversation conversation) {
  const auto command = parse_command(conversation.text);
  if (command && command->command == Command::kStop) stop_turn(conversation.lane);
  const std::string lane = conversation.lane;
  lanes_.add(lane, [this, shared = std::make_shared<Conversation>(std::move(conversation))] {
    run_conversation(*shared);
    return std::optional<int64_t>();
  });
}

std::optional<int64_t> Assistant::run_entry(int64_t id, std::optional<Unwritten>& unwritten) {
  std::optional<UnderWay::Leave> leave;  // until it is on disk
  std::optional<UnderWay::Ticket::Scope> scope;
  if (!unwritten) {
    if (!store_.last_commit()) return now_ms() + kStorageRetryMs;
    leave.emplace(under_way_.begin(UnderWay::Kind::kTurn, id));
    if (leave->wait_until != 0) return leave->wait_until;
    scope.emplace(leave->ticket);
    if (const auto again = take_turn(id, *leave, unwritten); !unwritten) return again;
  }
  return write_down(id, unwritten);
}

// Leaves in `unwritten` what is to be written; nothing when there is no turn to take now.
std::optional<int64_t> Assistant::take_turn(int64_t id, UnderWay::Leave& leave,
                                            std::optional<Unwritten>& unwritten) {
  const auto found = store_.read<std::optional<inbox::Entry>>(
      [id](Connection& connection) { return inbox::get(connection, id); });
  const Code code = found ? Code::kInternal : found.error().code;
  if (code != Code::kInternal && code != Code::kStorageDamaged) {
    leave.ticket.untried();
    return now_ms() + kStorageRetryMs;
  }
  if (found && (!*found || (*found)->state != inbox::State::kOpen)) return std::nullopt;
  const auto entry = found ? std::make_shared<const inbox::Entry>(**found) : nullptr;
  if (leave.give_up) {
    unwritten = broken(id, entry, "ai_bot crashed each time it worked on this", true);
    return std::nullopt;
  }
  std::string why = entry ? entry->damage : found.error().text.en;
  if (why.empty()) {
    try {
      unwritten = settle(entry);
    } catch (...) {
      report_exception("assistant.turn");
      why = "a mistake in ai_bot: " + name_of_exception();
    }
  }
  if (!why.empty()) {
    unwritten = broken(id, entry, why, leave.ticket.strike());
  } else if (!unwritten->write) {
    leave.ticket.untried();
    unwritten.reset();  // parked: nothing was committed, it resumes at the next start
    return now_ms();
  }
  return std::nullopt;
}

std::optional<int64_t> Assistant::write_down(int64_t id, std::optional<Unwritten>& unwritten) {
  const auto committed = store_.write(unwritten->write);
  if (!committed && unwritten->kept.keep(store_, committed.error()))
    return now_ms() + kStorageRetryMs;
  const Unwritten done = std::move(*unwritten);
  unwritten.reset();
  if (committed) {
    if (done.written) guarded("assistant.written", done.written);
    return done.again;
  }
  log::error("turn.not_written", committed.error().text.en, {{"ai_bot.row", id}});
  if (done.next == Unwritten::Next::kNothing) return std::nullopt;
  unwritten = broken(id, done.entry, committed.error().text.en, true,
                     done.next == Unwritten::Next::kNotice);
  return write_down(id, unwritten);
}

Assistant::Unwritten Assistant::settle(const EntryPtr& entry) {
  const Event& event = entry->event;
  const auto draft = events_.begun ? events_.begun(entry->id, event) : nullptr;
  Asked asked{lane_key(event.channel, event.conversation),
              event.text,
              "",
              event.request_id,
              nullptr,
              nullptr};
  if (events_.files && !event.attachments.empty()) {
    std::promise<std::string> files;
    events_.files(
        event, [this] { return lanes_.interrupted(); },
        [&files](std::string text) { files.set_value(std::move(text)); });
    asked.text += files.get_future().get();
  }
  if (draft) asked.on_text = [draft](const std::string& text) { draft->grow(text); };
  auto outcome = answer(asked);
  if (draft) {
    std::promise<void> finished;
    draft->finish([&finished] { finished.set_value(); });
    finished.get_future().wait();
  }
  if (outcome) return answered(entry, std::move(*outcome));
  if (lanes_.interrupted()) return {};
  return failed(entry, outcome.error());
}

Assistant::Unwritten Assistant::answered(const EntryPtr& entry, Outcome outcome) {
  const Event& event = entry->event;
  const bool held = events_.holds_replies(event.channel);
  auto texts = events_.compose(event.channel, outcome.answer);
  if (texts.empty()) texts = {ask_text(kNothing, event.text)};
  Unwritten unwritten;
  unwritten.entry = entry;
  unwritten.write = [entry, effect = std::move(outcome.effect), texts = std::move(texts),
                     held](Connection& connection) {
    if (effect) effect(connection);
    inbox::finish(connection, entry->id);
    outbox::add(connection, entry->id, entry->event, outbox::Kind::kAnswer, texts, held);
  };
  unwritten.written = [this, entry, answer = std::move(outcome.answer), model = outcome.end.model] {
    const Event& event = entry->event;
    log::info("turn.answered", "a message was answered",
              {{"http.request.id", event.request_id},
               {"ai_bot.channel", event.channel},
               {"ai_bot.model", model},
               {"event.duration_ms", now_ms() - event.received_ms}});
    if (log::message_texts()) {
      log::info("turn.texts", "what was said",
                {{"http.request.id", event.request_id},
                 {"ai_bot.question", event.text},
                 {"ai_bot.answer", answer}});
    }
    events_.answered(entry->id, answer);
  };
  return unwritten;
}

Assistant::Unwritten Assistant::failed(const EntryPtr& entry, const Error& error) {
  const auto settings = config();
  const Event& event = entry->event;
  const bool give_up = now_ms() - event.received_ms > settings->retry_for.count();
  const int64_t next =
      now_ms() + backoff(entry->attempts, settings->retry_min, settings->retry_max).count();
  const std::string notice = ask_text(give_up ? kGivenUp : kNotice, event.text);
  const std::string why = error.text.en;
  Unwritten unwritten;
  unwritten.entry = entry;
  unwritten.write = [entry, why, next, give_up, notice,
                     held = events_.holds_replies(event.channel)](Connection& connection) {
    if (give_up) {
      inbox::bury(connection, entry->id, why);
    } else {
      inbox::postpone(connection, entry->id, next, why);
    }
    outbox::add(connection, entry->id, entry->event, outbox::Kind::kNotice, {notice}, held);
  };
  unwritten.written = [this, entry, why, give_up, notice] {
    log::warning(give_up ? "turn.given_up" : "turn.postponed", why,
                 {{"http.request.id", entry->event.request_id},
                  {"ai_bot.attempts", int64_t{entry->attempts + 1}}});
    events_.postponed(entry->id, notice);
  };
  if (!give_up) unwritten.again = next;
  return unwritten;
}

// A turn that failed by a mistake of ours, a damaged row or a write that was refused. `entry` is
// null when it can't be read: only who waits for its answer is told then. The notice is not kept
// where the database refuses that, too.
Assistant::Unwritten Assistant::broken(int64_t id, const EntryPtr& entry, const std::string& why,
                                       bool give_up, bool keeps_notice) {
  const auto settings = config();
  const int64_t next = now_ms() + backoff(0, settings->retry_min, settings->retry_max).count();
  const std::string notice =
      entry ? ask_text(kGivenUp, entry->event.text) : kGivenUp.en + "\n" + kGivenUp.zh;
  const bool is_kept = give_up && keeps_notice && entry;
  using Next = Unwritten::Next;
  Unwritten unwritten;
  unwritten.entry = entry;
  unwritten.next = !give_up ? Next::kNotice : is_kept ? Next::kBury : Next::kNothing;
  unwritten.write = [id, entry, why, next, give_up, notice, is_kept,
                     held = is_kept &&
                            events_.holds_replies(entry->event.channel)](Connection& connection) {
    if (!give_up) return inbox::postpone(connection, id, next, why);
    inbox::bury(connection, id, why);
    if (is_kept) outbox::add(connection, id, entry->event, outbox::Kind::kNotice, {notice}, held);
  };
  unwritten.written = [this, id, why, give_up, notice] {
    log::error(give_up ? "turn.given_up" : "turn.postponed", why, {{"ai_bot.row", id}});
    if (!give_up) return;
    under_way_.forget(UnderWay::Kind::kTurn, id);
    events_.postponed(id, notice);
  };
  if (!give_up) unwritten.again = next;
  return unwritten;
}

void Assistant::run_conversation(const Conversation& conversation) {
  Asked asked{conversation.lane,       conversation.text,     conversation.model,
              conversation.request_id, conversation.on_delta, conversation.abandoned,
              conversation.ready};
  if (const auto commits = store_.last_commit(); !commits)
    return conversation.on_end(fail(commits.error()), {});
  auto outcome = guarded(
      "assistant.conversation", [&] { return answer(asked); },
      Result<Outcome>(fail(Code::kInternal, "a mistake in ai_bot", "ai_bot 内部错误")));
  if (!outcome) return conversation.on_end(fail(outcome.error()), {});
  if (outcome->effect) {
    if (auto committed = store_.write(outcome->effect); !committed) {
      return conversation.on_end(fail(committed.error()), outcome->end);
    }
  }
  conversation.on_end(outcome->answer, outcome->end);
}

Result<Assistant::Outcome> Assistant::answer(const Asked& asked) {
  if (const auto command = parse_command(asked.text)) {
    Outcome outcome = obey(asked, *command);
    if (asked.on_delta) asked.on_delta(outcome.answer);
    return outcome;
  }
  return ask_model(asked);
}

Assistant::Outcome Assistant::obey(const Asked& asked, const ParsedCommand& command) {
  Outcome outcome;
  const Language language = command.language;
  switch (command.command) {
    case Command::kHelp:
      outcome.answer = help_text().in(language);
      break;
    case Command::kNew:
      outcome.answer = Text{"A new conversation begins.", "新的对话开始了。"}.in(language);
      outcome.effect = [lane = asked.lane](Connection& c) { sessions::begin_anew(c, lane); };
      break;
    case Command::kModel:
      outcome.answer = choose_model(asked, command, outcome.effect);
      break;
    case Command::kStatus:
      outcome.answer = status_text(language);
      break;
    case Command::kStop: {
      std::lock_guard lock(mutex_);
      const bool hit = stopped_lanes_.erase(asked.lane) > 0;
      outcome.answer = hit ? Text{"The answer was stopped.", "已停止回答。"}.in(language)
                           : Text{"No answer is under way.", "没有正在生成的回答。"}.in(language);
      break;
    }
    case Command::kUnknown:
      outcome.answer = Text{"I do not know this command.\n", "未知命令。\n"}.in(language) +
                       help_text().in(language);
      break;
  }
  return outcome;
}

std::string Assistant::choose_model(const Asked& asked, const ParsedCommand& command,
                                    Store::Task& effect) {
  if (command.argument.empty()) {
    return Text{
        fmt::format("Models: {}. /model NAME chooses one.", fmt::join(router_.names(), ", ")),
        fmt::format("可用模型：{}。用 /模型 名称 选择。", fmt::join(router_.names(), "、"))}
        .in(command.language);
  }
  if (const auto chain = router_.chain(command.argument); !chain) {
    return chain.error().text.in(command.language);
  }
  effect = [lane = asked.lane, model = command.argument](Connection& c) {
    sessions::choose_model(c, lane, model);
  };
  return Text{"This conversation now uses " + command.argument + ".",
              "本会话现在使用 " + command.argument + "。"}
      .in(command.language);
}

std::string Assistant::status_text(Language language) const {
  std::string text = Text{"ai_bot is running.", "ai_bot 正在运行。"}.in(language);
  for (const Router::Member& member : router_.members()) {
    text += fmt::format("\n- {}: {}", member.model->name(), name_of(member.status.state));
    if (member.breaker != Breaker::State::kClosed)
      text += fmt::format(" ({})", name_of(member.breaker));
  }
  const ThreadLanes::Depth depth = lanes_.depth();
  text += Text{fmt::format("\nWaiting: {}, being answered: {}", depth.waiting, depth.running),
               fmt::format("\n等待：{}，回答中：{}", depth.waiting, depth.running)}
              .in(language);
  return text;
}

Result<Assistant::Outcome> Assistant::ask_model(const Asked& asked) {
  const auto settings = config();
  const auto session = store_.read<sessions::Session>([&](Connection& connection) {
    return sessions::load(connection, asked.lane, static_cast<int>(settings->history_messages));
  });
  if (!session) return fail(session.error());
  const Flag stopped = begin_turn(asked.lane);
  const auto over = [&] {
    return *stopped || lanes_.interrupted() || (asked.abandoned && asked.abandoned());
  };
  const std::string model = asked.model.empty() ? session->model : asked.model;
  // A model that was chosen and has gone from the configuration must not make the session useless.
  const std::string name = asked.model.empty() && !router_.chain(model) ? "" : model;
  const auto most_bytes = static_cast<size_t>(settings->max_answer.count);
  ChatMessages history = session->messages;
  std::string text;
  std::atomic<bool> cut{false};
  Result<ChatEnd> end = fail(Code::kUnavailable, "no attempt was made", "尚未尝试");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kAttemptPause);
    router_.wait_until_usable(name, kModelPatience, over);
    const auto chain = router_.chain(name);
    if (!chain || chain->empty()) {
      end = fail(
          chain ? Error{Code::kUnavailable, {"no model is configured for it", "未配置可用模型"}}
                : chain.error());
      break;
    }
    Model& first = *chain->front();
    const int context = first.context();
    const int answer_tokens =
        std::min<int>(static_cast<int>(settings->max_answer_tokens), context / 2);
    bool slow = false;  // a model that is stuck is not asked for each message's length
    const auto count = [&](const std::string& t) {
      if (slow) return estimate_tokens(t);
      const SteadyTime begun = steady_now();
      const int tokens = first.count_tokens(t);
      slow = since(begun) > kSlowCount;
      return tokens;
    };
    const ChatMessages window =
        fit_window(settings->system_prompt, history, asked.text, context, answer_tokens, count);
    ChatRequest request;
    request.request_id = asked.request_id;
    request.body = {
        {"stream", true}, {"max_tokens", answer_tokens}, {"messages", nlohmann::json::array()}};
    for (const ChatMessage& message : window) {
      request.body["messages"].push_back({{"role", message.role}, {"content", message.content}});
    }
    text.clear();
    auto promise = std::make_shared<std::promise<Result<ChatEnd>>>();
    auto future = promise->get_future();
    ChatSink sink;
    sink.abandoned = [&] { return cut || over(); };
    sink.ready = asked.ready;
    const auto say = [&](std::string_view delta) {
      text += delta;
      if (asked.on_delta) asked.on_delta(delta);
      if (asked.on_text) asked.on_text(text);
    };
    bool guide_stands_in = false;
    std::string answering;
    sink.on_model = [&](const Model& model) {
      guide_stands_in = model.is_guide() && &model != &first;
      answering = model.name();
    };
    sink.on_chunk = [&](nlohmann::json& chunk) {
      const std::string_view delta = delta_text(chunk);
      if (delta.empty() || cut) return;
      if (text.empty() && guide_stands_in) say(ask_text(kGuideStandsIn, asked.text));
      cut = text.size() + delta.size() > most_bytes;
      say(cut ? truncate_utf8(delta, most_bytes - std::min(most_bytes, text.size())) : delta);
      if (cut) say("\n" + ask_text(kCut, asked.text));
    };
    sink.on_end = [promise](Result<ChatEnd> result) { promise->set_value(std::move(result)); };
    router_.chat(name, std::move(request), std::move(sink));
    end = future.get();
    if (cut && !end) {  // we have ended it
      end = ChatEnd{};
      end->model = answering;
    }
    if (end || over()) break;
    const Code code = end.error().code;
    if (code == Code::kContextOverflow && !history.empty()) {
      history.clear();  // the count was wrong: the question alone
      continue;
    }
    const bool passing = code == Code::kUnavailable || code == Code::kTimeout;
    if (!passing || (asked.on_delta && !text.empty())) break;
  }
  end_turn(asked.lane);

  Outcome outcome;
  if (end) {
    outcome.end = *end;
  } else if (*stopped) {
    std::lock_guard lock(mutex_);
    stopped_lanes_.insert(asked.lane);
    text += (text.empty() ? "" : " ") + ask_text(kStopped, asked.text);
  } else if (const Text* reason = final_reason(end.error().code); reason != nullptr) {
    if (asked.on_delta) return fail(end.error());
    log::warning("turn.refused_by_model", end.error().text.en,
                 {{"http.request.id", asked.request_id}});
    outcome.answer = ask_text(*reason, asked.text);
    return outcome;
  } else {
    return fail(end.error());
  }
  outcome.answer = text;
  // An empty turn in the history is refused by many endpoints, on every later turn.
  if (trim(text).empty()) return outcome;
  outcome.effect = [lane = asked.lane, question = asked.text, text](Connection& c) {
    sessions::append(c, lane, question, text);
  };
  return outcome;
}

void Assistant::stop_turn(const std::string& lane) {
  std::lock_guard lock(mutex_);
  if (const auto at = turns_.find(lane); at != turns_.end()) *at->second = true;
}

Assistant::Flag Assistant::begin_turn(const std::string& lane) {
  std::lock_guard lock(mutex_);
  return turns_[lane] = std::make_shared<std::atomic<bool>>(false);
}

void Assistant::end_turn(const std::string& lane) {
  std::lock_guard lock(mutex_);
  turns_.erase(lane);
}

}  // namespace ai_bot
