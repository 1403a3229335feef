#pragma once
// A copy of a golden model with a weight that is no number.

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "model/safetensors.h"
#include "model/weights.h"

namespace recto::test {

/// Copies the model directory `from` to `to`, with NaN as the last element of the tensor of that
/// canonical name. Returns whether there is such a tensor.
inline bool copy_with_nan(const std::filesystem::path& from, const std::filesystem::path& to,
                          const std::string& name) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    if (entry.path().extension() != ".safetensors") continue;
    std::string content = read_file(entry.path());
    std::map<std::string, TensorView> tensors;
    std::map<std::string, std::string> metadata;
    parse_safetensors(as_bytes(content), entry.path().string(), tensors, metadata);
    for (const auto& [stored, tensor] : tensors) {
      if (canonical_tensor_name(stored) != name) continue;
      const auto end = reinterpret_cast<const char*>(tensor.bytes.data()) + tensor.bytes.size();
      const auto at = static_cast<size_t>(end - content.data()) - dtype_size(tensor.dtype);
      // All bits set is NaN in every floating-point type.
      std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(at), dtype_size(tensor.dtype),
                  '\xFF');
      write_file(to / entry.path().filename(), content);
      return true;
    }
  }
  return false;
}

}  // namespace recto::test
