// The global stages together at the size they are made for.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <set>

#include "base/cpu.h"
#include "base/file.h"
#include "base/random.h"
#include "curate/balance.h"
#include "curate/negatives.h"
#include "curate/query_merge.h"
#include "curate/query_rules.h"
#include "curate/ranker.h"
#include "curate/round_trip.h"
#include "curate/splits.h"

namespace recto {
namespace {

constexpr int32_t kDocuments = 2'000;
constexpr int32_t kPagesEach = 50;
constexpr int32_t kPages = kDocuments * kPagesEach;
constexpr int kCandidatesEach = 3;
constexpr int kWordsOfAPage = 200;
constexpr int kThreads = 2;
constexpr uint64_t kMostBytes = 1'500'000'000;

/// A word of a vocabulary of about 200,000, by Zipf's law.
std::string word(Random& random) {
  return fmt::format("w{}", static_cast<int64_t>(std::exp(random.uniform() * 12.2)));
}

std::string page_text(int32_t page) {
  Random random(1, static_cast<uint64_t>(page));
  std::string text;
  for (int i = 0; i < kWordsOfAPage; ++i) text += word(random) + ' ';
  return text;
}

Corpus synthetic_corpus() {
  const char* languages[] = {"en", "de", "fr", "es", "pl"};
  Corpus corpus;
  std::map<std::string, std::string> language_of;
  for (int32_t d = 0; d < kDocuments; ++d) {
    corpus.documents.push_back({fmt::format("{:064}", d), fmt::format("family-{}", d / 2), ""});
    language_of[corpus.documents.back().family] = languages[(d / 2) % 5];
    for (int32_t n = 1; n <= kPagesEach; ++n) {
      CorpusPage page;
      page.document = d;
      page.number = n;
      page.language = languages[(d / 2) % 5];
      Random random(2, static_cast<uint64_t>(d) * kPagesEach + n);
      for (uint64_t& bits : page.hash) bits = random.next();
      corpus.pages.push_back(std::move(page));
    }
  }
  const auto splits = assign_splits(language_of, {}, {});
  for (CorpusDocument& document : corpus.documents) document.split = splits.at(document.family);
  return corpus;
}

/// Seconds and memory so far, for people.
class Clock {
 public:
  void say(const std::string& what) {
    const auto now = std::chrono::steady_clock::now();
    std::cout << fmt::format("{:<16} {:7.1f} s, {:5} MB at most\n", what,
                             std::chrono::duration<double>(now - last_).count(),
                             peak_memory_bytes() / 1'000'000)
              << std::flush;
    last_ = now;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Candidates of random words of their pages, every tenth with words of a few hundred that many
/// pages share.
std::vector<CorpusQuery> merged(const Corpus& corpus, Audit& audit) {
  QueryMerger merger(corpus, {});
  const QueryRules rules;
  for (int32_t p = 0; p < kPages; ++p) {
    Random words(1, static_cast<uint64_t>(p));
    Random random(3, static_cast<uint64_t>(p));
    for (int c = 0; c < kCandidatesEach; ++c) {
      Candidate candidate;
      candidate.kind = c == 0 ? "heading" : c == 1 ? "caption" : "sentence";
      candidate.method = "synthetic";
      candidate.version = "1";
      candidate.page = corpus.pages[p].number;
      for (int i = 0; i < 6; ++i) candidate.query += word(words) + (i < 5 ? " " : "");
      if (random.below(10) == 0) {
        candidate.query = fmt::format("general words of number {}", random.below(300));
      }
      const bool dropped =
          rules.check({candidate.query, candidate.kind, "en", 0.5, "de", 0.9}).has_value();
      if (!dropped) merger.add(corpus.pages[p].document, candidate);
    }
  }
  return merger.finish(audit);
}

TEST(GlobalStages, AHundredThousandPagesInLittleMemory) {
  Clock clock;
  const Corpus corpus = synthetic_corpus();
  clock.say("corpus, splits");
  Audit audit;
  std::vector<CorpusQuery> queries = merged(corpus, audit);
  clock.say("rules, merge");
  EXPECT_GT(queries.size(), 250'000u);
  TemporaryDirectory directory;
  const auto ranker = make_bm25_ranker(directory.path() / "bm25", [](const auto& visit) {
    for (int32_t p = 0; p < kPages; ++p) visit(p, page_text(p));
  });
  clock.say("BM25 index");
  const size_t before = queries.size();
  const RoundTripReport report = round_trip(queries, *ranker, {100, kThreads}, audit);
  clock.say("round trip");
  EXPECT_EQ(report.kept + report.dropped, static_cast<int64_t>(before));
  EXPECT_GT(report.kept, report.dropped) << "the words are those of the page";
  PageHeadings headings;
  for (const CorpusQuery& query : queries) headings.add(query.pages.front(), query.folded);
  NegativeSettings settings;
  settings.threads = kThreads;
  Ranker* rankers[] = {ranker.get()};
  const auto negatives = mine_negatives(queries, corpus, headings, rankers, settings, audit);
  clock.say("negatives");
  EXPECT_GT(negatives.size(), queries.size());
  const BalanceReport balanced = balance(
      queries, corpus, {.max_per_document = 120, .target = 150'000, .temperature = 2}, audit);
  clock.say("balance");
  EXPECT_EQ(balanced.kept, 150'000);
  check_splits_apart(corpus, queries);
  clock.say("check");
  EXPECT_LT(peak_memory_bytes(), kMostBytes);
}

}  // namespace
}  // namespace recto
