#include "net/route.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

Route route(std::vector<Method> methods, const std::string& path) {
  return {std::move(methods), path, nullptr};
}

const RouteTable& table() {
  static const RouteTable table(
      {route({Method::kGet}, "/v1/models"), route({Method::kGet}, "/v1/files"),
       route({Method::kPost}, "/v1/files"), route({Method::kPost}, "/api/webhook"),
       route({Method::kPost}, "/api/webhook/{channel}"),
       route({Method::kGet}, "/v1/files/{id}/content"), route({Method::kDelete}, "/v1/files/{id}"),
       route({Method::kGet}, "/v1/files/{id}")});
  return table;
}

// The path of the route a request would come to; empty: none.
std::string found(std::string_view path, Method method = Method::kGet) {
  const auto match = table().find(path, method);
  return match.route == nullptr ? "" : match.route->path;
}

TEST(RouteTable, FindsAPathThatIsWrittenExactlySo) {
  EXPECT_EQ(found("/v1/models"), "/v1/models");
  EXPECT_EQ(found("/api/webhook", Method::kPost), "/api/webhook");
  for (const char* other : {"", "/", "/V1/models", "/v1/models/", "//v1/models", "/v1%2fmodels",
                            "/v1/model", "/v1/models?x=1", "v1/models"})
    EXPECT_TRUE(table().find(other, Method::kGet).at_path.empty()) << other;
}

TEST(RouteTable, APartInBracesStandsForAnyOnePart) {
  EXPECT_EQ(found("/api/webhook/hook", Method::kPost), "/api/webhook/{channel}");
  EXPECT_EQ(found("/v1/files/17"), "/v1/files/{id}");
  EXPECT_EQ(found("/v1/files/17/content"), "/v1/files/{id}/content");
  for (const char* other : {"/v1/files/", "/v1/files/17/", "/v1/files//content",
                            "/v1/files/17/other", "/v1/files/17/content/more"})
    EXPECT_EQ(found(other), "") << other;
}

TEST(RouteTable, TellsAPathWithoutThatMethodFromNoPath) {
  EXPECT_EQ(found("/v1/files", Method::kPost), "/v1/files");
  EXPECT_EQ(found("/v1/files", Method::kDelete), "");
  EXPECT_EQ(table().find("/v1/files", Method::kDelete).at_path.size(), 2U);
  EXPECT_EQ(table().find("/v1/files/17", Method::kPut).at_path.size(), 2U);
}

}  // namespace
}  // namespace ai_bot
