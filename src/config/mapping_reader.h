// One mapping of a YAML file into a section of the configuration, with findings for what is wrong.
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/finding.h"

namespace ai_bot {

// State shared by the readers of all sections of one file.
struct FileReading {
  std::string file;
  std::vector<Finding> findings;
  std::map<std::string, int> lines;  // where each key stands

  void add(bool is_error, const YAML::Mark& mark, const std::string& key, std::string en,
           std::string zh) {
    findings.push_back({is_error, file, mark.line + 1, key, {std::move(en), std::move(zh)}});
  }
};

// Reads one mapping. A section's fields() calls it once for each field.
class MappingReader : public Visitor {
 public:
  MappingReader(FileReading& reading, const YAML::Node& node, std::string prefix)
      : reading_(reading), node_(node), prefix_(std::move(prefix)) {}

  void operator()(std::string& value, const Field& field) override;
  void operator()(Secret& value, const Field& field) override;
  void operator()(int64_t& value, const Field& field) override;
  void operator()(bool& value, const Field& field) override;
  void operator()(std::optional<bool>& value, const Field& field) override;
  void operator()(Duration& value, const Field& field) override;
  void operator()(Bytes& value, const Field& field) override;
  void operator()(StringList& value, const Field& field) override;
  void operator()(StringLists& value, const Field& field) override;
  void section(const Fields& fields, const Field& field) override;
  void sections(SectionList& list, const Field& field) override;

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

  StringList string_list(const Field& field, const YAML::Node& node);

  void read_section(const Fields& fields, const YAML::Node& node, const std::string& name);

  FileReading& reading_;
  YAML::Node node_;
  std::string prefix_;
  std::vector<std::string> known_;
  YAML::Mark mark_;
};

}  // namespace ai_bot
