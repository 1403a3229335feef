#include "search/sparse_store.h"

#include <cstring>
#include <string>

#include "base/append_file.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMagic = "RECTOSPV";

constexpr const char* kSchema = R"(
CREATE TABLE sparse_documents(
  document INTEGER PRIMARY KEY REFERENCES documents(document),
  offset INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL);
)";

fs::path path_of(const fs::path& directory) { return directory / "sparse.bin"; }

int64_t committed_bytes(Database& database) {
  Statement statement(database,
                      "SELECT offset + bytes FROM sparse_documents ORDER BY document DESC LIMIT 1");
  return statement.step() ? statement.integer(0) : kAppendHeaderBytes;
}

template <typename T>
void put(std::string& out, const T* values, size_t count) {
  out.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

/// Of each page its number of weights, the ids and the weights.
std::string encode(std::span<const SparseVector> pages) {
  std::string out;
  for (const SparseVector& page : pages) {
    const auto count = static_cast<uint32_t>(page.ids.size());
    put(out, &count, 1);
    put(out, page.ids.data(), count);
    put(out, page.weights.data(), count);
  }
  return out;
}

/// False when there are fewer bytes.
template <typename T>
bool take(std::span<const std::byte>& bytes, T* out, size_t count) {
  if (count > bytes.size() / sizeof(T)) return false;
  std::memcpy(out, bytes.data(), count * sizeof(T));
  bytes = bytes.subspan(count * sizeof(T));
  return true;
}

bool take_page(std::span<const std::byte>& bytes, SparseVector& page) {
  uint32_t count = 0;
  if (!take(bytes, &count, 1) || count > bytes.size() / (2 * sizeof(float))) return false;
  page.ids.resize(count);
  page.weights.resize(count);
  return take(bytes, page.ids.data(), count) && take(bytes, page.weights.data(), count);
}

/// False when the bytes are not those of so many pages.
bool decode(std::span<const std::byte> bytes, int64_t pages, std::vector<SparseVector>& out) {
  for (int64_t i = 0; i < pages; ++i) {
    if (!take_page(bytes, out.emplace_back())) return false;
  }
  return bytes.empty();
}

}  // namespace

void create_sparse_store(const fs::path& directory, Database& database) {
  create_append_file(path_of(directory), kMagic, 0);
  database.execute(kSchema);
}

void check_sparse_store(const fs::path& directory, Database& database) {
  check_append_file(path_of(directory), kMagic, 0, committed_bytes(database));
}

void add_to_sparse_store(const fs::path& directory, Database& database, int64_t key,
                         std::span<const SparseVector> pages) {
  const std::string bytes = encode(pages);
  AppendFile file(path_of(directory), committed_bytes(database));
  const int64_t offset = file.append(as_bytes(bytes));
  Statement insert(
      database,
      "INSERT INTO sparse_documents(document, offset, bytes, sha256) VALUES(?1,?2,?3,?4)");
  insert.bind(1, key).bind(2, offset).bind(3, std::ssize(bytes)).bind(4, sha256_hex(bytes)).step();
  file.sync();
}

std::vector<SparseVector> read_sparse_store(const fs::path& directory, Database& database) {
  const MappedFile file(path_of(directory));
  Statement rows(database,
                 "SELECT d.source_name, d.pages, s.offset, s.bytes, s.sha256 FROM documents d LEFT "
                 "JOIN sparse_documents s ON s.document = d.document ORDER BY d.document");
  std::vector<SparseVector> pages;
  while (rows.step()) {
    const auto bytes = file.bytes();
    const auto first = static_cast<size_t>(rows.integer(2));
    const auto size = static_cast<size_t>(rows.integer(3));
    const bool inside = first <= bytes.size() && size <= bytes.size() - first;
    if (inside && sha256_hex(bytes.subspan(first, size)) == rows.text(4) &&
        decode(bytes.subspan(first, size), rows.integer(1), pages)) {
      continue;
    }
    fail(ErrorCode::kBadInput,
         "{}: damaged: the sparse vectors of {} do not agree with their checksum; make the index "
         "again",
         path_of(directory).string(), rows.text(0));
  }
  return pages;
}

}  // namespace recto
