// The server that runs with a configuration's data folder, asked over its admin socket: wherever it
// listens, whatever its configuration file says by now.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/command.h"
#include "core/result.h"

namespace ai_bot {

class RunningServer {
 public:
  RunningServer(const Cli& cli, const Config& config);

  // Its process id, as its lock says; 0: none runs.
  int pid() const { return pid_; }
  // The data folder belongs to somebody else: whether one runs can't be told.
  bool is_hidden() const { return is_hidden_; }

  struct Answer {
    int status = 0;
    nlohmann::json body;

    // What it says that is wrong.
    Error refusal() const;
  };
  // kUnavailable when none runs or it can't be asked, with what to do.
  Result<Answer> ask(const std::string& method, const std::string& path) const;

  // GET /api/admin/status.
  Result<nlohmann::json> status() const;

  // Where it listens: "http://127.0.0.1:8080"; as the configuration says where it can't be asked.
  std::string url() const;

 private:
  const Cli& cli_;
  const Config& config_;
  std::string socket_;
  int pid_ = 0;
  bool is_hidden_ = false;
};

}  // namespace ai_bot
