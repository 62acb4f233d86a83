#include "config/yaml.h"

namespace ai_bot {
namespace {

constexpr size_t kLargestFile = 1 << 20;  // bytes; also bounds what YAML aliases can refer to
constexpr int kDeepest = 16;              // levels; a configuration has four

// yaml-cpp reads nested flow collections recursively: refuse what is far deeper than any
// configuration before it does.
bool too_deep(const std::string& yaml) {
  int depth = 0;
  for (const char c : yaml) {
    if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  size_t at = 0;
  while (at < yaml.size()) {
    int markers = 0;
    size_t column = 0;
    for (; at < yaml.size() && yaml[at] != '\n'; ++at, ++column) {
      if ((yaml[at] == '-' || yaml[at] == '?') && ++markers > 256) return true;
    }
    ++at;
  }
  return false;
}

YAML::Node parse(const std::string& yaml, FileReading& reading) {
  if (yaml.size() > kLargestFile || too_deep(yaml)) {
    reading.add(true, YAML::Mark::null_mark(), "",
                "is too large or nested too deeply for a configuration", "文件过大或嵌套过深");
    return YAML::Node(YAML::NodeType::Map);
  }
  try {
    YAML::Node node = YAML::Load(yaml);
    if (node.IsNull()) return YAML::Node(YAML::NodeType::Map);
    if (node.IsMap()) return node;
    reading.add(true, node.Mark(), "", "is not a mapping (lines of 'key: value')",
                "不是映射（“键: 值”形式的行）");
  } catch (const YAML::Exception& e) {
    reading.add(true, e.mark, "", "is not YAML: " + e.msg, "不是有效的 YAML：" + e.msg);
  }
  return YAML::Node(YAML::NodeType::Map);
}

}  // namespace

FileReading read_yaml(const std::string& yaml, const std::string& file, const Fields& config) {
  FileReading reading{file, {}, {}};
  try {
    MappingReader reader(reading, parse(yaml, reading), "");
    config(reader);
    reader.report_unknown();
  } catch (const YAML::Exception& e) {
    // A node of a kind no field has, e.g. a mapping as a key.
    reading.add(true, e.mark, "", "can't be read: " + e.msg, "无法读取：" + e.msg);
  }
  return reading;
}

}  // namespace ai_bot
