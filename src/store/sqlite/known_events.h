// Which events the inbox knows, found without touching its whole index at each commit.
//
// Most platforms' ids are random. In an index in their order each event of a commit dirties a page
// of its own: 256 pages for 256 events. So the inbox numbers its events in buckets by their
// arrival, and its index is (bucket, hash of channel and id): a commit touches the newest bucket's
// half a dozen pages only. In which buckets an event may be is told by a filter in memory (a Bloom
// filter for each bucket; 2 bytes an event): seldom one too many, never one too few. What the
// filter names is looked up in the index, and the texts themselves decide.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ai_bot {

class Connection;

// Of one connection, inside its transactions.
class KnownEvents {
 public:
  static constexpr int64_t kBucketEvents = 1024;  // also in the database, after schema.cc

  // The same in every version: it is in the database.
  static int64_t hash_of(const std::string& channel, const std::string& event_id);

  // Reads the whole index when another connection has written since the last call, and at the first
  // one: a second for some millions of events. Call it before find().
  void refresh(Connection& connection);
  // The id of the event in the inbox.
  std::optional<int64_t> find(Connection& connection, const std::string& channel,
                              const std::string& event_id) const;
  // The bucket for an event that is about to be added. It may be added or not: a transaction that
  // is rolled back costs nothing but a name too many in the filter.
  int64_t add(Connection& connection, int64_t hash);

 private:
  // Buckets are in groups of 64, one a bit of each word, so that one look concerns all of them.
  using Group = std::vector<uint64_t>;

  void note(int64_t bucket, int64_t hash);
  void forget_empty(Connection& connection);

  bool is_loaded_ = false;
  int64_t version_ = 0;  // PRAGMA data_version as of the last refresh()
  std::map<int64_t, Group> groups_;
  int64_t bucket_ = 0;  // the newest
  int64_t events_ = 0;  // in it
};

}  // namespace ai_bot
