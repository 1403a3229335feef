#include "curate/near_duplicates.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/cpu.h"
#include "base/random.h"
#include "curate/families.h"
#include "curate/hash_neighbours.h"
#include "curate/word_grams.h"

namespace recto {
namespace {

PerceptualHash random_hash(Random& random) {
  return {random.next(), random.next(), random.next(), random.next()};
}

PerceptualHash flip(PerceptualHash hash, int bits, Random& random) {
  std::set<uint64_t> places;
  while (static_cast<int>(places.size()) < bits) places.insert(random.below(256));
  for (const uint64_t place : places) hash[place / 64] ^= uint64_t{1} << (place % 64);
  return hash;
}

struct Corpus {
  std::vector<PerceptualHash> hashes;
  std::vector<std::string> texts;
  std::vector<int> words;
  std::vector<uint8_t> blank;
  std::vector<std::string> ids;
  size_t text_reads = 0;

  void add(const PerceptualHash& hash, std::string text, bool is_blank = false) {
    ids.push_back(fmt::format("{:064x}-{}", ids.size() / 20, ids.size() % 20 + 1));
    hashes.push_back(hash);
    words.push_back(count_words(text));
    texts.push_back(std::move(text));
    blank.push_back(is_blank ? 1 : 0);
  }

  NearDuplicates find(int threads = 1) {
    return find_near_duplicates({hashes, words, blank,
                                 [this](size_t i) {
                                   ++text_reads;
                                   return texts[i];
                                 },
                                 [this](size_t i) { return ids[i]; }},
                                threads);
  }
};

std::string random_text(Random& random, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += fmt::format("w{} ", random.below(5000));
  return text;
}

/// `text` with `changes` of its words replaced.
std::string vary(const std::string& text, int changes, Random& random) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find(' ', at);
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  for (int i = 0; i < changes; ++i) words[random.below(words.size())] = "changed";
  std::string out;
  for (const std::string& word : words) out += word + ' ';
  return out;
}

/// Clusters of pages alike in looks, in text, in both or in neither, short texts and blank pages.
Corpus mixed_corpus(uint64_t seed) {
  Random random(seed);
  Corpus corpus;
  for (int cluster = 0; cluster < 60; ++cluster) {
    const PerceptualHash hash = random_hash(random);
    const int words =
        static_cast<int>(random.below(3)) == 0 ? 15 + static_cast<int>(random.below(10)) : 100;
    const std::string text = random_text(random, words);
    const uint64_t size = 1 + random.below(10);
    for (uint64_t i = 0; i < size; ++i) {
      const int bits = random.below(2) == 0 ? 0 : static_cast<int>(random.below(20));
      std::string own = vary(text, static_cast<int>(random.below(6)), random);
      if (random.below(5) == 0) own = random_text(random, words);
      corpus.add(flip(hash, bits, random), own);
    }
    if (random.below(4) == 0) corpus.add({1, 0, 0, 0}, "", true);
  }
  return corpus;
}

/// The rule of the specification, pair by pair.
struct Plain {
  std::set<std::pair<uint32_t, uint32_t>> duplicates, near;
  std::vector<size_t> root;
};

Plain plain_search(const Corpus& corpus) {
  Plain out;
  const size_t count = corpus.hashes.size();
  UnionFind groups(count);
  for (uint32_t a = 0; a < count; ++a) {
    for (uint32_t b = a + 1; b < count; ++b) {
      if (corpus.blank[a] != 0 || corpus.blank[b] != 0) continue;
      if (hamming_distance(corpus.hashes[a], corpus.hashes[b]) > 24) continue;
      const bool few = corpus.words[a] < 20 && corpus.words[b] < 20;
      const bool same =
          few || jaccard(word_grams(corpus.texts[a]), word_grams(corpus.texts[b])) >= 0.8;
      (same ? out.duplicates : out.near).emplace(a, b);
      if (same) groups.join(a, b);
    }
  }
  for (size_t i = 0; i < count; ++i) out.root.push_back(groups.root(i));
  return out;
}

TEST(NearDuplicates, EqualsTheRulePairByPair) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Corpus corpus = mixed_corpus(seed);
    const Plain wanted = plain_search(corpus);
    const NearDuplicates found = corpus.find();
    EXPECT_EQ(found.duplicate_pairs, wanted.duplicates.size());
    EXPECT_EQ(found.near_pairs, wanted.near.size());
    EXPECT_GT(wanted.duplicates.size(), 100u);
    EXPECT_GT(wanted.near.size(), 20u);
    for (const NearPair& pair : found.pairs) {
      const auto& set = pair.duplicate ? wanted.duplicates : wanted.near;
      EXPECT_TRUE(set.contains({pair.a, pair.b})) << pair.a << " " << pair.b;
      EXPECT_EQ(pair.distance, hamming_distance(corpus.hashes[pair.a], corpus.hashes[pair.b]));
      EXPECT_DOUBLE_EQ(pair.jaccard,
                       jaccard(word_grams(corpus.texts[pair.a]), word_grams(corpus.texts[pair.b])));
    }
    for (size_t a = 0; a < corpus.hashes.size(); ++a) {
      if (corpus.blank[a] != 0) {
        EXPECT_EQ(found.group_names[found.group[a]], kBlankGroup);
        continue;
      }
      const auto size = std::count(wanted.root.begin(), wanted.root.end(), wanted.root[a]);
      EXPECT_EQ(found.group[a] == kNoGroup, size == 1) << a;
      for (size_t b = 0; b < a; ++b) {
        if (corpus.blank[b] != 0 || found.group[a] == kNoGroup) continue;
        EXPECT_EQ(found.group[a] == found.group[b], wanted.root[a] == wanted.root[b]);
      }
    }
  }
}

TEST(NearDuplicates, ThreadsChangeNothing) {
  Corpus corpus = mixed_corpus(9);
  Random random(4);
  for (int i = 0; i < 20000; ++i) corpus.add(random_hash(random), "");
  const NearDuplicates one = corpus.find(1);
  const NearDuplicates four = corpus.find(4);
  EXPECT_EQ(one.group, four.group);
  EXPECT_EQ(one.group_names, four.group_names);
  ASSERT_EQ(one.pairs.size(), four.pairs.size());
  for (size_t i = 0; i < one.pairs.size(); ++i) {
    EXPECT_EQ(one.pairs[i].a, four.pairs[i].a);
    EXPECT_EQ(one.pairs[i].b, four.pairs[i].b);
  }
}

/// Page ids by group name.
std::map<std::string, std::set<std::string>> groups_by_name(const Corpus& corpus,
                                                            const NearDuplicates& found) {
  std::map<std::string, std::set<std::string>> groups;
  for (size_t i = 0; i < found.group.size(); ++i) {
    if (found.group[i] != kNoGroup) {
      groups[found.group_names[found.group[i]]].insert(corpus.ids[i]);
    }
  }
  return groups;
}

TEST(NearDuplicates, GroupsDoNotDependOnTheOrderOfPages) {
  Corpus corpus = mixed_corpus(2);
  const auto wanted = groups_by_name(corpus, corpus.find());
  std::vector<size_t> order(corpus.hashes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random(6).shuffle(order);
  Corpus shuffled;
  for (const size_t i : order) {
    shuffled.add(corpus.hashes[i], corpus.texts[i], corpus.blank[i] != 0);
    shuffled.ids.back() = corpus.ids[i];
  }
  EXPECT_EQ(groups_by_name(shuffled, shuffled.find()), wanted);
}

TEST(NearDuplicates, NamesAreThoseOfTheSmallestPage) {
  Corpus corpus;
  corpus.add({5, 0, 0, 0}, "title");
  corpus.add({5, 0, 0, 0}, "title");
  corpus.ids = {"ffffffffffffffffffffffff-1", "0123456789abcdef01234567-12"};
  EXPECT_EQ(corpus.find().group_names, std::vector<std::string>{"near-0123456789abcdef-12"});
}

TEST(NearDuplicates, TheRuleAtItsEdges) {
  Random random(8);
  const PerceptualHash hash = random_hash(random);
  const std::string nineteen = random_text(random, 19);
  const std::string twenty = random_text(random, 20);
  const std::string other_nineteen = random_text(random, 19);
  const std::string long_text = random_text(random, 200);
  const struct {
    const char* what;
    int bits;
    std::string a, b;
    bool near, duplicate;
  } cases[] = {
      {"same text, 24 bits", 24, long_text, long_text, true, true},
      {"same text, 25 bits", 25, long_text, long_text, false, false},
      {"few words, different", 24, nineteen, other_nineteen, true, true},
      {"no words", 24, "", "", true, true},
      {"few words on one page only", 0, nineteen, twenty, true, false},
      {"few words beside the same and one more", 0, nineteen, nineteen + "more", true, true},
      {"no words on one page", 3, "", long_text, true, false},
      {"other text", 10, long_text, random_text(random, 200), true, false},
      {"one word of 200 changed", 10, long_text, vary(long_text, 1, random), true, true},
  };
  for (const auto& item : cases) {
    Corpus corpus;
    corpus.add(hash, item.a);
    corpus.add(flip(hash, item.bits, random), item.b);
    const NearDuplicates found = corpus.find();
    EXPECT_EQ(found.pairs.size(), item.near ? 1u : 0u) << item.what;
    EXPECT_EQ(found.group[0] != kNoGroup, item.duplicate) << item.what;
    EXPECT_EQ(are_near(corpus.hashes[0], corpus.hashes[1]), item.near) << item.what;
  }
}

TEST(NearDuplicates, ManyPagesAlikeStayFewPairs) {
  Random random(5);
  Corpus corpus;
  for (int i = 0; i < 20000; ++i) corpus.add({1, 0, 0, 0}, "", true);
  // Nearly blank pages, each with its number.
  for (int i = 0; i < 6000; ++i) {
    corpus.add(flip({1, 0, 0, 0}, static_cast<int>(random.below(5)), random), fmt::format("{}", i));
  }
  const std::string notice = random_text(random, 60);
  const PerceptualHash hash = random_hash(random);
  for (int i = 0; i < 20000; ++i) corpus.add(hash, notice);
  const NearDuplicates found = corpus.find();
  EXPECT_EQ(found.group_names.size(), 3u);
  EXPECT_LE(found.pairs.size(), size_t{26000} * kMaxPairsPerPage / 2);
  EXPECT_EQ(found.duplicate_pairs, uint64_t{20000} * 19999 / 2 + uint64_t{6000} * 5999 / 2);
  EXPECT_EQ(found.near_pairs, 0u);
}

TEST(NearDuplicates, SameLooksAndManyTexts) {
  Random random(15);
  Corpus corpus;
  for (int i = 0; i < 1500; ++i) corpus.add({7, 7, 7, 7}, random_text(random, 150));
  const NearDuplicates found = corpus.find();
  EXPECT_EQ(found.near_pairs, uint64_t{1500} * 1499 / 2);
  EXPECT_TRUE(found.group_names.empty());
  EXPECT_LE(found.pairs.size(), size_t{1500} * kMaxPairsPerPage / 2);
  EXPECT_LE(corpus.text_reads, 3000u);
}

TEST(NearDuplicates, TextsOfPagesAloneAreNotAskedFor) {
  Random random(25);
  Corpus corpus;
  for (int i = 0; i < 3000; ++i) corpus.add(random_hash(random), random_text(random, 30));
  const NearDuplicates found = corpus.find();
  EXPECT_EQ(corpus.text_reads, 0u);
  EXPECT_TRUE(found.pairs.empty());
  EXPECT_EQ(std::count(found.group.begin(), found.group.end(), kNoGroup), 3000);
}

TEST(NearDuplicates, NoPages) { EXPECT_TRUE(Corpus().find().group.empty()); }

void expect_all_found(FindNeighbours kernel) {
  Random random(21);
  std::array<std::vector<uint64_t>, 4> words;
  const PerceptualHash hash = random_hash(random);
  for (int i = 0; i < 777; ++i) {
    const PerceptualHash other = flip(hash, static_cast<int>(random.below(257)), random);
    for (int k = 0; k < 4; ++k) words[k].push_back(other[k]);
  }
  const HashPlanes planes = {words[0].data(), words[1].data(), words[2].data(), words[3].data()};
  for (int round = 0; round < 200; ++round) {
    const size_t begin = random.below(40);
    const size_t end = begin + random.below(777 - begin + 1);
    const auto limit = static_cast<uint32_t>(round == 0 ? 256 : random.below(257));
    std::vector<HashNeighbour> got(end - begin);
    const size_t count = kernel(planes, begin, end, hash, limit, got.data());
    std::vector<std::pair<uint32_t, uint32_t>> wanted;
    for (size_t i = begin; i < end; ++i) {
      const int distance =
          hamming_distance(hash, {words[0][i], words[1][i], words[2][i], words[3][i]});
      if (distance <= static_cast<int>(limit)) wanted.emplace_back(i, distance);
    }
    ASSERT_EQ(count, wanted.size());
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(std::pair(got[i].index, got[i].distance), wanted[i]);
    }
  }
}

TEST(HashNeighbours, Plain) { expect_all_found(find_neighbours_plainly); }

TEST(HashNeighbours, Sse2) { expect_all_found(find_neighbours_sse2); }

TEST(HashNeighbours, Avx2) {
  if (!cpu_features().avx2) GTEST_SKIP() << "this processor has no AVX2";
  expect_all_found(find_neighbours_avx2);
}

TEST(HashNeighbours, Avx512) {
  if (!cpu_features().avx512) GTEST_SKIP() << "this processor has no AVX-512";
  expect_all_found(find_neighbours_avx512);
}

}  // namespace
}  // namespace recto
