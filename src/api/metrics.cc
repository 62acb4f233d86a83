#include "api/metrics.h"

#include "core/log.h"

namespace ai_bot {

std::vector<Route> metrics_routes(Metrics& metrics) {
  return {{{Method::kGet}, "/metrics", [&metrics](const RequestPtr&, const Respond& respond) {
             respond({200, metrics.text(), "text/plain; version=0.0.4; charset=utf-8"});
           }}};
}

void count_attempt(Metrics& metrics, const Attempt& attempt) {
  const auto seconds = [](milliseconds t) { return static_cast<double>(t.count()) / 1000; };
  if (!attempt.outcome) {
    const Error& error = attempt.outcome.error();
    metrics.model_attempt(attempt.model, name_of(error.code), 0);
    log::warning("model.attempt_failed", error.text.en,
                 {{"http.request.id", attempt.request_id}, {"ai_bot.model", attempt.model}});
    return;
  }
  const ChatEnd& end = *attempt.outcome;
  // An answer that came whole tells no time of its own for its first token.
  const bool whole = end.first_token == end.total;
  const double generating = seconds(whole ? end.total : end.total - end.first_token);
  const double rate =
      generating > 0 ? static_cast<double>(end.usage.completion_tokens) / generating : 0;
  metrics.model_attempt(attempt.model, "ok", seconds(end.total));
  metrics.model_answer(attempt.model, seconds(end.first_token), rate, end.usage.prompt_tokens,
                       end.usage.completion_tokens);
}

}  // namespace ai_bot
