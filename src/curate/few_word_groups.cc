#include "curate/few_word_groups.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace recto {

namespace {

/// Per group: whether all its pages have few words.
std::vector<uint8_t> all_few(const NearDuplicates& near, std::span<const int> words,
                             int few_words) {
  std::vector<uint8_t> few(near.group_names.size(), 1);
  for (size_t i = 0; i < near.group.size(); ++i) {
    if (near.group[i] != kNoGroup && words[i] >= few_words) few[near.group[i]] = 0;
  }
  for (size_t group = 0; group < few.size(); ++group) {
    if (near.group_names[group] == kBlankGroup) few[group] = 0;
  }
  return few;
}

}  // namespace

void divide_few_word_groups(NearDuplicates& near, std::span<const int> words, int few_words,
                            const std::function<std::string(size_t)>& family_of_page,
                            const std::function<std::string(size_t)>& page_id) {
  const std::vector<uint8_t> few = all_few(near, words, few_words);
  std::map<std::pair<uint32_t, std::string>, std::vector<size_t>> parts;
  for (size_t i = 0; i < near.group.size(); ++i) {
    if (near.group[i] == kNoGroup || few[near.group[i]] == 0) continue;
    parts[{near.group[i], family_of_page(i)}].push_back(i);
  }
  std::vector<uint8_t> named(near.group_names.size(), 0);
  for (const auto& [key, pages] : parts) {
    uint32_t group = kNoGroup;
    if (pages.size() > 1) {
      // The first part keeps the number of the whole.
      group = key.first;
      if (std::exchange(named[group], 1) != 0) {
        group = static_cast<uint32_t>(near.group_names.size());
        near.group_names.emplace_back();
      }
      std::string first = page_id(pages.front());
      for (const size_t page : pages) first = std::min(first, page_id(page));
      near.group_names[group] = near_group_name(first);
    }
    for (const size_t page : pages) near.group[page] = group;
  }
}

}  // namespace recto
