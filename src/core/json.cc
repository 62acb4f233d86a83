#include "core/json.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace ai_bot {
namespace {

using nlohmann::json;
namespace dom = simdjson::dom;

static_assert(kDeepestJson == simdjson::DEFAULT_MAX_DEPTH);

// A parser keeps room for the largest text it has seen: the one of a thread is for those up to
// here.
constexpr size_t kUsualSize = 64 * 1024;

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

// With nlohmann's own scanner, and the same limit.
json slowly_parsed(std::string_view text) {
  bool is_too_deep = false;
  const auto goes_on = [&](int depth, json::parse_event_t, json&) {
    is_too_deep = is_too_deep || depth > kDeepestJson;
    return !is_too_deep;
  };
  json value = json::parse(text, goes_on, /*allow_exceptions=*/false);
  return is_too_deep ? json(json::value_t::discarded) : value;
}

json parsed(dom::parser& parser, std::string_view text) {
  const auto document = parser.parse(text.data(), text.size());
  // simdjson takes no whole numbers beyond 64 bits, which are JSON all the same.
  if (document.error() == simdjson::NUMBER_ERROR) return slowly_parsed(text);
  if (document.error() != simdjson::SUCCESS) return json::value_t::discarded;
  return value_of(document.value_unsafe());
}

}  // namespace

json parse_json(std::string_view text) {
  if (text.size() > kUsualSize) {
    dom::parser parser;
    return parsed(parser, text);
  }
  thread_local dom::parser parser;
  return parsed(parser, text);
}

Result<json> parse_object(std::string_view body) {
  json object = parse_json(body);
  if (object.is_object()) return object;
  return fail(Code::kInvalid,
              fmt::format("the body is not a JSON object of at most {} levels", kDeepestJson),
              fmt::format("请求正文不是 JSON 对象，或嵌套超过 {} 层", kDeepestJson));
}

}  // namespace ai_bot
