#include "store/config.h"

#include "config/table.h"

namespace ai_bot {

// clang-format off
void fields(Visitor& v, DatabaseConfig& c) {
  v(c.path, {"path", {"The SQLite file; empty: ai_bot.db in data_dir.", "SQLite 文件；留空为 data_dir 下的 ai_bot.db。"}});
  v(c.max_pending, {"max_pending", {"Events that may wait, to be written down or answered; more are refused with 503, for the platform to repeat. Where there are several channels one has at most half of them, so that a flooded one leaves room for the others.", "等待写入或回答的事件上限；超出返回 503，由平台重试。有多个通道时，单个通道最多占一半，避免一个通道的洪峰挤占其他通道。"}, kRestart, 1, 100000000});
  v(c.max_batch, {"max_batch", {"Writes that one commit may carry (group commit).", "一次提交最多合并的写入数（组提交）。"}, kRestart, 1, 10000});
  v(c.min_free_disk, {"min_free_disk", {"With less free space than this, health is 503.", "可用磁盘空间低于此值时健康检查返回 503。"}, kRestart, 0, 1048576 * kGiB});
  v(c.retention, {"retention", {"How long answered events are remembered, to recognise a repeated delivery. Platforms repeat for 6 hours and more.", "已回答事件的保留时间，用于识别平台的重复投递（平台可能重试 6 小时以上）。"}, kRestart, 8 * kHour, 3650 * kDay});
  v(c.message_retention, {"message_retention", {"How long it is remembered what was said in conversations, and which model they chose.", "会话内容及其所选模型的保留时间。"}, kRestart, kDay, 3650 * kDay});
}
// clang-format on

}  // namespace ai_bot
