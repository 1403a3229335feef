#pragma once
// A retrieval task: queries, the pages they are asked over, and which pages answer them.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/metrics.h"

namespace recto {

/// A page without its picture and text.
struct TaskPage {
  std::string document_id;    ///< "" when unknown
  std::string content_class;  ///< "" when unknown
  int number = 0;             ///< from 1; 0 when unknown
};

struct RetrievalTask {
  std::string name;  ///< of the dataset's directory, or of the file of judgements
  std::string split;
  std::string revision;  ///< SHA-256 of manifest.json, "" without one
  std::vector<std::string> page_ids;
  std::vector<std::string> page_texts;
  std::vector<TaskPage> pages;                        ///< in the order of page_ids
  std::map<std::string, std::string> document_names;  ///< file names by document_id
  std::vector<QueryRow> queries;                      ///< those with a judgement, sorted by id
  Qrels qrels;
  int64_t queries_without_qrels = 0;  ///< left out
  /// Of qrels, those of pages that are not there: they count as never found, as in trec_eval.
  int64_t judgements_without_page = 0;
  bool texts_only = false;  ///< the pages have no pictures; models embed their texts
  /// The set whose corpora are measured one by one, of which this task has one; "" for a whole set.
  std::string set;
  /// Of a set with configurations by language: what stands in front of its queries' ids, and in
  /// tables and runs in front of its pages' ("english-").
  std::vector<std::string> prefixes;

  /// Languages of the queries, sorted, without "".
  std::vector<std::string> languages() const;
  /// Places in page_ids.
  std::map<std::string, size_t> page_places() const;
  /// Whether words can be searched at all.
  bool has_page_texts() const;
};

/// What else an import of another tool's set tells (data/dataset_import.h).
struct ImportedFacts {
  std::vector<QrelRow> absent;  ///< judgements of pages that are not there
  /// Pages of one family are one document to the task: a document of the dataset is a picture
  /// there.
  bool documents_are_families = false;
};

/// The task of one split. Throws
/// Error(kBadInput) when no query has a judgement, a query or page id is there twice, or a
/// judgement names a page or query that is not there; Error(kNotFound) for an unknown split.
RetrievalTask load_task(const Dataset& dataset, const std::string& split,
                        const ImportedFacts& imported = {});

/// The queries of one kind over all pages; the task is called NAME.KIND. Throws Error(kUsage)
/// naming the kinds when there is none.
RetrievalTask only_kind(const RetrievalTask& task, const std::string& kind);

/// A task of judgements alone: no texts, and as pages those that are judged or found by `runs`.
/// Throws Error(kBadInput) without a judgement.
RetrievalTask judged_task(const std::string& name, const Qrels& qrels,
                          const std::vector<Run>& runs);

}  // namespace recto
