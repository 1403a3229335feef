#include "learn/data_argument.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

[[noreturn]] void refuse_weight(const std::string& text, const std::string& weight) {
  fail(ErrorCode::kUsage, "--data {}: the weight is \"{}\"; a number above 0 is wanted", text,
       weight);
}

}  // namespace

DataArgument parse_data_argument(const std::string& text) {
  DataArgument argument{text};
  const size_t colon = text.rfind(':');
  if (colon != std::string::npos && !exists(text)) {
    const std::string path = text.substr(0, colon), weight = text.substr(colon + 1);
    const std::optional<double> number = number_of(weight);
    if (number && !(*number > 0 && std::isfinite(*number))) refuse_weight(text, weight);
    if (!number && exists(path)) refuse_weight(text, weight);
    if (number) argument = {path, *number};
  }
  if (argument.path.empty()) {
    fail(ErrorCode::kUsage, "--data \"{}\" names no dataset; DIR, FILE.jsonl or FILE.parquet is",
         text);
  }
  return argument;
}

std::vector<DataArgument> parse_data_arguments(const std::vector<std::string>& texts) {
  if (texts.empty()) fail(ErrorCode::kUsage, "--data is wanted: what to train on");
  std::vector<DataArgument> arguments;
  std::set<fs::path> seen;
  for (const std::string& text : texts) {
    arguments.push_back(parse_data_argument(text));
    if (!seen.insert(fs::weakly_canonical(arguments.back().path)).second) {
      fail(ErrorCode::kUsage, "--data {} is given twice; a weight ({}:2) makes it count twice",
           arguments.back().path.string(), arguments.back().path.string());
    }
  }
  return arguments;
}

}  // namespace recto
