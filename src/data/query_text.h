#pragma once
// When two queries are one.

#include <string>

namespace recto {

/// Kind of queries that are asked in another language than that of their pages.
inline constexpr const char* kCrossLingualKind = "cross_lingual";

/// A query's text without what does not make it another one: ASCII case, and white space but for
/// single spaces between words.
std::string plain_query(const std::string& text);

/// `text` without white space at its ends.
std::string trimmed(const std::string& text);

/// "q-" and the first 16 digits of the SHA-256 of `text`.
std::string query_id_of(const std::string& text);

}  // namespace recto
