// The folder where everything is kept (data_dir, mode 0700), and what is made there at the first
// start:
//
//   ai_bot.db          the database, and ai_bot.db.lock of the process that writes to it
//   ai_bot.lock        held while a server runs; contains its process id
//   webhook.secret     the generated channel's secret (mode 0600)
//   active_model       the file `ai_bot model use` chose for the first local model
//   models/            the built-in model, and GGUF files of yours
//   run/               sockets; admin.sock is where commands reach a running server
#pragma once

#include <string>

#include "config/secret.h"
#include "core/process_lock.h"
#include "core/result.h"

namespace ai_bot {

class DataFolder {
 public:
  explicit DataFolder(std::string path) : path_(std::move(path)) {}

  // Creates what is missing. Errors name the folder and what to do.
  Result<void> prepare() const;

  // What a server holds while it runs, and the process id of the one that does; 0: none.
  Result<ProcessLock> lock() const;
  int server() const;

  const std::string& path() const { return path_; }
  std::string admin_socket() const { return path_ + "/run/admin.sock"; }
  std::string models() const { return path_ + "/models"; }

  // A folder for unix sockets: path()/run, or one under /tmp when the former is too long for a
  // socket's address (107 bytes, unix(7)).
  Result<std::string> sockets() const;

  // The secret of the generated channel, made at the first call. Fails when the file can't be read,
  // is shorter than a configured secret may be, or belongs to others too.
  Result<Secret> webhook_secret() const;

  // The file chosen by `model use`; empty when none was.
  std::string active_model() const;
  Result<void> choose_model(const std::string& file) const;

 private:
  std::string path_;
};

}  // namespace ai_bot
