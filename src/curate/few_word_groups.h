#pragma once
// Duplicates by their looks alone, across works: title pages and pages with no more than a header.

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "curate/near_duplicates.h"

namespace recto {

/// Divides each group all of whose pages have fewer than `few_words` words by family: looks alone
/// make no page of one work a duplicate of another's, and join no two works. A page that is then
/// alone has no group. The group of blank pages stays. `words[i]`, `family_of_page(i)` and
/// `page_id(i)` are those of page i.
void divide_few_word_groups(NearDuplicates& near, std::span<const int> words, int few_words,
                            const std::function<std::string(size_t)>& family_of_page,
                            const std::function<std::string(size_t)>& page_id);

}  // namespace recto
