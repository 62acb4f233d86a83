#include "channels/slack_errors.h"

#include <map>
#include <string_view>

namespace ai_bot {
namespace {

using Outcome = Delivery::Outcome;

const Delivery kPasses{Outcome::kRetry};
const Delivery kRefused{Outcome::kRefused};
const Delivery kAfresh = other_way({.afresh = true}, "");
const Delivery kOutside = other_way({.outside_thread = true}, "");

// "Errors" of chat.postMessage and chat.update (docs.slack.dev/reference/methods/…). What is not
// here is final: it concerns the channel (is_archived, restricted_action), or the text
// (msg_too_long, no_text), and is the same the next time.
const std::map<std::string_view, Delivery> kErrors = {
    {"ratelimited", kPasses},
    {"rate_limited", kPasses},
    {"message_limit_exceeded", kPasses},
    {"internal_error", kPasses},
    {"fatal_error", kPasses},
    {"service_unavailable", kPasses},
    {"request_timeout", kPasses},
    {"update_failed", kPasses},
    {"team_added_to_org", kPasses},           // the workspace is being moved
    {"org_login_required", kPasses},          // the same
    {"external_channel_migrating", kPasses},  // the same of a shared channel
    {"not_authed", kRefused},
    {"invalid_auth", kRefused},
    {"account_inactive", kRefused},
    {"token_expired", kRefused},
    {"token_revoked", kRefused},
    {"no_permission", kRefused},
    {"missing_scope", kRefused},
    {"not_allowed_token_type", kRefused},
    {"two_factor_setup_required", kRefused},
    {"accesslimited", kRefused},      // not from this network
    {"ekm_access_denied", kRefused},  // an administrator suspended posting
    {"message_not_found", kAfresh},   // the draft was deleted …
    {"cant_update_message", kAfresh},
    {"edit_window_closed", kAfresh},  // … or may not be edited any more
    {"not_in_channel", kAfresh},      // a slash command knows another way to it (response_url)
    {"channel_not_found", kAfresh},
    {"thread_not_found", kOutside},
    {"invalid_thread_ts", kOutside},
    {"cannot_reply_to_message", kOutside},
    {"restricted_action_thread_locked", kOutside},
};

}  // namespace

std::optional<Delivery> slack_delivery(const std::string& error) {
  const auto found = kErrors.find(error);
  if (found == kErrors.end()) return std::nullopt;
  Delivery delivery = found->second;
  delivery.why = "Slack: " + error;
  return delivery;
}

}  // namespace ai_bot
