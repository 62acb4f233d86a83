#include "net/request.h"

#include "core/id.h"

namespace ai_bot {

const char* name_of(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kPatch:
      return "PATCH";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return "";
}

const std::string& Request::id() const {
  if (id_.empty()) id_ = request_id_or_new(header("x-request-id"));
  return id_;
}

Language Request::language() const { return language_of_header(header("accept-language")); }

void EventStream::send_json(const nlohmann::json& value) {
  send_data(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace ai_bot
