#include "search/word_tokenizer.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "search/sqlite.h"

namespace recto {

struct WordTokenizer::State {
  Database database;  ///< owns the tokenizer's code
  fts5_tokenizer functions{};
  Fts5Tokenizer* tokenizer = nullptr;

  State() {
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    database.check(
        sqlite3_prepare_v2(database.handle(), "SELECT fts5(?1)", -1, &statement, nullptr));
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (api == nullptr) fail(ErrorCode::kUnsupported, "this SQLite has no full-text search (FTS5)");
    void* context = nullptr;
    const char* arguments[] = {"remove_diacritics", "2"};
    database.check(api->xFindTokenizer(api, "unicode61", &context, &functions));
    database.check(functions.xCreate(context, arguments, 2, &tokenizer));
  }
  ~State() { functions.xDelete(tokenizer); }
};

WordTokenizer::WordTokenizer() : state_(std::make_unique<State>()) {}
WordTokenizer::~WordTokenizer() = default;

void WordTokenizer::for_each(std::string_view text,
                             const std::function<bool(std::string_view)>& take) {
  const auto forward = [](void* context, int, const char* word, int size, int, int) {
    const auto& callback = *static_cast<const std::function<bool(std::string_view)>*>(context);
    return callback({word, static_cast<size_t>(size)}) ? SQLITE_OK : SQLITE_DONE;
  };
  const auto size = static_cast<int>(
      std::min<size_t>(text.size(), static_cast<size_t>(std::numeric_limits<int>::max())));
  const char* bytes = text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage): with size
  state_->functions.xTokenize(state_->tokenizer,
                              const_cast<std::function<bool(std::string_view)>*>(&take),
                              FTS5_TOKENIZE_DOCUMENT, bytes, size, forward);
}

std::vector<std::string> WordTokenizer::words(std::string_view text) {
  std::vector<std::string> words;
  for_each(text, [&](std::string_view word) {
    words.emplace_back(word);
    return true;
  });
  return words;
}

}  // namespace recto
