#include "channels/feishu_errors.h"

#include <map>

namespace ai_bot {
namespace {

using Outcome = Delivery::Outcome;

const Delivery kPasses{Outcome::kRetry};
const Delivery kPassesForTheApp{
    .outcome = Outcome::kRetry, .why = {}, .retry_after = {}, .whole_app = true};
const Delivery kToken{Outcome::kTokenExpired};
const Delivery kRefused{Outcome::kRefused};
// A code is the same for an answer to a question that is gone and a change of a draft that is.
const Delivery kGone = other_way({.afresh = true, .outside_thread = true}, "");
// A card can't become a rich text, so a draft is left too.
const Delivery kNoCard = other_way({.afresh = true, .plain = true}, "");
const Delivery kAfresh = other_way({.afresh = true}, "");

// "Server-side error codes" (open.feishu.cn/document/server-docs/api-call-guide/
// generic-error-code) and those of "Send message", "Reply message" and "Update an app's card"
// (…/reference/im-v1/message/create, reply and patch). What is not here is final: it concerns one
// chat or person (230002 the bot is not in it, 230013 nor available, 230018 and 230035 muted,
// 232009 dissolved) or the words (230022, 230028), and is the same the next time.
const std::map<int64_t, Delivery> kCodes = {
    {99991661, kToken},  // missing
    {99991663, kToken},  // invalid, or over
    {99991664, kToken},
    {99991668, kToken},
    {99991671, kToken},
    {99991400, kPassesForTheApp},  // too frequent
    {11232, kPasses},              // creating messages is limited …
    {11233, kPasses},              // … in this chat
    {11247, kPasses},              // … inside of Feishu
    {230020, kPasses},             // too frequent for this chat
    {230049, kPasses},             // it is being sent
    {1663, kPasses},               // internal errors
    {2200, kPasses},
    {55001, kPasses},
    {90217, kPasses},
    {90235, kPasses},
    // The app's permissions, or an outer group in which there are none: the one waits for the
    // operator, the other must not keep everybody else waiting.
    {230027, kPasses},
    {99991672, kRefused},  // a scope is missing
    {99991401, kRefused},  // not from this address
    {230006, kRefused},    // the bot is switched off
    {230011, kGone},       // withdrawn
    {230019, kGone},       // the topic is not there
    {230050, kGone},       // can't be seen
    {230054, kGone},       // is of a kind that has no replies
    {230071, kGone},       // the group has no replies in topics
    {230072, kGone},       // nor have messages that were folded
    {230110, kGone},       // deleted
    {230111, kGone},       // will be, by itself
    {230025, kNoCard},     // too long
    {230099,
     kNoCard},  // the card can't be made; its own codes stand in the message (11310: tables)
    {230031, kAfresh},  // older than 14 days
    {230075, kAfresh},  // can't be changed any more
};

}  // namespace

std::optional<Delivery> feishu_delivery(int64_t code) {
  const auto found = kCodes.find(code);
  return found == kCodes.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace ai_bot
