#include "config/output.h"

#include <fmt/format.h>

#include <map>
#include <type_traits>

#include "config/units.h"
#include "core/redact.h"

namespace ai_bot {
namespace {

using Lists = std::map<std::string, std::vector<std::string>>;

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
std::string quoted(const std::vector<std::string>& list) {
  std::vector<std::string> parts;
  for (const std::string& text : list) parts.push_back(quoted(text));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

// A value as YAML on one line. Secrets: masked or not, as the caller's printer says.
std::string one_line(const std::string& v) { return quoted(v); }
std::string one_line(int64_t v) { return std::to_string(v); }
std::string one_line(bool v) { return v ? "true" : "false"; }
std::string one_line(Duration v) { return to_string(v); }
std::string one_line(Bytes v) { return to_string(v); }
std::string one_line(const std::vector<std::string>& v) { return quoted(v); }
std::string one_line(const Lists& v) {
  std::vector<std::string> parts;
  for (const auto& [name, list] : v) parts.push_back(name + ": " + quoted(list));
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

template <class T>
concept OneLine = requires(const T& v) {
  one_line(v);
};

class Printer {
 public:
  Printer(Language language, std::string& out, int indent)
      : language_(language), out_(out), indent_(indent, ' ') {}

  template <OneLine T>
  void operator()(T& value, const Field& field) {
    comment(field);
    out_ += fmt::format("{}{}: {}\n", indent_, field.key, shown(value, field));
  }
  void operator()(Secret& value, const Field& field) {
    comment(field);
    out_ += fmt::format("{}{}: {}\n", indent_, field.key, value.empty() ? "\"\"" : "\"********\"");
  }
  template <class T>
  requires(!OneLine<std::vector<T>>) void operator()(std::vector<T>& list, const Field& field) {
    comment(field);
    out_ += fmt::format("{}{}:\n", indent_, field.key);
    for (T& entry : list) {
      std::string body;
      Printer inner(language_, body, static_cast<int>(indent_.size()) + 4);
      fields(inner, entry);
      // The first key of an entry stands behind the dash; its comment before it.
      out_ += indent_ + "  -\n" + body;
    }
  }
  template <class T>
  void operator()(T& section, const Field& field) {
    comment(field);
    out_ += fmt::format("{}{}:\n", indent_, field.key);
    Printer inner(language_, out_, static_cast<int>(indent_.size()) + 2);
    fields(inner, section);
  }

 private:
  template <class T>
  static std::string shown(const T& value, const Field&) {
    return one_line(value);
  }
  static std::string shown(const std::string& value, const Field& field) {
    return one_line(field.is_address ? redacted_address(value) : value);
  }

  void comment(const Field& field) {
    out_ += fmt::format("{}# {}\n", indent_, field.about.in(language_));
  }

  Language language_;
  std::string& out_;
  std::string indent_;
};

class SecretKeeper {
 public:
  template <OneLine T>
  void operator()(T&, const Field&) {}
  void operator()(std::string& value, const Field& field) {
    if (field.is_address) keep_secrets_of_address(value);
  }
  void operator()(Secret& value, const Field&) { keep_secret(value.reveal()); }
  template <class T>
  requires(!OneLine<std::vector<T>>) void operator()(std::vector<T>& list, const Field&) {
    for (T& entry : list) fields(*this, entry);
  }
  template <class T>
  void operator()(T& section, const Field&) {
    fields(*this, section);
  }
};

class SchemaWriter {
 public:
  using Json = nlohmann::ordered_json;

  SchemaWriter(Language language, Json& out) : language_(language), out_(out) {
    out_["type"] = "object";
    out_["additionalProperties"] = false;
  }

  template <class T>
  void operator()(T& value, const Field& field) {
    Json& property = out_["properties"][field.key];
    property["description"] = field.about.in(language_);
    describe(value, field, property);
  }

 private:
  void describe(std::string& value, const Field& field, Json& out) {
    out["type"] = "string";
    out["default"] = value;
    if (!field.allowed.empty()) out["enum"] = field.allowed;
  }
  void describe(Secret&, const Field&, Json& out) {
    out["type"] = "string";
    out["format"] = "password";
  }
  void describe(int64_t& value, const Field& field, Json& out) {
    out["type"] = "integer";
    out["default"] = value;
    out["minimum"] = field.least;
    if (field.most != std::numeric_limits<int64_t>::max()) out["maximum"] = field.most;
  }
  void describe(bool& value, const Field&, Json& out) {
    out["type"] = "boolean";
    out["default"] = value;
  }
  void describe(Duration& value, const Field&, Json& out) {
    out["type"] = "string";
    out["pattern"] = "^[0-9]+(ms|s|m|h|d)$";
    out["default"] = to_string(value);
  }
  void describe(Bytes& value, const Field&, Json& out) {
    out["type"] = {"string", "integer"};
    out["pattern"] = "^[0-9]+([KMG]i?B|B)?$";
    out["default"] = to_string(value);
  }
  void describe(std::vector<std::string>&, const Field&, Json& out) {
    out["type"] = "array";
    out["items"]["type"] = "string";
  }
  void describe(Lists&, const Field&, Json& out) {
    out["type"] = "object";
    out["additionalProperties"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
  }
  template <class T>
  void describe(std::vector<T>&, const Field&, Json& out) {
    out["type"] = "array";
    SchemaWriter inner(language_, out["items"]);
    T entry;
    fields(inner, entry);
  }
  template <class T>
  void describe(T& section, const Field&, Json& out) {
    SchemaWriter inner(language_, out);
    fields(inner, section);
  }

  Language language_;
  Json& out_;
};

struct Flat {
  std::string value;
  Change change;
};

class Flattener {
 public:
  Flattener(std::map<std::string, Flat>& out, std::string prefix)
      : out_(out), prefix_(std::move(prefix)) {}

  template <OneLine T>
  void operator()(T& value, const Field& field) {
    out_[prefix_ + field.key] = {one_line(value), field.change};
  }
  void operator()(Secret& value, const Field& field) {
    out_[prefix_ + field.key] = {value.reveal(), field.change};
  }
  template <class T>
  requires(!OneLine<std::vector<T>>) void operator()(std::vector<T>& list, const Field& field) {
    for (size_t i = 0; i < list.size(); ++i) {
      Flattener inner(out_, fmt::format("{}{}[{}].", prefix_, field.key, i));
      fields(inner, list[i]);
    }
  }
  template <class T>
  void operator()(T& section, const Field& field) {
    Flattener inner(out_, prefix_ + field.key + ".");
    fields(inner, section);
  }

 private:
  std::map<std::string, Flat>& out_;
  std::string prefix_;
};

std::map<std::string, Flat> flatten(Config& config) {
  std::map<std::string, Flat> out;
  Flattener flattener(out, "");
  fields(flattener, config);
  return out;
}

}  // namespace

std::string show_config(Config config, Language language) {
  std::string out;
  Printer printer(language, out, 0);
  fields(printer, config);
  return out;
}

void keep_secrets(Config config) {
  SecretKeeper keeper;
  fields(keeper, config);
}

nlohmann::ordered_json config_schema(Language language) {
  nlohmann::ordered_json out;
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  out["title"] = "ai_bot";
  SchemaWriter writer(language, out);
  Config defaults;
  fields(writer, defaults);
  return out;
}

std::vector<ChangedKey> changed_keys(Config before, Config after) {
  auto old_values = flatten(before);
  std::vector<ChangedKey> changed;
  for (const auto& [key, now] : flatten(after)) {
    const auto old = old_values.find(key);
    if (old == old_values.end()) {
      changed.push_back({key, Change::kRestart});
      continue;
    }
    if (old->second.value != now.value) changed.push_back({key, now.change});
    old_values.erase(old);
  }
  for (const auto& [key, gone] : old_values) changed.push_back({key, Change::kRestart});
  return changed;
}

}  // namespace ai_bot
