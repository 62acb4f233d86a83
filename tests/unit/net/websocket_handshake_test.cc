#include "net/websocket_handshake.h"

#include <gtest/gtest.h>

namespace ai_bot {
namespace {

std::string key_of(const std::string& request) {
  const std::string name = "Sec-WebSocket-Key: ";
  const size_t at = request.find(name) + name.size();
  return request.substr(at, request.find("\r\n", at) - at);
}

class WebSocketHandshakeTest : public testing::Test {
 protected:
  WebSocketHandshake handshake_{*parse_url("wss://gateway.example.com/link?ticket=a%2Bb")};

  std::string answer(const std::string& line, const std::string& accept) {
    return line +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nsec-websocket-accept: " + accept +
           "\r\n\r\n";
  }
  std::string good() {
    return answer("HTTP/1.1 101 Switching Protocols",
                  websocket_accept(key_of(handshake_.request())));
  }
};

TEST(WebSocketAccept, IsThatOfTheRfc) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_F(WebSocketHandshakeTest, AsksForTheAddressAsItWasWritten) {
  EXPECT_TRUE(handshake_.request().starts_with(
      "GET /link?ticket=a%2Bb HTTP/1.1\r\nHost: gateway.example.com\r\n"));
  EXPECT_EQ(key_of(handshake_.request()).size(), 24u);
  const WebSocketHandshake other(*parse_url("ws://127.0.0.1:8080/"));
  EXPECT_NE(other.request().find("Host: 127.0.0.1:8080\r\n"), std::string::npos);
  EXPECT_NE(key_of(other.request()), key_of(handshake_.request()));
}

TEST_F(WebSocketHandshakeTest, TakesTheAnswerInPiecesAndGivesBackTheFramesBehindIt) {
  const std::string whole = good();
  for (const char c : whole.substr(0, whole.size() - 1)) {
    const auto part = handshake_.read({&c, 1});
    ASSERT_TRUE(part);
    ASSERT_FALSE(*part);
  }
  const auto frames = handshake_.read("\n\x81\x02hi");
  ASSERT_TRUE(frames);
  EXPECT_EQ(*frames, "\x81\x02hi");
}

TEST_F(WebSocketHandshakeTest, SaysWhatElseWasAnswered) {
  const auto error = [this](const std::string& bytes) {
    WebSocketHandshake handshake(*parse_url("ws://127.0.0.1:8080/"));
    const auto read = handshake.read(bytes);
    return read ? std::string("none") : read.error().text.en;
  };
  EXPECT_EQ(error(answer("HTTP/1.1 403 Forbidden", "x")), "the answer is HTTP 403");
  EXPECT_EQ(error(answer("HTTP/1.1 200 OK", "x")), "the answer is HTTP 200");
  EXPECT_EQ(error("SSH-2.0-OpenSSH_9.2\r\n"), "the answer is not HTTP");
  EXPECT_EQ(error(answer("HTTP/1.1 101 Switching Protocols", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")),
            "the answer is not to our request (Sec-WebSocket-Accept)");
  EXPECT_EQ(error("HTTP/1.1 101 x\r\nX: " + std::string(20000, 'x')), "the answer is not HTTP");
}

}  // namespace
}  // namespace ai_bot
