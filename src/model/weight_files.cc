#include "model/weight_files.h"

#include <map>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/json.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

[[noreturn]] void fail_no_weights(const fs::path& directory) {
  std::error_code ignored;
  for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (fs::exists(directory / name, ignored)) {
      fail(ErrorCode::kUnsupported,
           "{} has its weights in {}, a pickle file that recto does not read; save the model as "
           "safetensors",
           directory.string(), name);
    }
  }
  if (fs::exists(directory / "adapter_model.safetensors", ignored)) {
    fail(ErrorCode::kNotFound,
         "{} is an adapter: it has no {}; name the base model and give this directory as the "
         "adapter",
         directory.string(), kSingleFile);
  }
  fail(ErrorCode::kNotFound, "{} has neither {} nor {}", directory.string(), kSingleFile,
       kIndexFile);
}

std::map<std::string, std::string> read_weight_map(const fs::path& index) {
  const Json json = read_json(index, uint64_t{64} << 20);
  const auto found = json.is_object() ? json.find("weight_map") : json.end();
  if (found == json.end() || !found->is_object() || found->empty()) {
    fail(ErrorCode::kBadInput, "{}: the object \"weight_map\" is missing or empty", index.string());
  }
  std::map<std::string, std::string> shard_of;
  for (const auto& item : found->items()) {
    shard_of[item.key()] =
        json_required<std::string>(*found, item.key().c_str(), index.string() + ": weight_map");
  }
  return shard_of;
}

// A shard stands beside its index; a name that leads elsewhere is refused.
void check_shard_name(const std::string& name, const fs::path& index) {
  const fs::path path(name);
  if (name.empty() || name == "." || name == ".." || path.filename() != path ||
      name.find('\\') != std::string::npos || name.find('\0') != std::string::npos) {
    fail(ErrorCode::kBadInput,
         "{}: the shard \"{}\" is no plain file name; shards must stand beside the index",
         index.string(), name);
  }
}

void check_index(const fs::path& index, const std::map<std::string, std::string>& shard_of,
                 const std::map<std::string, WeightFile>& shards) {
  for (const auto& [tensor, shard] : shard_of) {
    if (!shards.at(shard).content->contains(tensor)) {
      fail(ErrorCode::kBadInput, "{}: tensor \"{}\" should be in {}, but is not", index.string(),
           tensor, shard);
    }
  }
  for (const auto& [name, file] : shards) {
    for (const auto& [tensor, view] : file.content->tensors()) {
      const auto listed = shard_of.find(tensor);
      if (listed == shard_of.end() || listed->second != name) {
        fail(ErrorCode::kBadInput, "{}: tensor \"{}\" is in {}, but the index places it {}",
             index.string(), tensor, name,
             listed == shard_of.end() ? "nowhere" : "in " + listed->second);
      }
    }
  }
}

std::vector<WeightFile> open_shards(const fs::path& index) {
  const auto shard_of = read_weight_map(index);
  std::map<std::string, WeightFile> shards;
  for (const auto& [tensor, shard] : shard_of) {
    if (shards.contains(shard)) continue;
    check_shard_name(shard, index);
    const fs::path path = index.parent_path() / shard;
    if (!fs::exists(path)) {
      fail(ErrorCode::kNotFound, "{}: the shard {} does not exist; fetch the model again",
           index.string(), path.string());
    }
    shards[shard] = {path, std::make_shared<SafetensorsFile>(path)};
  }
  check_index(index, shard_of, shards);
  std::vector<WeightFile> files;
  files.reserve(shards.size());
  for (auto& [name, file] : shards) files.push_back(std::move(file));
  return files;
}

}  // namespace

std::vector<WeightFile> open_weight_files(const fs::path& model_directory) {
  const fs::path single = model_directory / kSingleFile;
  if (fs::exists(single)) return {{single, std::make_shared<SafetensorsFile>(single)}};
  const fs::path index = model_directory / kIndexFile;
  if (!fs::exists(index)) fail_no_weights(model_directory);
  return open_shards(index);
}

}  // namespace recto
