#include <algorithm>

#include "core/json.h"
#include "core/redact.h"
#include "core/utf8.h"
#include "store/sqlite/tables.h"

namespace ai_bot {
namespace {

using nlohmann::json;

constexpr const char* kColumns =
    "SELECT id, channel, event_id, conversation, sender, text, request_id, received_ms, state, "
    "attempts, next_ms, error, address, attachments FROM inbox ";

std::string written(const std::vector<Attachment>& attachments) {
  if (attachments.empty()) return "";
  json list = json::array();
  for (const Attachment& a : attachments) list.push_back({a.id, a.name, a.type, a.size});
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

// No value for anything but what written() makes.
std::optional<std::vector<Attachment>> attachments_of(const std::string& text) {
  std::vector<Attachment> list;
  if (text.empty()) return list;
  const json items = parse_json(text);
  if (!items.is_array()) return std::nullopt;
  for (const json& item : items) {
    if (!item.is_array() || item.size() != 4 || !item[3].is_number_integer()) return std::nullopt;
    for (size_t i = 0; i < 3; ++i) {
      if (!item[i].is_string()) return std::nullopt;
    }
    list.push_back({item[0].get<std::string>(), item[1].get<std::string>(),
                    item[2].get<std::string>(), item[3].get<int64_t>()});
  }
  return list;
}

// Channels write nothing or a JSON object.
bool is_address(const std::string& text) { return text.empty() || parse_json(text).is_object(); }

std::string damage_of(SQLite::Statement& row, const Event& event, bool has_attachments) {
  if (!has_attachments) return "the row is damaged: attachments";
  if (!is_address(event.address)) return "the row is damaged: address";
  if (!is_valid_utf8(event.text)) return "the row is damaged: text";
  if (!row.getColumn(7).isInteger()) return "the row is damaged: received_ms";
  return "";
}

Inbox::Entry entry_of(SQLite::Statement& row) {
  Inbox::Entry entry;
  entry.id = row.getColumn(0).getInt64();
  auto attachments = attachments_of(row.getColumn(13).getString());
  const bool has_attachments = attachments.has_value();
  entry.event = {row.getColumn(1).getString(),
                 row.getColumn(2).getString(),
                 row.getColumn(3).getString(),
                 row.getColumn(4).getString(),
                 row.getColumn(5).getString(),
                 row.getColumn(6).getString(),
                 row.getColumn(7).getInt64(),
                 row.getColumn(12).getString(),
                 std::move(attachments).value_or(std::vector<Attachment>()),
                 {}};
  entry.state = static_cast<Inbox::State>(row.getColumn(8).getInt());
  entry.attempts = row.getColumn(9).getInt();
  entry.next_ms = row.getColumn(10).getInt64();
  entry.error = row.getColumn(11).getString();
  entry.damage = damage_of(row, entry.event, has_attachments);
  return entry;
}

std::string album_key(const Event& event) {
  return "album:" + event.conversation + "/" + event.album;
}

// Whether everything the part says, words and files, stands in the whole.
bool has_all_of(const Event& whole, const Event& part) {
  const auto& there = whole.attachments;
  return whole.text.find(part.text) != std::string::npos &&
         std::all_of(part.attachments.begin(), part.attachments.end(), [&](const Attachment& a) {
           return std::find(there.begin(), there.end(), a) != there.end();
         });
}

}  // namespace

void SqliteInbox::set_state(int64_t id, State state, const std::string& error) {
  auto& update = connection_.prepare("UPDATE inbox SET state=?, error=? WHERE id=?");
  update.bind(1, static_cast<int>(state));
  update.bind(2, redacted(error));
  update.bind(3, id);
  update.exec();
}

SqliteInbox::Added SqliteInbox::add(const Event& event) {
  connection_.known_events().refresh(connection_);
  if (!event.edits.empty()) return changes(event) ? add(event, event.event_id, 0) : Inbox::Added();
  return event.album.empty() ? add(event, event.event_id, 0) : add_to_album(event);
}

// Whether what it is a new version of is here and says something else.
bool SqliteInbox::changes(const Event& event) {
  KnownEvents& known = connection_.known_events();
  auto before = known.find(connection_, event.channel, event.edits);
  if (!before && !event.album.empty())
    before = known.find(connection_, event.channel, album_key(event));
  const auto entry = before ? get(*before) : std::nullopt;
  return entry && entry->event.text != event.text;
}

SqliteInbox::Added SqliteInbox::add_to_album(const Event& event) {
  const std::string album = album_key(event);
  KnownEvents& known = connection_.known_events();
  const auto id = known.find(connection_, event.channel, album);
  if (!id && event.only_joins) return {};
  if (!id) return add(event, album, event.received_ms + event.album_ms);
  const auto first = get(*id);
  if (!first) return {};
  if (has_all_of(first->event, event)) return {*id, false, first->next_ms};
  if (event.received_ms >= first->next_ms) return add(event, event.event_id, 0);
  // Not a further part, but the same one told again with more of it.
  const bool is_more = has_all_of(event, first->event);
  auto all = is_more ? std::vector<Attachment>() : first->event.attachments;
  all.insert(all.end(), event.attachments.begin(), event.attachments.end());
  auto& update = connection_.prepare("UPDATE inbox SET text=?, attachments=? WHERE id=?");
  update.bind(1, is_more ? event.text : first->event.text + "\n" + event.text);
  update.bind(2, written(all));
  update.bind(3, *id);
  update.exec();
  return {*id, false, first->next_ms};
}

SqliteInbox::Added SqliteInbox::add(const Event& event, const std::string& event_id,
                                    int64_t next_ms) {
  KnownEvents& known = connection_.known_events();
  if (const auto id = known.find(connection_, event.channel, event_id)) return {*id, false};
  const int64_t hash = KnownEvents::hash_of(event.channel, event_id);
  const int64_t bucket = known.add(connection_, hash);
  auto& insert = connection_.prepare(
      "INSERT INTO inbox (channel, event_id, conversation, sender, text, request_id, received_ms, "
      "address, attachments, bucket, event_hash, next_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)");
  insert.bindNoCopy(1, event.channel);
  insert.bindNoCopy(2, event_id);
  insert.bindNoCopy(3, event.conversation);
  insert.bindNoCopy(4, event.sender);
  insert.bindNoCopy(5, event.text);
  insert.bindNoCopy(6, event.request_id);
  insert.bind(7, event.received_ms);
  insert.bindNoCopy(8, event.address);
  insert.bind(9, written(event.attachments));
  insert.bind(10, bucket);
  insert.bind(11, hash);
  insert.bind(12, next_ms);
  insert.exec();
  return {connection_.database().getLastInsertRowid(), true, next_ms};
}

std::optional<Inbox::Entry> SqliteInbox::get(int64_t id) {
  static const std::string sql = std::string(kColumns) + "WHERE id=?";
  auto& find = connection_.prepare(sql.c_str());
  find.bind(1, id);
  if (!find.executeStep()) return std::nullopt;
  Entry entry = entry_of(find);
  find.reset();
  return entry;
}

std::vector<Inbox::Open> SqliteInbox::open_after(int64_t after, int limit) {
  auto& select = connection_.prepare(
      "SELECT id, channel, conversation, next_ms FROM inbox WHERE state=0 AND id>? ORDER BY id "
      "LIMIT ?");
  select.bind(1, after);
  select.bind(2, limit);
  std::vector<Open> list;
  while (select.executeStep()) {
    list.push_back({select.getColumn(0).getInt64(),
                    lane_key(select.getColumn(1).getString(), select.getColumn(2).getString()),
                    select.getColumn(3).getInt64()});
  }
  return list;
}

void SqliteInbox::finish(int64_t id) { set_state(id, State::kDone, ""); }

void SqliteInbox::bury(int64_t id, const std::string& error) { set_state(id, State::kDead, error); }

void SqliteInbox::postpone(int64_t id, int64_t next_ms, const std::string& error) {
  auto& update =
      connection_.prepare("UPDATE inbox SET attempts=attempts+1, next_ms=?, error=? WHERE id=?");
  update.bind(1, next_ms);
  update.bind(2, redacted(error));
  update.bind(3, id);
  update.exec();
}

void SqliteInbox::remove(int64_t id) {
  for (const char* sql : {"DELETE FROM outbox WHERE inbox_id=?", "DELETE FROM inbox WHERE id=?"}) {
    auto& statement = connection_.prepare(sql);
    statement.bind(1, id);
    statement.exec();
  }
}

void SqliteInbox::set_draft(int64_t id, const std::string& draft) {
  auto& update = connection_.prepare("UPDATE inbox SET draft=? WHERE id=?");
  update.bindNoCopy(1, draft);
  update.bind(2, id);
  update.exec();
}

std::string SqliteInbox::draft(int64_t id) {
  auto& select = connection_.prepare("SELECT draft FROM inbox WHERE id=?");
  select.bind(1, id);
  if (!select.executeStep()) return "";
  std::string draft = select.getColumn(0).getString();
  select.reset();
  return draft;
}

std::vector<Inbox::Entry> SqliteInbox::damaged(size_t limit) {
  static const std::string sql = std::string(kColumns) + "WHERE state=0 ORDER BY id";
  auto& select = connection_.prepare(sql.c_str());
  std::vector<Entry> list;
  while (list.size() < limit && select.executeStep()) {
    Entry entry = entry_of(select);
    if (!entry.damage.empty()) list.push_back(std::move(entry));
  }
  select.reset();
  return list;
}

std::vector<Inbox::Entry> SqliteInbox::dead(int limit) {
  static const std::string sql = std::string(kColumns) + "WHERE state=2 ORDER BY id DESC LIMIT ?";
  auto& select = connection_.prepare(sql.c_str());
  select.bind(1, limit);
  std::vector<Entry> list;
  while (select.executeStep()) list.push_back(entry_of(select));
  return list;
}

int SqliteInbox::replay() {
  return connection_.prepare("UPDATE inbox SET state=0, attempts=0, next_ms=0 WHERE state=2")
      .exec();
}

SqliteInbox::Counts SqliteInbox::count() {
  auto& select = connection_.prepare(
      "SELECT (SELECT count(*) FROM inbox WHERE state=0), (SELECT count(*) FROM inbox WHERE "
      "state=2)");
  select.executeStep();
  const Counts counts{select.getColumn(0).getInt64(), select.getColumn(1).getInt64()};
  select.reset();
  return counts;
}

}  // namespace ai_bot
