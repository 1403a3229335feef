#include "curate/uncleaned_queries.h"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "curate/folded_text.h"
#include "curate/query_row.h"
#include "data/query_text.h"

namespace recto {
namespace {

constexpr const char* kStage = "query";
constexpr const char* kTrain = "train";

std::string id_of(const std::string& folded, bool crosses, const std::string& page_id) {
  return query_id_of(fmt::format("{}\n{}\n{}", folded, crosses ? "crosses" : "", page_id));
}

}  // namespace

struct UncleanedQueries::State {
  const Corpus& corpus;
  WordTokenizer tokenizer;
  std::vector<CorpusQuery> queries;
  std::unordered_set<std::string> ids;
  std::unordered_map<std::string, std::string> splits;  ///< of words: where they may stand

  explicit State(const Corpus& of) : corpus(of) {}

  const std::string& split_of(int32_t page) const { return corpus.document_of(page).split; }
};

UncleanedQueries::UncleanedQueries(const Corpus& corpus)
    : state_(std::make_unique<State>(corpus)) {}
UncleanedQueries::~UncleanedQueries() = default;

bool UncleanedQueries::add(int32_t document, const Candidate& candidate) {
  const Corpus& corpus = state_->corpus;
  const int32_t page = corpus.find_page(document, candidate.page);
  if (page < 0) return false;
  const FoldedText words(state_->tokenizer, candidate.query);
  if (words.empty()) return false;
  const std::string& folded = words.joined();
  const bool crosses = candidate.kind == kCrossLingualKind;
  QueryRow row = query_row(candidate, corpus.pages[page]);
  row.query_id = id_of(folded, crosses, corpus.page_id(page));
  if (!state_->ids.insert(row.query_id).second) return false;
  const auto [split, added] = state_->splits.emplace(folded, state_->split_of(page));
  if (!added && state_->split_of(page) == kTrain) split->second = kTrain;
  state_->queries.push_back({std::move(row), folded, {page}});
  return true;
}

std::vector<CorpusQuery> UncleanedQueries::finish(Audit& audit) {
  std::vector<CorpusQuery> kept;
  for (CorpusQuery& query : state_->queries) {
    if (state_->splits.at(query.folded) != state_->split_of(query.pages.front())) {
      audit.drop(query.row.query_id, kStage, "words of another split");
      continue;
    }
    audit.keep(query.row.query_id, kStage, "as proposed", 1);
    kept.push_back(std::move(query));
  }
  state_->queries.clear();
  return kept;
}

}  // namespace recto
