#include "settings/reader.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "config/output.h"
#include "config/yaml.h"
#include "settings/check.h"

namespace ai_bot {
namespace {

constexpr const char* kSystemFile = "/etc/ai_bot/config.yaml";

}  // namespace

bool ReadConfig::usable() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& f) { return f.is_error; });
}

ReadConfig read_config(const std::string& yaml, const std::string& file) {
  ReadConfig out;
  out.config.origin = file;
  FileReading reading = read_yaml(yaml, file, fields_of(out.config));
  complete_and_check(out.config, reading.lines, reading.findings);
  std::stable_sort(reading.findings.begin(), reading.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.line < b.line; });
  out.findings = std::move(reading.findings);
  keep_secrets(fields_of(out.config));
  return out;
}

ReadConfig load_config(const std::string& path_given) {
  const bool given = !path_given.empty();
  const std::string path = given ? path_given : kSystemFile;
  std::ifstream file(path);
  if (!file && !given) return read_config("", "embedded default");
  std::stringstream content;
  content << file.rdbuf();
  if (!file) {
    ReadConfig out;
    out.config.origin = path;
    out.findings.push_back({true,
                            path,
                            0,
                            "",
                            {"can't be read: does it exist, and may you read it?",
                             "无法读取：文件是否存在、是否有读取权限？"}});
    return out;
  }
  return read_config(content.str(), path);
}

}  // namespace ai_bot
