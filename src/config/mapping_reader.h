// One mapping of a YAML file into a section of the configuration, with findings for what is wrong.
// Used by reader.cc alone.
#pragma once

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/reader.h"

namespace ai_bot {

// State shared by the readers of all sections of one file.
struct FileReading {
  std::string file;
  std::vector<Finding> findings;
  std::map<std::string, int> lines;

  void add(bool is_error, const YAML::Mark& mark, const std::string& key, std::string en,
           std::string zh) {
    findings.push_back({is_error, file, mark.line + 1, key, {std::move(en), std::move(zh)}});
  }
};

// Reads one mapping. fields() calls it once for each field.
class MappingReader {
 public:
  MappingReader(FileReading& reading, const YAML::Node& node, std::string prefix)
      : reading_(reading), node_(node), prefix_(std::move(prefix)) {}

  void operator()(std::string& value, const Field& field);

  void operator()(Secret& value, const Field& field);

  void operator()(int64_t& value, const Field& field);

  void operator()(bool& value, const Field& field);

  void operator()(Duration& value, const Field& field);

  void operator()(Bytes& value, const Field& field);

  void operator()(std::vector<std::string>& value, const Field& field);

  void operator()(std::map<std::string, std::vector<std::string>>& value, const Field& field);

  template <class T>
  void operator()(std::vector<T>& value, const Field& field) {
    const YAML::Node node = take(field);
    if (!node) return;
    if (!node.IsSequence())
      return wrong(field, "is not a list (lines beginning with '- ')",
                   "不是列表（以“- ”开头的行）");
    for (size_t i = 0; i < node.size(); ++i) {
      value.emplace_back();
      section(value.back(), node[i], fmt::format("{}[{}]", path(field), i));
    }
  }

  template <class T>
  void operator()(T& value, const Field& field) {
    if (const YAML::Node node = take(field)) section(value, node, path(field));
  }

  // After all fields were asked for: what else stands in the mapping.
  void report_unknown();

 private:
  std::string path(const Field& field) const { return prefix_ + field.key; }

  // The node of a field that is present and not null; its line is kept.
  YAML::Node take(const Field& field);

  // Files and variables end in line breaks; one within would end a header, and what stands behind
  // it would be another.
  void set(Secret& value, std::string_view text, const Field& field);

  void wrong(const Field& field, std::string en, std::string zh);

  std::optional<std::string> scalar(const Field& field);

  // ${NAME} from the environment, without white space around it.
  std::optional<std::string> expand(const Field& field, const std::string& text);

  bool in_range(const Field& field, int64_t value, const std::string& least,
                const std::string& most);

  std::vector<std::string> string_list(const Field& field, const YAML::Node& node);

  template <class T>
  void section(T& value, const YAML::Node& node, const std::string& name) {
    reading_.lines[name] = node.Mark().line + 1;
    if (!node.IsMap()) {
      reading_.add(true, node.Mark(), name, "is not a mapping (lines of 'key: value')",
                   "不是映射（“键: 值”形式的行）");
      return;
    }
    MappingReader reader(reading_, node, name + ".");
    fields(reader, value);
    reader.report_unknown();
  }

  FileReading& reading_;
  YAML::Node node_;
  std::string prefix_;
  std::vector<std::string> known_;
  YAML::Mark mark_;
};

}  // namespace ai_bot
