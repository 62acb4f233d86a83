#include "gateway/typing.h"

#include "core/guarded.h"

namespace ai_bot {

Typing::Typing(const ChannelEntry& channel, const Outgoing& outgoing, std::string address)
    : channel_(channel), outgoing_(outgoing), address_(std::move(address)) {}

void Typing::show() {
  channel_.access->token([weak = weak_from_this()](const Result<std::string>& token) {
    const auto self = weak.lock();
    if (!self) return;
    if (!token) return self->later();
    guarded("typing.show", [&] { self->send(*token); });
  });
}

void Typing::send(const std::string& token) {
  auto request = channel_.channel->typing(address_, token);
  if (!request) return;
  request->timeouts = HttpTimeouts::all(outgoing_.timeout);
  HttpStream stream;
  stream.on_done = [weak = weak_from_this()](const Result<HttpReply>&) {
    if (const auto self = weak.lock()) self->later();
  };
  outgoing_.http.start(std::move(*request), std::move(stream));
}

void Typing::later() {
  outgoing_.executor.post_at(outgoing_.clock.now() + kEvery, channel_.config.name,
                             [weak = weak_from_this()] {
                               if (const auto self = weak.lock()) self->show();
                             });
}

}  // namespace ai_bot
