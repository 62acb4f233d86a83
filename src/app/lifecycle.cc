// From the start to the end of a Server that was built.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "app/process.h"
#include "app/server.h"
#include "core/guarded.h"
#include "core/log.h"
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
  lifecycle_.add({"http client", nullptr, [this](SteadyTime) { parts_.http->stop(); }});
  lifecycle_.add({"models", [this] { start_models(); },
                  [this](SteadyTime deadline) { stop_models(deadline); }});
  lifecycle_.add({"answers", nullptr, [this](SteadyTime deadline) {
                    while (parts_.answers_under_way > 0 && steady_now() < deadline - kAfterGrace)
                      std::this_thread::sleep_for(kDrainInterval);
                  }});
  lifecycle_.add({"executor", nullptr, [this](SteadyTime) { parts_.executor->stop(); }});
  // Its callbacks use the parts after it and the HTTP threads: all of that is still there.
  lifecycle_.add({"store", nullptr, [this](SteadyTime) { parts_.ledger->stop(); }});
  // It is started before the assistant: a new answer must not overtake an older one of its
  // conversation.
  lifecycle_.add({"deliverer", [this] { deliverer_->resume(); },
                  [this](SteadyTime deadline) {
                    deliverer_->stop(std::min(steady_now() + kDeliveryGrace, deadline));
                  }});
  lifecycle_.add({"waiters", nullptr, [this](SteadyTime) { parts_.waiters.release(); }});
  lifecycle_.add({"assistant", [this] { parts_.assistant->resume(); },
                  [this](SteadyTime deadline) { parts_.assistant->stop(deadline - kAfterGrace); }});
  lifecycle_.add({"identities",
                  [this] {
                    for (const auto& [name, channel] : parts_.channels)
                      channel.access->learn_identity(*parts_.executor);
                  },
                  [this](SteadyTime) {
                    for (const auto& [name, channel] : parts_.channels) channel.access->stop();
                  }});
  lifecycle_.add({"connections", nullptr, [this](SteadyTime) { connections_->stop(); }});
  if (admin_) {
    lifecycle_.add({"admin", [this] { admin_->start(); }, [this](SteadyTime) { admin_->stop(); }});
  }
}

void Server::start_models() {
  for (LocalModel* model : local_models_) model->start();
}

void Server::stop_models(SteadyTime deadline) {
  for (LocalModel* model : local_models_) model->stop_by(deadline);
  for (LocalModel* model : local_models_) model->stop();
}

void Server::run(const std::function<void()>& on_listening) {
  raise_file_limit();
  lifecycle_.start();
  std::thread signal_thread([this] { guarded("server.signals", [this] { handle_signals(); }); });
  http_->run([this, &on_listening] {
    Phase starting = Phase::kStarting;  // unless a signal came first
    if (!parts_.phase.compare_exchange_strong(starting, Phase::kServing)) return;
    connections_->start();
    log::info("server.listening",
              fmt::format("ai_bot {} listens on {}:{}", kVersion, parts_.config.server.listen,
                          parts_.config.server.port));
    on_listening();
  });
  signal_thread.join();
}

void Server::handle_signals() {
  const sigset_t signals = our_signals();
  const bool on_terminal = isatty(STDERR_FILENO) == 1;
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    // A terminal that is closed sends SIGHUP too, and is no terminal any more.
    const bool closed = on_terminal && isatty(STDERR_FILENO) == 0;
    if (signal == SIGHUP && !closed) {
      guarded("server.reload", [this] { reload(); });
      continue;
    }
    log::info("server.stopping", "finishing or parking what is under way");
    // A second signal ends us at once; what is unfinished resumes at the next start anyway.
    sigset_t impatient;
    sigemptyset(&impatient);
    sigaddset(&impatient, SIGINT);
    sigaddset(&impatient, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &impatient, nullptr);
    guarded("server.shut_down", [this] { shut_down(); });
    http_->quit();
    return;
  }
}

void Server::shut_down() {
  parts_.phase = Phase::kDraining;
  lifecycle_.stop(steady_now() + parts_.config.server.shutdown_grace + kAfterGrace);
}

}  // namespace ai_bot
