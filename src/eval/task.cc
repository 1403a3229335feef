#include "eval/task.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/directory_name.h"
#include "base/error.h"
#include "base/sha256.h"
#include "model/unicode_class.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse(const Dataset& dataset, const std::string& split,
                         const std::string& problem) {
  fail(ErrorCode::kBadInput, "{}, split {}: {}", dataset.path().string(), split, problem);
}

Qrels read_judgements(const Dataset& dataset, const std::string& split,
                      const std::set<std::string>& pages) {
  Qrels qrels;
  for (const QrelRow& row : dataset.qrels(split)) {
    if (pages.count(row.page_id) == 0) {
      refuse(dataset, split,
             fmt::format("qrels name the page \"{}\", which is not there", row.page_id));
    }
    qrels[row.query_id][row.page_id] = row.score;
  }
  return qrels;
}

}  // namespace

std::vector<std::string> RetrievalTask::languages() const {
  std::set<std::string> names;
  for (const QueryRow& query : queries) names.insert(query.language);
  names.erase("");
  return {names.begin(), names.end()};
}

std::map<std::string, size_t> RetrievalTask::page_places() const {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < page_ids.size(); ++i) places.emplace(page_ids[i], i);
  return places;
}

bool RetrievalTask::has_page_texts() const {
  return !std::all_of(page_texts.begin(), page_texts.end(), is_blank);
}

RetrievalTask load_task(const Dataset& dataset, const std::string& split,
                        const ImportedFacts& imported) {
  RetrievalTask task;
  task.name = directory_name(dataset.path());
  task.split = split;
  const fs::path manifest = dataset.path() / "manifest.json";
  if (fs::exists(manifest)) task.revision = sha256_file(manifest);

  std::set<std::string> pages;
  for (PageRow& page : dataset.pages(split)) {
    if (!pages.insert(page.page_id).second) {
      refuse(dataset, split, fmt::format("the page \"{}\" is there twice", page.page_id));
    }
    task.pages.push_back({page.document_id, page.content_class, page.page_number});
    task.page_ids.push_back(std::move(page.page_id));
    task.page_texts.push_back(std::move(page.text));
  }
  std::map<std::string, std::string> families;
  for (DocumentRow& document : dataset.documents(split)) {
    const std::string& id =
        imported.documents_are_families ? document.family : document.document_id;
    families[document.document_id] = id;
    task.document_names[id] = std::move(document.source_name);
  }
  if (imported.documents_are_families) {
    for (TaskPage& page : task.pages) page.document_id = families[page.document_id];
  }
  task.qrels = read_judgements(dataset, split, pages);
  for (const QrelRow& row : imported.absent) task.qrels[row.query_id][row.page_id] = row.score;
  task.judgements_without_page = std::ssize(imported.absent);

  std::map<std::string, QueryRow> queries;
  for (QueryRow& query : dataset.queries(split)) {
    const std::string id = query.query_id;
    if (!queries.emplace(id, std::move(query)).second) {
      refuse(dataset, split, fmt::format("the query \"{}\" is there twice", id));
    }
  }
  for (const auto& [query, judgements] : task.qrels) {
    if (queries.count(query) == 0) {
      refuse(dataset, split, fmt::format("qrels name the query \"{}\", which is not there", query));
    }
  }
  for (auto& [id, query] : queries) {
    if (task.qrels.count(id) == 0) {
      ++task.queries_without_qrels;
    } else {
      task.queries.push_back(std::move(query));
    }
  }
  if (task.queries.empty()) refuse(dataset, split, "no query has a judgement in qrels");
  return task;
}

RetrievalTask only_kind(const RetrievalTask& task, const std::string& kind) {
  RetrievalTask out = task;
  out.name = task.name + "." + kind;
  if (!task.set.empty()) out.set = task.set + "." + kind;
  out.queries.clear();
  out.qrels.clear();
  std::set<std::string> kinds;
  for (const QueryRow& query : task.queries) {
    kinds.insert(query.kind);
    if (query.kind != kind) continue;
    out.queries.push_back(query);
    out.qrels[query.query_id] = task.qrels.at(query.query_id);
  }
  if (out.queries.empty()) {
    fail(ErrorCode::kUsage, "{}, split {}: no query is of the kind \"{}\"; there are {}", task.name,
         task.split, kind, fmt::join(kinds, ", "));
  }
  return out;
}

RetrievalTask judged_task(const std::string& name, const Qrels& qrels,
                          const std::vector<Run>& runs) {
  if (qrels.empty()) fail(ErrorCode::kBadInput, "{}: no judgement", name);
  RetrievalTask task;
  task.name = name;
  task.split = "test";
  task.qrels = qrels;
  std::set<std::string> pages;
  for (const auto& [query, judgements] : qrels) {
    QueryRow row;
    row.query_id = query;
    task.queries.push_back(std::move(row));
    for (const auto& [page, grade] : judgements) pages.insert(page);
  }
  for (const Run& run : runs) {
    for (const auto& [query, hits] : run) {
      for (const ScoredId& hit : hits) pages.insert(hit.id);
    }
  }
  task.page_ids.assign(pages.begin(), pages.end());
  task.page_texts.resize(task.page_ids.size());
  task.pages.resize(task.page_ids.size());
  return task;
}

}  // namespace recto
