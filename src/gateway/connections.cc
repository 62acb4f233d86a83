#include "gateway/connections.h"

#include <algorithm>
#include <future>

#include "core/guarded.h"
#include "core/id.h"
#include "core/log.h"
#include "gateway/socket_run.h"
#include "net/event_loop.h"

namespace ai_bot {
namespace {

constexpr milliseconds kRetryMin{1000}, kRetryMax{60000};
constexpr milliseconds kThreadRetry{10000};
// While the platform refuses for good: a wrong token, a switch that is off.
constexpr milliseconds kRefusedRetry{600000};
// A connection that lasted so long is over its beginning: what ends it is no longer the set-up.
constexpr milliseconds kHealthyAfter{30000};
constexpr std::chrono::seconds kPollWait{25};
constexpr milliseconds kPollMargin{10000};
// Between polls that are answered at once and hold nothing.
constexpr milliseconds kEmptyPollWait{500};

// Takes the events of a poll in and waits for their commits.
bool take_in_all(Intake& intake, const ChannelEntry& channel, std::vector<Reading>& readings) {
  std::vector<std::future<bool>> commits;
  for (Reading& reading : readings) {
    if (!reading.event) {
      intake.note_ignored(channel, reading);
      continue;
    }
    reading.event->request_id = request_id_or_new("");
    auto promise = std::make_shared<std::promise<bool>>();
    commits.push_back(promise->get_future());
    intake.take_in(channel, std::move(*reading.event),
                   [&intake, promise](const TakenInPtr& taken, const Result<void>& result) {
                     if (result) intake.note_taken_in(*taken);
                     promise->set_value(result.has_value());
                   });
  }
  bool all = true;
  for (auto& commit : commits) all = commit.get() && all;
  return all;
}

// Before the next attempt, as the platform wants it.
milliseconds asked_wait(const SocketProtocol& protocol, int failures) {
  const auto [spread, between] = protocol.reconnect();
  return failures == 0 ? backoff(0, spread, spread) : between;
}

bool connects(const ChannelEntry* channel) { return channel->config.mode == "connect"; }

}  // namespace

size_t Connections::threads() const {
  const auto channels = needs_.channels.all();
  return static_cast<size_t>(std::count_if(channels.begin(), channels.end(), connects));
}

void Connections::start() {
  const bool all = guarded("connections.start", [this] {
    std::lock_guard lock(mutex_);
    running_.remove_if([](Running& one) {
      if (one.is_over) one.thread.join();
      return one.is_over.load();
    });
    for (const ChannelEntry* channel : needs_.channels.all()) {
      const bool is_begun = std::any_of(running_.begin(), running_.end(),
                                        [&](const Running& one) { return one.channel == channel; });
      if (!connects(channel) || is_begun || stopping_) continue;
      Running& one = running_.emplace_back();
      one.channel = channel;
      one.thread = std::thread([this, &one] {
        run(*one.channel);
        one.is_over = true;
      });
    }
  });
  if (all) return;
  log::error("channel.connect_failed", "no thread can be started for a connection: trying again");
  EventLoop::of_this_thread().after(kThreadRetry, "connections.start", [this] { start(); });
}

void Connections::run(const ChannelEntry& channel) {
  const bool polls = channel.channel->polls();
  guarded("connections.run", [&] { polls ? run_poll(channel) : run_socket(channel); });
}

void Connections::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const Running& one : running_) *one.channel->is_retired = true;
  }
  wake_.notify_all();
  for (Running& one : running_) one.thread.join();
  running_.clear();
}

void Connections::reconfigured(const EventLoop& loop) {
  loop.post("connections.start", [this] { start(); });
  {
    std::lock_guard lock(mutex_);
    ++retries_;
  }
  wake_.notify_all();
}

bool Connections::rest(const ChannelEntry& channel, milliseconds time) {
  std::unique_lock lock(mutex_);
  const int before = retries_;
  wake_.wait_for(lock, time, [&] { return *channel.is_retired || retries_ != before; });
  return !*channel.is_retired;
}

milliseconds Connections::wait_after(const ChannelEntry& channel, const Error& error,
                                     int& failures) {
  using Kind = ConnectionState::Kind;
  const bool refused = error.code == Code::kUnauthorized;
  const bool is_new =
      channel.connection->set(refused ? Kind::kRefused : Kind::kWaiting, error.text);
  milliseconds wait = refused ? kRefusedRetry : backoff(failures, kRetryMin, kRetryMax);
  if (error.retry_after) wait = std::max(wait, *error.retry_after);
  ++failures;
  if (is_new && !*channel.is_retired) {
    log::write(refused ? log::Level::kError : log::Level::kWarning, "channel.connect_failed",
               error.text.en,
               {{"ai_bot.channel", channel.config.name}, {"ai_bot.retry_ms", wait.count()}});
  }
  return wait;
}

void Connections::run_poll(const ChannelEntry& channel) {
  std::string cursor;
  int failures = 0;
  while (!*channel.is_retired) {
    const auto polled = guarded(
        "connections.poll", [&] { return poll_once(channel, cursor); },
        Result<void>(fail(our_mistake())));
    if (polled) {
      failures = 0;
      note_connected(channel);
      channel.connection->recovered();
      continue;
    }
    if (!rest(channel, wait_after(channel, polled.error(), failures))) return;
  }
}

Result<void> Connections::poll_once(const ChannelEntry& channel, std::string& cursor) {
  // What can't be judged without knowing who the bot is would not come again.
  if (channel.access->needs_identity())
    return fail(Code::kUnavailable, "", "");  // which is logged where it is asked for
  if (auto may = needs_.intake.may_take_in(channel); !may) return may;
  HttpRequest request = channel.channel->poll_request(cursor, kPollWait);
  const milliseconds most = kPollWait + kPollMargin;
  request.timeouts = {needs_.timeout, most, most, most};
  const SteadyTime begun = steady_now();
  const auto reply =
      needs_.http.fetch(std::move(request), [&channel] { return channel.is_retired->load(); });
  if (!reply) return fail(reply.error());
  const auto identity = channel.access->identity();
  auto polled = channel.channel->read_poll(*reply, identity.get(), now_ms());
  if (!polled) return fail(polled.error());
  // The next poll confirms what this one gave, so it must be on disk first.
  if (!take_in_all(needs_.intake, channel, polled->readings))
    return fail(Code::kStorage, "events could not be stored", "事件无法写入存储");
  if (!polled->cursor.empty()) cursor = polled->cursor;
  if (polled->readings.empty() && since(begun) < kEmptyPollWait) rest(channel, kEmptyPollWait);
  return {};
}

void Connections::run_socket(const ChannelEntry& channel) {
  const std::shared_ptr<SocketProtocol> protocol = channel.channel->socket();
  int failures = 0;
  while (!*channel.is_retired) {
    const SocketEnding ending = guarded(
        "connections.socket", [&] { return run_socket_once(needs_, channel, protocol); },
        SocketEnding{our_mistake()});
    if (ending.lasted >= kHealthyAfter) {
      failures = 0;
      channel.connection->recovered();
    }
    const milliseconds asked = asked_wait(*protocol, failures);
    if (!rest(channel, std::max(asked, wait_after(channel, ending.why, failures)))) return;
  }
}

}  // namespace ai_bot
