#include "core/version.h"

#include <curl/curl.h>
#include <sqlite3.h>

#include <iostream>

#include "cli/command.h"
#include "net/http_server.h"

namespace ai_bot {

void add_version(CLI::App& app, Cli& cli) {
  add_command(app, cli, "version", {"Show the version", "显示版本"}, [] {
    std::cout << "ai_bot " << kVersion << " (" << HttpServer::framework() << ", SQLite "
              << sqlite3_libversion() << ", " << curl_version_info(CURLVERSION_NOW)->version
              << " libcurl)\n";
  });
}

}  // namespace ai_bot
