#include "model/sparse_head.h"

#include <array>
#include <span>

#include "base/error.h"
#include "base/sha256.h"
#include "model/safetensors.h"
#include "model/tensor_hash.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

/// A tensor of the head: its name in the file, its shape and where its values are.
struct Part {
  const char* name;
  std::vector<int64_t> shape;
  std::vector<float> SparseHead::* values;
};

/// Sorted by name.
std::array<Part, 3> parts(const ModelConfig& config) {
  const int64_t hidden = config.text.hidden_size;
  return {{{"bias", {config.text.vocab_size}, &SparseHead::bias},
           {"norm.weight", {hidden}, &SparseHead::norm},
           {"projection.weight", {hidden, hidden}, &SparseHead::projection}}};
}

std::vector<float> read_part(const SafetensorsFile& file, const Part& part, const fs::path& path) {
  const PlacedTensor tensor{file.at(part.name),
                            fmt::format("{}: tensor \"{}\"", path.string(), part.name)};
  if (tensor.view.dtype != DType::kF32 || tensor.view.shape != part.shape) {
    fail(ErrorCode::kBadInput, "{} is {} {}; the model wants F32 {}", tensor.place,
         dtype_name(tensor.view.dtype), shape_text(tensor.view.shape), shape_text(part.shape));
  }
  check_finite(tensor);
  return to_float(tensor.view);
}

}  // namespace

SparseHead plain_sparse_head(const ModelConfig& config) {
  const auto hidden = static_cast<size_t>(config.text.hidden_size);
  return {std::vector<float>(hidden, 1), std::vector<float>(hidden * hidden),
          std::vector<float>(static_cast<size_t>(config.text.vocab_size))};
}

SparseHead read_sparse_head(const fs::path& directory, const ModelConfig& config) {
  const fs::path path = directory / kSparseHeadFile;
  const SafetensorsFile file(path);
  SparseHead head;
  for (const Part& part : parts(config)) head.*part.values = read_part(file, part, path);
  if (file.tensors().size() == parts(config).size()) return head;
  fail(ErrorCode::kBadInput, "{}: {} tensors; bias, norm.weight and projection.weight are wanted",
       path.string(), file.tensors().size());
}

void write_sparse_head(const SparseHead& head, const ModelConfig& config,
                       const fs::path& directory) {
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  for (const Part& part : parts(config)) {
    writer.add(part.name, part.shape, std::span<const float>(head.*part.values));
  }
  writer.write(directory / kSparseHeadFile);
}

std::string sparse_head_sha256(const SparseHead& head, const ModelConfig& config) {
  Sha256 hash;
  for (const Part& part : parts(config)) {
    const std::vector<float>& values = head.*part.values;
    hash_tensor(hash, part.name,
                {DType::kF32, part.shape, std::as_bytes(std::span<const float>(values))});
  }
  return hash.hex();
}

}  // namespace recto
