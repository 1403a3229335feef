#include "eval/contamination.h"

#include <algorithm>
#include <unordered_set>

#include "base/directory_name.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "curate/exclusions.h"
#include "curate/folded_text.h"
#include "data/shards.h"
#include "data/text_pairs.h"
#include "eval/training_data.h"
#include "eval/training_texts.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

/// "train", or what there is else; not `held_out`, "" for none.
std::vector<std::string> training_splits(const Dataset& dataset, const std::string& held_out) {
  std::vector<std::string> splits = dataset.splits();
  if (std::find(splits.begin(), splits.end(), "train") != splits.end()) return {"train"};
  splits.erase(std::remove(splits.begin(), splits.end(), held_out), splits.end());
  return splits;
}

/// The files of what was trained on, as Exclusions::load reads them.
std::vector<fs::path> files_of(const TrainingSource& source, const RetrievalTask& task,
                               const Dataset& dataset) {
  if (!source.is_dataset) return {};
  if (!fs::exists(source.path / "pages")) return {source.path};  // another tool's layout
  std::vector<fs::path> files;
  const Dataset opened = Dataset::open(source.path);
  const bool same = fs::equivalent(source.path, dataset.path());
  for (const std::string& split : training_splits(opened, same ? task.split : "")) {
    for (const char* table : {"documents", "pages", "queries"}) {
      const auto shards = list_shards(source.path / table, split);
      files.insert(files.end(), shards.begin(), shards.end());
    }
  }
  return files;
}

std::vector<std::string> queries_of(const TrainingSource& source) {
  std::vector<std::string> queries;
  if (source.is_dataset) return queries;
  for_each_text_pair(source.path,
                     [&](TextPair&& pair) { queries.push_back(std::move(pair.query)); });
  return queries;
}

Exclusions read_training(const std::vector<TrainingSource>& sources, const RetrievalTask& task,
                         const Dataset& dataset) {
  std::vector<fs::path> files;
  std::vector<std::string> queries;
  for (const TrainingSource& source : sources) {
    const auto of_source = files_of(source, task, dataset);
    files.insert(files.end(), of_source.begin(), of_source.end());
    const auto texts = queries_of(source);
    queries.insert(queries.end(), texts.begin(), texts.end());
  }
  return Exclusions::load(files, {.threads = available_cores()}, queries);
}

/// The words of a text, whatever their case and what stands between them; "" for none.
std::string words_of(WordTokenizer& tokenizer, const std::string& text) {
  return FoldedText(tokenizer, text).joined();
}

/// SHA-256 of the words of every text that was trained on, for tasks without pictures.
std::unordered_set<std::string> seen_texts(const std::vector<TrainingSource>& sources,
                                           const RetrievalTask& task, const Dataset& dataset) {
  WordTokenizer tokenizer;
  std::unordered_set<std::string> seen;
  for (const TrainingSource& source : sources) {
    std::vector<std::string> splits;
    if (source.is_dataset && fs::exists(source.path / "pages")) {
      const bool same = fs::equivalent(source.path, dataset.path());
      splits = training_splits(Dataset::open(source.path), same ? task.split : "");
    }
    for_each_training_text(source, splits, [&](const std::string& text) {
      const std::string words = words_of(tokenizer, text);
      if (!words.empty()) seen.insert(sha256_hex(words));
    });
  }
  return seen;
}

bool is_seen(const PageRow& page, const Exclusions& training) {
  if (training.has_document(page.document_id)) return true;
  if (page.perceptual_hash.empty() || page.content_class == "blank") return false;
  return training.check_page(page.document_id, parse_hash(page.perceptual_hash), page.text)
      .has_value();
}

/// One for each page: whether the training data has it.
std::vector<uint8_t> seen_pages(const std::vector<PageRow>& pages, const Exclusions& training) {
  std::vector<uint8_t> seen(pages.size());
  parallel_for(pages.size(), available_cores(), [&](size_t i) {
    throw_if_interrupted();
    seen[i] = is_seen(pages[i], training) ? 1 : 0;
  });
  return seen;
}

}  // namespace

Contamination find_contamination(const RetrievalTask& task, const Dataset& dataset,
                                 const std::vector<fs::path>& training) {
  Contamination out;
  const std::vector<TrainingSource> sources = resolve_training(training);
  for (const TrainingSource& source : sources) out.training.push_back(directory_name(source.path));
  const Exclusions known = read_training(sources, task, dataset);
  out.training_pages = known.counts().pages;
  out.training_queries = known.counts().queries;

  const std::vector<PageRow> pages = dataset.pages(task.split);
  const std::vector<uint8_t> seen = seen_pages(pages, known);
  std::unordered_set<std::string> documents;
  std::unordered_set<std::string> touched_pages;
  for (size_t i = 0; i < pages.size(); ++i) {
    if (known.has_document(pages[i].document_id)) documents.insert(pages[i].document_id);
    if (seen[i] != 0) touched_pages.insert(pages[i].page_id);
  }
  if (task.texts_only) {
    const auto texts = seen_texts(sources, task, dataset);
    out.training_pages += std::ssize(texts);
    WordTokenizer of_pages;
    for (const PageRow& page : pages) {
      if (texts.count(sha256_hex(words_of(of_pages, page.text))) != 0) {
        touched_pages.insert(page.page_id);
      }
    }
  }
  out.documents = std::ssize(documents);
  out.pages = std::ssize(touched_pages);
  WordTokenizer tokenizer;
  for (const QueryRow& query : task.queries) {
    const bool same_words = known.check_query(tokenizer, query.query).has_value();
    if (same_words) ++out.queries;
    const Judgements& judgements = task.qrels.at(query.query_id);
    const bool same_answer =
        std::any_of(judgements.begin(), judgements.end(), [&](const auto& judgement) {
          return judgement.second > 0 && touched_pages.count(judgement.first) != 0;
        });
    if (same_words || same_answer) out.touched.insert(query.query_id);
  }
  return out;
}

std::string contamination_verdict(const Contamination& found) {
  if (found.is_flagged()) return "This task is contaminated.";
  return found.pages > 0 ? "Shared with the training data are only pages that no query asks for."
                         : "Nothing of this task was trained on.";
}

MetricValues mean_without(const std::map<std::string, MetricValues>& per_query,
                          const std::set<std::string>& touched) {
  std::map<std::string, MetricValues> rest;
  for (const auto& [query, values] : per_query) {
    if (touched.count(query) == 0) rest[query] = values;
  }
  return mean_metrics(rest);
}

}  // namespace recto
