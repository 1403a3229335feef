#include "eval/within_document.h"

#include <utility>

namespace recto {
namespace {

using DocumentPages = std::map<std::string, std::vector<size_t>>;

DocumentPages pages_of_documents(const RetrievalTask& task) {
  DocumentPages out;
  for (size_t i = 0; i < task.pages.size(); ++i) {
    if (!task.pages[i].document_id.empty()) out[task.pages[i].document_id].push_back(i);
  }
  return out;
}

/// What is judged relevant, by document.
std::map<std::string, Judgements> answers_by_document(const RetrievalTask& task,
                                                      const std::string& query,
                                                      const std::map<std::string, size_t>& places) {
  std::map<std::string, Judgements> out;
  for (const auto& [page, grade] : task.qrels.at(query)) {
    const auto place = places.find(page);
    if (grade > 0 && place != places.end()) {
      out[task.pages[place->second].document_id][page] = grade;
    }
  }
  return out;
}

/// The mean over the questions of each query of what `measure` says.
std::map<std::string, MetricValues> means_by_query(
    const RetrievalTask& task, const std::vector<DocumentQuestion>& questions,
    const std::function<MetricValues(const DocumentQuestion&)>& measure) {
  std::map<std::string, std::map<std::string, MetricValues>> by_query;
  for (const DocumentQuestion& question : questions) {
    auto& values = by_query[task.queries[question.query].query_id];
    values[std::to_string(values.size())] = measure(question);
  }
  std::map<std::string, MetricValues> out;
  for (const auto& [query, values] : by_query) out[query] = mean_metrics(values);
  return out;
}

}  // namespace

std::vector<DocumentQuestion> document_questions(const RetrievalTask& task) {
  const DocumentPages documents = pages_of_documents(task);
  const auto places = task.page_places();
  std::vector<DocumentQuestion> out;
  for (size_t q = 0; q < task.queries.size(); ++q) {
    for (auto& [document, judgements] :
         answers_by_document(task, task.queries[q].query_id, places)) {
      const auto pages = documents.find(document);
      if (pages == documents.end() || pages->second.size() < 2) continue;
      out.push_back({q, pages->second, judgements});
    }
  }
  return out;
}

std::map<std::string, MetricValues> within_document_metrics(
    const RetrievalTask& task, const std::vector<DocumentQuestion>& questions,
    const PageScores& scores) {
  return means_by_query(task, questions, [&](const DocumentQuestion& question) {
    return query_metrics(question.judgements, ranked_ids(scores(question)));
  });
}

std::map<std::string, MetricValues> within_document_random(
    const RetrievalTask& task, const std::vector<DocumentQuestion>& questions) {
  return means_by_query(task, questions, [](const DocumentQuestion& question) {
    return random_order_metrics(question.judgements, std::ssize(question.pages));
  });
}

}  // namespace recto
