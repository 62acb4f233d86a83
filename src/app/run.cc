// From the start to the end of a Server that was built, and what a reload changes meanwhile.
#include <fmt/format.h>

#include <algorithm>

#include "api/openai.h"
#include "app/server.h"
#include "core/guarded.h"
#include "core/log.h"
#include "core/process.h"
#include "core/version.h"

namespace ai_bot {
namespace {

// Turns and answers have server.shutdown_grace; to deliver what they led to and to end the engines,
// there is so much more.
constexpr milliseconds kAfterGrace{1000};
constexpr milliseconds kDeliveryGrace{2000};

}  // namespace

void Server::arrange() {
  // What is under way hears that it is over while the HTTP threads, which it tells, are there.
  lifecycle_.add({"http client", nullptr, [this](SteadyTime) { http_->stop(); }});
  lifecycle_.add({"models", [this] { local_models_.start(); },
                  [this](SteadyTime deadline) { local_models_.stop(deadline); }});
  lifecycle_.add({"answers", nullptr, [this](SteadyTime deadline) {
                    await_answers(answers_under_way_, deadline - kAfterGrace);
                  }});
  lifecycle_.add({"executor", nullptr, [this](SteadyTime) { executor_->stop(); }});
  // Its callbacks use the parts after it and the HTTP threads: all of that is still there.
  lifecycle_.add({"store", nullptr, [this](SteadyTime) { ledger_->stop(); }});
  // Before the assistant: no new answer may overtake an older one of its conversation.
  lifecycle_.add({"deliverer", [this] { deliverer_->resume(); },
                  [this](SteadyTime deadline) {
                    deliverer_->stop(std::min(steady_now() + kDeliveryGrace, deadline));
                  }});
  lifecycle_.add({"waiters", nullptr, [this](SteadyTime) { waiters_.release(); }});
  lifecycle_.add({"assistant", [this] { assistant_->resume(); },
                  [this](SteadyTime deadline) { assistant_->stop(deadline - kAfterGrace); }});
  lifecycle_.add({"identities", [this] { learn_identities(channels_, *executor_); },
                  [this](SteadyTime) { stop_access(channels_); }});
  lifecycle_.add({"connections", nullptr, [this](SteadyTime) { connections_->stop(); }});
}

void Server::run(const std::function<void()>& on_listening) {
  lifecycle_.start();
  std::thread signal_thread([this] { guarded("server.signals", [this] { handle_signals(); }); });
  http_server_->run([this, &on_listening] {
    Phase starting = Phase::kStarting;  // unless a signal came first
    if (!phase_.compare_exchange_strong(starting, Phase::kServing)) return;
    connections_->start();
    log::info("server.listening", fmt::format("ai_bot {} listens on {}:{}", kVersion,
                                              config_.server.listen, config_.server.port));
    on_listening();
  });
  signal_thread.join();
}

void Server::handle_signals() {
  while (await_signal() == Signalled::kReload) guarded("server.reload", [this] { reload(); });
  log::info("server.stopping", "finishing or parking what is under way");
  shut_down();
  http_server_->quit();
}

Reloaded Server::reload() {
  return live_config_.reload([this](const Config& fresh) {
    assistant_->configure(fresh.assistant);
    local_models_.reload(fresh.models);
    reload_channels(channels_, fresh.channels, channel_needs(), *executor_);
    take_up();
    connections_->reconfigured(http_server_->loop());
  });
}

// What a replay has opened again, if it is in no lane yet. Replies first, as at the start.
void Server::take_up() {
  deliverer_->resume();
  assistant_->resume();
}

void Server::shut_down() {
  phase_ = Phase::kDraining;
  guarded("server.shut_down",
          [this] { lifecycle_.stop(steady_now() + config_.server.shutdown_grace + kAfterGrace); });
}

}  // namespace ai_bot
