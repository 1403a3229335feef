#pragma once
// What the model is given: token ids, and the views of the images whose tokens stand among them, or
// what is known of these images.

#include <cstdint>
#include <string>
#include <vector>

#include "base/sparse_vector.h"
#include "model/config.h"
#include "model/contract.h"
#include "model/tokenizer.h"
#include "model/views.h"

namespace recto {

/// One sequence of the model. The image tokens in `ids` are, in order, image_seq_len for each view
/// of each image.
struct ModelInput {
  std::vector<int32_t> ids;
  std::vector<Views> images;
  /// In place of `images` what vision tower and connector make of them, where that is known:
  /// [image tokens, hidden].
  std::vector<float> visual_tokens;
  /// The same one step further, under a contract with Pooling::kVocabulary: the weights of the
  /// picture over the vocabulary (model/sparse_head.h), [vocabulary].
  std::vector<float> picture_weights;
  /// How each picture is cut, also where `images` are no longer there. None stands for pictures of
  /// one edge.
  std::vector<Tiling> tilings;
  bool truncated = false;  ///< text was cut to the contract's length
  /// Weights of its text (model/sparse_text.h), under a contract with Pooling::kVocabulary.
  SparseVector words;

  /// Views of all images together.
  int view_count() const;
  /// Whether there is an image, as views or as what is known of it.
  bool has_picture() const {
    return !images.empty() || !visual_tokens.empty() || !picture_weights.empty();
  }
};

/// Visual tokens [first, first + count) of an input.
struct TokenRun {
  int64_t first = 0, count = 0;
  bool operator==(const TokenRun&) const = default;
};

/// Of the `tokens` visual tokens of `input` those of each edge: of the first with the global views
/// and, where there is a second, of its tiles. No edge without tokens, so none of an input without
/// pictures.
std::vector<std::vector<TokenRun>> tokens_by_edge(const ModelInput& input, int64_t tokens);

/// Builds inputs under a contract. Holds references: config, tokenizer and contract must outlive
/// it. Thread-safe.
class InputBuilder {
 public:
  /// Throws Error(kMismatch) when the tokenizer lacks a token the prompts need, has more ids than
  /// the model's vocabulary, or names another id for "<image>" than the configuration, and when the
  /// contract's tile is not the model's or its max_query_tokens leaves no room for a text.
  InputBuilder(const ModelConfig& config, const Tokenizer& tokenizer, const Contract& contract);

  // In all of these the caller's text is ordinary text, whatever tokens it spells. Where there is
  // no picture, the sequence is cut to max_query_tokens ids: those behind the text (the terminal
  // token) stay, those before are cut on the right. Beside a picture the text is cut to that many
  // ids and the image block is never cut. Ill-formed UTF-8 is Error(kBadInput), and so is a query
  // or passage of nothing but white space.

  /// A page. A `text` of its own (caption, OCR) goes through the document_text_prompt; a blank one
  /// counts as none.
  ModelInput document(const Image& image) const;
  /// document(image) without its views, of an image that is cut so.
  ModelInput document(const Tiling& tiling) const;
  ModelInput document(const Image& image, const std::string& text) const;
  ModelInput query(const std::string& query) const;
  /// A question about a picture: one vector.
  ModelInput query(const std::string& query, const Image& image) const;
  /// A text-only passage.
  ModelInput passage(const std::string& text) const;
  /// `text` through the tokenizer as it is (special tokens recognised), no images.
  ModelInput raw(const std::string& text) const;
  /// A rendered chat: `text` with one "<image>" for each of `images`, else Error(kBadInput).
  ModelInput raw(const std::string& text, const std::vector<Image>& images) const;

 private:
  ModelInput from_text(const std::string& prompt, const char* placeholder,
                       const std::string& text) const;
  ModelInput from_image(const std::string& prompt, const Image& image, const char* placeholder,
                        const std::string& text) const;
  /// With the weights of `text`, where the contract's pooling asks for them.
  ModelInput with_words(ModelInput input, const std::string& text, bool query) const;
  std::string expand_one_image(const std::string& prompt, const Tiling& tiling) const;
  void check_image_tokens(const ModelInput& input) const;

  const ModelConfig& config_;
  const Tokenizer& tokenizer_;
  const Contract& contract_;
};

/// The text that replaces one "<image>": marker and image tokens for the tiles and the global view.
std::string expand_image_token(const Tiling& tiling, int image_seq_len);

/// Chat messages [{"role", "content": text | [{"type": "text"|"image", ...}]}] as SmolVLM's
/// template writes them, "Assistant:" appended with `add_generation_prompt`. Throws
/// Error(kBadInput) naming `where` and the message for anything else.
std::string render_chat(const Json& messages, bool add_generation_prompt, const std::string& where);

}  // namespace recto
