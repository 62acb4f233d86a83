// A file that one process at a time holds, so that two do not do the same work.
#pragma once

#include <string>
#include <utility>

#include "core/result.h"

namespace ai_bot {

class ProcessLock {
 public:
  // Makes the file, which holds the process id and stays when the lock is gone. kConflict when
  // another process has it: "another ai_bot (process 123) uses " `what` ": stop it, or choose
  // another " `key`.
  static Result<ProcessLock> take(const std::string& file, const std::string& what,
                                  const std::string& key);
  // Of PATH.lock, beside the file that every link to it leads to. (SQLite's own locks on a file are
  // let go when anything in the process closes it, fcntl(2): it is not locked itself.)
  static Result<ProcessLock> beside(const std::string& path, const std::string& key);
  // The process id of who holds it; 0 when nobody does.
  static int holder(const std::string& file);

  ProcessLock(ProcessLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ProcessLock& operator=(ProcessLock&&) = delete;
  ~ProcessLock();

 private:
  explicit ProcessLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace ai_bot
