#include "gateway/socket_run.h"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/id.h"
#include "core/log.h"
#include "core/utf8.h"
#include "net/url.h"
#include "net/websocket_client.h"

namespace ai_bot {
namespace {

constexpr milliseconds kCommitWait{2};
// Without any frame for so many pings (one each delivery.timeout) nobody is there any more.
constexpr int kUnansweredPings = 3;
constexpr size_t kLongestReason = 123;  // bytes of a Close frame (RFC 6455, 5.5)

// How one connection is, shared with the store's thread.
struct Connected {
  std::atomic<bool> closed{false};
  std::atomic<int> commits_under_way{0};

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

  // Of an event that is on disk, for the protocol to be told on the connection's thread.
  void note_mark(int64_t mark) {
    std::lock_guard lock(mutex_);
    marks_.push_back(mark);
  }
  void hand_over_marks(SocketProtocol& protocol) {
    std::vector<int64_t> marks;
    {
      std::lock_guard lock(mutex_);
      marks.swap(marks_);
    }
    for (const int64_t mark : marks) protocol.committed(mark);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<int64_t> marks_;
  Error ending_{Code::kUnavailable, {}};
};

// What a frame's handling needs.
struct Run {
  const ConnectionNeeds needs;
  const ChannelEntry& channel;
  std::shared_ptr<SocketProtocol> protocol;
  FrameKind kind;
  Connected state{};
  // Of the connection's thread.
  std::optional<SteadyTime> opened{};
  SteadyTime last_frame{}, last_ping{}, last_beat{};
};
using RunPtr = std::shared_ptr<Run>;

void acknowledge(const RunPtr& run, const SocketStep& step, const WebSocket& socket) {
  if (!step.acknowledgement.empty() && !run->state.closed)
    socket.send(step.acknowledgement, run->kind);
  if (!step.request) return;
  HttpRequest request = *step.request;
  request.timeouts = HttpTimeouts::all(run->needs.timeout);
  HttpStream stream;
  stream.on_done = [](const Result<HttpReply>&) {};
  run->needs.http.start(std::move(request), std::move(stream));
}

// A frame's event, its commit, its acknowledgement.
void take_in_frame(const RunPtr& run, SocketStep step, const WebSocket& socket) {
  if (!step.reading || !step.reading->event) {
    if (step.reading) run->needs.intake.note_ignored(run->channel, *step.reading);
    return acknowledge(run, step, socket);
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
  Event event = std::move(*step.reading->event);
  run->needs.intake.take_in(run->channel, std::move(event),
                            [run, counted, socket, step = std::move(step)](
                                const TakenInPtr& taken, const Result<void>& result) {
                              if (result) {
                                run->needs.intake.note_taken_in(*taken);
                                if (step.mark != 0) run->state.note_mark(step.mark);
                                acknowledge(run, step, socket);
                              } else if (step.mark != 0) {
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
  run->last_frame = steady_now();
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

// The beat of an open connection.
void keep_alive(const RunPtr& run, const WebSocket& socket) {
  run->state.hand_over_marks(*run->protocol);
  static const Text deaf{"the platform does not answer any more on this connection",
                         "平台在该连接上不再响应"};
  const milliseconds timeout = run->needs.timeout;
  if (since(run->last_frame) > kUnansweredPings * timeout) return run->state.close(deaf);
  if (since(run->last_ping) >= timeout) {
    run->last_ping = steady_now();
    socket.ping();
  }
  const milliseconds every = run->protocol->heartbeat_every();
  if (every.count() <= 0 || since(run->last_beat) < every) return;
  if (run->protocol->is_deaf()) return run->state.close(deaf);
  run->last_beat = steady_now();
  socket.send(run->protocol->heartbeat(), run->kind);
}

void on_open(const RunPtr& run) {
  run->protocol->on_open();
  run->last_frame = run->last_ping = run->last_beat = steady_now();
  run->opened = steady_now();
  note_connected(run->channel);
}

Result<Url> address_of(const ConnectionNeeds& needs, const ChannelEntry& channel,
                       SocketProtocol& protocol) {
  HttpRequest request = protocol.open_request();
  request.timeouts = HttpTimeouts::all(needs.timeout);
  const auto reply =
      needs.http.fetch(std::move(request), [&] { return channel.is_retired->load(); });
  if (!reply) return fail(reply.error());
  const auto address = protocol.read_address(*reply, now_ms());
  if (!address) return fail(address.error());
  if (auto url = parse_url(*address)) return *url;
  return fail(Code::kUnavailable, "the platform gives no address", "平台未返回地址");
}

}  // namespace

SocketEnding run_socket_once(const ConnectionNeeds& needs, const ChannelEntry& channel,
                             const std::shared_ptr<SocketProtocol>& protocol) {
  const auto url = address_of(needs, channel, *protocol);
  if (!url) return {url.error()};
  const FrameKind kind = protocol->is_binary() ? FrameKind::kBinary : FrameKind::kText;
  const RunPtr run(new Run{needs, channel, protocol, kind});
  WebSocketHandlers handlers;
  handlers.on_open = [run] { on_open(run); };
  handlers.on_frame = [run](const std::string& frame, FrameKind kind_of_it,
                            const WebSocket& socket) { on_frame(run, frame, kind_of_it, socket); };
  handlers.on_tick = [run](const WebSocket& socket) { keep_alive(run, socket); };
  handlers.is_over = [run] { return run->state.closed || *run->channel.is_retired; };
  handlers.close_code = protocol->close_code();
  const auto served = run_websocket({*url, channel.config.proxy, needs.timeout}, handlers);
  if (!served) run->state.close(served.error().text);
  run->state.closed = true;
  while (run->state.commits_under_way > 0) std::this_thread::sleep_for(kCommitWait);
  run->state.hand_over_marks(*protocol);
  const Error why = run->state.ending();
  if (!run->opened) return {why};
  log::info("channel.disconnected", "the connection ended",
            {{"ai_bot.channel", channel.config.name}, {"ai_bot.reason", why.text.en}});
  return {why, since(*run->opened)};
}

}  // namespace ai_bot
