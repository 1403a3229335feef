#pragma once
// A text as weights over the vocabulary: what the sparse head of a model estimates of a page, known
// exactly. The tokenizer alone makes it; no weight of a model takes part.

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/sparse_vector.h"
#include "model/tokenizer.h"

namespace recto {

/// Calls `take` with each token of `text`. The text is cut at white space and each word is
/// tokenised with a space before it, as the words of pages are when a model learns to read. Throws
/// Error(kBadInput) for ill-formed UTF-8.
void for_each_text_token(const Tokenizer& tokenizer, std::string_view text,
                         const std::function<void(int32_t id)>& take);

/// ln(1 + gain * count) of each token of `text` (for_each_text_token): of a query with a gain of 1,
/// of a passage with that of the model's pages (SparseOutput::gain).
SparseVector sparse_text(const Tokenizer& tokenizer, std::string_view text, int gain = 1);

}  // namespace recto
