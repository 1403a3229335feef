#pragma once
// The contract: everything that decides a vector besides the weights' values, in one file,
// retriever.json, whose hash goes into every index, run, card and cache.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/views.h"

namespace recto {

/// kVocabulary: not from the text model's states, but from the sparse output's weights
/// (model/sparse_head.h).
enum class Pooling { kLast, kMean, kVocabulary };
enum class PositionIds { kIdentity, kHf455Fp32 };

/// The second output of a model, beside the dense vector: weights over its vocabulary
/// (model/sparse_head.h has the formula).
struct SparseOutput {
  int saturation = 8;          ///< tokens in the place of a visual token, about
  int gain = 1;                ///< how much sooner than a count a weight is large
  int candidates = 0;          ///< most tokens that a visual token speaks for; 0: all
  int top_n = 512;             ///< most weights of a page that are kept, the largest
  std::string weights_sha256;  ///< sparse_head_sha256(); may be empty in a file
};

struct Contract {
  int format_version = 1;
  std::string base_model;
  std::string weights_sha256;
  std::string document_prompt;       ///< has "<image>" once
  std::string document_text_prompt;  ///< has "<image>" and "{text}"
  std::string query_prompt;          ///< has "{query}"
  std::string query_image_prompt;    ///< has "<image>" and "{query}"
  std::string passage_prompt;        ///< has "{text}"
  std::string terminal_token;        ///< e.g. "<end_of_utterance>"; its hidden state is pooled
  int max_query_tokens = 512;        ///< ids of a text-only input with the terminal token
  Pooling pooling = Pooling::kLast;
  bool causal = true;           ///< "attention": "causal" | "bidirectional"
  std::vector<int> dimensions;  ///< descending, first = full width, vector_width()
  bool normalize = true;
  /// longest_edge, second_edge (where there is one), tile, image_splitting, resample,
  /// resample_order
  ViewSettings views;
  PositionIds position_ids = PositionIds::kIdentity;
  std::optional<SparseOutput> sparse;  ///< where "outputs" has "sparse" beside "dense"
  /// Folder of the model directory with an adapter that recto merges on opening; "" for none. Only
  /// in files: the contract of an opened model has none (and the hash of the merged weights).
  std::string adapter;

  /// The default of docs/formats.md for a model directory without retriever.json.
  /// `views` comes from the processor files, `width` from the text model.
  static Contract default_for(const ViewSettings& views, int width);

  /// Strict: an unknown, missing or ill-typed field is Error(kBadInput) naming it.
  static Contract from_json(const Json& json, const std::string& where);
  Json to_json() const;
  /// Numbers of a vector before it is cut.
  int vector_width() const { return dimensions.front(); }
  /// SHA-256 of the RFC 8785 form of to_json(), 64 hexadecimal digits.
  std::string hash() const;
};

const char* pooling_name(Pooling pooling);
Pooling parse_pooling(const std::string& name, const std::string& where);
const char* position_ids_name(PositionIds ids);
PositionIds parse_position_ids(const std::string& name, const std::string& where);
const char* resample_order_name(ResampleOrder order);
ResampleOrder parse_resample_order(const std::string& name, const std::string& where);

}  // namespace recto
