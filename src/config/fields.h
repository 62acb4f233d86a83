// How a section of the configuration describes itself: once, in its room, as a function
//
//   void fields(Visitor& v, SectionConfig& c) { v(c.port, {"port", {"TCP port.", "TCP 端口。"}}); …
//   }
//
// beside the structure. From it come the reader, the JSON Schema, `config show`, what a reload
// changes and docs/configuration.md, which are visitors.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/secret.h"
#include "config/units.h"
#include "core/language.h"

namespace ai_bot {

// What a change of the value takes to become active.
enum class Change { kReload, kRestart };

struct Field {
  const char* key;
  Text about;
  Change change = Change::kRestart;
  // Numbers as they are, durations in milliseconds, sizes in bytes.
  int64_t least = 0;
  int64_t most = std::numeric_limits<int64_t>::max();
  std::vector<std::string> allowed = {};  // for strings; empty: any
  bool is_address = false;                // whose user info, query and keys are not shown
};

using StringList = std::vector<std::string>;
using StringLists = std::map<std::string, StringList>;

class Visitor;

// Calls the visitor for each field of one section.
using Fields = std::function<void(Visitor&)>;

template <class T>
Fields fields_of(T& section) {
  return [&section](Visitor& visitor) { fields(visitor, section); };
}

// A list of sections.
class SectionList {
 public:
  virtual ~SectionList() = default;
  virtual size_t size() const = 0;
  virtual Fields at(size_t index) = 0;  // valid until the list grows
  virtual Fields add() = 0;
  // Of a section with the default values, which is in no list.
  virtual void visit_default(Visitor& visitor) const = 0;
};

template <class T>
class SectionListOf : public SectionList {
 public:
  explicit SectionListOf(std::vector<T>& list) : list_(list) {}
  size_t size() const override { return list_.size(); }
  Fields at(size_t index) override { return fields_of(list_[index]); }
  Fields add() override { return fields_of(list_.emplace_back()); }
  void visit_default(Visitor& visitor) const override {
    T section;
    fields(visitor, section);
  }

 private:
  std::vector<T>& list_;
};

class Visitor {
 public:
  virtual ~Visitor() = default;

  virtual void operator()(int64_t& value, const Field& field) = 0;
  virtual void operator()(bool& value, const Field& field) = 0;
  // None: not set, which the field's text explains.
  virtual void operator()(std::optional<bool>& value, const Field& field) = 0;
  virtual void operator()(std::string& value, const Field& field) = 0;
  virtual void operator()(Secret& value, const Field& field) = 0;
  virtual void operator()(Duration& value, const Field& field) = 0;
  virtual void operator()(Bytes& value, const Field& field) = 0;
  virtual void operator()(StringList& value, const Field& field) = 0;
  virtual void operator()(StringLists& value, const Field& field) = 0;
  virtual void section(const Fields& fields, const Field& field) = 0;
  virtual void sections(SectionList& list, const Field& field) = 0;

  template <class T>
  void operator()(T& section_, const Field& field) {
    section(fields_of(section_), field);
  }
  template <class T>
  void operator()(std::vector<T>& list, const Field& field) {
    SectionListOf<T> entries(list);
    sections(entries, field);
  }
};

}  // namespace ai_bot
