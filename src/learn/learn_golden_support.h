#pragma once
// The golden files as inputs and tensors of the torch model (tests only).

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "learn/retriever_model.h"
#include "model/safetensors.h"
#include "page/decode.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto::test {

inline torch::Tensor tensor_of(const SafetensorsFile& file, const std::string& name) {
  return to_tensor(file.at(name));
}

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  if (a.sizes() != b.sizes()) return 1e30;
  return a.numel() == 0 ? 0 : (a - b).abs().max().item<double>();
}

/// ||a - b|| / ||b||
inline double relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).norm() / (b.norm() + 1e-30)).item<double>();
}

/// Ids and tiles of an activations_*.safetensors.
inline ModelInput input_of(const SafetensorsFile& file) {
  ModelInput input;
  const TensorView& ids = file.at("input_ids");
  input.ids.resize(static_cast<size_t>(ids.elements()));
  std::memcpy(input.ids.data(), ids.bytes.data(), ids.bytes.size());
  if (file.contains("tiles_u8")) {
    const TensorView& tiles = file.at("tiles_u8");
    Views views;  // one row of tiles: how they lie on the page is in the ids already
    views.rows = tiles.shape[0] > 1 ? 1 : 0;
    views.columns = static_cast<int>(tiles.shape[0]) - 1;
    views.tile = static_cast<int>(tiles.shape[2]);
    const auto* bytes = reinterpret_cast<const uint8_t*>(tiles.bytes.data());
    views.pixels.assign(bytes, bytes + tiles.bytes.size());
    input.images.push_back(std::move(views));
  }
  return input;
}

/// A page of a cases.json: "file", "split", "L", "T", "ids".
inline ModelInput input_of(const std::filesystem::path& folder, const Json& page) {
  ModelInput input;
  input.ids = page["ids"].get<std::vector<int32_t>>();
  const std::string bytes = read_file(folder / page["file"].get<std::string>());
  ViewSettings settings;
  settings.longest_edge = page["L"];
  settings.tile = page["T"];
  settings.image_splitting = page["split"];
  input.images.push_back(make_views(decode_image(as_bytes(bytes), page["file"]), settings));
  return input;
}

inline ModelInput text_input(const Json& ids) {
  ModelInput input;
  input.ids = ids.get<std::vector<int32_t>>();
  return input;
}

struct GoldenModel {
  std::string name;
  std::filesystem::path directory;
  std::filesystem::path goldens;  ///< NAME-goldens
  ModelConfig config;

  explicit GoldenModel(const std::string& model)
      : name(model),
        directory(test::goldens() / "models" / model),
        goldens(test::goldens() / "models" / (model + "-goldens")),
        config(read_model_config(directory)) {
    at::set_num_threads(1);  // small products on many threads take longer, on a busy machine much
  }

  RetrieverModel load(const Contract& contract = {}) const {
    RetrieverModel retriever(config, contract);
    retriever->load(Weights::load(directory, config));
    return retriever;
  }
};

inline torch::Tensor vectors_of(RetrieverModel& model, const std::vector<ModelInput>& inputs) {
  std::vector<Sequence> sequences;
  for (const ModelInput& input : inputs) sequences.push_back({&input, {}, 0});
  return model->forward(sequences);
}

/// The subfolders of goldens()/SECTION with a cases.json, by the name of their model; those whose
/// model is not in the set are passed over.
inline std::vector<std::string> golden_folders(const std::string& section,
                                               GoldenSections& sections) {
  std::vector<std::string> names;
  const std::filesystem::path folder = goldens() / section;
  if (!sections.has(folder)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (std::filesystem::exists(entry.path() / "cases.json") &&
        sections.has(goldens() / "models" / name / "config.json")) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace recto::test
