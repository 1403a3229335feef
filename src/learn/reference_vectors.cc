#include "learn/reference_vectors.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>

#include "base/error.h"
#include "base/sha256.h"
#include "data/table.h"
#include "learn/id_places.h"

namespace recto {
namespace {

class Collector {
 public:
  Collector(const TrainingData& data, std::string option)
      : places_(data, option), option_(std::move(option)) {
    kept_.query_rows.assign(data.queries.size(), ReferenceVectors::kNone);
    kept_.page_rows.assign(data.pages.size(), ReferenceVectors::kNone);
  }

  void add(const std::string& file) {
    const Embeddings table = read_embeddings(file);
    check_dimensions(table, file);
    for (int64_t i = 0; i < table.vectors.rows; ++i) {
      add_row(table.ids[static_cast<size_t>(i)], table.vectors.row(i), file);
    }
  }

  ReferenceVectors result() && { return std::move(kept_); }

 private:
  void check_dimensions(const Embeddings& table, const std::string& file) {
    if (table.vectors.rows == 0) return;
    if (first_file_.empty()) {
      first_file_ = file;
      kept_.vectors.columns = table.vectors.columns;
    }
    if (table.vectors.columns == kept_.vectors.columns) return;
    fail(ErrorCode::kMismatch,
         "{}: {} has {} dimensions and {} has {}; one model must have made all", option_,
         first_file_, kept_.vectors.columns, file, table.vectors.columns);
  }

  void add_row(const std::string& id, std::span<const float> vector, const std::string& file) {
    const std::vector<size_t>& queries = places_.queries(id);
    const std::vector<size_t>& pages = places_.pages(id);
    if (queries.empty() && pages.empty()) return;
    if (!seen_.emplace(id, &file).second) {
      fail(ErrorCode::kBadInput, "{}: \"{}\" has a vector in {} and another in {}", option_, id,
           *seen_.at(id), file);
    }
    const int64_t row = append(id, vector, file);
    for (const size_t query : queries) kept_.query_rows[query] = row;
    for (const size_t page : pages) kept_.page_rows[page] = row;
  }

  int64_t append(const std::string& id, std::span<const float> vector, const std::string& file) {
    double square = 0;
    for (const float value : vector) square += static_cast<double>(value) * value;
    if (!std::isfinite(square) || square == 0) {
      fail(ErrorCode::kBadInput, "{}: the vector of \"{}\" in {} {}", option_, id, file,
           square == 0 ? "is zero" : "has values that are not finite");
    }
    const double norm = std::sqrt(square);
    for (const float value : vector) {
      kept_.vectors.values.push_back(static_cast<float>(value / norm));
    }
    return kept_.vectors.rows++;
  }

  IdPlaces places_;
  std::string option_;
  std::string first_file_;
  std::unordered_map<std::string, const std::string*> seen_;  // the file each id was in
  ReferenceVectors kept_;
};

}  // namespace

std::string ReferenceVectors::sha256() const {
  // Row by row in the order of the data, so that the order of the files is none of its business.
  Sha256 hash;
  for (const std::vector<int64_t>* rows : {&query_rows, &page_rows}) {
    for (const int64_t row : *rows) {
      const char has = row == kNone ? 0 : 1;
      hash.update(std::string_view(&has, 1));
      if (row != kNone) hash.update(std::as_bytes(vectors.row(row)));
    }
  }
  return hash.hex();
}

ReferenceVectors read_reference_vectors(const std::vector<std::string>& files,
                                        const TrainingData& data, const std::string& option) {
  Collector collector(data, option);
  for (const std::string& file : files) collector.add(file);
  return std::move(collector).result();
}

std::vector<size_t> pages_in_steps(const TrainingData& data, NegativePages negatives) {
  std::vector<bool> used(data.pages.size(), negatives == NegativePages::kAll);
  for (const TrainingData::Query& query : data.queries) {
    for (const size_t page : query.positives) used[page] = true;
    if (negatives == NegativePages::kNone) continue;
    for (const size_t page : query.negatives) used[page] = true;
  }
  std::vector<size_t> pages;
  for (size_t page = 0; page < used.size(); ++page) {
    if (used[page]) pages.push_back(page);
  }
  return pages;
}

}  // namespace recto
