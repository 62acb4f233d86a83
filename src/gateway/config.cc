#include "gateway/config.h"

#include "config/table.h"

namespace ai_bot {

// clang-format off
void fields(Visitor& v, DeliveryConfig& c) {
  v(c.max_attempts, {"max_attempts", {"Attempts before a reply becomes a dead letter.", "投递尝试次数上限，之后成为死信。"}, kRestart, 1, 1000});
  v(c.backoff_min, {"backoff_min", {"First wait between attempts; doubled each time.", "首次重试等待，之后逐次加倍。"}, kRestart, 1, kDay});
  v(c.backoff_max, {"backoff_max", {"Longest such wait.", "重试等待的上限。"}, kRestart, 1, kDay});
  v(c.retry_for, {"retry_for", {"How long a reply waits while the platform refuses the channel's credentials or permissions; such attempts do not count. After it the reply becomes a dead letter.", "平台拒绝该通道的凭据或权限时，回复最多等待多久；期间的尝试不计数。超时后成为死信。"}, kRestart, 0, 365 * kDay});
  v(c.timeout, {"timeout", {"Time one attempt may take.", "单次投递的超时。"}, kRestart, 1, kHour});
  v(c.parallel, {"parallel", {"Replies on their way at once, each to a conversation of its own. One channel has at most half of them (at least one), so that a platform that does not answer leaves room for the others.", "同时投递的回复数，每条属于不同的会话。单个通道最多占一半（至少一条），平台无响应时不会影响其他通道。"}, kRestart, 1, 256});
}
// clang-format on

void check_delivery(Checks& check, const DeliveryConfig& config) {
  check.in_order("delivery.backoff_min", config.backoff_min, config.backoff_max);
}

}  // namespace ai_bot
