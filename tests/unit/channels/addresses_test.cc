// Where a channel sends what it holds: only to its platform, whatever address comes in foreign
// bytes.
#include <gtest/gtest.h>

#include "channels/channel.h"
#include "channels/platform.h"
#include "channels/socket.h"

namespace ai_bot {
namespace {

using nlohmann::json;

std::unique_ptr<Channel> channel(const std::string& type, const std::string& base_url = "") {
  ChannelConfig config;
  config.name = "it";
  config.type = type;
  config.mode = "connect";
  config.bot_token = config.app_token = Secret("42:token");
  config.app_secret = config.client_secret = Secret("secret");
  config.corp_id = "corp & co";
  config.secret = Secret("a+b&c=d");
  config.application_id = "99";
  config.base_url = base_url;
  return make_channel(config, {});
}

// Addresses that are not what they look like; `host` is the platform's.
std::vector<std::string> tricks(const std::string& scheme, const std::string& host) {
  const std::string plain = scheme == "wss" ? "ws" : "http";
  // "evilslack.com" is not below "slack.com".
  const std::string site = host.substr(host.rfind('.', host.rfind('.') - 1) + 1);
  return {plain + "://" + host + "\\@evil/x",
          scheme + "://" + host + "\\@evil/x",
          scheme + "://" + host + "@evil/x",
          scheme + "://" + host + ".evil/x",
          scheme + "://" + host + ":443@evil/x",
          scheme + "://evil" + site + "/x",
          scheme + "://evil#@" + host,
          scheme + "://evil?" + host,
          scheme + "://evil/" + host,
          scheme + ":/\\" + host + "/x",
          scheme + ":/" + host + "/x",
          "//" + host + "/x",
          plain + "://" + host + "/x",
          scheme + "://" + host + ":8443/x",
          scheme + "://" + host + "\n/x",
          scheme + "://user:pw@" + host + "/x",
          scheme + "://127.0.0.1/x",
          scheme + "://[::1]/x",
          "file:///etc/passwd",
          ""};
}

HttpReply reply_of(const json& body) {
  HttpReply reply;
  reply.status = 200;
  reply.body = body.dump();
  return reply;
}

struct Download {
  const char *type, *host;
  json (*answer)(const std::string&);
};
const Download kDownloads[] = {
    {"slack", "files.slack.com",
     [](const std::string& a) {
       return json{{"file", {{"url_private_download", a}}}};
     }},
    {"dingtalk", "down.dingtalk.com",
     [](const std::string& a) {
       return json{{"downloadUrl", a}};
     }},
    {"dingtalk", "im.oss-cn-zhangjiakou.aliyuncs.com", [](const std::string& a) {
       return json{{"downloadUrl", a}};
     }}};

TEST(Addresses, AFileIsFetchedFromThePlatformOnly) {
  for (const auto& [type, host, answer] : kDownloads) {
    const auto it = channel(type);
    const std::string good = std::string("https://") + host + "/x?y=z%20";
    const auto request = it->download_from(reply_of(answer(good)));
    ASSERT_TRUE(request) << good;
    EXPECT_EQ(request->url, good);
    for (const std::string& trick : tricks("https", host))
      EXPECT_FALSE(it->download_from(reply_of(answer(trick)))) << type << " " << trick;
  }
  const auto discord = channel("discord");
  EXPECT_TRUE(discord->download({"https://cdn.discordapp.com/a/b.txt", "", "file", 0}, ""));
  for (const std::string& trick : tricks("https", "cdn.discordapp.com"))
    EXPECT_FALSE(discord->download({trick, "", "file", 0}, "")) << trick;
}

TEST(Addresses, AnAnswerGoesToThePlatformOnly) {
  const std::string good = "https://oapi.dingtalk.com/robot/sendBySession?session=s";
  const auto url_with = [](const std::string& webhook) {
    Reply reply;
    reply.address = json{{"webhook", webhook}, {"until", 1000000}, {"direct", true}}.dump();
    reply.text = "secret answer";
    return channel("dingtalk")->render(reply, "t", 0).url;
  };
  EXPECT_EQ(url_with(good), good);
  for (const std::string& trick : tricks("https", "oapi.dingtalk.com"))
    EXPECT_TRUE(url_with(trick).starts_with("https://api.dingtalk.com/v1.0/robot/")) << trick;
  const auto wecom = [](const std::string& address) {
    ChannelConfig config;
    config.type = "wecom";
    Reply reply;
    reply.address = json{{"response_url", address}, {"until", 1000000}}.dump();
    return make_channel(config, {})->render(reply, "", 0).url;
  };
  EXPECT_EQ(wecom("https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=c"),
            "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=c");
  for (const std::string& trick : tricks("https", "qyapi.weixin.qq.com"))
    EXPECT_EQ(wecom(trick), "") << trick;
}

struct Opened {
  const char *type, *host;
  json (*answer)(const std::string&);
};
const Opened kOpened[] = {
    {"slack", "wss-primary.slack.com",
     [](const std::string& a) {
       return json{{"ok", true}, {"url", a}};
     }},
    {"discord", "gateway.discord.gg",
     [](const std::string& a) {
       return json{{"url", a}};
     }},
    {"feishu", "msg-frontend.feishu.cn",
     [](const std::string& a) {
       return json{{"code", 0}, {"data", {{"URL", a}}}};
     }},
    {"dingtalk", "wss-open-connection.dingtalk.com", [](const std::string& a) {
       return json{{"endpoint", a}, {"ticket", "t&/"}};
     }}};

TEST(Addresses, ASocketIsOpenedAtThePlatformOnly) {
  for (const auto& [type, host, answer] : kOpened) {
    const auto it = channel(type);
    const std::string good = std::string("wss://") + host + ":443/x";
    const auto address = it->socket()->read_address(reply_of(answer(good)), 0);
    ASSERT_TRUE(address) << type << " " << address.error().text.en;
    EXPECT_TRUE(address->starts_with(std::string("wss://") + host + "/x")) << *address;
    for (const std::string& trick : tricks("wss", host)) {
      const auto tricked = it->socket()->read_address(reply_of(answer(trick)), 0);
      EXPECT_FALSE(tricked) << type << " " << trick << " gave " << tricked.value_or("");
    }
    EXPECT_FALSE(it->socket()->read_address(reply_of(answer(std::string("https://") + host)), 0));
    // A mirror of the platform, as base_url names it.
    const auto mirrored = channel(type, "https://mirror.example/api");
    EXPECT_TRUE(
        mirrored->socket()->read_address(reply_of(answer("wss://mirror.example:8443/x")), 0));
    EXPECT_FALSE(mirrored->socket()->read_address(reply_of(answer("ws://mirror.example/x")), 0));
  }
}

TEST(Addresses, DiscordResumesAtDiscordOnly) {
  for (const std::string& trick : tricks("wss", "gateway.discord.gg")) {
    if (trick.empty()) continue;
    const auto it = channel("discord");
    const auto socket = it->socket();
    const json ready = {{"op", 0},
                        {"t", "READY"},
                        {"s", 1},
                        {"d", {{"session_id", "s"}, {"resume_gateway_url", trick}}}};
    socket->on_frame(ready.dump(), nullptr, 0);
    const auto address = socket->read_address(reply_of({{"url", "wss://gateway.discord.gg"}}), 0);
    EXPECT_EQ(address.value_or("wss://gateway.discord.gg/?v=10&encoding=json"),
              "wss://gateway.discord.gg/?v=10&encoding=json")
        << trick;
  }
}

TEST(Addresses, WhatIsPutIntoAPathOrQueryStaysThere) {
  const std::string foreign = "../../secret?x=1&y#z";
  const std::string escaped = "..%2F..%2Fsecret%3Fx%3D1%26y%23z";
  EXPECT_EQ(channel("slack")->download({foreign, "", "file", 0}, "")->url,
            "https://slack.com/api/files.info?file=" + escaped);
  EXPECT_EQ(
      channel("feishu")->download({"om_1/" + foreign, "", "file", 0}, "t")->url,
      "https://open.feishu.cn/open-apis/im/v1/messages/om_1/resources/" + escaped + "?type=file");
  EXPECT_EQ(channel("feishu")->download({"../..", "", "file", 0}, "t")->url,
            "https://open.feishu.cn/open-apis/im/v1/messages/-/resources/-?type=file");
  Reply reply;
  reply.address = json{
      {"message_id", foreign},
      {"channel", foreign},
      {"interaction", foreign},
      {"until", 10}}.dump();
  EXPECT_EQ(channel("feishu")->render(reply, "t", 0).url,
            "https://open.feishu.cn/open-apis/im/v1/messages/" + escaped + "/reply");
  EXPECT_EQ(channel("discord")->render(reply, "", 0).url,
            "https://discord.com/api/v10/webhooks/99/" + escaped + "/messages/@original");
  EXPECT_EQ(channel("discord")->render(reply, "", 20).url,
            "https://discord.com/api/v10/channels/" + escaped + "/messages");
  EXPECT_EQ(channel("discord")->typing(json{{"channel", foreign}}.dump(), "")->url,
            "https://discord.com/api/v10/channels/" + escaped + "/typing");
  ChannelConfig app;
  app.type = "wecom";
  app.agent_id = "1";
  app.corp_id = "a&b";
  app.secret = Secret("c+d&e");
  const auto wecom = make_channel(app, {});
  EXPECT_EQ(wecom->token_request()->url,
            "https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=a%26b&corpsecret=c%2Bd%26e");
  EXPECT_EQ(wecom->download({foreign, "", "file", 0}, "t&u")->url,
            "https://qyapi.weixin.qq.com/cgi-bin/media/get?access_token=t%26u&media_id=" + escaped);
}

TEST(Addresses, ATelegramFileLiesBelowTheBotsFiles) {
  const auto telegram = channel("telegram");
  const auto url_of = [&](const std::string& path) -> std::string {
    const auto request =
        telegram->download_from(reply_of({{"ok", true}, {"result", {{"file_path", path}}}}));
    return request ? request->url : "";
  };
  EXPECT_EQ(url_of("documents/a b?.txt"),
            "https://api.telegram.org/file/bot42:token/documents/a%20b%3F.txt");
  EXPECT_EQ(url_of("@evil/x"), "https://api.telegram.org/file/bot42:token/%40evil/x");
  for (const char* path : {"", "/", "/etc/passwd", "..", "a/../b", "a//b", "a/", "a/.", "../x"})
    EXPECT_EQ(url_of(path), "") << path;
}

}  // namespace
}  // namespace ai_bot
