#include "model/tensor_hash.h"

#include <algorithm>
#include <string_view>

#include "base/interrupt.h"

namespace recto {

void hash_tensor(Sha256& hash, const std::string& name, const TensorView& tensor,
                 const std::function<void(std::span<const std::byte>)>& done) {
  constexpr size_t kChunk = size_t{64} << 20;
  constexpr std::string_view kNul("\0", 1);
  for (const std::string& text :
       {name, std::string(dtype_name(tensor.dtype)), shape_text(tensor.shape)}) {
    hash.update(text);
    hash.update(kNul);
  }
  for (size_t at = 0; at < tensor.bytes.size(); at += kChunk) {
    throw_if_interrupted();
    const auto chunk = tensor.bytes.subspan(at, std::min(kChunk, tensor.bytes.size() - at));
    hash.update(chunk);
    if (done) done(chunk);
  }
}

}  // namespace recto
