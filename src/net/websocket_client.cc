#include "net/websocket_client.h"

#include <fmt/format.h>
#include <sodium.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/guarded.h"
#include "core/mutex.h"
#include "net/curl_connection.h"
#include "net/websocket_handshake.h"

namespace ai_bot {
namespace {

constexpr milliseconds kTick{100};
constexpr milliseconds kFarewell{500};  // for the other side to take our Close frame
// Read without a look at what is to be sent, and at the time.
constexpr size_t kMostATurn = 1 << 20;  // bytes
constexpr size_t kPiece = 4096;

FrameKind kind_of(uint8_t opcode) {
  switch (opcode) {
    case WSLAY_TEXT_FRAME:
      return FrameKind::kText;
    case WSLAY_BINARY_FRAME:
      return FrameKind::kBinary;
    case WSLAY_CONNECTION_CLOSE:
      return FrameKind::kClose;
    default:
      return FrameKind::kOther;
  }
}

}  // namespace

// What others ask of a connection, taken up on its thread.
class WebSocket::Line {
 public:
  using Work = std::function<void(wslay_event_context_ptr)>;

  Line() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Line() { ::close(wake_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void add(Work work) {
    MutexLock lock(mutex_);
    if (is_ended_) return;
    work_.push_back(std::move(work));
    eventfd_write(wake_, 1);
  }

  void do_all(wslay_event_context_ptr context) {
    eventfd_t ignored;
    eventfd_read(wake_, &ignored);
    std::vector<Work> taken;
    {
      MutexLock lock(mutex_);
      taken.swap(work_);
    }
    for (const Work& work : taken) guarded("websocket.work", [&] { work(context); });
  }

  // Nothing is done after that.
  void end() {
    std::vector<Work> dropped;
    MutexLock lock(mutex_);
    is_ended_ = true;
    dropped.swap(work_);
    lock.unlock();
  }

  int wake() const { return wake_; }

 private:
  const int wake_;
  Mutex mutex_;
  std::vector<Work> work_ GUARDED_BY(mutex_);
  bool is_ended_ GUARDED_BY(mutex_) = false;
};

void WebSocket::send(std::string_view message, FrameKind kind) const {
  line_->add([message = std::string(message), kind](wslay_event_context_ptr context) {
    const uint8_t opcode = kind == FrameKind::kBinary ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME;
    const wslay_event_msg frame{opcode, reinterpret_cast<const uint8_t*>(message.data()),
                                message.size()};
    wslay_event_queue_msg(context, &frame);
  });
}

void WebSocket::ping() const {
  line_->add([](wslay_event_context_ptr context) {
    const wslay_event_msg frame{WSLAY_PING, nullptr, 0};
    wslay_event_queue_msg(context, &frame);
  });
}

namespace {

// An open connection, from its first frame to its last.
class Session {
 public:
  Session(CurlConnection connection, std::string early, const WebSocketOptions& options,
          const WebSocketHandlers& handlers)
      : connection_(std::move(connection)),
        early_(std::move(early)),
        options_(options),
        handlers_(handlers) {
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = on_receive;
    callbacks.send_callback = on_send;
    callbacks.genmask_callback = [](auto, uint8_t* mask, size_t size, void*) {
      randombytes_buf(mask, size);
      return 0;
    };
    callbacks.on_msg_recv_callback = on_message;
    if (wslay_event_context_client_init(&context_, &callbacks, this) != 0) throw std::bad_alloc();
    wslay_event_config_set_max_recv_msg_length(context_, options.max_message);
  }
  ~Session() {
    line_->end();
    wslay_event_context_free(context_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<void> run() {
    guarded("websocket.open", handlers_.on_open);
    SteadyTime ticked = steady_now();
    while (!handlers_.is_over()) {
      if (since(ticked) >= kTick) {
        ticked = steady_now();
        guarded("websocket.tick", [this] { handlers_.on_tick(socket_); });
      }
      line_->do_all(context_);
      const bool is_open = move_frames();
      if (handlers_.is_over()) break;
      if (!is_open) return fail(ending());
      const milliseconds rest = received_ < kMostATurn ? kTick : milliseconds(0);
      connection_.wait(wslay_event_want_write(context_) != 0, line_->wake(), rest);
    }
    say_good_bye();
    return {};
  }

 private:
  static Session& self(void* user) { return *static_cast<Session*>(user); }

  static ssize_t would_block(wslay_event_context_ptr context) {
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  static ssize_t moved(wslay_event_context_ptr context, std::optional<size_t> count) {
    if (count && *count > 0) return static_cast<ssize_t>(*count);
    if (count) return would_block(context);
    wslay_event_set_error(context, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
  }

  static ssize_t on_receive(wslay_event_context_ptr context, uint8_t* into, size_t most, int,
                            void* user) {
    Session& session = self(user);
    if (session.received_ >= kMostATurn) return would_block(context);
    const auto count = session.receive(into, most);
    session.received_ += count.value_or(0);
    return moved(context, count);
  }
  static ssize_t on_send(wslay_event_context_ptr context, const uint8_t* bytes, size_t most, int,
                         void* user) {
    return moved(context, self(user).connection_.send(bytes, most));
  }
  static void on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* arg,
                         void* user) {
    Session& session = self(user);
    guarded("websocket.frame", [&] {
      const std::string message(reinterpret_cast<const char*>(arg->msg), arg->msg_length);
      session.handlers_.on_frame(message, kind_of(arg->opcode), session.socket_);
    });
  }

  // What came right behind the handshake is first.
  std::optional<size_t> receive(uint8_t* into, size_t most) {
    if (early_.empty()) return connection_.receive(into, most);
    const size_t count = std::min(most, early_.size());
    std::copy_n(early_.begin(), count, into);
    early_.erase(0, count);
    return count;
  }

  // Both ways, as far as it goes without waiting. False: there is nothing more to come.
  bool move_frames() {
    received_ = 0;
    return wslay_event_recv(context_) == 0 && wslay_event_send(context_) == 0 &&
           (wslay_event_want_read(context_) != 0 || wslay_event_want_write(context_) != 0);
  }

  Error ending() const {
    if (wslay_event_get_close_sent(context_) == 0)
      return {Code::kUnavailable, {"the connection broke", "连接已中断"}};
    const int code = wslay_event_get_status_code_sent(context_);
    if (code == WSLAY_CODE_MESSAGE_TOO_BIG) {
      return {Code::kTooLarge,
              {fmt::format("a message is larger than {} bytes", options_.max_message),
               fmt::format("消息超过 {} 字节", options_.max_message)}};
    }
    return {Code::kUnavailable,
            {fmt::format("what came is no WebSocket (code {})", code),
             fmt::format("收到的不是 WebSocket 数据（代码 {}）", code)}};
  }

  void say_good_bye() {
    const SteadyTime deadline = steady_now() + kFarewell;
    line_->do_all(context_);  // an acknowledgement that still gets there saves a repetition
    wslay_event_queue_close(context_, static_cast<uint16_t>(handlers_.close_code), nullptr, 0);
    while (wslay_event_send(context_) == 0 && wslay_event_want_write(context_) != 0 &&
           steady_now() < deadline) {
      connection_.wait(true, line_->wake(), kTick);
    }
  }

  CurlConnection connection_;
  std::string early_;
  const WebSocketOptions& options_;
  const WebSocketHandlers& handlers_;
  const std::shared_ptr<WebSocket::Line> line_ = std::make_shared<WebSocket::Line>();
  const WebSocket socket_{line_};
  wslay_event_context_ptr context_ = nullptr;
  size_t received_ = 0;  // in this turn
};

// Its answer, and what came behind it.
Result<std::string> shake_hands(CurlConnection& connection, const WebSocketOptions& options,
                                SteadyTime deadline, const std::function<bool()>& is_over) {
  WebSocketHandshake handshake(options.url);
  std::string_view left = handshake.request();
  std::array<char, kPiece> piece{};
  while (!is_over()) {
    if (steady_now() >= deadline)
      return fail(Code::kTimeout, fmt::format("no answer within {} ms", options.timeout.count()),
                  fmt::format("{} 毫秒内没有响应", options.timeout.count()));
    const auto sent = left.empty() ? 0 : connection.send(left.data(), left.size());
    if (sent) left.remove_prefix(*sent);
    const auto count = sent ? connection.receive(piece.data(), piece.size()) : std::nullopt;
    if (!count) return fail(Code::kUnavailable, "the connection broke", "连接已中断");
    if (*count == 0) {
      connection.wait(!left.empty(), -1, kTick);
      continue;
    }
    auto early = handshake.read({piece.data(), *count});
    if (!early) return fail(early.error());
    if (*early) return std::move(**early);
  }
  return fail(Code::kCancelled, "ai_bot is stopping", "ai_bot 正在停止");
}

tl::unexpected<Error> never_open(const std::string& host, const Error& why) {
  return fail(why.code, fmt::format("no WebSocket at {}: {}", host, why.text.en),
              fmt::format("无法与 {} 建立 WebSocket：{}", host, why.text.zh));
}

}  // namespace

Result<void> run_websocket(const WebSocketOptions& options, const WebSocketHandlers& handlers) {
  const SteadyTime deadline = steady_now() + options.timeout;
  auto connection = CurlConnection::open(options.url, options.proxy, deadline, handlers.is_over);
  if (!connection) return never_open(options.url.host, connection.error());
  auto early = shake_hands(*connection, options, deadline, handlers.is_over);
  if (!early) return never_open(options.url.host, early.error());
  return Session(std::move(*connection), std::move(*early), options, handlers).run();
}

}  // namespace ai_bot
