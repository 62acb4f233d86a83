#include "gateway/turn_events.h"

#include "gateway/attachments.h"
#include "gateway/drafts.h"

namespace ai_bot {

AssistantEvents turn_events(const ChannelMap& channels, const Outgoing& outgoing, Ledger& ledger,
                            Waiters& waiters, Deliverer& deliverer, size_t max_text,
                            Bytes image_memory) {
  AssistantEvents events;
  events.holds_replies = [&channels](const std::string& name) {
    const ChannelEntry* entry = channels.find(name);
    return entry != nullptr && entry->channel->holds_replies();
  };
  events.answers_once = [&channels](const std::string& name) {
    const ChannelEntry* entry = channels.find(name);
    return entry != nullptr && entry->channel->answers_once();
  };
  events.compose = [&channels](const std::string& name, const std::string& answer) {
    const ChannelEntry* entry = channels.find(name);
    return entry == nullptr ? std::vector<std::string>{answer} : entry->channel->compose(answer);
  };
  events.begun = [&channels, outgoing, &ledger](int64_t id,
                                                const Event& event) -> std::shared_ptr<Draft> {
    const ChannelEntry* entry = channels.find(event.channel);
    if (entry == nullptr) return nullptr;
    return begin_draft(*entry, outgoing, ledger, id, event);
  };
  const auto room = std::make_shared<ImageRoom>(image_memory.count);
  events.files = [&channels, outgoing, max_text, room](const Event& event, bool sees,
                                                       std::function<bool()> over,
                                                       std::function<void(FileContents)> then) {
    const ChannelEntry* entry = channels.find(event.channel);
    if (entry == nullptr) return then({});
    read_files(*entry, outgoing, event, {max_text, sees, room, std::move(over)}, std::move(then));
  };
  events.answered = [&waiters, &deliverer](int64_t id, const std::string& answer) {
    waiters.answered(id, {answer});
    deliverer.deliver(id);
  };
  events.postponed = [&waiters, &deliverer](int64_t id, const std::string& notice) {
    waiters.answered(id, {notice, /*postponed=*/true});
    deliverer.deliver(id);
  };
  return events;
}

}  // namespace ai_bot
