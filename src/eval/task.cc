#include "eval/task.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/directory_name.h"
#include "base/error.h"
#include "base/sha256.h"

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

RetrievalTask load_task(const Dataset& dataset, const std::string& split) {
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
    task.page_ids.push_back(std::move(page.page_id));
    task.page_texts.push_back(std::move(page.text));
  }
  task.qrels = read_judgements(dataset, split, pages);

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

}  // namespace recto
