#pragma once
// Generators of queries: each reads one document and proposes queries that one of its pages
// answers, without a model and without a network. Their measured precision is in
// docs/curation.md.

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "curate/audit.h"
#include "curate/document_parts.h"

namespace recto {

struct GeneratorInfo {
  std::string_view name;     ///< Candidate::method
  std::string_view version;  ///< Candidate::version; changes whenever its queries do
  std::string_view kinds;    ///< Candidate::kind, separated by ", "
  std::string_view description;
  bool on_by_default;
};

/// All of them, in the order in which they run: outline, question, caption, table, index, sentence.
const std::vector<GeneratorInfo>& generators();

/// The names of those that are on by default.
std::set<std::string> default_generators();

/// How rare a word (as WordTokenizer cuts it) is over a corpus: the higher the rarer.
using WordRarity = std::function<double(const std::string& word)>;

struct GeneratorSettings {
  std::set<std::string> on = default_generators();
  /// For the generator sentence; when empty, the logarithm of the document's pages over those that
  /// hold the word.
  WordRarity rarity;
  int sentences_per_page = 1;  ///< most queries of a page that the generator sentence makes
};

/// The queries of the generators that are on, each on a page of the document, in the order of
/// generators() and then of the document; no two with the same folded query and page. What a
/// generator found and left out has a row in `audit` (stage: the generator's name; item: the
/// document_id with "#outline-N" or "-PAGE" behind it). Depends on nothing but its arguments.
/// Throws Error(kUsage) for a name that is no generator's.
std::vector<Candidate> generate(DocumentParts& parts, const GeneratorSettings& settings,
                                Audit& audit);

}  // namespace recto
