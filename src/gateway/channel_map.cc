#include "gateway/channel_map.h"

namespace ai_bot {

const ChannelEntry* ChannelMap::find(const std::string& name) const {
  MutexLock lock(mutex_);
  const auto at = current_.find(name);
  return at == current_.end() ? nullptr : at->second;
}

std::vector<const ChannelEntry*> ChannelMap::all() const {
  MutexLock lock(mutex_);
  std::vector<const ChannelEntry*> list;
  for (const auto& [name, entry] : current_) list.push_back(entry);
  return list;
}

size_t ChannelMap::size() const {
  MutexLock lock(mutex_);
  return current_.size();
}

const ChannelEntry& ChannelMap::put(ChannelEntry entry) {
  MutexLock lock(mutex_);
  const std::string name = entry.config.name;
  retire_now(name);
  entries_.push_back(std::move(entry));
  current_[name] = &entries_.back();
  return entries_.back();
}

void ChannelMap::retire(const std::string& name) {
  MutexLock lock(mutex_);
  retire_now(name);
}

void ChannelMap::retire_now(const std::string& name) {
  const auto at = current_.find(name);
  if (at == current_.end()) return;
  *at->second->is_retired = true;
  at->second->access->stop();
  current_.erase(at);
}

}  // namespace ai_bot
