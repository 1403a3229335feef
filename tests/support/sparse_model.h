#pragma once
// Golden models with a sparse output.

#include <cmath>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "model/model_directory.h"
#include "model/model_write.h"
#include "support/support.h"

namespace recto::test {

/// A head of random values: norm about 1, the others about 0.
inline SparseHead random_sparse_head(const ModelConfig& config, uint64_t seed) {
  SparseHead head = plain_sparse_head(config);
  Random random(seed);
  for (auto* values : {&head.norm, &head.projection, &head.bias}) {
    for (float& value : *values) value += static_cast<float>(0.05 * random.normal());
  }
  return head;
}

/// Gives the model in `directory` a sparse output with a random head.
inline void add_sparse_output(const std::filesystem::path& directory, int top_n = 16,
                              uint64_t seed = 5) {
  const auto model = ModelDirectory::open(directory);
  Contract contract = model->contract();
  contract.sparse = SparseOutput{.saturation = 4, .top_n = top_n, .weights_sha256 = ""};
  write_sparse_head(random_sparse_head(model->config(), seed), model->config(), directory);
  write_contract(directory, contract);
}

/// Gives `head` a random matrix for vectors of `width` numbers, of values that bf16 has.
inline void add_random_dense(SparseHead& head, size_t width, uint64_t seed) {
  Random random(seed);
  const auto values = [&](size_t count) {
    std::vector<float> drawn(count);
    for (float& value : drawn) value = static_cast<float>(std::round(8 * random.normal()) / 64);
    return drawn;
  };
  head.dense = values(head.bias.size() * width);
  head.page_bias = values(width);
  head.text_bias = values(width);
}

/// Gives the model in `directory` vectors from the vocabulary, of 24 numbers and of 8.
inline void add_vocabulary_pooling(const std::filesystem::path& directory, uint64_t seed = 5) {
  const auto model = ModelDirectory::open(directory);
  Contract contract = model->contract();
  contract.sparse =
      SparseOutput{.saturation = 4, .gain = 3, .candidates = 6, .top_n = 16, .weights_sha256 = ""};
  contract.pooling = Pooling::kVocabulary;
  contract.dimensions = {24, 8};
  SparseHead head = random_sparse_head(model->config(), seed);
  add_random_dense(head, 24, seed);
  write_sparse_head(head, model->config(), directory);
  write_contract(directory, contract);
}

/// Has the model in `directory` see a page at a second edge too.
inline void add_second_edge(const std::filesystem::path& directory, int edge) {
  Contract contract = ModelDirectory::open(directory)->contract();
  contract.views.second_edge = edge;
  write_contract(directory, contract);
}

/// Copies the golden model `name` to `to` and gives it a sparse output.
inline void copy_sparse_model(const std::string& name, const std::filesystem::path& to,
                              int top_n = 16) {
  std::filesystem::copy(goldens() / "models" / name, to, std::filesystem::copy_options::recursive);
  add_sparse_output(to, top_n);
}

}  // namespace recto::test
