// The channels as they run, by name. A reload puts others in their places; an entry that was
// replaced or removed stays to the end, for what it has under way.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "gateway/channel_entry.h"

namespace ai_bot {

// What it gives stays where it is for as long as this lives.
class ChannelMap {
 public:
  // Null when there is none (any more): events and replies outlive a change of the configuration.
  const ChannelEntry* find(const std::string& name) const;
  std::vector<const ChannelEntry*> all() const;  // in the order of their names
  size_t size() const;

  // Under the name in its configuration. The one that was there is retired.
  const ChannelEntry& put(ChannelEntry entry);
  // It is found no more, and its connection ends.
  void retire(const std::string& name);

 private:
  void retire_now(const std::string& name) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, const ChannelEntry*> current_ GUARDED_BY(mutex_);
  std::deque<ChannelEntry> entries_ GUARDED_BY(mutex_);  // all there ever were
};

}  // namespace ai_bot
