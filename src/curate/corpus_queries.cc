#include "curate/corpus_queries.h"

#include <functional>

#include "base/interrupt.h"
#include "curate/document_record.h"
#include "curate/language.h"
#include "curate/query_merge.h"
#include "curate/query_rules.h"
#include "curate/uncleaned_queries.h"
#include "data/page_id.h"

namespace recto {
namespace {

using Visit = std::function<void(int32_t document, const Candidate& candidate, size_t number)>;

/// All candidates, numbered from 1 in each document, and among those of translations.
void for_each_candidate(const QuerySources& sources, const CurateOptions& options, Audit& audit,
                        const Visit& visit) {
  for (size_t i = 0; i < sources.records.size(); ++i) {
    throw_if_interrupted();
    size_t number = 0;
    const DocumentRecord record = read_record(sources.records[i]);
    for (const Candidate& candidate : record.candidates) {
      visit(static_cast<int32_t>(i), candidate, ++number);
    }
  }
  if (options.generators.count(kCrossLingualGenerator) == 0) return;
  size_t number = 0;
  for (const auto& [document, candidate] : cross_lingual_queries(sources.works, {}, audit)) {
    visit(static_cast<int32_t>(document), candidate, ++number);
  }
}

/// False, with a row in the audit, when the query breaks a rule.
bool passes(const QuerySources& sources, const QueryRules& rules, int32_t document,
            const Candidate& candidate, size_t number, Audit& audit) {
  const Corpus& corpus = sources.corpus;
  const int32_t page = corpus.find_page(document, candidate.page);
  if (page < 0) return false;
  const LanguageGuess guess = detect_language(candidate.query, candidate.language);
  const bool named = !candidate.language.empty();
  const QueryFacts facts{candidate.query,
                         candidate.kind,
                         named ? candidate.language : guess.language,
                         named ? 1 : guess.confidence,
                         corpus.pages[page].language,
                         sources.language_confidence[page]};
  const auto problem = rules.check(facts);
  if (!problem) return true;
  const std::string id = make_page_id(corpus.documents[document].document_id, candidate.page);
  audit.drop(fmt::format("{}#{}-{}", id, candidate.method, number), "rules", problem->reason,
             problem->score, problem->threshold);
  return false;
}

}  // namespace

std::vector<CorpusQuery> collect_queries(const QuerySources& sources, const CurateOptions& options,
                                         Audit& audit) {
  if (!options.cleaning) {
    UncleanedQueries queries(sources.corpus);
    for_each_candidate(sources, options, audit,
                       [&](int32_t document, const Candidate& candidate, size_t) {
                         queries.add(document, candidate);
                       });
    return queries.finish(audit);
  }
  const QueryRules rules(options.rules);
  QueryMerger merger(sources.corpus, {options.generic_families, options.max_pages_per_query});
  for_each_candidate(sources, options, audit,
                     [&](int32_t document, const Candidate& candidate, size_t number) {
                       if (passes(sources, rules, document, candidate, number, audit)) {
                         merger.add(document, candidate);
                       }
                     });
  return merger.finish(audit);
}

}  // namespace recto
