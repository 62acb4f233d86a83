// What a stranger's web page must not do through the browser of somebody who can reach ai_bot: post
// to it (it would spend the model's key), or read from it under a name of its own that points here
// (DNS rebinding). Webhooks are signed and need none of this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace ai_bot {

// The headers a browser sets and a page can't change; empty: not there.
struct BrowserHeaders {
  std::string_view host;
  std::string_view origin;
  std::string_view content_type;
};

// Whether `host` ("name", "name:port") is one by which ai_bot is reached: an address, localhost, or
// one of server.hosts. A name that anybody could point here is not.
bool is_own_host(std::string_view host, const std::vector<std::string>& hosts);

// kForbidden: an Origin that is not the Host's own, or a Host that is not ours. For a request with
// a body also kUnsupportedMedia, unless it is JSON: a page may send other types without being
// asked.
Result<void> check_browser(const BrowserHeaders& headers, bool has_body,
                           const std::vector<std::string>& hosts);

}  // namespace ai_bot
