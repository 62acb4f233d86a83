#include "store/under_way.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/disk.h"
#include "core/log.h"
#include "store/ledger.h"
#include "store/under_way_slot.h"

namespace ai_bot {

struct UnderWay::Suspect {
  int64_t id;  // 0: free
  int64_t not_before_ms;
  Kind kind;
  uint8_t strikes;
  uint8_t deaths;
  uint8_t alone;

  bool is_alone() const { return strikes > 0 || deaths >= kLivesInARow; }
  bool is_hopeless() const { return strikes >= kMostStrikes || alone >= kMostAlone; }
};

struct UnderWay::File {
  // More than assistant.max_parallel_turns and delivery.parallel can be together.
  static constexpr size_t kSlots = 2048;
  static constexpr size_t kSuspects = 2048;

  uint64_t layout;
  FileId database;
  std::array<Slot, kSlots> slots;
  std::array<Suspect, kSuspects> suspects;
};

namespace {

constexpr uint64_t kLayout = 0x31796177'74696261;

bool is_open(Transaction& transaction, UnderWay::Kind kind, int64_t id) {
  if (kind == UnderWay::Kind::kDelivery) return transaction.outbox().get_open(id).has_value();
  const auto entry = transaction.inbox().get(id);
  return entry && entry->state == Inbox::State::kOpen;
}

uint8_t one_more(uint8_t count) { return count == UINT8_MAX ? count : uint8_t(count + 1); }

}  // namespace

UnderWay::UnderWay() : clock_(now_ms) { map("", ""); }

UnderWay::UnderWay(const std::string& file, const std::string& database, Clock clock)
    : clock_(clock) {
  map(file, database);
  judge();
}

UnderWay::~UnderWay() { munmap(file_, sizeof(File)); }

void UnderWay::map(const std::string& path, const std::string& database) {
  void* memory = MAP_FAILED;
  if (!path.empty()) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    // Its space is taken now: a page that finds no room later would be a SIGBUS.
    if (fd >= 0 && (errno = posix_fallocate(fd, 0, sizeof(File))) == 0)
      memory = mmap(nullptr, sizeof(File), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    if (memory == MAP_FAILED) {
      log::warning("under_way.not_kept",
                   std::string("what is under way can't be noted: ") + std::strerror(errno),
                   {{"file.path", path}});
    }
  }
  if (memory == MAP_FAILED) {
    memory =
        mmap(nullptr, sizeof(File), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
  }
  file_ = static_cast<File*>(memory);
  const FileId id = database.empty() ? FileId() : FileId::of(database);
  if (file_->layout != kLayout || file_->database != id) {
    std::memset(memory, 0, sizeof(File));
    file_->layout = kLayout;
    file_->database = id;
  }
  for (Slot& slot : file_->slots) free_.push_back(&slot);
  std::reverse(free_.begin(), free_.end());
}

void UnderWay::judge() {
  for (const Suspect& suspect : file_->suspects) suspects_ += suspect.id != 0 ? 1 : 0;
  for (Slot& slot : file_->slots) {
    const Slot was = slot;
    slot = {};
    const bool is_known_kind = was.kind == Kind::kTurn || was.kind == Kind::kDelivery;
    Suspect* suspect = was.id > 0 && is_known_kind ? find_or_add(was.kind, was.id) : nullptr;
    if (suspect == nullptr) continue;
    if (was.struck != 0) {
      suspect->strikes = one_more(suspect->strikes);
    } else if (suspect->is_alone()) {
      suspect->alone = one_more(suspect->alone);
    } else {
      suspect->deaths = one_more(suspect->deaths);
    }
    if (!suspect->is_alone()) continue;
    const int rests = std::max(0, suspect->strikes - 1) + suspect->alone;
    const milliseconds rest = std::min(kFirstRest * (1 << std::min(rests, 8)), kLongestRest);
    suspect->not_before_ms = clock_() + rest.count();
    log::warning("under_way.suspected",
                 was.struck != 0 ? "ai_bot crashed while it worked on this"
                                 : "ai_bot died several times in a row while it worked on this",
                 {{"ai_bot.kind", std::string(was.kind == Kind::kTurn ? "message" : "reply")},
                  {"ai_bot.row", was.id},
                  {"ai_bot.rest_ms", int64_t{rest.count()}}});
  }
}

UnderWay::Suspect* UnderWay::find(Kind kind, int64_t id) {
  if (suspects_ == 0) return nullptr;
  for (Suspect& suspect : file_->suspects) {
    if (suspect.id == id && suspect.kind == kind) return &suspect;
  }
  return nullptr;
}

UnderWay::Suspect* UnderWay::find_or_add(Kind kind, int64_t id) {
  if (Suspect* found = find(kind, id)) return found;
  for (Suspect& suspect : file_->suspects) {
    if (suspect.id != 0) continue;
    suspect = {};
    suspect.kind = kind;
    suspect.id = id;
    ++suspects_;
    return &suspect;
  }
  if (!std::exchange(is_full_, true)) {
    log::warning("under_way.full",
                 "too many entries were under way when ai_bot died: of further ones nothing is "
                 "known",
                 {{"ai_bot.count", int64_t{suspects_}}});
  }
  return nullptr;
}

void UnderWay::remove(Suspect& suspect) {
  suspect = {};
  --suspects_;
}

UnderWay::Leave UnderWay::begin(Kind kind, int64_t id) {
  std::lock_guard lock(mutex_);
  Leave leave;
  if (const Suspect* suspect = find(kind, id); suspect != nullptr && suspect->is_alone()) {
    leave.give_up = suspect->is_hopeless();
    if (leave.give_up) return leave;
    const int64_t now = clock_();
    // A clock that was set back must not make it rest for years.
    const int64_t due = std::min(suspect->not_before_ms, now + kLongestRest.count());
    if (due > now || alone_running_ > 0) {
      leave.wait_until = std::max(due, now + 1000);
      return leave;
    }
    leave.ticket.is_alone_ = true;
    ++alone_running_;
  }
  leave.ticket.owner_ = this;
  leave.ticket.kind_ = kind;
  leave.ticket.id_ = id;
  if (free_.empty()) return leave;
  Slot& slot = *free_.back();
  free_.pop_back();
  slot.struck = 0;
  slot.kind = kind;
  slot.id = id;
  leave.ticket.slot_ = &slot;
  return leave;
}

void UnderWay::forget(Kind kind, int64_t id) {
  std::lock_guard lock(mutex_);
  if (Suspect* suspect = find(kind, id)) remove(*suspect);
}

void UnderWay::forget_closed(Ledger& ledger) {
  std::lock_guard lock(mutex_);
  if (suspects_ == 0) return;
  using Closed = std::vector<std::pair<Kind, int64_t>>;
  const auto closed = ledger.read<Closed>([this](Transaction& transaction) {
    Closed list;
    for (const Suspect& suspect : file_->suspects) {
      if (suspect.id != 0 && !is_open(transaction, suspect.kind, suspect.id))
        list.emplace_back(suspect.kind, suspect.id);
    }
    return list;
  });
  if (!closed) {
    log::warning("under_way.not_compared", closed.error().text.en);
    return;
  }
  for (const auto& [kind, id] : *closed) {
    if (Suspect* suspect = find(kind, id)) remove(*suspect);
  }
}

bool UnderWay::strike(const Ticket& ticket) {
  std::lock_guard lock(mutex_);
  Suspect* suspect = find_or_add(ticket.kind_, ticket.id_);
  if (suspect == nullptr) return false;
  suspect->strikes = one_more(suspect->strikes);
  return suspect->is_hopeless();
}

void UnderWay::end(const Ticket& ticket) {
  std::lock_guard lock(mutex_);
  if (ticket.is_alone_) --alone_running_;
  if (ticket.slot_ != nullptr) {
    ticket.slot_->id = 0;
    free_.push_back(ticket.slot_);
  }
  if (ticket.keeps_suspect_) return;
  if (Suspect* suspect = find(ticket.kind_, ticket.id_)) remove(*suspect);
}

UnderWay::Ticket::Ticket(Ticket&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      slot_(other.slot_),
      kind_(other.kind_),
      id_(other.id_),
      is_alone_(other.is_alone_),
      keeps_suspect_(other.keeps_suspect_) {}

UnderWay::Ticket::~Ticket() {
  if (owner_ != nullptr) owner_->end(*this);
}

bool UnderWay::Ticket::strike() {
  keeps_suspect_ = true;
  return owner_->strike(*this);
}

}  // namespace ai_bot
