#include "model/model_write.h"

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/mapped_pages.h"
#include "model/processor_config.h"
#include "model/safetensors.h"
#include "model/tokenizer_files.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kHead = "lm_head.weight";
constexpr const char* kHeadClass = "ForConditionalGeneration";
constexpr uint64_t kMaxFileBytes = uint64_t{16} << 20;

std::string architecture_for(const ModelConfig& config, bool head_class) {
  const std::string family = config.model_type == "smolvlm" ? "SmolVLM" : "Idefics3";
  return family + (head_class ? kHeadClass : "Model");
}

// Both spellings where they stand already, the newer one where neither does.
void set_dtype(Json& json, DType dtype) {
  const char* name = torch_dtype_name(dtype);
  if (!json.contains("torch_dtype")) json["dtype"] = name;
  if (json.contains("dtype")) json["dtype"] = name;
  if (json.contains("torch_dtype")) json["torch_dtype"] = name;
  for (const char* part : {"text_config", "vision_config"}) {
    for (const char* key : {"dtype", "torch_dtype"}) {
      if (json.contains(part) && json[part].contains(key)) json[part][key] = name;
    }
  }
}

// A tensor as it shall stand in the file; conversion happens while the file is written, and what
// was read is let go at once.
void add_tensor(SafetensorsWriter& writer, const std::string& name, const TensorView& tensor,
                DType dtype) {
  if (tensor.dtype == dtype) return writer.add(name, tensor, release_mapped_pages);
  writer.add(name, dtype, tensor.shape, [tensor, dtype](std::span<std::byte> out) {
    constexpr size_t kChunk = size_t{1} << 20;
    std::vector<float> values(kChunk);
    const size_t count = static_cast<size_t>(tensor.elements());
    for (size_t first = 0; first < count; first += kChunk) {
      const std::span<float> chunk(values.data(), std::min(kChunk, count - first));
      to_float(tensor, static_cast<int64_t>(first), chunk);
      const size_t size = dtype_size(dtype);
      from_float(chunk, dtype, out.subspan(first * size, chunk.size() * size));
    }
    release_mapped_pages(tensor.bytes);
  });
}

// The new values of a tensor.
void add_change(SafetensorsWriter& writer, const std::string& name,
                const std::function<void(std::span<float>)>& change,
                const std::vector<int64_t>& shape, DType dtype) {
  writer.add(name, dtype, shape, [&change, dtype](std::span<std::byte> out) {
    const size_t count = out.size() / dtype_size(dtype);
    if (dtype == DType::kF32) return change({reinterpret_cast<float*>(out.data()), count});
    std::vector<float> values(count);
    change(values);
    from_float(values, dtype, out);
  });
}

void write_weights(const Weights& weights, const TensorChanges& changes, std::optional<DType> dtype,
                   bool head_class, const fs::path& path) {
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  for (const auto& [canonical, tensor] : weights.tensors()) {
    const std::string name = file_tensor_name(canonical, head_class);
    const auto change = changes.find(canonical);
    if (change != changes.end()) {
      add_change(writer, name, change->second, tensor.shape, dtype.value_or(DType::kF32));
    } else {
      add_tensor(writer, name, tensor, dtype.value_or(tensor.dtype));
    }
  }
  writer.write(path);
}

void copy_if_there(const fs::path& from, const fs::path& to, const char* name) {
  if (fs::exists(from / name)) write_file(to / name, read_file(from / name, kMaxFileBytes));
}

}  // namespace

const char* torch_dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "float32";
    case DType::kF16:
      return "float16";
    case DType::kBF16:
      return "bfloat16";
    default:
      fail(ErrorCode::kUsage, "weights can be written as F32, F16 or BF16, not {}",
           dtype_name(dtype));
  }
}

DType parse_weights_dtype(const std::string& name) {
  if (name == "fp32") return DType::kF32;
  if (name == "fp16") return DType::kF16;
  if (name == "bf16") return DType::kBF16;
  fail(ErrorCode::kUsage, "weights can be written as fp32, fp16 or bf16, not {}", name);
}

bool is_head_architecture(const std::string& architecture) {
  return architecture.ends_with(kHeadClass);
}

std::string file_tensor_name(const std::string& canonical, bool head_class) {
  return head_class && canonical != kHead ? "model." + canonical : canonical;
}

void check_contract(const Contract& contract, const ModelConfig& config, const std::string& where) {
  if (contract.pooling != Pooling::kVocabulary &&
      contract.vector_width() != config.text.hidden_size) {
    fail(ErrorCode::kMismatch,
         "{}: dimensions begins with {}, but the model's vectors have {} dimensions; it belongs to "
         "another model",
         where, contract.vector_width(), config.text.hidden_size);
  }
  if (contract.views.tile != config.vision.image_size) {
    fail(ErrorCode::kMismatch,
         "{}: tile is {}, but the vision tower's image_size is {}; it belongs to another model",
         where, contract.views.tile, config.vision.image_size);
  }
  if (!contract.sparse) return;
  const std::pair<const char*, int> counts[] = {{"top_n", contract.sparse->top_n},
                                                {"candidates", contract.sparse->candidates}};
  for (const auto& [name, count] : counts) {
    if (count <= config.text.vocab_size) continue;
    fail(ErrorCode::kMismatch, "{}: sparse: {} is {}, but the vocabulary has {} tokens", where,
         name, count, config.text.vocab_size);
  }
}

void check_dense_width(const Contract& contract, const SparseHead& head, const std::string& where) {
  if (contract.pooling != Pooling::kVocabulary || contract.vector_width() == head.dense_width()) {
    return;
  }
  fail(ErrorCode::kMismatch,
       "{}: dimensions begins with {}, but with pooling \"vocabulary\" {} makes vectors of {} "
       "dimensions (0: none); the two belong to different models",
       where, contract.vector_width(), kSparseHeadFile, head.dense_width());
}

void write_contract(const fs::path& directory, Contract contract) {
  const ModelConfig config = read_model_config(directory);
  check_contract(contract, config, "the contract to write");
  write_processor_config(directory, {contract.views, config.image_seq_len()});
  contract.weights_sha256 = Weights::load(directory, config).sha256();
  if (contract.sparse) {
    const SparseHead head = read_sparse_head(directory, config);
    check_dense_width(contract, head, "the contract to write");
    contract.sparse->weights_sha256 = sparse_head_sha256(head, config);
  }
  write_file(directory / "retriever.json", pretty_json(contract.to_json()));
}

void write_model_directory(const ModelDirectory& from, const Weights& weights,
                           std::optional<DType> dtype, Contract contract, const fs::path& to) {
  write_changed_model_directory(from, weights, {}, dtype, std::move(contract), from.sparse_head(),
                                to);
}

void write_changed_model_directory(const ModelDirectory& from, const Weights& weights,
                                   const TensorChanges& changes, std::optional<DType> dtype,
                                   Contract contract, const std::optional<SparseHead>& head,
                                   const fs::path& to) {
  RECTO_CHECK(!contract.sparse || head);
  const bool tied =
      from.config().tie_word_embeddings && is_head_architecture(from.config().architecture);
  const bool head_class = weights.contains(kHead) || tied;
  Json json = read_json(from.path() / "config.json", kMaxFileBytes);
  if (dtype) set_dtype(json, *dtype);
  json["architectures"] = {architecture_for(from.config(), head_class)};
  StagedDirectory staged(to);
  write_file(staged.path() / "config.json", pretty_json(json));
  write_weights(weights, changes, dtype, head_class, staged.path() / "model.safetensors");
  if (contract.sparse) write_sparse_head(*head, from.config(), staged.path());
  copy_tokenizer_files(from.path(), staged.path());
  copy_if_there(from.path(), staged.path(), "generation_config.json");
  write_contract(staged.path(), std::move(contract));
  staged.commit();
}

}  // namespace recto
