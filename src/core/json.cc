#include "core/json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <optional>

#include "core/utf8.h"

namespace ai_bot {
namespace {

using nlohmann::json;
namespace dom = simdjson::dom;

static_assert(kDeepestJson == simdjson::DEFAULT_MAX_DEPTH);

// A parser keeps room for the largest text it has seen: the one of a thread is for those up to
// here.
constexpr size_t kUsualSize = 65536;

json value_of(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::OBJECT: {
      json::object_t members;
      for (const auto [key, value] : dom::object(element))
        members.insert_or_assign(std::string(key), value_of(value));
      return members;
    }
    case dom::element_type::ARRAY: {
      json::array_t items;
      for (const dom::element item : dom::array(element)) items.push_back(value_of(item));
      return items;
    }
    case dom::element_type::STRING:
      return std::string_view(element);
    case dom::element_type::INT64:
      return int64_t(element);
    case dom::element_type::UINT64:
      return uint64_t(element);
    case dom::element_type::DOUBLE:
      return double(element);
    case dom::element_type::BOOL:
      return bool(element);
    case dom::element_type::NULL_VALUE:
      return nullptr;
  }
  return json::value_t::discarded;
}

enum class Fault { kNone, kEmpty, kNotUtf8, kTooDeep, kNotJson };

struct Parsed {
  json value = json::value_t::discarded;
  Fault fault = Fault::kNotJson;
};

// With nlohmann's own scanner, and the same limit.
Parsed slowly_parsed(std::string_view text) {
  bool is_too_deep = false;
  const auto goes_on = [&](int depth, json::parse_event_t, json&) {
    is_too_deep = is_too_deep || depth > kDeepestJson;
    return !is_too_deep;
  };
  json value = json::parse(text, goes_on, /*allow_exceptions=*/false);
  if (is_too_deep) return {json::value_t::discarded, Fault::kTooDeep};
  const Fault fault = value.is_discarded() ? Fault::kNotJson : Fault::kNone;
  return {std::move(value), fault};
}

// simdjson takes no whole numbers beyond 64 bits, which are JSON all the same. Since its
// version 3.2 it has an error of its own for them.
template <class Error>
bool is_of_a_number(Error error) {
  if constexpr (requires { Error::BIGINT_ERROR; }) {
    if (error == Error::BIGINT_ERROR) return true;
  }
  return error == Error::NUMBER_ERROR;
}

Parsed scanned(dom::parser& parser, std::string_view text) {
  const auto document = parser.parse(text.data(), text.size());
  if (is_of_a_number(document.error())) return slowly_parsed(text);
  switch (document.error()) {
    case simdjson::SUCCESS:
      return {value_of(document.value_unsafe()), Fault::kNone};
    case simdjson::EMPTY:
      return {json::value_t::discarded, Fault::kEmpty};
    case simdjson::UTF8_ERROR:
      return {json::value_t::discarded, Fault::kNotUtf8};
    case simdjson::DEPTH_ERROR:
      return {json::value_t::discarded, Fault::kTooDeep};
    default:
      return {json::value_t::discarded, Fault::kNotJson};
  }
}

// The UTF-16 unit of "\uXXXX" at `at`; -1 when none stands there.
int unit_at(std::string_view text, size_t at) {
  int unit = 0;
  if (text.substr(at, 2) != "\\u" || text.size() - at < 6) return -1;
  const auto [end, error] = std::from_chars(text.data() + at + 2, text.data() + at + 6, unit, 16);
  return error == std::errc() && end == text.data() + at + 6 && unit >= 0 ? unit : -1;
}

// The text with every half of a surrogate pair as "\ufffd"; nothing when there is none.
std::optional<std::string> without_halves(std::string_view text) {
  constexpr size_t kEscape = 6;  // bytes of "\ud83d"
  std::optional<std::string> out;
  for (size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    const int unit = unit_at(text, at);
    if (unit < 0xD800 || unit > 0xDFFF) {
      at += 2;  // also behind an escaped backslash
      continue;
    }
    const int next = unit_at(text, at + kEscape);
    if (unit < 0xDC00 && next >= 0xDC00 && next <= 0xDFFF) {
      at += 2 * kEscape;
      continue;
    }
    if (!out) out = text;
    out->replace(at, kEscape, "\\ufffd");
    at += kEscape;
  }
  return out;
}

Parsed parsed_with(dom::parser& parser, std::string_view text) {
  Parsed first = scanned(parser, text);
  if (first.fault != Fault::kNotJson) return first;
  const auto repaired = without_halves(text);
  return repaired ? scanned(parser, *repaired) : std::move(first);
}

Parsed parsed(std::string_view text) {
  if (text.size() > kUsualSize) {
    dom::parser parser;
    return parsed_with(parser, text);
  }
  thread_local dom::parser parser;
  return parsed_with(parser, text);
}

size_t first_bad_byte(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t before = at;
    const bool replaced = next_code_point(text, at) == kReplacementCharacter;
    if (replaced && text.substr(before, 3) != "\xEF\xBF\xBD") return before;
  }
  return text.size();
}

// Where nlohmann's scanner stops.
size_t first_wrong_byte(std::string_view text) {
  struct Finder : nlohmann::json_sax<json> {
    size_t at = 0;
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(size_t position, const std::string&, const json::exception&) override {
      at = position;
      return false;
    }
  } finder;
  json::sax_parse(text, &finder);
  return finder.at == 0 ? 0 : finder.at - 1;
}

Text why_no_object(const Parsed& parsed, std::string_view body) {
  switch (parsed.fault) {
    case Fault::kNone:
      return {"the body is JSON, but no object: it must begin with '{'",
              "请求正文是 JSON，但不是对象：应以“{”开头"};
    case Fault::kEmpty:
      return {"the body is empty; a JSON object is expected", "请求正文为空；应为 JSON 对象"};
    case Fault::kNotUtf8:
      return {fmt::format("the body is not UTF-8 (byte {})", first_bad_byte(body)),
              fmt::format("请求正文不是 UTF-8（第 {} 字节）", first_bad_byte(body))};
    case Fault::kTooDeep:
      return {fmt::format("the body is nested too deep: at most {} levels", kDeepestJson),
              fmt::format("请求正文嵌套过深：最多 {} 层", kDeepestJson)};
    case Fault::kNotJson:
      break;
  }
  const size_t at = first_wrong_byte(body);
  return {fmt::format("the body is not JSON (see byte {})", at),
          fmt::format("请求正文不是 JSON（见第 {} 字节）", at)};
}

}  // namespace

json parse_json(std::string_view text) { return parsed(text).value; }

Result<json> parse_object(std::string_view body) {
  Parsed result = parsed(body);
  if (result.value.is_object()) return std::move(result.value);
  return fail(Error{Code::kInvalid, why_no_object(result, body)});
}

}  // namespace ai_bot
