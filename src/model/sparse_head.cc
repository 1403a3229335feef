#include "model/sparse_head.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/sha256.h"
#include "model/safetensors.h"
#include "model/tensor_hash.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPageBias = "dense.page_bias";
constexpr const char* kTextBias = "dense.text_bias";
constexpr const char* kDense = "dense.weight";

/// A tensor of the head: its name and type in the file, its shape and where its values are.
struct Part {
  const char* name;
  DType dtype;
  std::vector<int64_t> shape;
  std::vector<float> SparseHead::* values;
};

/// Sorted by name. `width` of the dense vector, 0 for a head that makes none.
std::vector<Part> parts(const ModelConfig& config, int64_t width) {
  const int64_t hidden = config.text.hidden_size, vocabulary = config.text.vocab_size;
  std::vector<Part> all = {{"bias", DType::kF32, {vocabulary}, &SparseHead::bias}};
  if (width > 0) {
    all.push_back({kPageBias, DType::kF32, {width}, &SparseHead::page_bias});
    all.push_back({kTextBias, DType::kF32, {width}, &SparseHead::text_bias});
    all.push_back({kDense, DType::kBF16, {vocabulary, width}, &SparseHead::dense});
  }
  all.push_back({"norm.weight", DType::kF32, {hidden}, &SparseHead::norm});
  all.push_back({"projection.weight", DType::kF32, {hidden, hidden}, &SparseHead::projection});
  return all;
}

std::vector<float> read_part(const SafetensorsFile& file, const Part& part, const fs::path& path) {
  const PlacedTensor tensor{file.at(part.name),
                            fmt::format("{}: tensor \"{}\"", path.string(), part.name)};
  if (tensor.view.dtype != part.dtype || tensor.view.shape != part.shape) {
    fail(ErrorCode::kBadInput, "{} is {} {}; the model wants {} {}", tensor.place,
         dtype_name(tensor.view.dtype), shape_text(tensor.view.shape), dtype_name(part.dtype),
         shape_text(part.shape));
  }
  check_finite(tensor);
  return to_float(tensor.view);
}

/// Width of the dense vector that the file's head makes, 0 of one that makes none. Each of its
/// three tensors asks for the other two.
int64_t dense_width_of(const SafetensorsFile& file) {
  if (!file.contains(kPageBias) && !file.contains(kTextBias) && !file.contains(kDense)) return 0;
  const std::vector<int64_t>& shape = file.at(kPageBias).shape;
  return shape.empty() ? 1 : std::max<int64_t>(1, shape.back());
}

std::string names_of(const std::vector<Part>& parts) {
  std::string names;
  for (const Part& part : parts) names += fmt::format("{}{}", names.empty() ? "" : ", ", part.name);
  return names;
}

void refuse_surplus(const SafetensorsFile& file, const std::vector<Part>& wanted,
                    const fs::path& path) {
  for (const auto& [name, tensor] : file.tensors()) {
    const auto is_it = [&name = name](const Part& part) { return part.name == name; };
    if (std::any_of(wanted.begin(), wanted.end(), is_it)) continue;
    fail(ErrorCode::kBadInput, "{}: tensor \"{}\" is not wanted; wanted are {}", path.string(),
         name, names_of(wanted));
  }
}

}  // namespace

SparseHead plain_sparse_head(const ModelConfig& config) {
  const auto hidden = static_cast<size_t>(config.text.hidden_size);
  SparseHead head;
  head.norm.assign(hidden, 1);
  head.projection.assign(hidden * hidden, 0);
  head.bias.assign(static_cast<size_t>(config.text.vocab_size), 0);
  return head;
}

SparseHead read_sparse_head(const fs::path& directory, const ModelConfig& config) {
  const fs::path path = directory / kSparseHeadFile;
  const SafetensorsFile file(path);
  const std::vector<Part> wanted = parts(config, dense_width_of(file));
  SparseHead head;
  for (const Part& part : wanted) head.*part.values = read_part(file, part, path);
  refuse_surplus(file, wanted, path);
  return head;
}

void write_sparse_head(const SparseHead& head, const ModelConfig& config,
                       const fs::path& directory) {
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  for (const Part& part : parts(config, head.dense_width())) {
    const std::span<const float> values = head.*part.values;
    if (part.dtype == DType::kF32) {
      writer.add(part.name, part.shape, values);
    } else {
      writer.add(part.name, part.dtype, part.shape,
                 [values, dtype = part.dtype](auto bytes) { from_float(values, dtype, bytes); });
    }
  }
  writer.write(directory / kSparseHeadFile);
}

std::string sparse_head_sha256(const SparseHead& head, const ModelConfig& config) {
  Sha256 hash;
  for (const Part& part : parts(config, head.dense_width())) {
    const std::vector<float>& values = head.*part.values;
    hash_tensor(hash, part.name,
                {DType::kF32, part.shape, std::as_bytes(std::span<const float>(values))});
  }
  return hash.hex();
}

}  // namespace recto
