// IP addresses as texts.
#pragma once

#include <cstdint>
#include <string>

namespace ai_bot {

// Whether it is an IPv4 or IPv6 address (no brackets, no port).
bool is_ip_address(const std::string& text);

// Loopback, which only this machine reaches: 127.0.0.0/8, ::1, localhost.
bool is_loopback(const std::string& address);

// "http://127.0.0.1:8080", "http://[::1]:8080".
std::string http_url(const std::string& host, int64_t port);

}  // namespace ai_bot
