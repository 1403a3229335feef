#include "curate/corpus_families.h"

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "curate/few_word_groups.h"

namespace recto {

namespace {

using DocumentPairs = std::vector<std::pair<size_t, size_t>>;

void divide_groups(Corpus& corpus, NearDuplicates& near, const std::vector<int>& words,
                   const std::vector<std::string>& families) {
  divide_few_word_groups(
      near, words, NearDuplicateRule().few_words,
      [&](size_t i) { return families[corpus.pages[i].document]; },
      [&](size_t i) { return corpus.page_id(static_cast<int32_t>(i)); });
  for (size_t i = 0; i < corpus.pages.size(); ++i) {
    const uint32_t group = near.group[i];
    corpus.pages[i].group = group == kNoGroup ? -1 : static_cast<int32_t>(group);
  }
}

void mark_boilerplate(Corpus& corpus, const NearDuplicates& near,
                      const std::vector<std::string>& families) {
  std::vector<std::set<std::string_view>> families_of(near.group_names.size());
  for (const CorpusPage& page : corpus.pages) {
    if (page.group >= 0) families_of[page.group].insert(families[page.document]);
  }
  for (CorpusPage& page : corpus.pages) {
    if (page.group < 0) continue;
    page.boilerplate = near.group_names[page.group] == kBlankGroup ||
                       families_of[page.group].size() >= kBoilerplateFamilies;
  }
}

/// Documents that have pages in one group that is no boilerplate: each with the group's first.
DocumentPairs shared_pages(const Corpus& corpus) {
  std::map<int32_t, size_t> first;
  DocumentPairs pairs;
  for (const CorpusPage& page : corpus.pages) {
    if (page.group < 0 || page.boilerplate) continue;
    const auto document = static_cast<size_t>(page.document);
    const auto [found, added] = first.emplace(page.group, document);
    if (found->second != document) pairs.emplace_back(found->second, document);
  }
  return pairs;
}

void name_sparse_groups(NearDuplicates& near, const std::vector<uint8_t>& sparse) {
  std::vector<uint8_t> all_sparse(near.group_names.size(), 1);
  for (size_t i = 0; i < near.group.size(); ++i) {
    if (near.group[i] != kNoGroup && sparse[i] == 0) all_sparse[near.group[i]] = 0;
  }
  for (size_t group = 0; group < all_sparse.size(); ++group) {
    if (all_sparse[group] != 0) near.group_names[group] = kBlankGroup;
  }
}

}  // namespace

void join_families(Corpus& corpus, NearDuplicates& near, const std::vector<FamilyMember>& members,
                   const DocumentPairs& translations, const PageInk& ink) {
  const size_t pages = corpus.pages.size();
  RECTO_CHECK(members.size() == corpus.documents.size());
  RECTO_CHECK(near.group.size() == pages && ink.words.size() == pages &&
              ink.sparse.size() == pages);
  std::vector<std::string> families = find_families(members, translations);
  divide_groups(corpus, near, ink.words, families);
  name_sparse_groups(near, ink.sparse);
  for (std::vector<std::string> before; before != families;) {
    before = families;
    mark_boilerplate(corpus, near, families);
    DocumentPairs links = translations;
    for (const auto& pair : shared_pages(corpus)) links.push_back(pair);
    families = find_families(members, links);
  }
  for (size_t i = 0; i < members.size(); ++i) corpus.documents[i].family = std::move(families[i]);
}

}  // namespace recto
