#include "config/mapping_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "config/suggest.h"
#include "config/units.h"
#include "core/utf8.h"

namespace ai_bot {

void MappingReader::operator()(std::string& value, const Field& field) {
  const auto text = scalar(field);
  if (!text) return;
  if (!field.allowed.empty() &&
      std::find(field.allowed.begin(), field.allowed.end(), *text) == field.allowed.end()) {
    const std::string near = nearest(*text, field.allowed);
    return wrong(field,
                 fmt::format("'{}' is not allowed{}; allowed: {}", *text,
                             near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                             fmt::join(field.allowed, ", ")),
                 fmt::format("不允许“{}”{}；可用：{}", *text,
                             near.empty() ? "" : fmt::format("（是否想写“{}”？）", near),
                             fmt::join(field.allowed, ", ")));
  }
  value = *text;
}

void MappingReader::operator()(Secret& value, const Field& field) {
  const auto text = scalar(field);
  if (!text) return;
  constexpr std::string_view kFile = "file:";
  if (!text->starts_with(kFile)) return set(value, *text, field);
  const std::string path = text->substr(kFile.size());
  std::ifstream file(path);
  std::stringstream content;
  if (!file || !(content << file.rdbuf())) {
    return wrong(field, fmt::format("the file '{}' can't be read", path),
                 fmt::format("无法读取文件“{}”", path));
  }
  set(value, content.str(), field);
}

void MappingReader::operator()(int64_t& value, const Field& field) {
  const auto text = scalar(field);
  if (!text) return;
  int64_t number = 0;
  if (!YAML::convert<int64_t>::decode(YAML::Node(*text), number)) {
    return wrong(field, fmt::format("'{}' is not a whole number", *text),
                 fmt::format("“{}”不是整数", *text));
  }
  if (in_range(field, number, std::to_string(field.least), std::to_string(field.most)))
    value = number;
}

void MappingReader::operator()(bool& value, const Field& field) {
  std::optional<bool> read;
  (*this)(read, field);
  value = read.value_or(value);
}

void MappingReader::operator()(std::optional<bool>& value, const Field& field) {
  const auto text = scalar(field);
  if (!text) return;
  if (*text != "true" && *text != "false") {
    return wrong(field, fmt::format("'{}' is neither true nor false", *text),
                 fmt::format("“{}”不是 true 或 false", *text));
  }
  value = *text == "true";
}

void MappingReader::operator()(Duration& value, const Field& field) {
  const auto text = scalar(field);
  if (!text) return;
  const auto parsed = parse_duration(*text);
  if (!parsed) {
    return wrong(field, fmt::format("'{}' is not a time like 250ms, 30s, 5m, 8h or 3d", *text),
                 fmt::format("“{}”不是 250ms、30s、5m、8h 或 3d 形式的时间", *text));
  }
  if (in_range(field, parsed->count(), to_string(Duration(field.least)),
               to_string(Duration(field.most)))) {
    value = *parsed;
  }
}

void MappingReader::operator()(Bytes& value, const Field& field) {
  const auto text = scalar(field);
  if (!text) return;
  const auto parsed = parse_bytes(*text);
  if (!parsed) {
    return wrong(field, fmt::format("'{}' is not a size like 512, 64KiB, 2MiB or 1GiB", *text),
                 fmt::format("“{}”不是 512、64KiB、2MiB 或 1GiB 形式的大小", *text));
  }
  if (in_range(field, parsed->count, to_string(Bytes{field.least}), to_string(Bytes{field.most}))) {
    value = *parsed;
  }
}

void MappingReader::operator()(StringList& value, const Field& field) {
  if (const YAML::Node node = take(field)) value = string_list(field, node);
}

void MappingReader::operator()(StringLists& value, const Field& field) {
  const YAML::Node node = take(field);
  if (!node) return;
  if (!node.IsMap()) return wrong(field, "is not a mapping", "不是映射");
  for (const auto& entry : node) {
    const auto& name = entry.first.Scalar();
    reading_.lines[path(field) + "." + name] = entry.first.Mark().line + 1;
    value[name] = string_list(field, entry.second);
  }
}

void MappingReader::section(const Fields& fields, const Field& field) {
  if (const YAML::Node node = take(field)) read_section(fields, node, path(field));
}

void MappingReader::sections(SectionList& list, const Field& field) {
  const YAML::Node node = take(field);
  if (!node) return;
  if (!node.IsSequence())
    return wrong(field, "is not a list (lines beginning with '- ')", "不是列表（以“- ”开头的行）");
  for (size_t i = 0; i < node.size(); ++i)
    read_section(list.add(), node[i], fmt::format("{}[{}]", path(field), i));
}

void MappingReader::read_section(const Fields& fields, const YAML::Node& node,
                                 const std::string& name) {
  reading_.lines[name] = node.Mark().line + 1;
  if (!node.IsMap()) {
    reading_.add(true, node.Mark(), name, "is not a mapping (lines of 'key: value')",
                 "不是映射（“键: 值”形式的行）");
    return;
  }
  MappingReader reader(reading_, node, name + ".");
  fields(reader);
  reader.report_unknown();
}

void MappingReader::report_unknown() {
  if (!node_.IsMap()) return;
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) {
      reading_.add(true, entry.first.Mark(), prefix_ + key, "is there twice", "重复出现");
    }
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::string near = nearest(key, known_);
    reading_.add(false, entry.first.Mark(), prefix_ + key,
                 near.empty() ? fmt::format("is unknown and ignored; known here: {}",
                                            fmt::join(known_, ", "))
                              : fmt::format("is unknown and ignored: did you mean '{}'?", near),
                 near.empty() ? fmt::format("未知键，已忽略；此处可用：{}", fmt::join(known_, ", "))
                              : fmt::format("未知键，已忽略：是否想写“{}”？", near));
  }
}

YAML::Node MappingReader::take(const Field& field) {
  known_.emplace_back(field.key);
  if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node node = node_[field.key];
  if (!node) return node;
  reading_.lines[path(field)] = node.Mark().line + 1;
  mark_ = node.Mark();
  return node.IsNull() ? YAML::Node(YAML::NodeType::Undefined) : node;
}

void MappingReader::set(Secret& value, std::string_view text, const Field& field) {
  text = trim(text);
  const bool is_plain =
      std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (is_plain) {
    value = Secret(std::string(text));
  } else {
    wrong(field, "holds a line break or another control character", "包含换行符或其他控制字符");
  }
}

void MappingReader::wrong(const Field& field, std::string en, std::string zh) {
  reading_.add(true, mark_, path(field), std::move(en), std::move(zh));
}

std::optional<std::string> MappingReader::scalar(const Field& field) {
  const YAML::Node node = take(field);
  if (!node) return std::nullopt;
  if (!node.IsScalar()) {
    wrong(field, "is a list or mapping where one value is expected",
          "此处应为单个值，而不是列表或映射");
    return std::nullopt;
  }
  return expand(field, node.Scalar());
}

std::optional<std::string> MappingReader::expand(const Field& field, const std::string& text) {
  std::string out;
  size_t at = 0;
  for (;;) {
    const size_t start = text.find("${", at);
    const size_t end = start == std::string::npos ? start : text.find('}', start);
    if (end == std::string::npos) return out + text.substr(at);
    const std::string name = text.substr(start + 2, end - start - 2);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      wrong(field, fmt::format("the environment has no variable '{}'", name),
            fmt::format("环境变量“{}”不存在", name));
      return std::nullopt;
    }
    out += text.substr(at, start - at);
    out += trim(value);
    at = end + 1;
  }
}

bool MappingReader::in_range(const Field& field, int64_t value, const std::string& least,
                             const std::string& most) {
  if (value >= field.least && value <= field.most) return true;
  wrong(field, fmt::format("is out of range: {} to {}", least, most),
        fmt::format("超出范围：{} 到 {}", least, most));
  return false;
}

StringList MappingReader::string_list(const Field& field, const YAML::Node& node) {
  StringList list;
  mark_ = node.Mark();
  if (node.IsScalar()) {
    if (auto text = expand(field, node.Scalar())) list.push_back(*text);
    return list;
  }
  if (!node.IsSequence()) {
    wrong(field, "is not a list", "不是列表");
    return list;
  }
  for (const auto& entry : node) {
    mark_ = entry.Mark();
    if (!entry.IsScalar()) {
      wrong(field, "holds something other than text", "列表中包含非文本内容");
    } else if (auto text = expand(field, entry.Scalar())) {
      list.push_back(*text);
    }
  }
  return list;
}

}  // namespace ai_bot
