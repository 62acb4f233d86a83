#include "models/vision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "models/openai_client.h"
#include "support/socket_server.h"
#include "support/test_data.h"

namespace ai_bot {
namespace {

using nlohmann::json;
using test::Answering;
using test::SocketServer;

json cases(const char* kind) { return test::read_json("unit/models/vision_cases.json")[kind]; }

TEST(Vision, IsWhatAnEndpointTells) {
  for (const json& row : cases("told")) {
    const auto told = told_of_vision(row["reply"], "big-1");
    const auto right =
        row["sees"].is_null() ? std::nullopt : std::optional(row["sees"].get<bool>());
    EXPECT_EQ(told, right) << row["case"];
  }
}

TEST(Vision, KnowsARefusalOfImagesFromOthers) {
  const std::map<Refusal, std::string> names = {
      {Refusal::kOther, "other"}, {Refusal::kImage, "image"}, {Refusal::kImages, "images"}};
  for (const json& row : cases("refusals")) {
    HttpReply reply;
    reply.status = row["status"];
    reply.body = json{{"error", {{"message", row["message"]}}}}.dump();
    EXPECT_EQ(names.at(refusal_of(error_of_reply(reply, false))), row["is"]) << row["case"];
  }
}

TEST(Vision, ImagesFollowTheTextOfTheLastMessage) {
  json body = {
      {"messages",
       {{{"role", "system"}, {"content", "s"}}, {{"role", "user"}, {"content", "what is this?"}}}}};
  const json before = body;
  add_images(body, {});
  EXPECT_EQ(body, before);
  add_images(body, {std::make_shared<const std::string>("data:image/png;base64,AA=="),
                    std::make_shared<const std::string>("data:image/gif;base64,BB==")});
  EXPECT_EQ(body["messages"][0], before["messages"][0]);
  EXPECT_EQ(body["messages"][1]["content"], json::parse(R"([
    {"type": "text", "text": "what is this?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
    {"type": "image_url", "image_url": {"url": "data:image/gif;base64,BB=="}}])"));
}

// An endpoint that says to images what a test wants said, and answers everything else.
class EndpointTest : public testing::Test {
 protected:
  RemoteModel& model(std::optional<bool> vision) {
    ModelConfig config;
    config.name = "remote";
    config.base_url = server_.url() + "/v1/";
    config.model = "big-1";
    config.api_key = Secret("the-key");
    config.vision = vision;
    model_ = std::make_unique<RemoteModel>(config, http_);
    return *model_;
  }
  bool look() {
    std::promise<void> looked;
    model_->look([&] { looked.set_value(); });
    looked.get_future().wait();
    return model_->sees();
  }
  Result<ChatEnd> ask(bool with_image = true) {
    ChatRequest request;
    request.body = {{"stream", true}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}};
    if (with_image)
      request.images = {std::make_shared<const std::string>("data:image/png;base64,AA==")};
    std::promise<Result<ChatEnd>> ended;
    ChatSink sink;
    sink.on_chunk = [](json&) {};
    sink.on_end = [&](Result<ChatEnd> end) { ended.set_value(std::move(end)); };
    model_->chat(std::move(request), std::move(sink));
    return ended.get_future().get();
  }
  // Of each chat request, whether it had an image; of others, their path.
  std::vector<std::string> asked() const {
    std::vector<std::string> asked;
    for (const test::Received& got : server_.received()) {
      const bool is_chat = got.line.starts_with("POST /v1/chat/completions");
      const bool has_image = got.body.find("image_url") != std::string::npos;
      asked.push_back(!is_chat    ? got.line.substr(0, got.line.rfind(' '))
                      : has_image ? "with image"
                                  : "without");
    }
    return asked;
  }

  int status_ = 0;  // of what is said to images; 0: they are taken
  std::string message_;
  std::string models_;
  std::string props_;
  SocketServer server_{[this](const test::Received& got, Answering& a) {
    if (got.line.starts_with("GET")) {
      const std::string& told = got.line.starts_with("GET /props") ? props_ : models_;
      return told.empty() ? a.reply(404, "") : a.reply(200, told);
    }
    if (status_ != 0 && got.body.find("image_url") != std::string::npos)
      return a.reply(status_, json{{"error", {{"message", message_}}}}.dump());
    a.begin_events();
    a.send("data: {\"choices\":[{\"delta\":{\"content\":\"ok\"}}]}\n\ndata: [DONE]\n\n");
  }};
  HttpClient http_;
  std::unique_ptr<RemoteModel> model_;
};

TEST_F(EndpointTest, IsSentImagesWhereTheConfigurationSaysItSees) {
  model(true);
  EXPECT_TRUE(look());
  EXPECT_TRUE(ask());
  model(false);
  EXPECT_FALSE(look());
  EXPECT_TRUE(ask());
  EXPECT_THAT(asked(), testing::ElementsAre("with image", "without"));
}

TEST_F(EndpointTest, IsAskedOnceWhetherItSees) {
  models_ = R"({"data": [{"id": "big-1", "architecture": {"input_modalities": ["image"]}}]})";
  model({});
  EXPECT_FALSE(model_->sees());
  EXPECT_TRUE(look());
  EXPECT_TRUE(look());
  EXPECT_THAT(asked(), testing::ElementsAre("GET /v1/models"));
  EXPECT_EQ(server_.received()[0].headers.at("authorization"), "Bearer the-key");
}

TEST_F(EndpointTest, IsAskedForLlamaServersPropertiesToo) {
  models_ = R"({"data": [{"id": "big-1"}]})";
  props_ = R"({"modalities": {"vision": true}})";
  model({});
  EXPECT_TRUE(look());
  EXPECT_THAT(asked(), testing::ElementsAre("GET /v1/models", "GET /props"));
}

TEST_F(EndpointTest, ThatDoesNotTellSeesNothing) {
  model({});
  EXPECT_FALSE(look());
  EXPECT_FALSE(look());
  EXPECT_TRUE(ask());
  EXPECT_THAT(asked(), testing::ElementsAre("GET /v1/models", "GET /props", "without"));
}

TEST_F(EndpointTest, ThatRefusesAllImagesIsAskedAgainAndSentNoneAnyMore) {
  status_ = 404;
  message_ = "No endpoints found that support image input";
  model(true);
  EXPECT_TRUE(ask());
  EXPECT_FALSE(model_->sees());
  EXPECT_TRUE(ask());
  EXPECT_THAT(asked(), testing::ElementsAre("with image", "without", "without"));
}

TEST_F(EndpointTest, ThatRefusesOneImageIsAskedAgainAndSeesTheNext) {
  status_ = 400;
  message_ = "Invalid image data";
  model(true);
  EXPECT_TRUE(ask());
  EXPECT_TRUE(model_->sees());
  status_ = 0;
  EXPECT_TRUE(ask());
  EXPECT_THAT(asked(), testing::ElementsAre("with image", "without", "with image"));
}

TEST_F(EndpointTest, ThatRefusesSomethingElseIsNotAskedAgain) {
  status_ = 400;
  message_ = "temperature must be at most 2";
  model(true);
  const auto end = ask();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kInvalid);
  EXPECT_TRUE(model_->sees());
  EXPECT_THAT(asked(), testing::ElementsAre("with image"));
}

}  // namespace
}  // namespace ai_bot
