#include <fmt/format.h>

#include <future>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/channel_states.h"
#include "cli/command.h"
#include "cli/running_server.h"
#include "cli/terminal.h"
#include "core/id.h"
#include "core/json.h"
#include "core/redact.h"
#include "gateway/channel_entry.h"
#include "net/http_client.h"
#include "net/http_date.h"

namespace ai_bot {
namespace {

using nlohmann::ordered_json;
using terminal::Colour;

constexpr milliseconds kTimeout{10000};
constexpr int kKeyBytes = 16;

struct ChannelOptions {
  std::string name;
  std::string to;
  std::string text;
  bool as_json = false;
};

ChannelEntry entry_of(const ChannelConfig& config, HttpClient& http) {
  const std::shared_ptr<const Channel> channel = make_channel(config, {});
  return {channel, config, std::make_shared<PlatformAccess>(config.name, channel, http, kTimeout)};
}

Result<std::string> token_of(const ChannelEntry& channel) {
  std::promise<Result<std::string>> promise;
  channel.access->token([&](Result<std::string> token) { promise.set_value(std::move(token)); });
  return promise.get_future().get();
}

// The platforms sign requests with their time, and refuse ours, or we theirs, when it is too far
// off. `ahead`: of this machine's clock.
std::optional<Text> finding_of_clock(const ChannelConfig& config,
                                     std::optional<milliseconds> ahead) {
  if (!ahead || std::chrono::abs(*ahead) <= config.tolerance) return std::nullopt;
  const bool is_ahead = ahead->count() > 0;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(std::chrono::abs(*ahead)).count();
  return Text{fmt::format("this machine's clock is {} s {} the platform's: set it (timedatectl)",
                          seconds, is_ahead ? "ahead of" : "behind"),
              fmt::format("本机时钟比平台{} {} 秒：请校准（timedatectl）", is_ahead ? "快" : "慢",
                          seconds)};
}

std::vector<Text> findings_of(const ChannelEntry& channel, HttpClient& http) {
  const auto token = token_of(channel);
  if (!token) return {token.error().text};
  std::vector<Text> findings;
  std::optional<milliseconds> ahead;
  for (Probe& probe : channel.channel->probes(*token)) {
    probe.request.timeouts = HttpTimeouts::all(kTimeout);
    const auto reply = http.fetch(std::move(probe.request));
    if (!reply) {
      findings.push_back(reply.error().text);
      continue;
    }
    ahead = ahead_of_date(*reply, now_ms());
    if (auto finding = probe.finding(*reply)) findings.push_back(std::move(*finding));
  }
  if (auto finding = finding_of_clock(channel.config, ahead))
    findings.push_back(std::move(*finding));
  return findings;
}

// The channels that were asked for; empty, and the error said, when there is no such one.
std::vector<ChannelConfig> chosen(Cli& cli, const Config& config, const std::string& name) {
  std::vector<ChannelConfig> list;
  std::string known;
  for (const ChannelConfig& channel : config.channels) {
    if (name.empty() || channel.name == name) list.push_back(channel);
    known += (known.empty() ? "" : ", ") + channel.name;
  }
  if (list.empty()) {
    cli.fail({fmt::format("no channel is called '{}'; known: {}", name, known),
              fmt::format("没有名为“{}”的通道；已有：{}", name, known)});
  }
  return list;
}

// By name, where a server runs.
std::map<std::string, nlohmann::json> states_by_name(const Cli& cli, const Config& config) {
  std::map<std::string, nlohmann::json> states;
  const RunningServer server(cli, config);
  const auto status = server.pid() != 0 ? server.status() : nlohmann::json::object();
  if (!status) return states;
  for (const nlohmann::json& state : channel_states(*status))
    states.emplace(text_or(state, "channel"), state);
  return states;
}

void list_channels(Cli& cli, const ChannelOptions& options) {
  const auto config = cli.load_config();
  if (!config) return;
  const auto states = states_by_name(cli, *config);
  ordered_json list = ordered_json::array();
  std::vector<std::vector<std::string>> rows = {{cli.tr("name", "名称"), cli.tr("type", "类型"),
                                                 cli.tr("mode", "模式"), "webhook",
                                                 cli.tr("state", "状态")}};
  for (const ChannelConfig& channel : config->channels) {
    const bool connects = channel.mode == "connect";
    const std::string path = connects ? "" : "/api/webhook/" + channel.name;
    const auto state = states.find(channel.name);
    list.push_back({{"name", channel.name},
                    {"type", channel.type},
                    {"mode", channel.mode},
                    {"webhook", path},
                    {"default", channel.is_default}});
    rows.push_back({channel.name, channel.type, channel.mode, path, ""});
    if (state == states.end()) continue;
    rows.back().back() = state_line(cli, state->second);
    list.back()["state"] = state_text(state->second);
    list.back()["for_s"] = number_or(state->second, "for_s");
    if (const std::string bot = text_or(state->second, "as"); !bot.empty()) list.back()["as"] = bot;
  }
  std::cout << (options.as_json ? list.dump(2) + "\n" : terminal::table(rows));
}

void test_channels(Cli& cli, const ChannelOptions& options) {
  const auto config = cli.load_config();
  if (!config) return;
  HttpClient http;
  ordered_json list = ordered_json::array();
  for (const ChannelConfig& channel : chosen(cli, *config, options.name)) {
    const auto findings = findings_of(entry_of(channel, http), http);
    if (!findings.empty()) cli.exit_code = 1;
    ordered_json texts = ordered_json::array();
    for (const Text& finding : findings) texts.push_back(redacted(cli.tr(finding)));
    list.push_back({{"name", channel.name},
                    {"type", channel.type},
                    {"ok", findings.empty()},
                    {"findings", texts}});
    if (options.as_json) continue;
    const Colour colour = findings.empty() ? Colour::kGreen : Colour::kRed;
    std::cout << terminal::coloured(colour, findings.empty() ? "✓" : "✗") << " " << channel.name
              << " (" << channel.type << ")"
              << (channel.type == "generic" ? cli.tr(": nothing to ask", "：无需检查") : "")
              << "\n";
    for (const Text& finding : findings) std::cout << "  " << redacted(cli.tr(finding)) << "\n";
  }
  if (options.as_json) std::cout << list.dump(2) << "\n";
}

void send_message(Cli& cli, const ChannelOptions& options) {
  const auto config = cli.load_config();
  if (!config) return;
  const auto list = chosen(cli, *config, options.name);
  if (list.empty()) return;
  HttpClient http;
  const ChannelEntry channel = entry_of(list.front(), http);
  Reply reply;
  reply.address = channel.channel->address_for(options.to);
  if (reply.address.empty()) {
    return cli.fail({"this channel can't begin a conversation: it only answers",
                     "该通道不能主动发送，只能回答"});
  }
  const auto token = token_of(channel);
  if (!token) return cli.fail(token.error().text);
  for (const std::string& text : channel.channel->compose(options.text)) {
    reply.text = text;
    reply.idempotency_key = random_hex(kKeyBytes);
    HttpRequest request = channel.channel->render(reply, *token, now_ms());
    request.timeouts = HttpTimeouts::all(kTimeout);
    const auto response = http.fetch(std::move(request));
    if (!response) return cli.fail(response.error().text);
    const Delivery delivery = channel.channel->judge(*response);
    if (delivery.outcome != Delivery::Outcome::kDelivered)
      return cli.fail({delivery.why, delivery.why});
    ++reply.part;
  }
  std::cout << cli.tr("sent", "已发送") << "\n";
}

}  // namespace

void add_channel(CLI::App& app, Cli& cli) {
  auto options = std::make_shared<ChannelOptions>();
  CLI::App* channel = add_command(app, cli, "channel", {"Chat platforms", "聊天平台"});
  channel->require_subcommand(1);
  CLI::App* list = add_command(
      *channel, cli, "list", {"List the channels and their webhooks", "列出通道及其 webhook 地址"},
      [&cli, options] { list_channels(cli, *options); });
  CLI::App* test = add_command(
      *channel, cli, "test",
      {"Check the credentials against the platform: exit code 1 when something is missing",
       "向平台检查凭证与权限：缺失时退出码为 1"},
      [&cli, options] { test_channels(cli, *options); });
  test->add_option("name", options->name,
                   cli.tr("The channel; all when left out", "通道名；省略则检查全部"));
  for (CLI::App* command : {list, test})
    command->add_flag("--json", options->as_json, cli.tr("Print JSON", "输出 JSON"));
  CLI::App* send = add_command(*channel, cli, "send", {"Send a message", "发送一条消息"},
                               [&cli, options] { send_message(cli, *options); });
  send->add_option("name", options->name, cli.tr("The channel", "通道名"))->required();
  send->add_option("to", options->to,
                   cli.tr("The platform's id of the conversation (dingtalk: or of the person; "
                          "wecom: of the person)",
                          "平台的会话 ID（dingtalk：或用户 ID；wecom：用户 ID）"))
      ->required();
  send->add_option("text", options->text, cli.tr("The text, Markdown", "内容，可用 Markdown"))
      ->required();
}

}  // namespace ai_bot
