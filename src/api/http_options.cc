#include "api/http_options.h"

namespace ai_bot {

HttpServer::Options http_options(const ServerConfig& config, const std::string& data_folder) {
  HttpServer::Options options;
  options.listen = config.listen;
  options.port = config.port;
  options.threads = config.threads;
  options.limits = {static_cast<size_t>(config.max_header.count),
                    static_cast<size_t>(config.max_body.count),
                    static_cast<size_t>(config.max_unsent.count),
                    config.max_connections,
                    config.max_connections_per_ip,
                    config.header_timeout,
                    config.min_rate.count,
                    config.write_timeout,
                    config.idle_timeout,
                    config.stream_ping};
  options.hosts = config.hosts;
  options.scratch = data_folder + "/run/uploads";
  return options;
}

}  // namespace ai_bot
