#include "app/version.h"

#include <curl/curl.h>
#include <drogon/version.h>
#include <sqlite3.h>

#include <iostream>

#include "cli/command.h"

namespace ai_bot {

void add_version(CLI::App& app, Cli& cli) {
  add_command(app, cli, "version", {"Show the version", "显示版本"}, [] {
    std::cout << "ai_bot " << kVersion << " (Drogon " << DROGON_VERSION << ", SQLite "
              << sqlite3_libversion() << ", " << curl_version_info(CURLVERSION_NOW)->version
              << " libcurl)\n";
  });
}

}  // namespace ai_bot
