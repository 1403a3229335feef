#pragma once
// A text as weights over the vocabulary: what the sparse head of a model estimates of a page, known
// exactly. The tokenizer alone makes it; no weight of a model takes part.

#include <string_view>

#include "base/sparse_vector.h"
#include "model/tokenizer.h"

namespace recto {

/// ln(1 + count) of each token of `text`. The text is cut at white space and each word is
/// tokenised with a space before it, as the words of pages are when a model learns to read. Throws
/// Error(kBadInput) for ill-formed UTF-8.
SparseVector sparse_text(const Tokenizer& tokenizer, std::string_view text);

}  // namespace recto
