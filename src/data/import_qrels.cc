#include "data/import_qrels.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/import_files.h"

namespace recto {

void QrelsImport::add_qrel(const std::string& split, const std::string& query_id,
                           const std::string& corpus_id, int score) {
  const std::string named = split.empty() ? fallback_ : split;
  if (std::find(splits_.begin(), splits_.end(), named) == splits_.end()) {
    splits_.push_back(named);
    splits_ = by_precedence(std::move(splits_));
  }
  qrels_[query_id].push_back({named, corpus_id, score});
  const auto [entry, fresh] = split_of_page_.try_emplace(corpus_id, named);
  if (!fresh && entry->second != named) {
    entry->second = by_precedence({entry->second, named}).front();
  }
}

std::string QrelsImport::page_split(const std::string& own, const std::string& corpus_id) const {
  if (splits_.empty()) return own.empty() ? fallback_ : own;
  if (std::find(splits_.begin(), splits_.end(), own) != splits_.end()) return own;
  const auto asked = split_of_page_.find(corpus_id);
  return asked == split_of_page_.end() ? splits_.front() : asked->second;
}

void QrelsImport::add_pages(std::vector<std::string>&& corpus_ids,
                            std::vector<IncomingPage>&& pages) {
  const std::vector<int> numbers = sink_.add_pages(std::move(pages));
  for (size_t i = 0; i < numbers.size(); ++i) {
    // With a corpus for each split, an id can come again; a page that was kept stays.
    const auto [entry, fresh] = page_of_id_.try_emplace(std::move(corpus_ids[i]), numbers[i]);
    if (fresh) continue;
    if (entry->second == numbers[i]) {
      if (sink_.for_evaluation()) sink_.count("page: there twice");
      continue;
    }
    if (entry->second == ImportSink::kNone) {
      entry->second = numbers[i];
    } else if (sink_.for_evaluation() && numbers[i] != ImportSink::kNone) {
      fail(ErrorCode::kBadInput,
           "the corpus has the page \"{}\" twice, with different contents; each needs an id of its "
           "own",
           entry->first);
    }
  }
}

bool QrelsImport::is_repeated(const std::string& id, const std::string& text) {
  if (!sink_.for_evaluation()) return false;
  const auto [entry, fresh] = text_of_query_.try_emplace(id, text);
  if (fresh) return false;
  if (entry->second != text) {
    fail(ErrorCode::kBadInput,
         "the query \"{}\" is there twice, with different texts: \"{}\" and \"{}\"; each needs an "
         "id of its own",
         id, entry->second, text);
  }
  sink_.count("query: there twice");
  return true;
}

void QrelsImport::add_query(const std::string& own_split, const std::string& id,
                            const std::string& name, const std::string& text,
                            const std::string& language) {
  if (is_repeated(id, text)) return;
  const auto found = qrels_.find(id);
  const bool own_known = std::find(splits_.begin(), splits_.end(), own_split) != splits_.end();
  std::vector<std::string> splits;
  if (own_known || found == qrels_.end()) {
    splits.push_back(own_split.empty() ? fallback_ : own_split);
  } else {
    for (const Qrel& qrel : found->second) splits.push_back(qrel.split);
  }
  for (const std::string& split : by_precedence(std::move(splits))) {
    const int query = sink_.add_query_by_id(split, name, text, language);
    if (found == qrels_.end()) continue;
    for (const Qrel& qrel : found->second) {
      if (qrel.split != split) continue;
      const auto page = page_of_id_.find(qrel.corpus_id);
      if (page == page_of_id_.end() && sink_.for_evaluation()) {
        sink_.add_absent_answer(query, qrel.corpus_id, qrel.score);
        continue;
      }
      sink_.add_answer(query, page == page_of_id_.end() ? ImportSink::kNone : page->second,
                       qrel.score);
    }
  }
}

int parse_grade(double value, const std::string& where) {
  if (!(std::abs(value) <= 1e6) || std::floor(value) != value) {
    fail(ErrorCode::kBadInput, "{}: the score {} is no whole number", where, value);
  }
  return static_cast<int>(value);
}

}  // namespace recto
