// One request under way in the HTTP client's loop, as libcurl is told of it. Used by http_client.cc
// on the loop's thread, and by curl_connection.cc, which makes connections of the same kind.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <optional>

#include "net/http_client.h"

namespace ai_bot {

struct CurlFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Transfer {
  HttpRequest request;
  HttpStream stream;
  std::unique_ptr<CURL, CurlFree> easy;
  std::unique_ptr<curl_slist, CurlFree> headers;
  HttpReply reply;
  SteadyTime started;
  SteadyTime last_progress;
  bool progressed = false;
  std::optional<SteadyTime> paused;  // since when the asker can't take more
  std::optional<Error> failure;      // what we decided, before curl's own word for it

  bool streams() const { return stream.on_data && reply.status / 100 == 2; }
};

// Once, before anything else of libcurl's.
bool init_curl();

// How a connection is made: which proxy (as in HttpRequest), which deadline, what sockets are like.
void prepare_connection(CURL* easy, const std::string& url, const std::string& proxy,
                        milliseconds timeout);

// Hands the request to curl: `easy` is there already.
void prepare(Transfer& transfer);

// What is said of an end by curl's own word, by one of our limits, and by a callback that threw.
Error error_of(CURLcode code, const Transfer& transfer);
tl::unexpected<Error> timed_out(const char* what_en, const char* what_zh, milliseconds limit);
Error our_mistake();

}  // namespace ai_bot
