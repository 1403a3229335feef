#pragma once
// The head that reads a page into weights over the vocabulary (Contract::sparse). What it has
// beside the model's own weights lies in sparse_head.safetensors.
//
// Of the visual tokens v_i [hidden] of a page (the connector's output, all views):
//   h_i = v_i / sqrt(mean(v_i²) + 1e-5) * norm
//   p_i = softmax(E (h_i + D h_i) + bias), E the text model's embedding table [vocabulary, hidden]
//   w_t = ln(1 + saturation * sum over i of p_it)
// of which the top_n largest are kept. p_it is trained to be the share of token t among the tokens
// in the place of visual token i, so that with `saturation` tokens in such a place the sum is the
// expected count of t on the page, and w_t its logarithmic term frequency.

#include <filesystem>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/contract.h"

namespace recto {

inline constexpr const char* kSparseHeadFile = "sparse_head.safetensors";
inline constexpr double kSparseNormEpsilon = 1e-5;

struct SparseHead {
  std::vector<float> norm;        ///< "norm.weight" [hidden]
  std::vector<float> projection;  ///< "projection.weight" D [hidden, hidden], row-major
  std::vector<float> bias;        ///< "bias" [vocabulary]

  bool operator==(const SparseHead&) const = default;
};

/// One that changes nothing: norm 1, projection and bias 0.
SparseHead plain_sparse_head(const ModelConfig& config);

/// Reads `directory`/sparse_head.safetensors. Throws Error(kNotFound) without one, Error(kBadInput)
/// naming a tensor that is missing, surplus, misshapen, no fp32 or not finite.
SparseHead read_sparse_head(const std::filesystem::path& directory, const ModelConfig& config);

/// Writes it as fp32. Same head, same bytes.
void write_sparse_head(const SparseHead& head, const ModelConfig& config,
                       const std::filesystem::path& directory);

/// SHA-256 over the three tensors as Weights::sha256() counts those of a model.
std::string sparse_head_sha256(const SparseHead& head, const ModelConfig& config);

}  // namespace recto
