#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace recto {
namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("recto",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("recto: %v");
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *instance;
}

}  // namespace

void set_log_level(LogLevel level) {
  switch (level) {
    case LogLevel::kQuiet:
      logger().set_level(spdlog::level::off);
      break;
    case LogLevel::kWarning:
      logger().set_level(spdlog::level::warn);
      break;
    case LogLevel::kInfo:
      logger().set_level(spdlog::level::info);
      break;
    case LogLevel::kDebug:
      logger().set_level(spdlog::level::debug);
      break;
  }
}

void log_message(LogLevel level, const std::string& message) {
  switch (level) {
    case LogLevel::kQuiet:
      break;
    case LogLevel::kWarning:
      logger().warn("warning: {}", message);
      break;
    case LogLevel::kInfo:
      logger().info("{}", message);
      break;
    case LogLevel::kDebug:
      logger().debug("{}", message);
      break;
  }
}

}  // namespace recto
