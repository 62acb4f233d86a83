#include "net/guards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_request.h"

namespace ai_bot {
namespace {

using test::FakeRequest;
using testing::ElementsAre;
using Headers = std::map<std::string, std::string>;

class GuardsTest : public testing::Test {
 protected:
  // What the first guard that answers says; none: the request gets to its route.
  std::optional<Response> answer(const FakeRequest& request) {
    const auto match = routes_.find(request.path(), request.method());
    for (const Guard& guard : guards_) {
      if (auto answer = guard.check(request, match)) return answer;
    }
    return std::nullopt;
  }
  int status(const FakeRequest& request) { return answer(request).value_or(Response{200}).status; }

  const RouteTable routes_{{{{Method::kGet}, "/api/health", nullptr},
                            {{Method::kPost}, "/v1/chat/completions", nullptr},
                            {{Method::kPost}, "/api/webhook", nullptr, /*from_browsers=*/false}}};
  const std::vector<Guard> guards_ = http_guards({"bot.example"});
};

TEST_F(GuardsTest, StandInThisOrder) {
  std::vector<std::string> names;
  for (const Guard& guard : guards_) names.emplace_back(guard.name);
  EXPECT_THAT(names, ElementsAre("upgrade", "browser", "path", "method"));
}

TEST_F(GuardsTest, LetThroughWhatIsServed) {
  EXPECT_FALSE(answer({Method::kGet, "/api/health", {{"host", "localhost:8080"}}}));
  EXPECT_FALSE(answer({Method::kGet, "/api/health", {{"host", "bot.example"}}}));
  EXPECT_FALSE(answer({Method::kGet, "/api/health", {{"upgrade", "h2c"}}}));
}

TEST_F(GuardsTest, KnowNoOtherProtocol) {
  EXPECT_EQ(status({Method::kGet, "/api/health", {{"upgrade", "websocket"}}}), 404);
}

TEST_F(GuardsTest, AskABrowserBeforeTheyTellWhatThereIs) {
  const Headers stranger{{"host", "127.0.0.1"}, {"origin", "http://evil.example"}};
  EXPECT_EQ(status({Method::kGet, "/api/health", stranger}), 403);
  EXPECT_EQ(status({Method::kGet, "/nothing", stranger}), 403);
  EXPECT_EQ(status({Method::kGet, "/api/health", {{"host", "evil.example"}}}), 403);
  const Headers form{{"host", "127.0.0.1"}, {"content-type", "text/plain"}};
  EXPECT_EQ(status({Method::kPost, "/v1/chat/completions", form, "{}"}), 415);
}

TEST_F(GuardsTest, AskNoBrowserWhereRequestsAreSigned) {
  EXPECT_FALSE(answer({Method::kPost, "/api/webhook", {{"host", "evil.example"}}, "{}"}));
}

TEST_F(GuardsTest, SayWhichMethodsAPathTakes) {
  EXPECT_EQ(status({Method::kGet, "/nothing"}), 404);
  const auto refused = answer({Method::kPut, "/api/health"});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 405);
  EXPECT_EQ(refused->headers.back().second, "OPTIONS, GET, HEAD");
  const auto options = answer({Method::kOptions, "/v1/chat/completions"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->status, 204);
  EXPECT_EQ(options->headers.back().second, "OPTIONS, POST");
}

}  // namespace
}  // namespace ai_bot
