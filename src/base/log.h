#pragma once
// Messages for people, on stderr; results go to stdout or to files.

#include <fmt/format.h>

#include <string>
#include <utility>

namespace recto {

enum class LogLevel { kQuiet, kWarning, kInfo, kDebug };

/// Messages above `level` are dropped. The default is kInfo. Thread-safe.
void set_log_level(LogLevel level);

void log_message(LogLevel level, const std::string& message);

template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_message(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace recto
