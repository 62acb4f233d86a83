#include "cli/doctor_database.h"

#include <fmt/format.h>

#include <iostream>

#include "cli/running_server.h"
#include "core/disk.h"
#include "core/json.h"
#include "core/redact.h"
#include "store/sqlite/ledger.h"

namespace ai_bot {
namespace {

constexpr int64_t kLargestChecked =
    256LL << 20;  // bytes; quick_check of a larger database takes too long
constexpr int kShownDeadLetters = 20;

void damaged_rows(Diagnosis& found, Transaction& transaction) {
  for (const auto& entry : transaction.inbox().damaged(kShownDeadLetters)) {
    found.add(
        Grade::kError, found.tr("database", "数据库"),
        fmt::format(fmt::runtime(found.tr("message {} of {} can't be answered: {}",
                                          "消息 {}（{}）无法回答：{}")),
                    entry.event.event_id, entry.event.channel, entry.damage),
        found.tr("ai_bot puts it to the dead letters by itself; what damaged it? (disk, another "
                 "program)",
                 "ai_bot 会自动将其移入死信；请查找损坏原因（磁盘、其他程序）"));
  }
}

void dead_letters(Diagnosis& found, Transaction& transaction) {
  const std::string cure =
      found.tr("send them again: ai_bot doctor --replay", "重新投递：ai_bot doctor --replay");
  for (const auto& entry : transaction.inbox().dead(kShownDeadLetters)) {
    found.add(Grade::kWarning, found.tr("dead letter", "死信"),
              fmt::format(fmt::runtime(found.tr("message {} of {} was not answered: {}",
                                                "消息 {}（{}）未能回答：{}")),
                          entry.event.event_id, entry.event.channel, entry.error),
              cure);
  }
  for (const auto& entry : transaction.outbox().dead(kShownDeadLetters)) {
    found.add(Grade::kWarning, found.tr("dead letter", "死信"),
              fmt::format(fmt::runtime(found.tr("the reply to {} of {} was not delivered: {}",
                                                "对 {}（{}）的回复未能投递：{}")),
                          entry.reply.event_id, entry.reply.channel, entry.error),
              cure);
  }
}

}  // namespace

void Diagnosis::add(Grade grade, const std::string& subject, const std::string& text,
                    std::string cure) {
  checks_.push_back({grade, subject, redacted(text), std::move(cure)});
}

void examine_database(Diagnosis& found, const Cli& cli, const std::string& path) {
  const std::string subject = found.tr("database", "数据库");
  if (!may_exist(path))
    return found.add(Grade::kGood, subject,
                     path + found.tr(" (made at the first start)", "（首次启动时创建）"));
  const auto read = SqliteLedger::examine(path, kLargestChecked, [&](Transaction& transaction) {
    found.add(
        Grade::kGood, subject,
        fmt::format(fmt::runtime(found.tr("{}, {} waiting messages", "{}，{} 条消息等待处理")),
                    path, transaction.inbox().count().open));
    damaged_rows(found, transaction);
    dead_letters(found, transaction);
  });
  if (!read) found.add(Grade::kError, subject, path + ": " + cli.tr(read.error().text), "");
}

namespace {

struct Replayed {
  int64_t messages = 0;
  int64_t replies = 0;
};

Result<Replayed> replay_by(const RunningServer& server) {
  const auto answer = server.ask("POST", "/api/admin/replay");
  if (!answer) return fail(answer.error());
  if (answer->status == 200)
    return Replayed{number_or(answer->body, "messages"), number_or(answer->body, "replies")};
  return fail(answer->refusal());
}

Result<Replayed> replay_in(const std::string& database) {
  auto ledger = SqliteLedger::open({database});
  if (!ledger) return fail(ledger.error());
  Replayed replayed;
  const auto done = (*ledger)->write([&](Transaction& transaction) {
    replayed.messages = transaction.inbox().replay();
    replayed.replies = transaction.outbox().replay();
  });
  if (!done) return fail(done.error());
  return replayed;
}

}  // namespace

void replay_dead_letters(Cli& cli) {
  const auto config = cli.load_config();
  if (!config) return void(cli.exit_code = 1);
  if (!may_exist(config->database.path)) {
    return cli.fail({config->database.path + " is not there: nothing was ever taken in",
                     config->database.path + " 不存在：尚未接收过任何消息"});
  }
  const RunningServer server(cli, *config);
  const auto replayed = server.pid() != 0 ? replay_by(server) : replay_in(config->database.path);
  if (!replayed) return cli.fail(replayed.error().text);
  std::cout << fmt::format(fmt::runtime(cli.tr("Opened again: {} messages, {} replies.",
                                               "已重新打开：{} 条消息，{} 条回复。")),
                           replayed->messages, replayed->replies)
            << "\n";
}

}  // namespace ai_bot
