#include "gateway/socket_run.h"

#include <fmt/format.h>

#include <future>
#include <mutex>
#include <thread>

#include "core/guarded.h"
#include "core/id.h"
#include "core/log.h"
#include "core/utf8.h"
#include "net/url.h"
#include "net/websocket_client.h"

namespace ai_bot {
namespace {

constexpr milliseconds kTick{100}, kCommitWait{2};
// Without any frame for so many pings (one each delivery.timeout) nobody is there any more.
constexpr int kUnansweredPings = 3;
constexpr size_t kLongestReason = 123;  // bytes of a Close frame (RFC 6455, 5.5)

// One connection, shared with its callbacks, which run on the loop's and the store's threads.
struct Connected {
  std::atomic<bool> closed{false}, opened{false};
  std::atomic<int> commits_under_way{0};
  std::atomic<SteadyTime> last_frame{steady_now()};

  // The first reason counts.
  void close(const Text& why, bool for_good = false) {
    std::lock_guard lock(mutex_);
    if (ending_.text.en.empty())
      ending_ = {for_good ? Code::kUnauthorized : Code::kUnavailable, why};
    closed = true;
  }
  Error ending() const {
    std::lock_guard lock(mutex_);
    return ending_;
  }

 private:
  mutable std::mutex mutex_;
  Error ending_{Code::kUnavailable, {}};
};

// What a frame's handling needs.
struct Run {
  const ConnectionNeeds needs;
  const ChannelEntry& channel;
  std::shared_ptr<SocketProtocol> protocol;
  EventLoop loop;
  FrameKind kind;
  Connected state{};
};
using RunPtr = std::shared_ptr<Run>;

// A frame's event, its commit, its acknowledgement.
void take_in_frame(const RunPtr& run, SocketStep step, const WebSocket& socket) {
  if (!step.reading || !step.reading->event) {
    if (step.reading) run->needs.intake.note_ignored(run->channel, *step.reading);
    if (!step.acknowledgement.empty()) socket.send(step.acknowledgement, run->kind);
    return;
  }
  const bool repeats_after_reconnect = step.mark != 0;
  // What can't be taken in is not acknowledged: the platform sends it again.
  if (auto may = run->needs.intake.may_take_in(run->channel); !may) {
    if (repeats_after_reconnect) run->state.close(may.error().text);
    return;
  }
  step.reading->event->request_id = request_id_or_new("");
  // Counted as long as anybody holds the callback, whatever is thrown on its way.
  ++run->state.commits_under_way;
  const std::shared_ptr<void> counted(nullptr, [run](void*) { --run->state.commits_under_way; });
  run->needs.intake.take_in(
      run->channel, std::move(*step.reading->event),
      [run, counted, socket, mark = step.mark, acknowledgement = step.acknowledgement](
          const TakenInPtr& taken, const Result<void>& result) {
        if (result) {
          run->needs.intake.note_taken_in(*taken);
          if (mark != 0)
            run->loop.post("connections.mark", [run, mark] { run->protocol->committed(mark); });
          if (!acknowledgement.empty() && !run->state.closed)
            socket.send(acknowledgement, run->kind);
        } else if (mark != 0) {
          run->state.close(result.error().text);
        }
      });
}

void on_close_frame(const RunPtr& run, const std::string& frame) {
  const int code = frame.size() < 2 ? 0
                                    : static_cast<unsigned char>(frame[0]) << 8 |
                                          static_cast<unsigned char>(frame[1]);
  const std::string reason(truncate_utf8(frame.size() < 2 ? "" : frame.substr(2), kLongestReason));
  const auto refused = run->protocol->on_close(code);
  const std::string said = reason.empty() ? "" : fmt::format(" '{}'", reason);
  run->state.close(refused.value_or(Text{
                       fmt::format("the platform ended the connection (code {}{})", code, said),
                       fmt::format("平台关闭了连接（代码 {}{}）", code, said)}),
                   refused.has_value());
}

void on_frame(const RunPtr& run, const std::string& frame, FrameKind kind,
              const WebSocket& socket) {
  run->state.last_frame = steady_now();
  if (run->state.closed) return;
  if (kind == FrameKind::kClose) return on_close_frame(run, frame);
  if (kind != run->kind) return;
  const auto self = run->channel.access->identity();
  SocketStep step = run->protocol->on_frame(frame, self.get(), now_ms());
  for (const std::string& answer : step.send) socket.send(answer, kind);
  const bool reconnect = step.reconnect;
  take_in_frame(run, std::move(step), socket);
  if (reconnect)
    run->state.close({"the platform asks for a new connection", "平台要求重新建立连接"});
}

// Runs it on the loop's thread, to which a client and its protocol belong, and waits for it.
void run_in(EventLoop loop, std::function<void()> task) {
  const auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  loop.post("connections.task", [done, task = std::move(task)]() mutable {
    guarded("connections.task", task);
    guarded("connections.task", [&] { task = nullptr; });
    done->set_value();
  });
  future.wait();
}

// The beat of an open connection, on the loop's thread.
void keep_alive(const RunPtr& run, const WebSocket& socket, SteadyTime& beat,
                milliseconds ping_every) {
  static const Text deaf{"the platform does not answer any more on this connection",
                         "平台在该连接上不再响应"};
  if (since(run->state.last_frame.load()) > kUnansweredPings * ping_every)
    return run->state.close(deaf);
  const milliseconds every = run->protocol->heartbeat_every();
  if (every.count() <= 0 || since(beat) < every) return;
  if (run->protocol->is_deaf()) return run->state.close(deaf);
  beat = steady_now();
  socket.send(run->protocol->heartbeat(), run->kind);
}

std::shared_ptr<WebSocketClient> connect(const RunPtr& run, const Url& url) {
  WebSocketClient::Handlers handlers;
  handlers.on_open = [run] {
    run->protocol->on_open();
    run->state.last_frame = steady_now();
    run->state.opened = true;
  };
  handlers.on_failed = [run, host = url.host](const std::string& why) {
    run->state.close({fmt::format("no WebSocket at {}: {}", host, why),
                      fmt::format("无法与 {} 建立 WebSocket：{}", host, why)});
  };
  handlers.on_frame = [run](const std::string& frame, FrameKind kind, const WebSocket& socket) {
    on_frame(run, frame, kind, socket);
  };
  handlers.on_closed = [run] { run->state.close({"the connection broke", "连接已中断"}); };
  return std::make_shared<WebSocketClient>(run->loop, url, std::move(handlers));
}

Result<Url> address_of(const ConnectionNeeds& needs, SocketProtocol& protocol,
                       const std::atomic<bool>& stopping) {
  HttpRequest request = protocol.open_request();
  request.timeouts = HttpTimeouts::all(needs.timeout);
  const auto reply = needs.http.fetch(std::move(request), [&] { return stopping.load(); });
  if (!reply) return fail(reply.error());
  const auto address = protocol.read_address(*reply, now_ms());
  if (!address) return fail(address.error());
  if (auto url = parse_url(*address)) return *url;
  return fail(Code::kUnavailable, "the platform gives no address", "平台未返回地址");
}

}  // namespace

SocketEnding run_socket_once(const ConnectionNeeds& needs, const ChannelEntry& channel,
                             const std::shared_ptr<SocketProtocol>& protocol, EventLoop loop,
                             const std::atomic<bool>& stopping) {
  const auto url = address_of(needs, *protocol, stopping);
  if (!url) return {url.error()};
  const FrameKind kind = protocol->is_binary() ? FrameKind::kBinary : FrameKind::kText;
  const RunPtr run(new Run{needs, channel, protocol, loop, kind});
  const milliseconds timeout = needs.timeout;
  auto client = connect(run, *url);
  const SteadyTime begun = steady_now();
  SteadyTime opened = begun, beat = begun;
  bool said = false;
  for (; !run->state.closed && !stopping; std::this_thread::sleep_for(kTick)) {
    if (!run->state.opened) {
      if (since(begun) > timeout)
        run->state.close(
            {fmt::format("no WebSocket at {} within {} ms", url->host, timeout.count()),
             fmt::format("{} 毫秒内未能与 {} 建立 WebSocket", timeout.count(), url->host)});
      continue;
    }
    if (!said) {
      said = true;
      opened = beat = steady_now();
      channel.connection->set(ConnectionState::Kind::kConnected);
      log::info("channel.connected", "connected", {{"ai_bot.channel", channel.config.name}});
      run_in(run->loop, [&] {
        if (const auto socket = client->socket()) socket.ping_every(timeout);
      });
    }
    run_in(run->loop, [&] {
      if (const auto socket = client->socket()) keep_alive(run, socket, beat, timeout);
    });
  }
  run->state.closed = true;
  // Its last owner lets it go there, where its callbacks run; those that were queued are then over.
  run_in(run->loop, [client = std::move(client), code = protocol->close_code()] {
    if (const auto socket = client->socket()) socket.shut_down(code);
  });
  while (run->state.commits_under_way > 0) std::this_thread::sleep_for(kCommitWait);
  const Error why = run->state.ending();
  if (said)
    log::info("channel.disconnected", "the connection ended",
              {{"ai_bot.channel", channel.config.name}, {"ai_bot.reason", why.text.en}});
  return {why, said ? since(opened) : milliseconds(0)};
}

}  // namespace ai_bot
