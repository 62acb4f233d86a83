#include "core/redact.h"

#include <gtest/gtest.h>

#include "core/log.h"

namespace ai_bot {
namespace {

TEST(Redact, AddressesLoseTheirUserInfoQueryAndKeys) {
  const std::pair<const char*, const char*> rows[] = {
      {"no address at all: 1/2?", "no address at all: 1/2?"},
      {"https://api.example/v1", "https://api.example/v1"},
      {"https://api.example:8443/v1/models", "https://api.example:8443/v1/models"},
      {"https://api.example/v1?key=abc", "https://api.example/v1?********"},
      {"https://api.example?key", "https://api.example?********"},
      {"https://api.example/v1#part", "https://api.example/v1?********"},
      {"http://user:pw@proxy:3128", "http://********@proxy:3128"},
      {"http://user:p@w@proxy:3128/", "http://********@proxy:3128/"},
      {"socks5h://u@proxy", "socks5h://********@proxy"},
      {"https://hooks.example/T0/abcdef0123456789/x", "https://hooks.example/T0/********/x"},
      {"https://api.telegram.org/bot42:AAE-x_0123456789/getMe",
       "https://api.telegram.org/********/getMe"},
      {"POST https://a/b?c, then 'http://d:e@f/g?h' (see https://i/j) end",
       "POST https://a/b?******** then 'http://********@f/g?********' (see https://i/j) end"},
      {"https://h/p?ids=1,2&token=SECRET", "https://h/p?********"},
      {"GET https://h/p?a=(1)|2;3&token=SECRET: 401", "GET https://h/p?******** 401"},
      {"https://h/p#a,b;SECRET", "https://h/p?********"},
      {"http://us,er:p;w(|)@proxy:3128, then", "http://********@proxy:3128, then"},
      {"http://us,er:pw@proxy?x,SECRET", "http://********@proxy?********"},
      {"https://a,https://u:p@b", "https://a,https://********@b"},
      {"https://a/x,https://b/y?z, w", "https://a/x,https://b/y?******** w"},
      {"[{\"url\":\"https://h/p?a,b\"},1]", "[{\"url\":\"https://h/p?********\"},1]"},
      {"<a href=https://h?a,b>x</a>", "<a href=https://h?********>x</a>"},
      {"无法访问 https://h/p?x=1,2：超时", "无法访问 https://h/p?********：超时"},
      {"无法访问（https://h/p）。", "无法访问（https://h/p）。"},
      {"https://", "https://"},
      {"://", "://"},
      {"https://a/\nhttps://b?c", "https://a/\nhttps://b?********"}};
  for (const auto& [text, shown] : rows) EXPECT_EQ(redacted(text), shown) << text;
  EXPECT_EQ(redacted_address("user:pw@proxy:3128"), "********@proxy:3128");
  EXPECT_EQ(redacted_address("proxy:3128"), "proxy:3128");
  EXPECT_EQ(redacted_address(""), "");
}

TEST(Redact, KnownSecretsAreMaskedWhereverTheyStand) {
  keep_secret("kept-secret+1/=");
  EXPECT_EQ(redacted("wrong key: kept-secret+1/= (kept-secret+1/=)"),
            "wrong key: ******** (********)");
  EXPECT_EQ(redacted("secret=kept-secret%2B1%2F%3D&x"), "secret=********&x");
  keep_secret("short");
  keep_secret("");
  EXPECT_EQ(redacted("a short one"), "a short one");
  keep_secrets_of_address(
      "http://user:proxy-password@proxy/path/4f9A0c7Xb2e8Kq1d?api_key=query-value&b");
  EXPECT_EQ(redacted("refused: proxy-password, query-value, 4f9A0c7Xb2e8Kq1d"),
            "refused: ********, ********, ********");
  keep_secrets_of_address("someone:another-password@proxy:3128");
  EXPECT_EQ(redacted("another-password"), "********");
}

TEST(Redact, OfAnAddressOnlyWhatIsASecretIsMaskedElsewhere) {
  const std::pair<const char*, const char*> secrets[] = {
      {"https://h/?key=word-one", "word-one"},
      {"https://h/?a=1&api-key=word-two", "word-two"},
      {"https://h/?access_token=word-three&b=2", "word-three"},
      {"https://h/?accessToken=word-four", "word-four"},
      {"https://h/?apikey=word-five", "word-five"},
      {"https://h/?sig=word-six", "word-six"},
      {"https://h/?X-Amz-Signature=word-seven", "word-seven"},
      {"https://h/?code=word-eight", "word-eight"},
      {"https://h/?PASSWORD=word-nine", "word-nine"},
      {"https://h/?client_secret=word-ten", "word-ten"},
      {"https://h/?sign=word-eleven", "word-eleven"},
      {"https://h/?id=hT4kP0vXq82LmZ7wRb3n", "hT4kP0vXq82LmZ7wRb3n"},
      {"https://h/?hT4kP0vXq82LmZ7wRb4n", "hT4kP0vXq82LmZ7wRb4n"},
      {"https://h/hook/5f1d7c2e-93ab-4e60-8c1f-2b7d90a4e6f3",
       "5f1d7c2e-93ab-4e60-8c1f-2b7d90a4e6f3"},
      {"https://h/a/0123456789abcdef0123456789abcdef/b", "0123456789abcdef0123456789abcdef"},
      {"https://h/services/T00000000/B0/dJ8sKq0Z3vXbN6yTwLr1Ec5u", "dJ8sKq0Z3vXbN6yTwLr1Ec5u"}};
  for (const auto& [address, secret] : secrets) {
    keep_secrets_of_address(address);
    EXPECT_EQ(redacted(std::string("it is ") + secret), "it is ********") << address;
  }
  const std::pair<const char*, const char*> words[] = {
      {"https://h/openai?api-version=2024-08-01-preview", "2024-08-01-preview"},
      {"https://h/?workspace=default&region=westeurope", "default in westeurope"},
      {"https://h/?max_tokens=100000&encode=base64", "100000 as base64"},
      {"https://h/?design=modern&deployment=gpt-4o-mini", "modern gpt-4o-mini"},
      {"https://h/deployments/gpt-4o-2024-08-06/chat", "gpt-4o-2024-08-06"},
      {"https://h/deployments/claude-3-5-sonnet-20241022", "claude-3-5-sonnet-20241022"},
      {"https://h/m/Qwen2.5-72B-Instruct-AWQ", "Qwen2.5-72B-Instruct-AWQ"},
      {"https://h/m/meta-llama-3.1-405b-instruct-fp8", "meta-llama-3.1-405b-instruct-fp8"},
      {"https://h/d/DeepSeekV3Deployment2024EastUS", "DeepSeekV3Deployment2024EastUS"}};
  for (const auto& [address, text] : words) {
    keep_secrets_of_address(address);
    EXPECT_EQ(redacted(text), text) << address;
  }
}

TEST(Redact, TokensThatComeAndGoDoNotDriveOutTheSecrets) {
  keep_secret("first-configured");
  for (int i = 0; i < 1000; ++i) keep_token("access-token-" + std::to_string(10000 + i));
  EXPECT_EQ(redacted("said first-configured"), "said ********");
  EXPECT_EQ(redacted("said access-token-10999"), "said ********");
}

TEST(Redact, OfSecretsThatOverlapNothingIsLeft) {
  for (const char* secret : {"overlap", "overlap-and-more", "more-of-it", "laplap"})
    keep_secret(secret);
  const std::pair<const char*, const char*> rows[] = {
      {"a overlap b", "a ******** b"},
      {"a overlap-and-more b", "a ******** b"},
      {"a overlap-and-more-of-it b", "a ******** b"},
      {"a laplaplap b", "a ******** b"},
      {"overlap overlap", "******** ********"},
      {"overlap", "********"},
      {"overla", "overla"}};
  for (const auto& [text, shown] : rows) EXPECT_EQ(redacted(text), shown) << text;
}

TEST(Redact, TheLogDoesSo) {
  keep_secret("logged-secret");
  using log::Format;
  for (const Format format : {Format::kText, Format::kJson}) {
    const std::string line =
        log::line(format, log::Level::kInfo, "x", "said logged-secret",
                  {{"field", std::string("logged-secret at http://u:p@h?q")}}, 0);
    EXPECT_EQ(line.find("logged-secret"), std::string::npos) << line;
    EXPECT_NE(line.find("http://********@h?********"), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace ai_bot
