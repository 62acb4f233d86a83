// Server-sent events as they come in, in pieces of any size (WHATWG HTML, 9.2 "Server-sent
// events").
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace ai_bot {

class SseReader {
 public:
  // Called with the data of each event; several data lines are joined by '\n'. Events without data
  // (comments, pings) are not reported.
  using OnData = std::function<void(std::string_view data)>;

  static constexpr size_t kLongestEvent = 1 << 20;  // bytes; a model's delta is a few hundred

  explicit SseReader(OnData on_data) : on_data_(std::move(on_data)) {}

  // False once an event is longer than kLongestEvent; nothing is reported after that.
  bool feed(std::string_view bytes);

 private:
  void line(std::string_view text);

  OnData on_data_;
  std::string pending_;  // an unfinished line
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool first_line_ = true;
  bool failed_ = false;
};

}  // namespace ai_bot
