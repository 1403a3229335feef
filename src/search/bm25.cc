#include "search/bm25.h"

#include <mutex>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "search/sqlite.h"
#include "search/word_tokenizer.h"

namespace recto {

namespace {

constexpr const char* kSchema =
    "CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(id UNINDEXED, body, "
    "tokenize = \"unicode61 remove_diacritics 2\")";

/// The distinct words of a text in order of appearance, at most `limit`.
std::vector<std::string> distinct_words(WordTokenizer& tokenizer, const std::string& text,
                                        size_t limit) {
  std::vector<std::string> order;
  std::unordered_set<std::string> seen;
  tokenizer.for_each(text, [&](std::string_view word) {
    if (seen.emplace(word).second) order.emplace_back(word);
    return order.size() < limit;
  });
  return order;
}

/// "a" OR "b": quoted tokens have no operators inside, and no quotes either.
std::string match_expression(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) {
    out += out.empty() ? "\"" : " OR \"";
    out += token + "\"";
  }
  return out;
}

}  // namespace

struct Bm25Index::State {
  std::mutex mutex;
  Database database;
  WordTokenizer tokenizer;  ///< queries are cut exactly as texts are

  State() { database.execute(kSchema); }
  explicit State(const std::filesystem::path& path) : database(path, Database::Mode::kCreate) {
    database.execute(kSchema);
  }
};

Bm25Index::Bm25Index() : state_(std::make_unique<State>()) {}
Bm25Index::Bm25Index(const std::filesystem::path& path) : state_(std::make_unique<State>(path)) {}
Bm25Index::~Bm25Index() = default;
Bm25Index::Bm25Index(Bm25Index&&) noexcept = default;
Bm25Index& Bm25Index::operator=(Bm25Index&&) noexcept = default;

void Bm25Index::add(const std::vector<std::string>& ids, const std::vector<std::string>& texts) {
  RECTO_CHECK(ids.size() == texts.size());
  const std::lock_guard lock(state_->mutex);
  Transaction transaction(state_->database);
  Statement insert(state_->database, "INSERT INTO texts(id, body) VALUES(?1, ?2)");
  for (size_t i = 0; i < ids.size(); ++i) {
    insert.bind(1, ids[i]).bind(2, texts[i]).step();
    insert.reset();
  }
  transaction.commit();
}

int64_t Bm25Index::size() const {
  const std::lock_guard lock(state_->mutex);
  Statement count(state_->database, "SELECT count(*) FROM texts");
  count.step();
  return count.integer(0);
}

std::vector<std::string> Bm25Index::tokens(const std::string& text) const {
  const std::lock_guard lock(state_->mutex);
  return distinct_words(state_->tokenizer, text, text.size() + 1);
}

std::vector<ScoredId> Bm25Index::search(const std::string& query, int k) const {
  const std::lock_guard lock(state_->mutex);
  const auto tokens = distinct_words(state_->tokenizer, query, kMaxQueryTokens);
  if (tokens.empty() || k <= 0) return {};
  // FTS5's bm25() is the negated score.
  Statement select(state_->database,
                   "SELECT id, bm25(texts) AS badness FROM texts WHERE texts MATCH ?1 "
                   "ORDER BY badness ASC, id DESC LIMIT ?2");
  select.bind(1, match_expression(tokens)).bind(2, int64_t{k});
  std::vector<ScoredId> hits;
  while (select.step()) hits.push_back({select.text(0), -select.number(1)});
  return hits;
}

}  // namespace recto
