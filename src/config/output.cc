#include "config/output.h"

#include <fmt/format.h>

#include <map>

#include "config/units.h"
#include "core/redact.h"

namespace ai_bot {
namespace {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
std::string quoted(const std::vector<std::string>& list) {
  std::vector<std::string> parts;
  parts.reserve(list.size());
  for (const std::string& text : list) parts.push_back(quoted(text));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

// A value as YAML on one line.
std::string one_line(const std::string& v) { return quoted(v); }
std::string one_line(int64_t v) { return std::to_string(v); }
std::string one_line(bool v) { return v ? "true" : "false"; }
std::string one_line(std::optional<bool> v) { return v ? one_line(*v) : "null"; }
std::string one_line(Duration v) { return to_string(v); }
std::string one_line(Bytes v) { return to_string(v); }
std::string one_line(const StringList& v) { return quoted(v); }
std::string one_line(const StringLists& v) {
  std::vector<std::string> parts;
  for (const auto& [name, list] : v) parts.push_back(name + ": " + quoted(list));
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

// A visitor of values that are written on one line each.
class LineVisitor : public Visitor {
 public:
  void operator()(int64_t& value, const Field& field) final { line(one_line(value), field); }
  void operator()(bool& value, const Field& field) final { line(one_line(value), field); }
  void operator()(std::optional<bool>& value, const Field& field) final {
    line(one_line(value), field);
  }
  void operator()(std::string& value, const Field& field) override { line(one_line(value), field); }
  void operator()(Duration& value, const Field& field) final { line(one_line(value), field); }
  void operator()(Bytes& value, const Field& field) final { line(one_line(value), field); }
  void operator()(StringList& value, const Field& field) final { line(one_line(value), field); }
  void operator()(StringLists& value, const Field& field) final { line(one_line(value), field); }

 private:
  virtual void line(const std::string& value, const Field& field) = 0;
};

class Printer : public LineVisitor {
 public:
  Printer(Language language, std::string& out, int indent)
      : language_(language), out_(out), indent_(indent, ' ') {}

  using LineVisitor::operator();
  void operator()(std::string& value, const Field& field) override {
    line(one_line(field.is_address ? redacted_address(value) : value), field);
  }
  void operator()(Secret& value, const Field& field) override {
    line(value.empty() ? "\"\"" : "\"********\"", field);
  }
  void sections(SectionList& list, const Field& field) override {
    begin(field);
    for (size_t i = 0; i < list.size(); ++i) {
      out_ += indent_ + "  -\n";
      Printer inner(language_, out_, static_cast<int>(indent_.size()) + 4);
      list.at(i)(inner);
    }
  }
  void section(const Fields& fields, const Field& field) override {
    begin(field);
    Printer inner(language_, out_, static_cast<int>(indent_.size()) + 2);
    fields(inner);
  }

 private:
  void line(const std::string& value, const Field& field) override {
    comment(field);
    out_ += fmt::format("{}{}: {}\n", indent_, field.key, value);
  }
  void begin(const Field& field) {
    comment(field);
    out_ += fmt::format("{}{}:\n", indent_, field.key);
  }
  void comment(const Field& field) {
    out_ += fmt::format("{}# {}\n", indent_, field.about.in(language_));
  }

  Language language_;
  std::string& out_;
  std::string indent_;
};

class SecretKeeper : public LineVisitor {
 public:
  using LineVisitor::operator();
  void operator()(std::string& value, const Field& field) override {
    if (field.is_address) keep_secrets_of_address(value);
  }
  void operator()(Secret& value, const Field&) override { keep_secret(value.reveal()); }
  void sections(SectionList& list, const Field&) override {
    for (size_t i = 0; i < list.size(); ++i) list.at(i)(*this);
  }
  void section(const Fields& fields, const Field&) override { fields(*this); }

 private:
  void line(const std::string&, const Field&) override {}
};

class SchemaWriter : public Visitor {
 public:
  using Json = nlohmann::ordered_json;

  SchemaWriter(Language language, Json& out) : language_(language), out_(out) {
    out_["type"] = "object";
    out_["additionalProperties"] = false;
  }

  void operator()(std::string& value, const Field& field) override {
    Json& out = property(field, "string");
    out["default"] = value;
    if (!field.allowed.empty()) out["enum"] = field.allowed;
  }
  void operator()(Secret&, const Field& field) override {
    property(field, "string")["format"] = "password";
  }
  void operator()(int64_t& value, const Field& field) override {
    Json& out = property(field, "integer");
    out["default"] = value;
    out["minimum"] = field.least;
    if (field.most != std::numeric_limits<int64_t>::max()) out["maximum"] = field.most;
  }
  void operator()(bool& value, const Field& field) override {
    property(field, "boolean")["default"] = value;
  }
  void operator()(std::optional<bool>&, const Field& field) override {
    property(field, {"boolean", "null"})["default"] = nullptr;
  }
  void operator()(Duration& value, const Field& field) override {
    Json& out = property(field, "string");
    out["pattern"] = "^[0-9]+(ms|s|m|h|d)$";
    out["default"] = to_string(value);
  }
  void operator()(Bytes& value, const Field& field) override {
    Json& out = property(field, {"string", "integer"});
    out["pattern"] = "^[0-9]+([KMG]i?B|B)?$";
    out["default"] = to_string(value);
  }
  void operator()(StringList&, const Field& field) override {
    property(field, "array")["items"]["type"] = "string";
  }
  void operator()(StringLists&, const Field& field) override {
    property(field, "object")["additionalProperties"] = {{"type", "array"},
                                                         {"items", {{"type", "string"}}}};
  }
  void sections(SectionList& list, const Field& field) override {
    SchemaWriter inner(language_, property(field, "array")["items"]);
    list.visit_default(inner);
  }
  void section(const Fields& fields, const Field& field) override {
    SchemaWriter inner(language_, property(field, "object"));
    fields(inner);
  }

 private:
  Json& property(const Field& field, const Json& type) {
    Json& out = out_["properties"][field.key];
    out["description"] = field.about.in(language_);
    out["type"] = type;
    return out;
  }

  Language language_;
  Json& out_;
};

struct Flat {
  std::string value;
  Change change;
};

class Flattener : public LineVisitor {
 public:
  Flattener(std::map<std::string, Flat>& out, std::string prefix)
      : out_(out), prefix_(std::move(prefix)) {}

  using LineVisitor::operator();
  void operator()(Secret& value, const Field& field) override { line(value.reveal(), field); }
  void sections(SectionList& list, const Field& field) override {
    for (size_t i = 0; i < list.size(); ++i) {
      Flattener inner(out_, fmt::format("{}{}[{}].", prefix_, field.key, i));
      list.at(i)(inner);
    }
  }
  void section(const Fields& fields, const Field& field) override {
    Flattener inner(out_, prefix_ + field.key + ".");
    fields(inner);
  }

 private:
  void line(const std::string& value, const Field& field) override {
    out_[prefix_ + field.key] = {value, field.change};
  }

  std::map<std::string, Flat>& out_;
  std::string prefix_;
};

std::map<std::string, Flat> flatten(const Fields& config) {
  std::map<std::string, Flat> out;
  Flattener flattener(out, "");
  config(flattener);
  return out;
}

}  // namespace

std::string show_config(const Fields& config, Language language) {
  std::string out;
  Printer printer(language, out, 0);
  config(printer);
  return out;
}

void keep_secrets(const Fields& config) {
  SecretKeeper keeper;
  config(keeper);
}

nlohmann::ordered_json config_schema(const Fields& defaults, Language language) {
  nlohmann::ordered_json out;
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  out["title"] = "ai_bot";
  SchemaWriter writer(language, out);
  defaults(writer);
  return out;
}

std::vector<ChangedKey> changed_keys(const Fields& before, const Fields& after) {
  auto old_values = flatten(before);
  std::vector<ChangedKey> changed;
  for (const auto& [key, now] : flatten(after)) {
    const auto old = old_values.find(key);
    if (old == old_values.end()) {
      changed.push_back({key, now.change});
      continue;
    }
    if (old->second.value != now.value) changed.push_back({key, now.change});
    old_values.erase(old);
  }
  for (const auto& [key, gone] : old_values) changed.push_back({key, gone.change});
  return changed;
}

}  // namespace ai_bot
