#include "net/guarded_connection.h"

#include <fmt/format.h>
#include <trantor/net/EventLoop.h>

#include <algorithm>

#include "core/guarded.h"
#include "net/replies.h"

namespace ai_bot {
namespace {

// A refused client has this long to read why before its connection is closed, whatever it sends.
constexpr milliseconds kLinger{2000};
// Requests sent ahead that are served in one turn of the loop; others have their turn then.
constexpr int kMostAtOnce = 64;
constexpr HttpFraming::Refusal kTooSlow{
    408, "the request did not come within server.header_timeout and at server.min_rate",
    "请求未在 server.header_timeout 内、以不低于 server.min_rate 的速度到达"};
constexpr HttpFraming::Refusal kUnreadable{400, "this is no request that can be read",
                                           "无法读取该请求"};

// The framework's reader of a connection's bytes. trantor lets it be set and not be read: a
// protected member, named here through a class derived for that.
struct Reader : trantor::TcpConnection {
  static trantor::RecvMessageCallback trantor::TcpConnection::*member() {
    return &Reader::recvMsgCallback_;
  }
};

// Stands before any routing, so it is written by hand; in both languages, as nobody was asked yet.
std::string response_text(const HttpFraming::Refusal& refusal) {
  const Code code = refusal.status == 408                            ? Code::kTimeout
                    : refusal.status == 413 || refusal.status == 431 ? Code::kTooLarge
                                                                     : Code::kInvalid;
  const std::string both = fmt::format("{} / {}", refusal.en, refusal.zh);
  const std::string body = error_body({code, {both, both}}, Language::kEnglish).dump();
  return fmt::format(
      "HTTP/1.1 {} {}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n"
      "connection: close\r\n\r\n{}",
      refusal.status, http_status_str(static_cast<enum ::http_status>(refusal.status)), body.size(),
      body);
}

thread_local GuardedConnection* being_handed_over = nullptr;

}  // namespace

GuardedConnectionPtr GuardedConnection::handing_over() {
  return being_handed_over == nullptr ? nullptr : being_handed_over->shared_from_this();
}

GuardedConnection::GuardedConnection(const trantor::TcpConnectionPtr& tcp,
                                     const ConnectionLimits& limits, OnRefused on_refused)
    : tcp_(tcp),
      loop_(tcp->getLoop()),
      address_(tcp->peerAddr().toIp()),
      limits_(limits),
      on_refused_(std::move(on_refused)),
      framing_({limits.max_header, limits.max_body}),
      since_(steady_now()),
      got_out_at_(steady_now()) {}

void GuardedConnection::stand_before_framework(const trantor::TcpConnectionPtr& tcp) {
  framework_ = (*tcp).*Reader::member();
  tcp->setRecvMsgCallback([self = shared_from_this()](const auto& connection, auto* buffer) {
    if (!guarded("http.receive", [&] { self->receive(connection, buffer); }))
      connection->forceClose();
  });
}

void GuardedConnection::receive(const trantor::TcpConnectionPtr& tcp, trantor::MsgBuffer* buffer) {
  const size_t most = limits_.max_header + limits_.max_body;
  if (over_) {
    discarded_ += buffer->readableBytes();
    buffer->retrieveAll();
    if (discarded_ > most) tcp->forceClose();
    return;
  }
  const bool waits = busy_ || unsent_ > most_unsent();
  if (waits && buffer->readableBytes() > most) return tcp->forceClose();
  feed(tcp, buffer);
}

// Hands requests over, one after another, as long as each is answered at once.
void GuardedConnection::feed(const trantor::TcpConnectionPtr& tcp, trantor::MsgBuffer* buffer) {
  feeding_ = true;
  for (int count = 0;; ++count) {
    count_unsent(*tcp);
    if (busy_ || over_ || unsent_ > most_unsent() || !tcp->connected()) break;
    // Empty lines before a request are skipped (RFC 9112, 2.2).
    while (!framing_.begun() && buffer->readableBytes() > 0 &&
           (*buffer->peek() == '\r' || *buffer->peek() == '\n'))
      buffer->retrieve(1);
    if (buffer->readableBytes() == 0) break;
    if (count == kMostAtOnce) {
      resume_later();
      break;
    }
    if (!framing_.begun()) since_ = steady_now();
    const size_t taken = framing_.feed({buffer->peek(), buffer->readableBytes()});
    if (framing_.state() == HttpFraming::State::kRefused) {
      refuse(tcp, framing_.refusal());
    } else {
      hand_over(tcp, buffer, taken);
    }
  }
  feeding_ = false;
}

// To the framework: the next bytes of the request, and nothing behind it; a header only whole.
void GuardedConnection::hand_over(const trantor::TcpConnectionPtr& tcp, trantor::MsgBuffer* buffer,
                                  size_t taken) {
  const bool whole = framing_.state() == HttpFraming::State::kComplete;
  const bool all = !part_ && taken == buffer->readableBytes();
  if (!(whole && all)) {
    if (!part_) part_ = std::make_unique<trantor::MsgBuffer>(taken);
    part_->append(buffer->peek(), taken);
    buffer->retrieve(taken);
  }
  if (framing_.state() == HttpFraming::State::kHeader) return;
  busy_ = whole;
  began_ = false;
  being_handed_over = this;
  framework_(tcp, part_ ? part_.get() : buffer);
  being_handed_over = nullptr;
  if (!whole) return;
  part_.reset();
  if (!began_) refuse(tcp, kUnreadable);
}

void GuardedConnection::answered() {
  began_ = true;
  if (!busy_) return;
  served_ = true;
  since_ = steady_now();
  on_gone_ = nullptr;
  over_ = over_ || !framing_.keeps_alive();
  framing_.next();
  busy_ = false;
  const auto tcp = tcp_.lock();
  if (!feeding_ && tcp && tcp->getRecvBuffer()->readableBytes() > 0) resume_later();
}

void GuardedConnection::resume_later() {
  loop().post("http.resume", [self = shared_from_this()] { self->resume(); });
}

void GuardedConnection::resume() {
  const auto tcp = tcp_.lock();
  if (tcp && !over_) feed(tcp, tcp->getRecvBuffer());
}

void GuardedConnection::stream_ended() {
  streams_ = false;
  answered();
}

void GuardedConnection::sending(size_t bytes) {
  const auto tcp = tcp_.lock();
  if (!tcp) return;
  // Where all is out, the connection's own count is the exact one.
  out_ = std::max<uint64_t>(out_, tcp->bytesSent()) + bytes;
  count_unsent(*tcp);
}

void GuardedConnection::count_unsent(const trantor::TcpConnection& tcp) {
  const uint64_t got_out = tcp.bytesSent();
  if (got_out != got_out_) got_out_at_ = steady_now();
  got_out_ = got_out;
  unsent_ = out_ > got_out ? out_ - got_out : 0;
}

void GuardedConnection::refuse(const trantor::TcpConnectionPtr& tcp,
                               const HttpFraming::Refusal& refusal) {
  over_ = true;
  busy_ = false;
  since_ = steady_now();
  if (tcp->connected()) {
    on_refused_(refusal.status);
    tcp->send(response_text(refusal));
    tcp->shutdown();
  }
  tcp->getRecvBuffer()->retrieveAll();
}

void GuardedConnection::on_gone(std::function<void()> gone) {
  if (is_gone_) return gone();
  on_gone_ = std::move(gone);
}

void GuardedConnection::gone() {
  is_gone_ = true;
  if (const auto on_gone = std::exchange(on_gone_, nullptr)) on_gone();
}

// How long we wait for the client by now.
milliseconds GuardedConnection::patience() const {
  if (!framing_.begun()) return served_ ? limits_.idle_timeout : limits_.header_timeout;
  const auto body = static_cast<int64_t>(framing_.body_bytes());
  return limits_.header_timeout + milliseconds(body * 1000 / limits_.min_rate);
}

void GuardedConnection::check(SteadyTime now) {
  const auto tcp = tcp_.lock();
  if (!tcp) return;
  count_unsent(*tcp);
  const bool over = over_ || !tcp->connected();
  if (unsent_ == 0) got_out_at_ = now;
  const bool lingers = over && !busy_ && unsent_ == 0;
  if (now - got_out_at_ > limits_.write_timeout || (lingers && now - since_.load() > kLinger))
    return tcp->forceClose();
  if (over || busy_) return;
  resume();
  if (busy_ || unsent_ > 0 || now - since_.load() <= patience()) return;
  if (framing_.begun()) return refuse(tcp, kTooSlow);
  tcp->forceClose();
}

void GuardedConnection::make_room() {
  leaves_ = true;
  loop().post("http.make_room", [self = shared_from_this()] {
    if (!self->busy_) return self->close();
    self->leaves_ = false;  // its request came in this very moment
  });
}

void GuardedConnection::close() {
  if (const auto tcp = tcp_.lock()) tcp->forceClose();
}

}  // namespace ai_bot
