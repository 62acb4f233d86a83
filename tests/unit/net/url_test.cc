#include "net/url.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/socket_server.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using test::SocketServer;

const nlohmann::json& cases() {
  static const nlohmann::json file = test::read_json("unit/net/url_cases.json");
  return file;
}

TEST(Url, IsReadOrRefusedAsTheCasesSay) {
  for (const auto& row : cases()["read"]) {
    const auto text = row[0].get<std::string>();
    const auto url = parse_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->origin(), row[1].get<std::string>()) << text;
    EXPECT_EQ(url->target(), row[2].get<std::string>()) << text;
    const auto again = parse_url(url->text());
    ASSERT_TRUE(again) << url->text();
    EXPECT_EQ(again->origin(), url->origin());
    EXPECT_EQ(again->target(), url->target());
  }
  for (const auto& row : cases()["refused"])
    EXPECT_FALSE(parse_url(row.get<std::string>())) << row.dump();
  EXPECT_FALSE(parse_url("https://x/" + std::string(9000, 'a')));
}

Url at(const std::string& host) {
  Url url;
  url.host = host;
  return url;
}

TEST(Url, HostsAreBelowTheirDomainByLabels) {
  for (const char* host : {"slack.com", "files.slack.com", "a.b.slack.com"})
    EXPECT_TRUE(is_below(at(host), "slack.com")) << host;
  for (const char* host : {"evilslack.com", "slack.com.evil", "com", "", "slack.com.", ".com"})
    EXPECT_FALSE(is_below(at(host), "slack.com")) << host;
}

TEST(Url, WhatIsPutIntoAPathStaysOneSegment) {
  EXPECT_EQ(url_escaped("om_x-1~.é"), "om_x-1~.%C3%A9");
  EXPECT_EQ(url_escaped("../a?b#c%2f@\n"), "..%2Fa%3Fb%23c%252f%40%0A");
  EXPECT_EQ(url_escaped(".."), "-");
  EXPECT_EQ(url_escaped("."), "-");
  EXPECT_EQ(url_escaped(""), "");
}

// Where libcurl itself goes with an address: every connection is led to the canary, which is told
// the host by the Host header.
class Canary {
 public:
  // Empty when libcurl refuses the address or never asks for anything.
  std::string host_of(const std::string& address) {
    const size_t before = server_.received().size();
    const std::string everywhere = "::127.0.0.1:" + server_.url().substr(17);
    curl_slist* to = curl_slist_append(nullptr, everywhere.c_str());
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, address.c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, to);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 5000L);
    const CURLcode code = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    curl_slist_free_all(to);
    if (code != CURLE_OK || server_.received().size() == before) return "";
    std::string host = server_.received().back().headers.at("host");
    std::transform(host.begin(), host.end(), host.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return host;
  }

 private:
  SocketServer server_{[](const auto&, test::Answering& a) { a.reply(200, ""); }};
};

// Addresses put together of what parsers disagree about.
std::vector<std::string> tricks() {
  std::vector<std::string> list;
  for (const std::string scheme : {"http://", "http:/", "http:///", "HTTP://"})
    for (const std::string first :
         {"good.example", "good.example:81", "GOOD.example", "[::1]", "1"})
      for (const std::string between :
           {"", "@", "\\", "\\@", "#@", "?@", "/@", "%40", "%2f", ".", ";", "\t", ":", "\u3002"})
        for (const std::string last : {"", "evil.example", "evil.example/x"})
          list.push_back(scheme + first + between + last);
  return list;
}

TEST(Url, NamesTheHostThatLibcurlConnectsTo) {
  Canary canary;
  int accepted = 0;
  for (const std::string& text : tricks()) {
    const auto url = parse_url(text);
    if (!url) continue;
    ++accepted;
    const std::string port = url->port == 80 ? "" : ":" + std::to_string(url->port);
    EXPECT_EQ(canary.host_of(text), url->host + port) << text;
    EXPECT_EQ(canary.host_of(url->text()), url->host + port) << url->text();
  }
  EXPECT_GE(accepted, 50);
}

TEST(Forms, FieldsAreDecoded) {
  const char* form = "text=a+%2B+b%26c+%E4%BD%A0&empty=&text=second&flag&p%41=x";
  EXPECT_EQ(form_value(form, "text"), "a + b&c 你");
  EXPECT_EQ(form_value(form, "empty"), "");
  EXPECT_EQ(form_value(form, "flag"), "");
  EXPECT_EQ(form_value(form, "tex"), "");
  EXPECT_EQ(form_value("a=%", "a"), "%");
  EXPECT_EQ(form_value("a=%4", "a"), "%4");
  EXPECT_EQ(form_value("a=%00b", "a"), std::string("\0b", 2));
  EXPECT_EQ(form_value("", "a"), "");
}

}  // namespace
}  // namespace ai_bot
