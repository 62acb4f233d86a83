// Corpora: data files beside the tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace ai_bot::test {

inline std::string data_path(const std::string& name) {
  return std::string(AI_BOT_TESTS) + "/" + name;
}

inline nlohmann::json read_json(const std::string& name) {
  return nlohmann::json::parse(read_file(data_path(name)));
}

// The files of a folder, sorted; never none.
inline std::vector<std::string> files_in(const std::string& name) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(data_path(name))) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) throw std::runtime_error("no files in " + name);
  return files;
}

}  // namespace ai_bot::test
