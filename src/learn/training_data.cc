#include "learn/training_data.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "data/query_text.h"
#include "data/text_pairs.h"

namespace recto {
namespace {

using Places = std::unordered_map<std::string, size_t>;

constexpr std::string_view kBlank = "blank";  // a content class

size_t place_of(const Places& places, const std::string& id, const std::string& split,
                const char* table, const char* what) {
  const auto found = places.find(id);
  if (found == places.end()) {
    fail(ErrorCode::kBadInput, "{}/{}: the {} \"{}\" is not in the dataset's {} split", table,
         split, what, id, split);
  }
  return found->second;
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos;
}

bool is_listed(const std::vector<size_t>& list, size_t page) {
  return std::find(list.begin(), list.end(), page) != list.end();
}

std::unordered_map<std::string, DocumentRow> documents_by_id(const Dataset& dataset,
                                                             const std::string& split) {
  std::unordered_map<std::string, DocumentRow> documents;
  for (DocumentRow& row : dataset.documents(split)) {
    std::string id = row.document_id;
    documents.emplace(std::move(id), std::move(row));
  }
  return documents;
}

void read_pages(const Dataset& dataset, const std::string& split, TrainingData& data,
                Places& places) {
  const std::unordered_map<std::string, DocumentRow> documents = documents_by_id(dataset, split);
  for (const PageRow& row : dataset.pages(split)) {
    places.emplace(row.page_id, data.pages.size());
    TrainingData::Page page;
    page.id = row.page_id;
    page.split = split;
    page.document_id = row.document_id;
    page.near_group = row.near_group;
    page.width = row.width;
    page.height = row.height;
    page.blank = row.content_class == kBlank;
    if (!row.perceptual_hash.empty()) page.hash = parse_hash(row.perceptual_hash);
    page.number = row.page_number;
    if (const auto found = documents.find(row.document_id); found != documents.end()) {
      page.document_pages = found->second.pages;
      page.family = found->second.family;
      page.language = found->second.language;
    }
    data.pages.push_back(std::move(page));
  }
}

void read_queries(const Dataset& dataset, const std::string& split, TrainingData& data,
                  Places& places) {
  for (const QueryRow& row : dataset.queries(split)) {
    if (is_blank(row.query)) {
      fail(ErrorCode::kBadInput, "queries/{}: the query \"{}\" has no text", split, row.query_id);
    }
    places.emplace(row.query_id, data.queries.size());
    data.queries.push_back({row.query_id, row.query, {}, {}, row.language, row.kind});
  }
}

void read_qrels(const Dataset& dataset, const std::string& split, TrainingData& data,
                const Places& queries, const Places& pages) {
  for (const QrelRow& row : dataset.qrels(split)) {
    const size_t query = place_of(queries, row.query_id, split, "qrels", "query");
    const size_t page = place_of(pages, row.page_id, split, "qrels", "page");
    std::vector<size_t>& positives = data.queries[query].positives;
    if (row.score > 0 && !is_listed(positives, page)) positives.push_back(page);
  }
}

/// Why a page can be no negative of a query.
enum class Unfair { kNo, kAnswer, kSameAsAnswer };

Unfair is_unfair(const TrainingData& data, const TrainingData::Query& query, size_t page) {
  if (is_listed(query.positives, page)) return Unfair::kAnswer;
  const std::string& group = data.pages[page].near_group;
  const auto shows_the_same = [&](size_t answer) {
    return !group.empty() && data.pages[answer].near_group == group;
  };
  return std::any_of(query.positives.begin(), query.positives.end(), shows_the_same)
             ? Unfair::kSameAsAnswer
             : Unfair::kNo;
}

/// Adds negatives to queries whose positives are known, and counts those it cannot.
class NegativeIntake {
 public:
  explicit NegativeIntake(TrainingData& data) : data_(data) {}

  void add(size_t query_place, size_t page) {
    TrainingData::Query& query = data_.queries[query_place];
    switch (is_unfair(data_, query, page)) {
      case Unfair::kAnswer:
        ++answers_;
        break;
      case Unfair::kSameAsAnswer:
        ++same_;
        break;
      case Unfair::kNo:
        if (!is_listed(query.negatives, page)) query.negatives.push_back(page);
    }
  }

  void warn(const std::string& where) const {
    if (answers_ + same_ == 0) return;
    log_warning(
        "{}: {} hard negatives are dropped: {} answer their query themselves, {} show the same as "
        "a page that does",
        where, answers_ + same_, answers_, same_);
  }

 private:
  TrainingData& data_;
  int64_t answers_ = 0, same_ = 0;
};

void read_negatives(const Dataset& dataset, const std::string& split, TrainingData& data,
                    const Places& queries, const Places& pages) {
  std::vector<NegativeRow> rows = dataset.negatives(split);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const NegativeRow& a, const NegativeRow& b) { return a.rank < b.rank; });
  NegativeIntake intake(data);
  for (const NegativeRow& row : rows) {
    intake.add(place_of(queries, row.query_id, split, "negatives", "query"),
               place_of(pages, row.page_id, split, "negatives", "page"));
  }
  intake.warn(fmt::format("{}: table negatives, split {}", dataset.path().string(), split));
}

/// Text pairs by number: equal texts are one.
class TextData {
 public:
  TrainingData data;

  void add(TextPair&& pair) {
    const auto [query, is_new] = queries_.emplace(pair.query, data.queries.size());
    if (is_new) {
      const std::string id = query_id_of(pair.query);
      data.queries.push_back({id, pair.query, {}, {}, pair.language, "text"});
      listed_.emplace_back();
    }
    std::vector<size_t>& positives = data.queries[query->second].positives;
    const size_t page = place(pair.passage);
    if (!is_listed(positives, page)) positives.push_back(page);
    for (const std::string& negative : pair.negatives) {
      listed_[query->second].push_back(place(negative));
    }
  }

  void finish(const std::string& where) {
    NegativeIntake intake(data);
    for (size_t q = 0; q < listed_.size(); ++q) {
      for (const size_t page : listed_[q]) intake.add(q, page);
    }
    intake.warn(where);
    keep_queries(data, [](const TrainingData::Query&) { return true; });
  }

 private:
  size_t place(const std::string& passage) {
    const auto [found, is_new] = passages_.emplace(passage, data.pages.size());
    if (is_new) {
      TrainingData::Page page;
      page.id = "p-" + sha256_hex(passage).substr(0, 16);
      page.passage = passage;
      data.pages.push_back(std::move(page));
    }
    return found->second;
  }

  Places queries_, passages_;
  std::vector<std::vector<size_t>> listed_;  // negatives of each query, as the file has them
};

}  // namespace

std::string TrainingData::Page::key() const { return fmt::format("{}:{}", source, id); }

TrainingData load_training_data(const Dataset& dataset, const std::string& split) {
  TrainingData data;
  Places pages, queries;
  read_pages(dataset, split, data, pages);
  read_queries(dataset, split, data, queries);
  read_qrels(dataset, split, data, queries, pages);
  read_negatives(dataset, split, data, queries, pages);
  keep_queries(data, [](const TrainingData::Query&) { return true; });
  if (data.pairs.empty()) {
    fail(
        ErrorCode::kBadInput,
        "{}: the {} split has {} pages and {} queries, but no qrels row with a score above 0 joins "
        "them; there is nothing to {}; \"recto dataset validate\" tells what is wrong with it",
        dataset.path().string(), split, pages.size(), queries.size(),
        split == "train" ? "train on" : "measure by (--eval-queries 0 does without)");
  }
  return data;
}

TrainingData load_text_pairs(const std::filesystem::path& file) {
  TextData text;
  for_each_text_pair(file, [&](TextPair&& pair) { text.add(std::move(pair)); });
  text.finish(file.string());
  if (text.data.pairs.empty()) {
    fail(ErrorCode::kBadInput, "{} has no pair of a query and a passage", file.string());
  }
  return std::move(text.data);
}

void keep_queries(TrainingData& data, const std::function<bool(const TrainingData::Query&)>& keep) {
  std::vector<TrainingData::Query> kept;
  for (TrainingData::Query& query : data.queries) {
    if (!query.positives.empty() && keep(query)) kept.push_back(std::move(query));
  }
  data.queries = std::move(kept);
  data.pairs.clear();
  for (size_t q = 0; q < data.queries.size(); ++q) {
    for (const size_t page : data.queries[q].positives) data.pairs.push_back({q, page});
  }
}

void keep_pages(TrainingData& data, const std::vector<bool>& keep) {
  std::vector<size_t> place(data.pages.size());
  std::vector<TrainingData::Page> kept;
  for (size_t page = 0; page < data.pages.size(); ++page) {
    place[page] = kept.size();
    if (keep[page]) kept.push_back(std::move(data.pages[page]));
  }
  data.pages = std::move(kept);
  for (TrainingData::Query& query : data.queries) {
    std::erase_if(query.negatives, [&](size_t page) { return !keep[page]; });
    for (size_t& page : query.negatives) page = place[page];
    for (size_t& page : query.positives) page = place[page];
  }
  for (TrainingData::Pair& pair : data.pairs) pair.page = place[pair.page];
}

}  // namespace recto
