// What `doctor` says, and its part that reads and mends the database.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace ai_bot {

enum class Grade { kGood, kWarning, kError };

struct Check {
  Grade grade;
  std::string subject;
  std::string text;
  std::string cure;  // empty when there is nothing to do
};

// The checks made so far, in the language of the command.
class Diagnosis {
 public:
  explicit Diagnosis(const Cli& cli) : cli_(cli) {}

  void add(Grade grade, const std::string& subject, const std::string& text, std::string cure = "");
  std::string tr(const char* en, const char* zh) const { return cli_.tr(en, zh); }
  const std::vector<Check>& checks() const { return checks_; }

 private:
  const Cli& cli_;
  std::vector<Check> checks_;
};

// Whether the database is whole, what waits in it, what is damaged or was given up. Reads only.
void examine_database(Diagnosis& found, const Cli& cli, const std::string& path);

// `doctor --replay`: opens what was given up again: through the server where one runs.
void replay_dead_letters(Cli& cli);

}  // namespace ai_bot
