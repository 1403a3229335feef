#include "search/bm25.h"

#include <sqlite3.h>

#include <mutex>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "search/sqlite.h"

namespace recto {

namespace {

constexpr const char* kSchema =
    "CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(id UNINDEXED, body, "
    "tokenize = \"unicode61 remove_diacritics 2\")";

/// FTS5's own tokenizer, so that queries are cut exactly as texts are.
class Fts5Tokenizer {
 public:
  explicit Fts5Tokenizer(Database& database) {
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    database.check(
        sqlite3_prepare_v2(database.handle(), "SELECT fts5(?1)", -1, &statement, nullptr));
    sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (api == nullptr) fail(ErrorCode::kUnsupported, "this SQLite has no full-text search (FTS5)");
    void* context = nullptr;
    const char* arguments[] = {"remove_diacritics", "2"};
    database.check(api->xFindTokenizer(api, "unicode61", &context, &functions_));
    database.check(functions_.xCreate(context, arguments, 2, &tokenizer_));
  }
  ~Fts5Tokenizer() { functions_.xDelete(tokenizer_); }
  Fts5Tokenizer(const Fts5Tokenizer&) = delete;
  Fts5Tokenizer& operator=(const Fts5Tokenizer&) = delete;

  /// Distinct tokens, at most `limit`.
  std::vector<std::string> tokens(const std::string& text, size_t limit) {
    Collected collected{{}, {}, limit};
    functions_.xTokenize(tokenizer_, &collected, FTS5_TOKENIZE_QUERY, text.data(),
                         static_cast<int>(text.size()), &Collected::take);
    return std::move(collected.order);
  }

 private:
  struct Collected {
    std::vector<std::string> order;
    std::unordered_set<std::string> seen;
    size_t limit;

    static int take(void* context, int, const char* token, int size, int, int) {
      auto& self = *static_cast<Collected*>(context);
      if (self.order.size() >= self.limit) return SQLITE_DONE;
      std::string text(token, static_cast<size_t>(size));
      if (self.seen.insert(text).second) self.order.push_back(std::move(text));
      return SQLITE_OK;
    }
  };

  fts5_tokenizer functions_{};
  ::Fts5Tokenizer* tokenizer_ = nullptr;
};

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
  std::unique_ptr<Fts5Tokenizer> tokenizer;

  State() { prepare(); }
  explicit State(const std::filesystem::path& path) : database(path, Database::Mode::kCreate) {
    prepare();
  }

  void prepare() {
    database.execute(kSchema);
    tokenizer = std::make_unique<Fts5Tokenizer>(database);
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
  return state_->tokenizer->tokens(text, text.size() + 1);
}

std::vector<ScoredId> Bm25Index::search(const std::string& query, int k) const {
  const std::lock_guard lock(state_->mutex);
  const auto tokens = state_->tokenizer->tokens(query, kMaxQueryTokens);
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
