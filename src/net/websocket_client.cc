#include "net/websocket_client.h"

#include <drogon/WebSocketClient.h>
#include <fmt/format.h>

#include "core/guarded.h"

namespace ai_bot {
namespace {

using drogon::WebSocketMessageType;

FrameKind kind_of(WebSocketMessageType type) {
  switch (type) {
    case WebSocketMessageType::Text:
      return FrameKind::kText;
    case WebSocketMessageType::Binary:
      return FrameKind::kBinary;
    case WebSocketMessageType::Close:
      return FrameKind::kClose;
    default:
      return FrameKind::kOther;
  }
}

}  // namespace

void WebSocket::send(std::string_view frame, FrameKind kind) const {
  connection_->send(frame, kind == FrameKind::kBinary ? WebSocketMessageType::Binary
                                                      : WebSocketMessageType::Text);
}

void WebSocket::ping_every(milliseconds time) const {
  connection_->setPingMessage("", std::chrono::duration<double>(time));
}

void WebSocket::shut_down(int code) const {
  connection_->shutdown(static_cast<drogon::CloseCode>(code));
}

WebSocketClient::WebSocketClient(EventLoop loop, const Url& url, Handlers handlers)
    : client_(drogon::WebSocketClient::newWebSocketClient(
          fmt::format("{}://{}:{}", url.scheme, url.host, url.port), loop.framework())) {
  const auto shared = std::make_shared<const Handlers>(std::move(handlers));
  client_->setMessageHandler([shared](std::string&& frame, const auto& client, const auto& type) {
    guarded("websocket.frame",
            [&] { shared->on_frame(frame, kind_of(type), WebSocket(client->getConnection())); });
  });
  client_->setConnectionClosedHandler(
      [shared](const auto&) { guarded("websocket.closed", shared->on_closed); });
  auto upgrade = drogon::HttpRequest::newHttpRequest();
  upgrade->setPathEncode(false);
  upgrade->setPath(url.target());
  client_->connectToServer(upgrade, [shared](drogon::ReqResult result, const auto&, const auto&) {
    guarded("websocket.open", [&] {
      if (result == drogon::ReqResult::Ok) return shared->on_open();
      shared->on_failed(drogon::to_string(result));
    });
  });
}

WebSocketClient::~WebSocketClient() { client_->stop(); }

WebSocket WebSocketClient::socket() const { return WebSocket(client_->getConnection()); }

}  // namespace ai_bot
