#pragma once
// The second task: the document is known, which of its pages is it? Each query is asked over the
// pages of one document that answers it; what several such documents give is averaged.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "eval/task.h"

namespace recto {

/// A query and the pages of one document with an answer to it.
struct DocumentQuestion {
  size_t query = 0;           ///< place in the task's queries
  std::vector<size_t> pages;  ///< places in the task's page_ids
  Judgements judgements;      ///< of these pages
};

/// Of documents with at least two pages; empty when the task tells of no documents.
std::vector<DocumentQuestion> document_questions(const RetrievalTask& task);

/// The scores a system gives to the pages of a question; pages it has not found may be absent.
using PageScores = std::function<std::vector<ScoredId>(const DocumentQuestion& question)>;

/// Metrics by query id, of the queries that have a question.
std::map<std::string, MetricValues> within_document_metrics(
    const RetrievalTask& task, const std::vector<DocumentQuestion>& questions,
    const PageScores& scores);

/// The same for a random order of each document's pages (expected values).
std::map<std::string, MetricValues> within_document_random(
    const RetrievalTask& task, const std::vector<DocumentQuestion>& questions);

}  // namespace recto
