#include "assistant/conversation_turn.h"

#include <utility>

#include "assistant/commands.h"
#include "core/guarded.h"

namespace ai_bot {

Assistant::ConversationTurn::ConversationTurn(Assistant& assistant, Conversation conversation,
                                              bool has_stopped)
    : assistant_(assistant), conversation_(std::move(conversation)), has_stopped_(has_stopped) {}

Assistant::ConversationTurn::~ConversationTurn() {
  if (is_over_) return;
  guarded("assistant.conversation", [this] {
    conversation_.on_end(
        fail(Code::kUnavailable, "ai_bot is stopping; try again", "ai_bot 正在停止，请稍后重试"),
        {});
  });
}

void Assistant::ConversationTurn::begin(Lanes::Finish finish) {
  finish_ = std::move(finish);
  run([this] { take(); });
}

void Assistant::ConversationTurn::run(const std::function<void()>& step) {
  if (guarded("assistant.conversation", step)) return;
  end(fail(our_mistake()), {});
}

void Assistant::ConversationTurn::take() {
  if (const auto commits = assistant_.ledger_.last_commit(); !commits)
    return end(fail(commits.error()), {});
  if (const auto command = parse_command(conversation_.text)) {
    Outcome outcome = assistant_.obey(conversation_.lane, *command, has_stopped_);
    if (conversation_.on_delta) conversation_.on_delta(outcome.answer);
    return came(std::move(outcome));
  }
  if (conversation_.images.empty()) return ask();
  assistant_.router_.look([self = shared_from_this()](bool) {
    self->assistant_.hop("api", [self] { self->run([self] { self->ask(); }); });
  });
}

void Assistant::ConversationTurn::ask() {
  Asked asked;
  asked.lane = conversation_.lane;
  asked.channel = "api";
  asked.text = conversation_.text;
  asked.images = conversation_.images;
  asked.model = conversation_.model;
  asked.request_id = conversation_.request_id;
  asked.turn = assistant_.begin_turn(conversation_.lane);
  asks_model_ = true;
  asked.over = [&assistant = assistant_, turn = asked.turn, self = shared_from_this()] {
    const auto& abandoned = self->conversation_.abandoned;
    return turn->stopped || assistant.lanes_.interrupted() || (abandoned && abandoned());
  };
  asked.on_delta = conversation_.on_delta;
  asked.ready = conversation_.ready;
  std::make_shared<Asking>(
      assistant_.asking_needs(), assistant_.config(), std::move(asked),
      [self = shared_from_this()](const std::function<void()>& step) { self->run(step); },
      [self = shared_from_this()](Result<Outcome> outcome) { self->came(std::move(outcome)); })
      ->begin();
}

void Assistant::ConversationTurn::came(Result<Outcome> outcome) {
  if (!outcome) return end(fail(outcome.error()), {});
  if (!outcome->effect) return end(outcome->answer, outcome->end);
  assistant_.ledger_.write(
      outcome->effect, [self = shared_from_this(), answer = std::move(outcome->answer),
                        chat = outcome->end](const Result<void>& committed) {
        const auto result = committed ? Result<std::string>(answer) : fail(committed.error());
        self->assistant_.hop("api", [self, result, chat] { self->end(result, chat); });
      });
}

void Assistant::ConversationTurn::end(const Result<std::string>& answer, const ChatEnd& chat) {
  if (std::exchange(is_over_, true)) return;
  if (asks_model_) assistant_.end_turn(conversation_.lane);
  guarded("assistant.conversation", [&] { conversation_.on_end(answer, chat); });
  // Holds this turn, which holds us.
  if (const auto finish = std::exchange(finish_, nullptr)) finish(std::nullopt);
}

}  // namespace ai_bot
