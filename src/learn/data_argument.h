#pragma once
// What --data names. Without torch.

#include <filesystem>
#include <string>
#include <vector>

namespace recto {

struct DataArgument {
  std::filesystem::path path;
  double weight = 1;  ///< how much more often its pairs are drawn than their number would say
};

/// "PATH" or "PATH:WEIGHT"; a path may have colons itself. Throws Error(kUsage) naming the text
/// for a weight that is no number above 0 and for no path.
DataArgument parse_data_argument(const std::string& text);

/// All of them. Throws Error(kUsage) for none, and for a path that is there twice.
std::vector<DataArgument> parse_data_arguments(const std::vector<std::string>& texts);

}  // namespace recto
