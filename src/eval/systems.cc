#include "eval/systems.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/stopwatch.h"
#include "search/exact.h"
#include "search/lexical_index.h"

namespace recto {

namespace {

/// Values of `run`, and 0 for the task's queries that it does not have.
SystemResult scored(const RetrievalTask& task, std::string name, std::string description, Run run) {
  SystemResult result;
  result.name = std::move(name);
  result.description = std::move(description);
  for (const auto& [query, judgements] : task.qrels) {
    const auto found = run.find(query);
    if (found == run.end()) ++result.queries_missing;
    result.per_query[query] = query_metrics(
        judgements, found == run.end() ? std::vector<std::string>() : ranked_ids(found->second));
  }
  result.mean = mean_metrics(result.per_query);
  result.run = std::move(run);
  return result;
}

void set_within(SystemResult& result, std::map<std::string, MetricValues> per_query) {
  result.within_per_query = std::move(per_query);
  result.within = mean_metrics(result.within_per_query);
}

float dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

/// By the largest first: squares of very large or small numbers are infinite, or 0.
void normalise(std::span<float> row) {
  float largest = 0;
  for (const float value : row) largest = std::max(largest, std::abs(value));
  if (largest <= 0) return;
  for (float& value : row) value /= largest;
  const float length = std::sqrt(dot(row, row));
  for (float& value : row) value /= length;
}

/// The index of a task's texts. A text's number is its place in descending order of ids, so that
/// the searcher's order of ties is that of the metrics.
struct TaskWords {
  TemporaryDirectory directory;
  LexicalIndex index{directory.path() / "words"};
  std::vector<size_t> pages;     ///< place in page_ids by number
  std::vector<int32_t> numbers;  ///< number by place in page_ids

  explicit TaskWords(const RetrievalTask& task)
      : pages(task.page_ids.size()), numbers(task.page_ids.size()) {
    std::iota(pages.begin(), pages.end(), size_t{0});
    std::sort(pages.begin(), pages.end(),
              [&](size_t a, size_t b) { return task.page_ids[a] > task.page_ids[b]; });
    for (size_t i = 0; i < pages.size(); ++i) {
      throw_if_interrupted();
      numbers[pages[i]] = static_cast<int32_t>(i);
      index.add(task.page_texts[pages[i]]);
    }
    index.finish();
  }

  int64_t bytes_per_page() const {
    const auto size = static_cast<int64_t>(std::filesystem::file_size(index.file()));
    return pages.empty() ? 0 : size / std::ssize(pages);
  }
};

/// Scores of a run by page id, for the second task.
using ScoresByPage = std::unordered_map<std::string, double>;

ScoresByPage scores_by_page(const Run& run, const std::string& query) {
  ScoresByPage out;
  const auto found = run.find(query);
  if (found == run.end()) return out;
  for (const ScoredId& hit : found->second) out[hit.id] = hit.score;
  return out;
}

}  // namespace

SystemResult score_run(const RetrievalTask& task, std::string name, std::string description,
                       Run run, const PageScores& within) {
  SystemResult result = scored(task, std::move(name), std::move(description), std::move(run));
  set_within(result, within_document_metrics(task, document_questions(task), within));
  return result;
}

SystemResult rank_vectors(const RetrievalTask& task, const Matrix& pages, const Matrix& queries,
                          int threads, const std::string& name, const std::string& remark) {
  RECTO_CHECK(pages.rows == std::ssize(task.page_ids) && queries.rows == std::ssize(task.queries));
  const ExactSearch search(task.page_ids, pages.values.data(), pages.columns);
  const Stopwatch start;
  const auto found = search.search(queries, kRunDepth, threads);
  const double seconds = start.seconds();
  Run run;
  for (size_t q = 0; q < found.size(); ++q) {
    auto& hits = run[task.queries[q].query_id];
    hits.reserve(found[q].size());
    for (const Neighbour& hit : found[q]) {
      hits.push_back({task.page_ids[hit.row], double{hit.score}});
    }
  }
  SystemResult result =
      scored(task, name, fmt::format("dot product of {} dimensions{}", pages.columns, remark),
             std::move(run));
  result.cost.query_seconds = seconds;
  const auto score = [&](const DocumentQuestion& question) {
    std::vector<ScoredId> scores;
    scores.reserve(question.pages.size());
    for (const size_t page : question.pages) {
      scores.push_back(
          {task.page_ids[page], double{dot(pages.row(static_cast<int64_t>(page)),
                                           queries.row(static_cast<int64_t>(question.query)))}});
    }
    return scores;
  };
  set_within(result, within_document_metrics(task, document_questions(task), score));
  return result;
}

std::string bm25_name(const Bm25Parameters& parameters) {
  const Bm25Parameters usual;
  if (parameters.k1 == usual.k1 && parameters.b == usual.b) return "bm25";
  return fmt::format("bm25-k{}-b{}", parameters.k1, parameters.b);
}

SystemResult rank_bm25(const RetrievalTask& task, const Bm25Parameters& parameters) {
  const Stopwatch start;
  const TaskWords words(task);
  const double page_seconds = start.seconds();
  LexicalSearcher searcher(words.index, parameters);
  const Stopwatch query_start;
  Run run;
  for (const QueryRow& query : task.queries) {
    throw_if_interrupted();
    searcher.score(query.query);
    auto& hits = run[query.query_id];
    for (const LexicalHit& hit : searcher.best(kRunDepth)) {
      hits.push_back({task.page_ids[words.pages[hit.text]], hit.score});
    }
  }
  const double query_seconds = query_start.seconds();
  SystemResult result =
      scored(task, bm25_name(parameters),
             fmt::format("BM25 of the text layer, words of SQLite FTS5 unicode61 without "
                         "diacritics, scripts without spaces by pairs of characters, k1 = {}, b = "
                         "{}",
                         parameters.k1, parameters.b),
             std::move(run));
  result.cost = {page_seconds, query_seconds, words.bytes_per_page()};
  size_t last = task.queries.size();
  const auto score = [&](const DocumentQuestion& question) {
    if (question.query != last) searcher.score(task.queries[question.query].query);
    last = question.query;
    std::vector<ScoredId> scores;
    for (const size_t page : question.pages) {
      const double value = searcher.score_of(words.numbers[page]);
      if (value != 0) scores.push_back({task.page_ids[page], value});
    }
    return scores;
  };
  set_within(result, within_document_metrics(task, document_questions(task), score));
  return result;
}

SystemResult rank_random(const RetrievalTask& task) {
  SystemResult result;
  result.name = "random";
  result.description = "expected value over all orders of the pages";
  result.is_chance = true;
  const int64_t pages = std::ssize(task.page_ids);
  const auto places = task.page_places();
  for (const auto& [query, judgements] : task.qrels) {
    Judgements there;
    Judgements absent;
    for (const auto& judgement : judgements) {
      (places.count(judgement.first) != 0 ? there : absent).insert(judgement);
    }
    result.per_query[query] = random_order_metrics(there, pages, absent);
  }
  result.mean = mean_metrics(result.per_query);
  set_within(result, within_document_random(task, document_questions(task)));
  return result;
}

namespace {

std::map<std::string, std::string> file_aliases(const RetrievalTask& task) {
  std::map<std::string, std::string> aliases;
  std::set<std::string> taken;
  for (size_t i = 0; i < task.page_ids.size(); ++i) {
    const std::string& document = task.pages[i].document_id;
    const auto name = task.document_names.find(document);
    if (name == task.document_names.end()) continue;
    if (!taken.insert(document).second) return {};  // a document of several pages
    const auto [entry, added] = aliases.emplace(name->second, task.page_ids[i]);
    if (!added) return {};  // one name for two
  }
  return aliases;
}

}  // namespace

std::map<std::string, std::string> page_aliases(const RetrievalTask& task) {
  std::map<std::string, std::string> aliases = file_aliases(task);
  for (const std::string& prefix : task.prefixes) {
    for (const std::string& id : task.page_ids) aliases.emplace(prefix + id, id);
  }
  return aliases;
}

std::vector<std::vector<std::string>> page_names(const RetrievalTask& task) {
  const bool bare = task.set.empty();
  std::vector<std::vector<std::string>> names(task.page_ids.size());
  std::map<std::string, std::string> files;
  for (auto& [name, id] : file_aliases(task)) files.emplace(id, name);
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& id = task.page_ids[i];
    for (const std::string& prefix : task.prefixes) names[i].push_back(prefix + id);
    if (!bare) continue;
    names[i].insert(names[i].begin(), id);
    if (const auto file = files.find(id); file != files.end()) names[i].push_back(file->second);
  }
  return names;
}

std::vector<std::vector<std::string>> query_names(const RetrievalTask& task) {
  std::vector<std::vector<std::string>> names;
  names.reserve(task.queries.size());
  for (const QueryRow& query : task.queries) names.push_back({query.query_id});
  return names;
}

SystemResult rank_run(const RetrievalTask& task, const std::string& name, const Run& run) {
  const auto places = task.page_places();
  const auto aliases = page_aliases(task);
  Run known;
  int64_t unknown = 0;
  for (const auto& [query, hits] : run) {
    if (task.qrels.count(query) == 0) {
      ++unknown;
      continue;
    }
    auto& out = known[query];
    std::set<std::string> found;
    const auto add = [&](const std::string& page, double score) {
      if (!found.insert(page).second) {
        fail(ErrorCode::kBadInput, "run {}: query {} finds the page {} twice, under two names",
             name, query, page);
      }
      out.push_back({page, score});
    };
    for (const ScoredId& hit : hits) {
      const auto alias = aliases.find(hit.id);
      if (places.count(hit.id) != 0) {
        add(hit.id, hit.score);
      } else if (alias != aliases.end()) {
        add(alias->second, hit.score);
      } else {
        fail(ErrorCode::kMismatch,
             "run {}: query {} finds \"{}\", which is no page of {}, split {}; is it a run of "
             "another collection?",
             name, query, hit.id, task.name, task.split);
      }
    }
  }
  if (known.empty()) {
    fail(ErrorCode::kMismatch, "run {}: none of its {} queries is judged in {}", name, run.size(),
         task.name);
  }
  SystemResult result = scored(task, name, "run from outside", std::move(known));
  result.queries_unknown = unknown;
  std::string of_query;
  ScoresByPage scores;
  const auto score = [&](const DocumentQuestion& question) {
    const std::string& query = task.queries[question.query].query_id;
    if (query != of_query) scores = scores_by_page(result.run, query);
    of_query = query;
    std::vector<ScoredId> out;
    for (const size_t page : question.pages) {
      const auto found = scores.find(task.page_ids[page]);
      if (found != scores.end()) out.push_back({found->first, found->second});
    }
    return out;
  };
  set_within(result, within_document_metrics(task, document_questions(task), score));
  return result;
}

Matrix rows_of_table(const Embeddings& table, const std::vector<std::vector<std::string>>& names,
                     const std::string& what) {
  std::unordered_map<std::string, int64_t> rows;
  for (size_t i = 0; i < table.ids.size(); ++i) {
    if (!rows.emplace(table.ids[i], static_cast<int64_t>(i)).second) {
      fail(ErrorCode::kBadInput, "{}: \"{}\" has two vectors", what, table.ids[i]);
    }
  }
  Matrix out(std::ssize(names), table.vectors.columns);
  for (size_t i = 0; i < names.size(); ++i) {
    auto found = rows.end();
    for (const std::string& name : names[i]) {
      if (found == rows.end()) found = rows.find(name);
    }
    if (found == rows.end()) {
      fail(ErrorCode::kMismatch,
           "{}: no vector of \"{}\"; every page and query of the task is wanted", what,
           fmt::join(names[i], "\" or \""));
    }
    const auto from = table.vectors.row(found->second);
    const auto to = out.row(static_cast<int64_t>(i));
    std::copy(from.begin(), from.end(), to.begin());
    if (!std::all_of(to.begin(), to.end(), [](float value) { return std::isfinite(value); })) {
      fail(ErrorCode::kBadInput, "{}: the vector of \"{}\" has a number that is not finite", what,
           names[i].front());
    }
    if (std::all_of(to.begin(), to.end(), [](float value) { return value == 0; })) {
      fail(ErrorCode::kBadInput, "{}: the vector of \"{}\" is 0 everywhere; it has no direction",
           what, names[i].front());
    }
    normalise(to);
  }
  return out;
}

}  // namespace recto
