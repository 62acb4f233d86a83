#include "settings/config.h"

#include "config/table.h"

namespace ai_bot {

// clang-format off
void fields(Visitor& v, Config& c) {
  v(c.config_version, {"config_version", {"Version of this file's layout.", "配置文件格式版本。"}, kRestart, 1, 1});
  v(c.data_dir, {"data_dir", {"Folder for everything ai_bot keeps; empty: /var/lib/ai_bot for root, else ~/.local/share/ai_bot.", "数据目录；留空时 root 用 /var/lib/ai_bot，否则 ~/.local/share/ai_bot。"}});
  v(c.server, {"server", {"The HTTP server.", "HTTP 服务。"}});
  v(c.database, {"database", {"The database.", "数据库。"}});
  v(c.engine, {"engine", {"llama-server, for local models.", "本地模型引擎 llama-server。"}});
  v(c.models, {"models", {"The models; empty: the built-in guide.", "模型；留空则用内置向导。"}});
  v(c.router, {"router", {"Which model answers.", "由哪个模型回答。"}});
  v(c.assistant, {"assistant", {"How a message is answered.", "如何回答消息。"}});
  v(c.channels, {"channels", {"Where messages come from; empty: one generic channel with a generated secret.", "消息来源；留空则为一个自动生成密钥的通用通道。"}});
  v(c.delivery, {"delivery", {"How replies are sent.", "如何投递回复。"}});
  v(c.storage, {"storage", {"Object storage.", "对象存储。"}});
  v(c.log, {"log", {"Logs.", "日志。"}});
}
// clang-format on

}  // namespace ai_bot
