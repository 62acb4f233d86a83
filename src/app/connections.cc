#include "app/connections.h"

#include <drogon/WebSocketClient.h>

#include <algorithm>
#include <future>

#include "app/intake.h"
#include "channels/socket.h"
#include "core/guarded.h"
#include "core/id.h"
#include "core/log.h"

namespace ai_bot {
namespace {

constexpr milliseconds kRetryMin{1000}, kRetryMax{60000};
constexpr double kThreadRetrySeconds = 10;
constexpr milliseconds kTick{200}, kCommitWait{2};
constexpr std::chrono::seconds kPollWait{25};
constexpr milliseconds kPollMargin{10000};

using SocketPtr = drogon::WebSocketConnectionPtr;

// Takes the events of a poll in and waits for their commits.
bool take_in_all(Parts& parts, const ChannelEntry& channel, std::vector<Reading>& readings) {
  std::vector<std::future<bool>> commits;
  for (Reading& reading : readings) {
    if (!reading.event) {
      note_ignored(parts, channel, reading);
      continue;
    }
    reading.event->request_id = request_id_or_new("");
    auto promise = std::make_shared<std::promise<bool>>();
    commits.push_back(promise->get_future());
    take_in(parts, channel, std::move(*reading.event),
            [&parts, promise](const TakenInPtr& taken, const Result<void>& result) {
              if (result) note_taken_in(parts, *taken);
              promise->set_value(result.has_value());
            });
  }
  bool all = true;
  for (auto& commit : commits) all = commit.get() && all;
  return all;
}

// One connection, shared with its callbacks, which run on the loop's and the store's threads.
struct Connected {
  std::atomic<bool> closed{false}, opened{false};
  std::atomic<int> commits_under_way{0};
};
using ConnectedPtr = std::shared_ptr<Connected>;

drogon::WebSocketMessageType type_of(const SocketProtocol& protocol) {
  return protocol.is_binary() ? drogon::WebSocketMessageType::Binary
                              : drogon::WebSocketMessageType::Text;
}

// Where acknowledgements go.
struct Answering {
  SocketPtr socket;
  drogon::WebSocketMessageType type;

  void send(const std::string& frame) const { socket->send(frame, type); }
};

// A frame's event, its commit, its acknowledgement.
void take_in_frame(Parts& parts, const ChannelEntry& channel, SocketStep step,
                   const Answering& answering, const ConnectedPtr& state) {
  if (!step.reading || !step.reading->event) {
    if (step.reading) note_ignored(parts, channel, *step.reading);
    if (!step.acknowledgement.empty()) answering.send(step.acknowledgement);
    return;
  }
  // What can't be taken in is not acknowledged: the platform sends it again.
  if (!may_take_in(parts, channel)) return;
  step.reading->event->request_id = request_id_or_new("");
  ++state->commits_under_way;
  take_in(parts, channel, std::move(*step.reading->event),
          [&parts, answering, state, acknowledgement = step.acknowledgement](
              const TakenInPtr& taken, const Result<void>& result) {
            if (result) note_taken_in(parts, *taken);
            if (result && !acknowledgement.empty() && !state->closed)
              answering.send(acknowledgement);
            --state->commits_under_way;
          });
}

// Runs it on the loop's thread, to which a client and its protocol belong, and waits for it.
void run_in(trantor::EventLoopThread& loop, std::function<void()> task) {
  const auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  loop.getLoop()->queueInLoop([done, task = std::move(task)]() mutable {
    guarded("connections.task", task);
    guarded("connections.task", [&] { task = nullptr; });
    done->set_value();
  });
  future.wait();
}

// "wss://host:port" and "/path?query" of an address.
std::pair<std::string, std::string> parts_of(const std::string& address) {
  const size_t host = address.find("://");
  const size_t path = host == std::string::npos ? host : address.find_first_of("/?", host + 3);
  if (path == std::string::npos) return {address, "/"};
  const std::string rest = address.substr(path);
  return {address.substr(0, path), rest.front() == '?' ? "/" + rest : rest};
}

}  // namespace

void Connections::start() {
  const bool all = guarded("connections.start", [this] {
    std::lock_guard lock(mutex_);
    for (const auto& [name, channel] : parts_.channels) {
      if (channel.config.mode != "connect" || begun_.contains(name) || stopping_) continue;
      if (!channel.channel->polls() && !loop_) {
        auto loop = std::make_unique<trantor::EventLoopThread>("connections");
        loop->run();
        loop_ = std::move(loop);
      }
      threads_.emplace_back([this, &channel = channel] { run(channel); });
      begun_.insert(name);
    }
  });
  if (all) return;
  log::error("channel.connect_failed", "no thread can be started for a connection: trying again");
  trantor::EventLoop::getEventLoopOfCurrentThread()->runAfter(kThreadRetrySeconds,
                                                              [this] { start(); });
}

void Connections::run(const ChannelEntry& channel) {
  const bool polls = channel.channel->polls();
  guarded("connections.run", [&] { polls ? run_poll(channel) : run_socket(channel); });
}

void Connections::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  loop_.reset();
}

bool Connections::rest(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_.load(); });
}

void Connections::run_poll(const ChannelEntry& channel) {
  std::string cursor;
  milliseconds wait = kRetryMin;
  while (!stopping_) {
    if (guarded(
            "connections.poll", [&] { return poll_once(channel, cursor); }, false)) {
      wait = kRetryMin;
      continue;
    }
    if (!rest(wait)) return;
    wait = std::min(wait * 2, kRetryMax);
  }
}

bool Connections::poll_once(const ChannelEntry& channel, std::string& cursor) {
  if (channel.access->needs_identity() || !may_take_in(parts_, channel)) return false;
  HttpRequest request = channel.channel->poll_request(cursor, kPollWait);
  const milliseconds most = kPollWait + kPollMargin;
  request.timeouts = {parts_.config.delivery.timeout, most, most, most};
  const auto reply = parts_.http->fetch(std::move(request), [this] { return stopping_.load(); });
  if (stopping_) return false;
  const auto identity = channel.access->identity();
  auto polled = reply ? channel.channel->read_poll(*reply, identity.get(), now_ms())
                      : Result<Polled>(fail(reply.error()));
  if (!polled) {
    log::warning("channel.poll_failed", polled.error().text.en,
                 {{"ai_bot.channel", channel.config.name}});
    return false;
  }
  // The next poll confirms what this one gave, so it must be on disk first.
  if (!take_in_all(parts_, channel, polled->readings)) return false;
  if (!polled->cursor.empty()) cursor = polled->cursor;
  return true;
}

void Connections::run_socket(const ChannelEntry& channel) {
  const auto protocol = channel.channel->socket();
  milliseconds wait = kRetryMin;
  while (!stopping_) {
    if (guarded(
            "connections.socket", [&] { return connect_once(channel, *protocol); }, false))
      wait = kRetryMin;
    if (!rest(wait)) return;
    wait = std::min(wait * 2, kRetryMax);
  }
}

bool Connections::connect_once(const ChannelEntry& channel, SocketProtocol& protocol) {
  const std::string& name = channel.config.name;
  HttpRequest request = protocol.open_request();
  const milliseconds timeout = parts_.config.delivery.timeout;
  request.timeouts = HttpTimeouts::all(timeout);
  const auto reply = parts_.http->fetch(std::move(request), [this] { return stopping_.load(); });
  const auto address =
      reply ? protocol.read_address(*reply) : Result<std::string>(fail(reply.error()));
  if (!address) {
    if (!stopping_)
      log::warning("channel.connect_failed", address.error().text.en, {{"ai_bot.channel", name}});
    return false;
  }
  const auto state = std::make_shared<Connected>();
  const auto [host, path] = parts_of(*address);
  auto client = drogon::WebSocketClient::newWebSocketClient(host, loop_->getLoop());
  client->setMessageHandler([this, state, &channel, &protocol](
                                std::string&& frame, const auto& socket_client, const auto& type) {
    if (type != type_of(protocol) || state->closed) return;
    guarded("connections.frame", [&] {
      const auto socket = socket_client->getConnection();
      SocketStep step = protocol.on_frame(frame, channel.access->identity().get(), now_ms());
      for (const std::string& answer : step.send) socket->send(answer, type);
      const bool reconnect = step.reconnect;
      take_in_frame(parts_, channel, std::move(step), {socket, type}, state);
      if (reconnect) state->closed = true;
    });
  });
  client->setConnectionClosedHandler([state](const auto&) { state->closed = true; });
  auto upgrade = drogon::HttpRequest::newHttpRequest();
  upgrade->setPathEncode(false);
  upgrade->setPath(path);
  client->connectToServer(upgrade, [state](drogon::ReqResult result, const auto&, const auto&) {
    (result == drogon::ReqResult::Ok ? state->opened : state->closed) = true;
  });
  const SteadyTime begun = steady_now();
  SteadyTime beat = begun;
  bool said = false;
  while (!state->closed && rest(kTick)) {
    if (!state->opened && since(begun) > timeout) break;
    if (!state->opened) continue;
    if (!said) log::info("channel.connected", "connected", {{"ai_bot.channel", name}});
    said = true;
    run_in(*loop_, [&] {
      const milliseconds every = protocol.heartbeat_every();
      if (every.count() <= 0 || since(beat) < every) return;
      beat = steady_now();
      if (const auto socket = client->getConnection())
        socket->send(protocol.heartbeat(), type_of(protocol));
    });
  }
  state->closed = true;
  // Its last owner lets it go there, where its callbacks run; those that were queued are then over.
  run_in(*loop_, [client = std::move(client)] { client->stop(); });
  while (state->commits_under_way > 0) std::this_thread::sleep_for(kCommitWait);
  if (said) log::info("channel.disconnected", "the connection ended", {{"ai_bot.channel", name}});
  return said;
}

}  // namespace ai_bot
