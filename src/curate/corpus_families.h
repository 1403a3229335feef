#pragma once
// The families of a corpus: by names and translations, and by the pages that documents share.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "curate/corpus.h"
#include "curate/families.h"
#include "curate/near_duplicates.h"

namespace recto {

/// Ink below which a page says nothing that could make two documents one: header and footer alone.
inline constexpr double kSparseInk = 0.005;

/// How much is on each page of a corpus.
struct PageInk {
  std::vector<int> words;       ///< count_words() (word_grams.h)
  std::vector<uint8_t> sparse;  ///< 1 for a page with ink below kSparseInk
};

/// Fills in the families of the documents, and for each page its group and whether that is
/// boilerplate. Families go by what `members` (as corpus.documents) are called and by
/// `translations` (pairs of documents); groups all of whose pages have few words are then divided
/// by family (few_word_groups.h), since looks alone join no works, and groups of sparse pages alone
/// are called kBlankGroup: they are blank but for a header. Then two documents that have pages in
/// one group of `near` are one family. A group of blank pages, or of kBoilerplateFamilies families
/// is boilerplate and joins none; joining others may leave it in fewer, so this is done until
/// nothing changes: in the end each group is in one family or in many.
void join_families(Corpus& corpus, NearDuplicates& near, const std::vector<FamilyMember>& members,
                   const std::vector<std::pair<size_t, size_t>>& translations, const PageInk& ink);

}  // namespace recto
