#include "assistant/config.h"

#include "config/table.h"

namespace ai_bot {

// clang-format off
void fields(Visitor& v, AssistantConfig& c) {
  v(c.system_prompt, {"system_prompt", {"What the model is told before each conversation.", "每次对话前给模型的说明。"}, kReload});
  v(c.max_parallel_turns, {"max_parallel_turns", {"Conversations answered at once, of one channel at most half; each costs memory, not a thread. A local model is asked for two at a time for each of its `engine.parallel` slots.", "同时回答的会话数，每个渠道最多占一半；每个会话只占内存，不占线程。本地模型每个槽位（`engine.parallel`）同时最多受理两个。"}, kRestart, 1, 1000});
  v(c.max_answer_tokens, {"max_answer_tokens", {"Longest answer in tokens.", "回答的最大 token 数。"}, kReload, 1, 1 << 20});
  v(c.max_answer, {"max_answer", {"Longest answer in bytes in chats and conversations, whatever the model makes of max_answer_tokens; it is cut there, and says so. What /v1 passes on is not cut.", "聊天和会话中回答的最大字节数（模型可能不遵守 max_answer_tokens）；超出部分会被截断并注明。/v1 直接转发的回答不截断。"}, kReload, kKiB, kGiB});
  v(c.history_messages, {"history_messages", {"Most messages of a session that are read back, at least half as many; the window is cut by tokens after that. Both are cut in blocks, so that a model need not read a long conversation anew on each turn.", "读回的会话消息上限（至少读回一半），之后再按 token 裁剪。两者都按块裁剪，避免模型每轮重新处理长会话。"}, kReload, 2, 100000});
  v(c.max_message, {"max_message", {"Longest message of a person.", "单条用户消息上限。"}, kRestart, 16, 16 * kMiB});
  v(c.image_memory, {"image_memory", {"Images of all messages that are being answered, together; while a model is asked it takes about three times as much memory. An image that finds no room is not looked at, and the person is told.", "正在回答的所有消息的图片总大小；询问模型时实际占用内存约为三倍。放不下的图片不会被查看，并会告知用户。"}, kRestart, 0, 64 * kGiB});
  v(c.retry_min, {"retry_min", {"First wait before an event is tried again when every model failed; doubled each time.", "所有模型失败后首次重试的等待，之后逐次加倍。"}, kReload, 10, kDay});
  v(c.retry_max, {"retry_max", {"Longest such wait.", "重试等待的上限。"}, kReload, 10, kDay});
  v(c.retry_for, {"retry_for", {"After this time an unanswered event goes to the dead letters.", "超过此时间仍未回答的事件进入死信。"}, kReload, 0, 365 * kDay});
}
// clang-format on

void check_assistant(Checks& check, const AssistantConfig& config) {
  check.in_order("assistant.retry_min", config.retry_min, config.retry_max);
}

}  // namespace ai_bot
