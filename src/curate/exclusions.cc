#include "curate/exclusions.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "curate/exclusion_list.h"
#include "curate/hash_neighbours.h"
#include "curate/word_grams.h"

namespace recto {

namespace {

constexpr const char* kStage = "decontamination";

}  // namespace

struct Exclusions::State {
  ExclusionSettings settings;
  ExclusionList list;

  std::span<const uint64_t> grams_of(size_t page) const {
    const size_t begin = page == 0 ? 0 : list.gram_ends[page - 1];
    return std::span(list.grams).subspan(begin, list.gram_ends[page] - begin);
  }

  std::vector<HashNeighbour> neighbours(const PerceptualHash& hash) const {
    const size_t count = list.page_words.size();
    std::vector<HashNeighbour> found(count);
    const HashPlanes planes = {list.hash_planes[0].data(), list.hash_planes[1].data(),
                               list.hash_planes[2].data(), list.hash_planes[3].data()};
    found.resize(find_neighbours()(
        planes, 0, count, hash, static_cast<uint32_t>(settings.rule.max_distance), found.data()));
    return found;
  }
};

Exclusions::Exclusions() : state_(std::make_unique<State>()) {}
Exclusions::~Exclusions() = default;
Exclusions::Exclusions(Exclusions&&) noexcept = default;
Exclusions& Exclusions::operator=(Exclusions&&) noexcept = default;

Exclusions Exclusions::load(const std::vector<std::filesystem::path>& paths,
                            const ExclusionSettings& settings,
                            const std::vector<std::string>& queries) {
  RECTO_CHECK(settings.overlap_words >= 1);
  Exclusions exclusions;
  exclusions.state_->settings = settings;
  ExclusionList& list = exclusions.state_->list;
  for (const auto& path : paths) read_exclusions(path, settings, list);
  WordTokenizer tokenizer;
  for (const std::string& query : queries) {
    list.add_query(tokenizer, query, settings.overlap_words);
  }
  list.counts.pages = std::ssize(list.page_words);
  list.counts.queries = static_cast<int64_t>(list.queries.size());
  list.counts.documents = static_cast<int64_t>(list.documents.size());
  return exclusions;
}

const ExclusionCounts& Exclusions::counts() const { return state_->list.counts; }

bool Exclusions::has_document(std::string_view document_id) const {
  return state_->list.documents.count(std::string(document_id)) != 0;
}

std::optional<Problem> Exclusions::check_page(std::string_view document_id,
                                              const PerceptualHash& hash,
                                              std::string_view text) const {
  const ExclusionList& list = state_->list;
  const NearDuplicateRule& rule = state_->settings.rule;
  if (has_document(document_id)) return Problem{"excluded: its document"};
  const auto near = state_->neighbours(hash);
  if (near.empty()) return std::nullopt;
  const int words = count_words(text);
  const auto grams = word_grams(text);
  for (const HashNeighbour& neighbour : near) {
    const int other = list.page_words[neighbour.index];
    const bool by_looks =
        words == 0 || other == 0 || (words < rule.few_words && other < rule.few_words);
    if (by_looks) {
      return Problem{"excluded: looks like a page of an excluded set", double(neighbour.distance),
                     double(rule.max_distance)};
    }
    const double shared = jaccard(grams, state_->grams_of(neighbour.index));
    if (shared >= rule.min_jaccard) {
      return Problem{"excluded: a page of an excluded set", shared, rule.min_jaccard};
    }
  }
  return std::nullopt;
}

std::optional<Problem> Exclusions::check_query(WordTokenizer& tokenizer,
                                               std::string_view query) const {
  const ExclusionList& list = state_->list;
  if (list.queries.empty()) return std::nullopt;
  const int run_words = state_->settings.overlap_words;
  const QueryPrint print = query_print(tokenizer, query, run_words);
  if (print.whole == 0) return std::nullopt;
  if (list.queries.count(print.whole) != 0) return Problem{"excluded: a query of an excluded set"};
  const bool overlaps = std::any_of(print.runs.begin(), print.runs.end(),
                                    [&](uint64_t run) { return list.runs.count(run) != 0; });
  if (!overlaps) return std::nullopt;
  return Problem{"excluded: has words in a row in common with a query of an excluded set",
                 double(run_words), double(run_words)};
}

int64_t decontaminate(std::vector<CorpusQuery>& queries, const Exclusions& exclusions,
                      Audit& audit) {
  WordTokenizer tokenizer;
  std::vector<uint8_t> dropped(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    const QueryRow& row = queries[i].row;
    const auto problem = exclusions.check_query(tokenizer, row.query);
    if (!problem) {
      audit.keep(row.query_id, kStage, "in no excluded set");
      continue;
    }
    dropped[i] = 1;
    audit.drop(row.query_id, kStage, problem->reason, problem->score, problem->threshold);
  }
  const auto before = std::ssize(queries);
  remove_queries(queries, dropped);
  return before - std::ssize(queries);
}

}  // namespace recto
