// What the commands share. One file a command: each adds its subcommand with an add_* function.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/language.h"
#include "settings/reader.h"

namespace ai_bot {

// Valid while the command runs.
struct Cli {
  Language language = Language::kEnglish;
  std::string config_path;
  int exit_code = 0;

  std::string tr(const char* en, const char* zh) const {
    return language == Language::kChinese ? zh : en;
  }
  const std::string& tr(const Text& text) const { return text.in(language); }

  // The configuration; findings go to standard error, and no value is returned when there are
  // errors.
  std::optional<Config> load_config() const;

  // Prints "error: …" to standard error and sets the exit code to 1.
  void fail(const Text& text);
};

// Adds a subcommand with its description, and `run` as what it does.
CLI::App* add_command(CLI::App& parent, Cli& cli, const char* name, const Text& about,
                      std::function<void()> run = nullptr);

void add_serve(CLI::App& app, Cli& cli);
void add_chat(CLI::App& app, Cli& cli);
void add_model(CLI::App& app, Cli& cli);
void add_model_tools(CLI::App& model, Cli& cli);
void add_channel(CLI::App& app, Cli& cli);
void add_status(CLI::App& app, Cli& cli);
void add_reload(CLI::App& app, Cli& cli);
void add_config(CLI::App& app, Cli& cli);
void add_doctor(CLI::App& app, Cli& cli);
void add_version(CLI::App& app, Cli& cli);
void add_completion(CLI::App& app, Cli& cli);

}  // namespace ai_bot
