// From the start to the end of a Server that was built.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "app/server.h"
#include "core/guarded.h"
#include "core/log.h"
#include "core/process.h"
#include "core/version.h"

namespace ai_bot {
namespace {

constexpr milliseconds kDrainInterval{20};
// Turns and answers have server.shutdown_grace; to deliver what they led to and to end the engines,
// there is so much more.
constexpr milliseconds kAfterGrace{1000};
constexpr milliseconds kDeliveryGrace{2000};

}  // namespace

void Server::arrange() {
  // What is still under way hears that it is over while the HTTP threads, which it tells, are
  // there.
  lifecycle_.add({"http client", nullptr, [this](SteadyTime) { http_->stop(); }});
  lifecycle_.add({"models", [this] { local_models_.start(); },
                  [this](SteadyTime deadline) { local_models_.stop(deadline); }});
  lifecycle_.add({"answers", nullptr, [this](SteadyTime deadline) {
                    while (answers_under_way_ > 0 && steady_now() < deadline - kAfterGrace)
                      std::this_thread::sleep_for(kDrainInterval);
                  }});
  lifecycle_.add({"executor", nullptr, [this](SteadyTime) { executor_->stop(); }});
  // Its callbacks use the parts after it and the HTTP threads: all of that is still there.
  lifecycle_.add({"store", nullptr, [this](SteadyTime) { ledger_->stop(); }});
  // It is started before the assistant: a new answer must not overtake an older one of its
  // conversation.
  lifecycle_.add({"deliverer", [this] { deliverer_->resume(); },
                  [this](SteadyTime deadline) {
                    deliverer_->stop(std::min(steady_now() + kDeliveryGrace, deadline));
                  }});
  lifecycle_.add({"waiters", nullptr, [this](SteadyTime) { waiters_.release(); }});
  lifecycle_.add({"assistant", [this] { assistant_->resume(); },
                  [this](SteadyTime deadline) { assistant_->stop(deadline - kAfterGrace); }});
  lifecycle_.add({"identities",
                  [this] {
                    for (const auto& [name, channel] : channels_)
                      channel.access->learn_identity(*executor_);
                  },
                  [this](SteadyTime) {
                    for (const auto& [name, channel] : channels_) channel.access->stop();
                  }});
  lifecycle_.add({"connections", nullptr, [this](SteadyTime) { connections_->stop(); }});
  if (admin_) {
    lifecycle_.add({"admin", [this] { admin_->start(); }, [this](SteadyTime) { admin_->stop(); }});
  }
}

void Server::run(const std::function<void()>& on_listening) {
  raise_file_limit();
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
  guarded("server.shut_down", [this] { shut_down(); });
  http_server_->quit();
}

void Server::shut_down() {
  phase_ = Phase::kDraining;
  lifecycle_.stop(steady_now() + config_.server.shutdown_grace + kAfterGrace);
}

}  // namespace ai_bot
