#include "model/adapter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/mapped_pages.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "model/lora_settings.h"
#include "model/safetensors.h"
#include "model/tensor_changes.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfigFile = "adapter_config.json";
constexpr const char* kWeightsFile = "adapter_model.safetensors";
constexpr const char* kContractFile = "retriever.json";
constexpr uint64_t kMaxContractBytes = uint64_t{1} << 20;
constexpr std::string_view kPrefix = "base_model.model.";
constexpr const char* kHead = "lm_head";

enum class Part { kA, kB, kMagnitude };

// "base_model.model.model.text_model.layers.0.mlp.up_proj.lora_A.weight": the path in the wrapped
// model, and which of its tensors this is.
struct Key {
  std::string path;
  Part part = Part::kA;
};

Key parse_key(const std::string& name, const std::string& where) {
  constexpr std::pair<std::string_view, Part> kEndings[] = {
      {".lora_A.weight", Part::kA},
      {".lora_B.weight", Part::kB},
      {".lora_magnitude_vector", Part::kMagnitude},
      {".lora_magnitude_vector.weight", Part::kMagnitude}};
  if (name.starts_with(kPrefix)) {
    for (const auto& [ending, part] : kEndings) {
      if (name.ends_with(ending) && name.size() > kPrefix.size() + ending.size()) {
        return {name.substr(kPrefix.size(), name.size() - kPrefix.size() - ending.size()), part};
      }
    }
  }
  fail(ErrorCode::kUnsupported,
       "{}: tensor \"{}\" is no LoRA or DoRA tensor of a linear layer; recto cannot apply it",
       where, name);
}

// The tensors of one module by part; the paths are those of the wrapped model.
using Parts = std::map<Part, const TensorView*>;

std::map<std::string, Parts> gather(const SafetensorsFile& file, const std::string& where) {
  std::map<std::string, Parts> modules;
  for (const auto& [name, tensor] : file.tensors()) {
    const Key key = parse_key(name, where);
    if (!modules[key.path].emplace(key.part, &tensor).second) {
      fail(ErrorCode::kBadInput, "{}: {} has a magnitude vector twice", where, key.path);
    }
  }
  if (modules.empty()) fail(ErrorCode::kBadInput, "{}: it holds no tensors", where);
  return modules;
}

// Was the adapted model a ...ForConditionalGeneration, whose paths begin with `model.`?
bool has_head_class(const std::map<std::string, Parts>& modules, const std::string& where) {
  bool with = false;
  bool without = false;
  for (const auto& [path, parts] : modules) {
    (path == kHead || path.starts_with("model.") ? with : without) = true;
  }
  if (with && without) {
    fail(ErrorCode::kBadInput, "{}: some tensor names have `model.` after {} and some have not",
         where, kPrefix);
  }
  return with;
}

std::set<std::string> selected_modules(const LoraSettings& settings, const ModelConfig& config,
                                       bool head_class) {
  std::set<std::string> selected;
  for (const std::string& path : linear_modules(config)) {
    const std::string wrapped = head_class ? "model." + path : path;
    if (settings.selects(wrapped)) selected.insert(wrapped);
  }
  if (head_class && settings.selects(kHead)) selected.insert(kHead);
  return selected;
}

void check_same_modules(const std::set<std::string>& selected,
                        const std::map<std::string, Parts>& modules, const std::string& where) {
  for (const auto& [path, parts] : modules) {
    if (!selected.contains(path)) {
      fail(ErrorCode::kBadInput,
           "{}: it adapts {}, which target_modules does not select, or which this model has not",
           where, path);
    }
  }
  for (const std::string& path : selected) {
    if (!modules.contains(path)) {
      fail(ErrorCode::kBadInput,
           "{}: target_modules selects {}, but the file has no tensors for it; the adapter would "
           "be applied in part only",
           where, path);
    }
  }
}

std::vector<float> read_part(const Parts& parts, Part part, const char* name,
                             const std::vector<int64_t>& shape, const std::string& place) {
  const auto found = parts.find(part);
  if (found == parts.end()) fail(ErrorCode::kBadInput, "{} has no {}", place, name);
  if (found->second->shape != shape) {
    fail(ErrorCode::kBadInput, "{}: {} is {}; {} is wanted", place, name,
         shape_text(found->second->shape), shape_text(shape));
  }
  check_finite({*found->second, fmt::format("{}: {}", place, name)});
  return to_float(*found->second);
}

AdapterModule read_module(const std::string& path, const Parts& parts,
                          const std::vector<int64_t>& shape, const LoraSettings& settings,
                          const std::string& where) {
  AdapterModule module;
  module.rank = settings.rank(path);
  module.scale = settings.scale(path);
  const std::string place = fmt::format("{}: {}", where, path);
  module.a = read_part(parts, Part::kA, "lora_A", {module.rank, shape[1]}, place);
  module.b = read_part(parts, Part::kB, "lora_B", {shape[0], module.rank}, place);
  if (settings.use_dora()) {
    module.magnitude =
        read_part(parts, Part::kMagnitude, "lora_magnitude_vector", {shape[0]}, place);
  } else if (parts.contains(Part::kMagnitude)) {
    fail(ErrorCode::kBadInput, "{} has a lora_magnitude_vector, but use_dora is false", place);
  }
  return module;
}

Adapter read_files(const std::string& config_text, const std::string& config_where,
                   const SafetensorsFile& file, const std::string& where,
                   const ModelConfig& config) {
  const LoraSettings settings(config_text, config_where);
  const auto modules = gather(file, where);
  const bool head_class = has_head_class(modules, where);
  check_same_modules(selected_modules(settings, config, head_class), modules, where);
  auto shapes = expected_tensors(config);
  shapes["lm_head.weight"] = {config.text.vocab_size, config.text.hidden_size};
  Adapter adapter;
  adapter.config = parse_json(config_text, config_where);
  for (const auto& [path, parts] : modules) {
    const std::string canonical = canonical_tensor_name(path);
    adapter.modules[canonical] =
        read_module(path, parts, shapes.at(canonical + ".weight"), settings, where);
  }
  return adapter;
}

// Row `out` of scale * B A is added to `row`.
void add_delta_row(const AdapterModule& module, size_t out, std::span<float> row) {
  const size_t rank = static_cast<size_t>(module.rank);
  std::vector<float> delta(row.size(), 0.0f);
  for (size_t k = 0; k < rank; ++k) {
    const float b = module.b[out * rank + k];
    const float* a = module.a.data() + k * row.size();
    for (size_t i = 0; i < row.size(); ++i) delta[i] += b * a[i];
  }
  const float scale = static_cast<float>(module.scale);
  for (size_t i = 0; i < row.size(); ++i) row[i] += scale * delta[i];
}

void rescale_row(float magnitude, std::span<float> row) {
  double sum = 0;
  for (const float x : row) sum += static_cast<double>(x) * x;
  const float factor = magnitude / static_cast<float>(std::sqrt(sum));
  for (float& x : row) x *= factor;
}

/// The merged weights of a layer, into `weight`.
void merge(const TensorView& tensor, const AdapterModule& module, std::span<float> weight) {
  const size_t rows = static_cast<size_t>(tensor.shape[0]);
  const size_t columns = static_cast<size_t>(tensor.shape[1]);
  RECTO_CHECK(module.a.size() == columns * static_cast<size_t>(module.rank));
  RECTO_CHECK(module.b.size() == rows * static_cast<size_t>(module.rank));
  constexpr size_t kBlock = 64;
  to_float(tensor, 0, weight);
  parallel_for((rows + kBlock - 1) / kBlock, available_cores(), [&](size_t block) {
    for (size_t out = block * kBlock; out < std::min(rows, (block + 1) * kBlock); ++out) {
      const std::span<float> row(weight.data() + out * columns, columns);
      add_delta_row(module, out, row);
      if (!module.magnitude.empty()) rescale_row(module.magnitude[out], row);
    }
  });
}

std::string model_card(const Adapter& adapter) {
  const std::string base =
      json_optional<std::string>(adapter.config, "base_model_name_or_path", "adapter", "");
  return fmt::format(
      "---\nlibrary_name: peft\n{}tags:\n- lora\n- visual-document-retrieval\n---\n\n"
      "# LoRA adapter of {} layers\n\n"
      "Rank {}, written by recto. Load it with PEFT onto the base model named in "
      "adapter_config.json (`AutoModel`), or with `recto embed --model BASE --adapter DIR`.\n",
      base.empty() ? "" : fmt::format("base_model: {}\n", dump_json(Json(base))),
      adapter.modules.size(), dump_json(adapter.config.value("r", Json())));
}

SafetensorsWriter adapter_tensors(const Adapter& adapter) {
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  for (const auto& [path, module] : adapter.modules) {
    const std::string key = std::string(kPrefix) + path;
    const int64_t rank = module.rank;
    const int64_t in = static_cast<int64_t>(module.a.size()) / rank;
    const int64_t out = static_cast<int64_t>(module.b.size()) / rank;
    writer.add(key + ".lora_A.weight", {rank, in}, std::span<const float>(module.a));
    writer.add(key + ".lora_B.weight", {out, rank}, std::span<const float>(module.b));
    if (!module.magnitude.empty()) {
      writer.add(key + ".lora_magnitude_vector", {out}, std::span<const float>(module.magnitude));
    }
  }
  return writer;
}

}  // namespace

Adapter read_adapter(const fs::path& directory, const ModelConfig& config) {
  const fs::path config_path = directory / kConfigFile;
  const fs::path weights_path = directory / kWeightsFile;
  for (const fs::path& path : {config_path, weights_path}) {
    if (!fs::exists(path)) {
      fail(ErrorCode::kNotFound, "{} does not exist; a PEFT adapter directory is wanted",
           path.string());
    }
  }
  return read_files(read_file(config_path, uint64_t{16} << 20), config_path.string(),
                    SafetensorsFile(weights_path), weights_path.string(), config);
}

TensorChanges merged_layers(const Weights& weights, const Adapter& adapter) {
  TensorChanges changes;
  for (const auto& [path, module] : adapter.modules) {
    const std::string name = path + ".weight";
    if (path == kHead && !weights.contains(name)) {
      fail(ErrorCode::kUnsupported,
           "the adapter changes lm_head, but the base model has no such tensor (tied embeddings)");
    }
    const TensorView& tensor = weights.at(name);
    changes[name] = [&tensor, &module](std::span<float> values) {
      merge(tensor, module, values);
      release_mapped_pages(tensor.bytes);
    };
  }
  return changes;
}

void merge_adapter(Weights& weights, const Adapter& adapter) {
  for (const auto& [name, change] : merged_layers(weights, adapter)) {
    throw_if_interrupted();
    std::vector<float> values(static_cast<size_t>(weights.at(name).elements()));
    change(values);
    weights.replace(name, std::move(values));
  }
}

std::vector<std::string> match_modules(const Json& target_modules, const ModelConfig& config) {
  const ModuleSelector selector(target_modules, "target_modules");
  for (const char* prefix : {"", "model."}) {
    std::vector<std::string> matches;
    for (const std::string& path : linear_modules(config)) {
      if (selector.selects(prefix + path)) matches.push_back(path);
    }
    if (!matches.empty()) return matches;
  }
  fail(ErrorCode::kBadInput,
       "target_modules {} selects no linear layer of the model, whose layers are named like "
       "text_model.layers.0.self_attn.q_proj",
       dump_json(target_modules));
}

Json lora_config(const LoraOptions& options) {
  const double alpha = options.alpha;
  const bool whole = alpha == std::floor(alpha) && std::abs(alpha) < 1e9;
  return {{"peft_type", "LORA"},
          {"task_type", "FEATURE_EXTRACTION"},
          {"base_model_name_or_path", options.base_model},
          {"r", options.r},
          {"lora_alpha", whole ? Json(static_cast<int64_t>(alpha)) : Json(alpha)},
          {"lora_dropout", options.dropout},
          {"bias", "none"},
          {"target_modules", options.target_modules},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", options.init.empty() ? Json(true) : Json(options.init)},
          {"use_rslora", options.use_rslora},
          {"use_dora", options.use_dora},
          {"rank_pattern", Json::object()},
          {"alpha_pattern", Json::object()},
          {"modules_to_save", nullptr}};
}

void write_adapter(const Adapter& adapter, const ModelConfig& config, const Contract& contract,
                   const fs::path& directory) {
  StagedDirectory staged(directory);
  write_file(staged.path() / kConfigFile, pretty_json(adapter.config));
  adapter_tensors(adapter).write(staged.path() / kWeightsFile);
  write_file(staged.path() / "README.md", model_card(adapter));
  write_file(staged.path() / kContractFile, pretty_json(contract.to_json()));
  const Adapter written = read_adapter(staged.path(), config);
  for (const auto& [path, module] : adapter.modules) {
    const AdapterModule& again = written.modules.at(path);
    if (again.rank != module.rank || again.scale != module.scale) {
      fail(ErrorCode::kInternal,
           "the adapter's configuration gives {} rank {} and scale {}, not {} "
           "and {}",
           path, again.rank, again.scale, module.rank, module.scale);
    }
  }
  staged.commit();
}

std::string adapter_sha256(const Adapter& adapter) {
  Sha256 hash;
  for (const auto& [path, module] : adapter.modules) {
    hash.update(path);
    hash.update(fmt::format("{}{} {:016x} {}", '\0', module.rank,
                            std::bit_cast<uint64_t>(module.scale), module.magnitude.size()));
    for (const auto* values : {&module.a, &module.b, &module.magnitude}) {
      hash.update(std::as_bytes(std::span<const float>(*values)));
    }
  }
  return hash.hex();
}

std::optional<Contract> read_adapter_contract(const fs::path& directory) {
  const fs::path path = directory / kContractFile;
  if (!fs::exists(path)) return std::nullopt;
  return Contract::from_json(read_json(path, kMaxContractBytes), path.string());
}

std::string adapted_weights_sha256(const std::string& base, const Adapter& adapter) {
  return sha256_hex(base + "+" + adapter_sha256(adapter));
}

}  // namespace recto
