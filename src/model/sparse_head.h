#pragma once
// The head that reads a page into weights over the vocabulary (Contract::sparse). What it has
// beside the model's own weights lies in sparse_head.safetensors.
//
// Of the visual tokens v_i [hidden] of a page (the connector's output, all views):
//   h_i = v_i / sqrt(mean(v_i²) + 1e-5) * norm
//   p_i = softmax(E (h_i + D h_i) + bias), E the text model's embedding table [vocabulary, hidden]
//   w_t = ln(1 + gain * saturation * sum over i of p_it)
// under a contract with a second edge the mean of two such, one over the visual tokens i of the
// first edge and of the global view, the other over those of the second edge,
// of which the top_n largest are kept. p_it is trained to be the share of token t among the tokens
// in the place of visual token i, so that with `saturation` tokens in such a place the sum is the
// expected count of t on the page, and with a gain of 1 w_t its logarithmic term frequency. With
// `candidates` k the sum has only the k largest p_it of each i (of equal ones the smaller t): what
// a model that reads poorly spreads over all other tokens adds up to as much as a word. A larger
// gain asks rather whether a token is there than how often.
//
// With Pooling::kVocabulary the dense vector of an input is made of all its weights w, before the
// largest are kept (after Aggretriever, Lin et al. 2023, which adds up lexical weights as well):
//   v = w P + b, P [vocabulary, width], b [width] one bias of pages and another of texts
// where the weights of a text are ln(1 + count) in a query and ln(1 + gain * count) in a passage,
// and those of a picture with a text their sum, with the bias of pages.

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
  /// P, of a model with Pooling::kVocabulary; empty in others. Values that bf16 has.
  std::vector<float> dense;      ///< "dense.weight" [vocabulary, width], row-major, BF16
  std::vector<float> page_bias;  ///< "dense.page_bias" [width]
  std::vector<float> text_bias;  ///< "dense.text_bias" [width]

  /// Numbers of the dense vector it makes; 0 when it makes none.
  int dense_width() const { return static_cast<int>(page_bias.size()); }

  bool operator==(const SparseHead&) const = default;
};

/// One that changes nothing: norm 1, projection and bias 0.
SparseHead plain_sparse_head(const ModelConfig& config);

/// Reads `directory`/sparse_head.safetensors. Throws Error(kNotFound) without one or naming a
/// tensor that is missing, Error(kBadInput) naming one that is surplus, misshapen, of another type
/// or not finite.
SparseHead read_sparse_head(const std::filesystem::path& directory, const ModelConfig& config);

/// Same head, same bytes.
void write_sparse_head(const SparseHead& head, const ModelConfig& config,
                       const std::filesystem::path& directory);

/// SHA-256 over its tensors, in fp32, as Weights::sha256() counts those of a model.
std::string sparse_head_sha256(const SparseHead& head, const ModelConfig& config);

}  // namespace recto
