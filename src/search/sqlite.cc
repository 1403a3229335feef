#include "search/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "base/error.h"

namespace recto {

namespace {

/// How long a writer waits for another one.
constexpr int kBusyMilliseconds = 60'000;

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kBadInput;
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_AUTH:
      return ErrorCode::kIo;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace

Database::Database() : name_("in-memory database") {
  const int code =
      sqlite3_open_v2(":memory:", &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (code != SQLITE_OK) fail(ErrorCode::kInternal, "SQLite cannot open a database in memory");
}

Database::Database(const std::filesystem::path& path, Mode mode) : name_(path.string()) {
  const int flags = mode == Mode::kReadOnly    ? SQLITE_OPEN_READONLY
                    : mode == Mode::kReadWrite ? SQLITE_OPEN_READWRITE
                                               : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  try {
    check(code);
    sqlite3_busy_timeout(handle_, kBusyMilliseconds);
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::execute(const std::string& sql) {
  check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
}

void Database::check(int code) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  const char* text = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  const bool damaged = code_of(code) == ErrorCode::kBadInput;
  throw Error(code_of(code), fmt::format("{}: {}{}", name_, damaged ? "damaged: " : "", text));
}

Statement::Statement(Database& database, const std::string& sql) : database_(database) {
  database_.check(sqlite3_prepare_v2(database_.handle(), sql.data(), static_cast<int>(sql.size()),
                                     &handle_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(int index, std::string_view text) {
  database_.check(sqlite3_bind_text64(handle_, index, text.data(), text.size(),
                                      SQLITE_TRANSIENT,  // NOLINT(performance-no-int-to-ptr)
                                      SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, int64_t value) {
  database_.check(sqlite3_bind_int64(handle_, index, value));
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  database_.check(sqlite3_bind_blob64(handle_, index, bytes.data(), bytes.size(),
                                      SQLITE_TRANSIENT));  // NOLINT(performance-no-int-to-ptr)
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  database_.check(code);
  return code == SQLITE_ROW;
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (bytes == nullptr) return {};
  return std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(handle_, column)));
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
double Statement::number(int column) const { return sqlite3_column_double(handle_, column); }

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace recto
