#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "base/threads.h"
#include "curate/corpus_families.h"
#include "curate/near_duplicates.h"
#include "curate/page_layout.h"
#include "curate/test_books.h"
#include "curate/text_check.h"
#include "curate/word_grams.h"
#include "page/gray.h"
#include "page/reader.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

// Manuals with translations, three paper sizes of one book (texlive-lang-polish), slides in twelve
// languages (packaging-tutorial) and pages of one layout with other words.
const std::vector<std::string> kPackages = {"debian-faq",
                                            "debian-faq-de",
                                            "debian-faq-fr",
                                            "developers-reference",
                                            "developers-reference-de",
                                            "developers-reference-fr",
                                            "maint-guide-de",
                                            "maint-guide-fr",
                                            "debian-policy",
                                            "nut-doc",
                                            "krb5-doc",
                                            "texlive-lang-polish",
                                            "packaging-tutorial"};

struct Pages {
  std::vector<PerceptualHash> hashes;
  std::vector<std::string> texts;
  std::vector<std::string> names;
  std::vector<int> words;
  std::vector<uint8_t> blank;
  std::vector<uint8_t> sparse;
  std::vector<uint32_t> documents;
  std::vector<fs::path> files;

  size_t size() const { return hashes.size(); }
  void append(Pages&& other) {
    for (size_t i = 0; i < other.size(); ++i) {
      hashes.push_back(other.hashes[i]);
      texts.push_back(std::move(other.texts[i]));
      names.push_back(std::move(other.names[i]));
      words.push_back(other.words[i]);
      blank.push_back(other.blank[i]);
      sparse.push_back(other.sparse[i]);
      documents.push_back(static_cast<uint32_t>(files.size()));
    }
    files.push_back(other.files.front());
  }
};

Pages read_pages(const fs::path& file) {
  Pages pages;
  pages.files.push_back(file);
  Document document(file);
  for (int number = 1; number <= document.page_count(); ++number) {
    const GrayImage reduced = reduce_to_gray(document.render(number, 2048));
    pages.hashes.push_back(perceptual_hash(reduced));
    pages.texts.push_back(document.text(number).text);
    pages.names.push_back(fmt::format("{}-{}", file.filename().string(), number));
    pages.words.push_back(count_words(pages.texts.back()));
    pages.sparse.push_back(ink_share(gray_thumbnail(reduced)) < kSparseInk);
    pages.blank.push_back(pages.sparse.back() != 0 && count_characters(pages.texts.back()) < 20);
  }
  return pages;
}

Pages read_books(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const std::string& package : kPackages) {
    for (const fs::path& file : list_page_files(folder / package)) files.push_back(file);
  }
  std::vector<Pages> parts(files.size());
  parallel_for(files.size(), std::min(2, available_cores()),
               [&](size_t i) { parts[i] = read_pages(files[i]); });
  Pages all;
  for (Pages& part : parts) all.append(std::move(part));
  return all;
}

/// The names of the files of each family, when files are joined by their pages alone.
std::map<std::string, std::set<std::string>> families_by_pages(const Pages& pages,
                                                               NearDuplicates near) {
  Corpus corpus;
  std::vector<FamilyMember> members;
  for (size_t i = 0; i < pages.files.size(); ++i) {
    const std::string id = fmt::format("{:03}", i);
    corpus.documents.push_back({id, "", ""});
    members.push_back({id, fmt::format("/books/number {}.pdf", id), "", false});
  }
  for (const uint32_t document : pages.documents) {
    const bool first =
        corpus.pages.empty() || corpus.pages.back().document != static_cast<int32_t>(document);
    corpus.pages.push_back(
        {static_cast<int32_t>(document), first ? 1 : corpus.pages.back().number + 1});
  }
  join_families(corpus, near, members, {}, {pages.words, pages.sparse});
  std::map<std::string, std::set<std::string>> families;
  for (size_t i = 0; i < pages.files.size(); ++i) {
    families[corpus.documents[i].family].insert(pages.files[i].filename().string());
  }
  return families;
}

/// Pairs within a distance, by how much text they share; pages with few words tell nothing.
struct Counts {
  int duplicates = 0, near = 0, different = 0;
};

TEST(NearDuplicatesSlow, TheRuleAgainstTheTextsOfRealPages) {
  const test::Books books(fmt::format("{}", fmt::join(kPackages, " ")));
  if (!books.problem().empty()) GTEST_SKIP() << books.problem();
  const Pages pages = read_books(books.folder());
  ASSERT_GT(pages.size(), 1500u);

  std::vector<std::vector<uint64_t>> grams;
  std::vector<GramSketch> sketches;
  for (const std::string& text : pages.texts) {
    grams.push_back(word_grams(text));
    sketches.push_back(sketch_of(grams.back()));
  }
  const std::vector<int> limits = {8, 16, 24, 32, 40};
  std::map<int, Counts> within;
  int same_text = 0;
  uint64_t rule_duplicates = 0;
  uint64_t rule_near = 0;
  for (size_t a = 0; a < pages.size(); ++a) {
    for (size_t b = a + 1; b < pages.size(); ++b) {
      if (pages.blank[a] != 0 || pages.blank[b] != 0) continue;
      const int distance = hamming_distance(pages.hashes[a], pages.hashes[b]);
      const bool few = pages.words[a] < 20 && pages.words[b] < 20;
      const bool may = may_reach(0.8, sketches[a], grams[a].size(), sketches[b], grams[b].size());
      if (!may && distance > limits.back()) continue;
      const double shared = jaccard(grams[a], grams[b]);
      if (distance <= 24) ++(few || shared >= 0.8 ? rule_duplicates : rule_near);
      if (pages.words[a] < 20 || pages.words[b] < 20) continue;
      same_text += shared >= 0.8 ? 1 : 0;
      for (const int limit : limits) {
        if (distance > limit) continue;
        Counts& counts = within[limit];
        ++(shared >= 0.8 ? counts.duplicates : shared >= 0.2 ? counts.near : counts.different);
      }
    }
  }
  std::cout << fmt::format("{} pages, {} pairs with Jaccard >= 0.8\n", pages.size(), same_text);
  for (const int limit : limits) {
    const Counts& counts = within[limit];
    std::cout << fmt::format("pHash-256 <= {:2}: {} duplicates, {} near, {} different\n", limit,
                             counts.duplicates, counts.near, counts.different);
  }

  const NearDuplicates found = find_near_duplicates(
      {pages.hashes, pages.words, pages.blank, [&](size_t i) { return pages.texts[i]; },
       [&](size_t i) { return pages.names[i]; }},
      1);
  EXPECT_EQ(found.duplicate_pairs, rule_duplicates);
  EXPECT_EQ(found.near_pairs, rule_near);

  const Counts& chosen = within[24];
  EXPECT_GT(chosen.duplicates, 100);
  // What looks the same but says something else is rare at 24 bits, and the text tells it apart.
  EXPECT_LT(chosen.different, 0.05 * (chosen.duplicates + chosen.near));
  EXPECT_GT(within[40].different, chosen.different);

  // The editions of one book belong together, whatever their names are; other books stay apart.
  const auto families = families_by_pages(pages, found);
  for (const auto& [family, names] : families) {
    if (names.size() > 1) std::cout << fmt::format("one family: {}\n", fmt::join(names, ", "));
  }
  const auto together = [&](const std::string& a, const std::string& b) {
    return std::any_of(families.begin(), families.end(), [&](const auto& family) {
      return family.second.contains(a) && family.second.contains(b);
    });
  };
  EXPECT_TRUE(together("packaging-tutorial.pt.pdf", "packaging-tutorial.pt_BR.pdf"));
  // These share pages with nothing but a header and a footer.
  EXPECT_FALSE(together("policy.pdf", "basic.pdf"));
  EXPECT_GT(families.size(), pages.files.size() / 2);
}

}  // namespace
}  // namespace recto
