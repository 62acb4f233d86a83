#include "store/sqlite/known_events.h"

#include <sodium.h>

#include <bit>
#include <iterator>

#include "store/sqlite/connection.h"

namespace ai_bot {
namespace {

constexpr int kGroupBits = 6;  // a word has 64
constexpr int64_t kGroupBuckets = 1 << kGroupBits;
constexpr uint64_t kWords = 16 * KnownEvents::kBucketEvents;  // a power of two; 128 KiB a group
constexpr int kProbes = 6;  // with a full bucket one look in a thousand is in vain

// The words of a group in which an event has its bits.
template <class Visit>
void for_each_word(int64_t hash, Visit visit) {
  const auto bits = static_cast<uint64_t>(hash);
  const uint64_t step = (bits >> 32) | 1;
  for (uint64_t i = 0, word = bits; i < kProbes; ++i, word += step) visit(word & (kWords - 1));
}

int64_t data_version(Connection& connection) {
  auto& select = connection.prepare("PRAGMA data_version");
  select.executeStep();
  const int64_t version = select.getColumn(0).getInt64();
  select.reset();
  return version;
}

bool is_empty(Connection& connection, int64_t bucket) {
  auto& select = connection.prepare("SELECT 1 FROM inbox WHERE bucket=? LIMIT 1");
  select.bind(1, bucket);
  const bool found = select.executeStep();
  select.reset();
  return !found;
}

std::optional<int64_t> look_up(Connection& connection, int64_t bucket, int64_t hash,
                               const std::string& channel, const std::string& event_id) {
  auto& select = connection.prepare(
      "SELECT id FROM inbox WHERE bucket=? AND event_hash=? AND channel=? AND event_id=?");
  select.bind(1, bucket);
  select.bind(2, hash);
  select.bindNoCopy(3, channel);
  select.bindNoCopy(4, event_id);
  std::optional<int64_t> id;
  if (select.executeStep()) id = select.getColumn(0).getInt64();
  select.reset();
  return id;
}

}  // namespace

int64_t KnownEvents::hash_of(const std::string& channel, const std::string& event_id) {
  static constexpr unsigned char kKey[crypto_shorthash_KEYBYTES] = {};
  const std::string text = channel + '/' + event_id;
  unsigned char out[crypto_shorthash_BYTES];
  crypto_shorthash(out, reinterpret_cast<const unsigned char*>(text.data()), text.size(), kKey);
  int64_t hash = 0;
  for (const unsigned char byte : out)
    hash = static_cast<int64_t>(static_cast<uint64_t>(hash) << 8 | byte);
  return hash;
}

void KnownEvents::refresh(Connection& connection) {
  const int64_t version = data_version(connection);
  if (is_loaded_ && version == version_) return;
  is_loaded_ = false;  // until all of it is read, should this throw
  groups_.clear();
  bucket_ = events_ = 0;
  auto& select =
      connection.prepare("SELECT bucket, event_hash FROM inbox ORDER BY bucket, event_hash");
  while (select.executeStep()) {
    const int64_t bucket = select.getColumn(0).getInt64();
    events_ = bucket == bucket_ ? events_ + 1 : 1;
    bucket_ = bucket;
    note(bucket, select.getColumn(1).getInt64());
  }
  version_ = version;
  is_loaded_ = true;
}

std::optional<int64_t> KnownEvents::find(Connection& connection, const std::string& channel,
                                         const std::string& event_id) const {
  const int64_t hash = hash_of(channel, event_id);
  for (const auto& [number, group] : groups_) {
    uint64_t buckets = ~uint64_t{0};
    for_each_word(hash, [&buckets, &words = group](uint64_t word) { buckets &= words[word]; });
    for (; buckets != 0; buckets &= buckets - 1) {
      const int64_t bucket = number * kGroupBuckets + std::countr_zero(buckets);
      if (auto id = look_up(connection, bucket, hash, channel, event_id)) return id;
    }
  }
  return std::nullopt;
}

int64_t KnownEvents::add(Connection& connection, int64_t hash) {
  if (events_ >= kBucketEvents) {
    ++bucket_;
    events_ = 0;
    forget_empty(connection);
  }
  ++events_;
  note(bucket_, hash);
  return bucket_;
}

void KnownEvents::note(int64_t bucket, int64_t hash) {
  Group& group = groups_[bucket >> kGroupBits];
  if (group.empty()) group.resize(kWords);
  const uint64_t bit = uint64_t{1} << (bucket & (kGroupBuckets - 1));
  for_each_word(hash, [&](uint64_t word) { group[word] |= bit; });
}

// Groups of which the retention has left nothing.
void KnownEvents::forget_empty(Connection& connection) {
  for (auto at = groups_.begin(); at != groups_.end();) {
    bool has_events = at->first == bucket_ >> kGroupBits;
    for (int64_t i = 0; !has_events && i < kGroupBuckets; ++i)
      has_events = !is_empty(connection, at->first * kGroupBuckets + i);
    at = has_events ? std::next(at) : groups_.erase(at);
  }
}

}  // namespace ai_bot
