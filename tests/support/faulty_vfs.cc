#include "support/faulty_vfs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace ai_bot::test {

// What SQLite holds for an open file; the system's own follows it in memory.
struct FaultyFile {
  sqlite3_file head;
  FaultyVfs* owner;
  std::string* path;  // null: a temporary file, which survives nothing anyway

  static FaultyFile& of(sqlite3_file* file) { return *reinterpret_cast<FaultyFile*>(file); }
  sqlite3_file* base() { return reinterpret_cast<sqlite3_file*>(this + 1); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out);
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder);
  static int close(sqlite3_file* file);
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset);
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset);
  static int truncate(sqlite3_file* file, sqlite3_int64 size);
  static int sync(sqlite3_file* file, int flags);

  int note(FaultyVfs::Change change) {
    return path == nullptr ? SQLITE_OK : owner->note_change(*path, base(), std::move(change));
  }
};

namespace {

sqlite3_file* base_of(sqlite3_file* file) { return FaultyFile::of(file).base(); }

const sqlite3_io_methods kMethods = {
    2,  // with shared memory, without mapped pages
    FaultyFile::close,
    FaultyFile::read,
    FaultyFile::write,
    FaultyFile::truncate,
    FaultyFile::sync,
    [](sqlite3_file* f, sqlite3_int64* n) {
      return base_of(f)->pMethods->xFileSize(base_of(f), n);
    },
    [](sqlite3_file* f, int lock) { return base_of(f)->pMethods->xLock(base_of(f), lock); },
    [](sqlite3_file* f, int lock) { return base_of(f)->pMethods->xUnlock(base_of(f), lock); },
    [](sqlite3_file* f, int* out) {
      return base_of(f)->pMethods->xCheckReservedLock(base_of(f), out);
    },
    [](sqlite3_file* f, int op, void* arg) {
      return base_of(f)->pMethods->xFileControl(base_of(f), op, arg);
    },
    [](sqlite3_file* f) { return base_of(f)->pMethods->xSectorSize(base_of(f)); },
    [](sqlite3_file* f) { return base_of(f)->pMethods->xDeviceCharacteristics(base_of(f)); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return base_of(f)->pMethods->xShmMap(base_of(f), page, size, extend, out);
    },
    [](sqlite3_file* f, int offset, int n, int flags) {
      return base_of(f)->pMethods->xShmLock(base_of(f), offset, n, flags);
    },
    [](sqlite3_file* f) { base_of(f)->pMethods->xShmBarrier(base_of(f)); },
    [](sqlite3_file* f, int remove) { return base_of(f)->pMethods->xShmUnmap(base_of(f), remove); },
    nullptr,
    nullptr,
};

FaultyVfs& owner_of(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }

void put(int file, const std::string& bytes, int64_t offset) {
  if (pwrite(file, bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("pwrite");
}

void cut_to(int file, int64_t size) {
  if (ftruncate(file, size) != 0) throw std::runtime_error("ftruncate");
}

}  // namespace

int FaultyFile::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  FaultyVfs& owner = owner_of(vfs);
  FaultyFile& self = of(file);
  self.head.pMethods = nullptr;
  {
    std::lock_guard lock(owner.mutex_);
    if (owner.is_dark_) return SQLITE_CANTOPEN;
  }
  const int code = owner.base_->xOpen(owner.base_, name, self.base(), flags, out);
  if (code != SQLITE_OK) return code;
  constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  self.head.pMethods = &kMethods;
  self.owner = &owner;
  self.path = name != nullptr && (flags & kKept) != 0 ? new std::string(name) : nullptr;
  return SQLITE_OK;
}

int FaultyFile::remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  FaultyVfs& owner = owner_of(vfs);
  std::lock_guard lock(owner.mutex_);
  if (owner.is_dark_) return SQLITE_IOERR_DELETE;
  owner.unsynced_.erase(name);
  return owner.base_->xDelete(owner.base_, name, sync_folder);
}

int FaultyFile::close(sqlite3_file* file) {
  FaultyFile& self = of(file);
  delete self.path;
  return self.base()->pMethods->xClose(self.base());
}

int FaultyFile::read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  FaultyFile& self = of(file);
  if (self.path != nullptr) {
    std::lock_guard lock(self.owner->mutex_);
    if (const int code = self.owner->strike(FaultyVfs::Call::kRead); code != SQLITE_OK) return code;
  }
  return self.base()->pMethods->xRead(self.base(), to, size, offset);
}

int FaultyFile::write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  FaultyFile& self = of(file);
  const std::string after(static_cast<const char*>(from), static_cast<size_t>(size));
  if (const int code = self.note({offset, "", after, 0, -1}); code != SQLITE_OK) return code;
  return self.base()->pMethods->xWrite(self.base(), from, size, offset);
}

int FaultyFile::truncate(sqlite3_file* file, sqlite3_int64 size) {
  FaultyFile& self = of(file);
  if (const int code = self.note({size, "", "", 0, size}); code != SQLITE_OK) return code;
  return self.base()->pMethods->xTruncate(self.base(), size);
}

int FaultyFile::sync(sqlite3_file* file, int) {
  FaultyFile& self = of(file);
  if (self.path == nullptr) return SQLITE_OK;
  std::lock_guard lock(self.owner->mutex_);
  for (const auto call : {FaultyVfs::Call::kChange, FaultyVfs::Call::kSync}) {
    if (const int code = self.owner->strike(call); code != SQLITE_OK) return code;
  }
  self.owner->unsynced_.erase(*self.path);
  return SQLITE_OK;
}

FaultyVfs::FaultyVfs() : base_(sqlite3_vfs_find(nullptr)) {
  vfs_ = *base_;
  vfs_.zName = "faulty";
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + base_->szOsFile;
  vfs_.xOpen = FaultyFile::open;
  vfs_.xDelete = FaultyFile::remove;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(base_, /*makeDflt=*/1);
}

void FaultyVfs::fail(Call call, int64_t nth, int code, bool lasting) {
  mend();
  std::lock_guard lock(mutex_);
  planned_ = call;
  nth_ = nth;
  code_ = code;
  lasting_ = lasting;
}

void FaultyVfs::cut_power_at(int64_t nth) {
  fail(Call::kChange, nth, SQLITE_IOERR, /*lasting=*/true);
  std::lock_guard lock(mutex_);
  cuts_power_ = true;
}

void FaultyVfs::cut_power() {
  std::lock_guard lock(mutex_);
  is_dark_ = true;
}

void FaultyVfs::mend() {
  std::lock_guard lock(mutex_);
  std::fill(std::begin(counts_), std::end(counts_), 0);
  nth_ = 0;
  cuts_power_ = has_struck_ = false;
}

int64_t FaultyVfs::count(Call call) const {
  std::lock_guard lock(mutex_);
  return counts_[static_cast<int>(call)];
}

bool FaultyVfs::has_struck() const {
  std::lock_guard lock(mutex_);
  return has_struck_;
}

// With the lock held: what this call is answered.
int FaultyVfs::strike(Call call) {
  if (is_dark_) return SQLITE_IOERR;
  const int64_t number = ++counts_[static_cast<int>(call)];
  if (nth_ == 0 || call != planned_ || number < nth_ || (number > nth_ && !lasting_))
    return SQLITE_OK;
  has_struck_ = true;
  is_dark_ = cuts_power_;
  return code_;
}

int FaultyVfs::note_change(const std::string& path, sqlite3_file* file, Change change) {
  std::lock_guard lock(mutex_);
  const bool is_write = change.truncated_to < 0;
  const int struck = strike(Call::kChange);
  // What was under way as the power went may be on the disk in part.
  if (struck != SQLITE_OK && !(is_dark_ && has_struck_ && is_write)) return struck;
  if (struck == SQLITE_OK && is_write) {
    if (const int code = strike(Call::kWrite); code != SQLITE_OK) return code;
  }
  file->pMethods->xFileSize(file, reinterpret_cast<sqlite3_int64*>(&change.size_before));
  const int64_t end =
      is_write ? change.offset + static_cast<int64_t>(change.after.size()) : change.size_before;
  const int64_t known = std::min(end, change.size_before) - change.offset;
  if (known > 0) {
    change.before.resize(static_cast<size_t>(known));
    file->pMethods->xRead(file, change.before.data(), static_cast<int>(known), change.offset);
  }
  unsynced_[path].push_back(std::move(change));
  return struck;
}

void FaultyVfs::restore_power(bool some, uint32_t seed) {
  std::lock_guard lock(mutex_);
  std::mt19937 random(seed);
  for (const auto& [path, changes] : unsynced_) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) continue;
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
      cut_to(file, change->size_before);
      put(file, change->before, change->offset);
    }
    for (const Change& change : changes) {
      const auto chance = some ? random() % 3 : 0;
      if (chance == 0) continue;
      if (change.truncated_to >= 0) {
        cut_to(file, change.truncated_to);
      } else {
        put(file, chance == 1 ? change.after : change.after.substr(0, change.after.size() / 2),
            change.offset);
      }
    }
    ::close(file);
  }
  unsynced_.clear();
  is_dark_ = false;
}

}  // namespace ai_bot::test
