#pragma once
// SQLite with exceptions: a connection, and statements that are reset when they go out of scope.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace recto {

/// A connection. Not thread-safe (callers hold a lock). Errors of SQLite become Error: kIo for the
/// disk and rights, kBadInput for a damaged file, kInternal otherwise; each names the file.
class Database {
 public:
  enum class Mode { kReadOnly, kReadWrite, kCreate };

  /// In memory.
  Database();
  Database(const std::filesystem::path& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements that return nothing.
  void execute(const std::string& sql);
  sqlite3* handle() const { return handle_; }
  const std::string& name() const { return name_; }
  /// Throws for a result code that is not OK, ROW or DONE.
  void check(int code) const;

 private:
  std::string name_;
  sqlite3* handle_ = nullptr;
};

/// One prepared statement; parameters count from 1, columns from 0.
class Statement {
 public:
  Statement(Database& database, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, int64_t value);
  /// Bytes that are no text; text() reads them.
  Statement& bind_blob(int index, std::string_view bytes);
  /// True when there is a row.
  bool step();
  /// Ready to be bound and run again.
  void reset();

  std::string text(int column) const;
  int64_t integer(int column) const;
  double number(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
};

/// A transaction that has the write lock from its start and is rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace recto
