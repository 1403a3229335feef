#include "search/index.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "base/append_file.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "search/exact.h"
#include "search/sparse_search.h"
#include "search/sparse_store.h"
#include "search/sqlite.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kVectorMagic = "RECTOVEC";
constexpr const char* kImageMagic = "RECTOIMG";
constexpr int64_t kApplicationId = 0x52435449;  // "RCTI"
constexpr int64_t kFormatVersion = 1;

constexpr const char* kSchema = R"(
PRAGMA page_size = 4096;
PRAGMA application_id = 1380144201;
PRAGMA user_version = 1;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents(
  document INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  source_name TEXT NOT NULL,
  path TEXT NOT NULL,
  title TEXT NOT NULL,
  first_row INTEGER NOT NULL,
  pages INTEGER NOT NULL,
  vectors_sha256 TEXT NOT NULL);
CREATE TABLE pages(
  row INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES documents(document),
  page_number INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  image_offset INTEGER NOT NULL,
  image_bytes INTEGER NOT NULL,
  image_sha256 TEXT NOT NULL,
  text TEXT NOT NULL);
)";

fs::path database_path(const fs::path& directory) { return directory / "index.sqlite"; }
fs::path vectors_path(const fs::path& directory) { return directory / "vectors.bin"; }
fs::path images_path(const fs::path& directory) { return directory / "images.bin"; }

/// The write lock is taken with the rollback journal, which is durable and lets an index on a
/// read-only medium be searched.
std::unique_ptr<Database> open_database(const fs::path& directory) {
  const fs::path path = database_path(directory);
  if (!fs::exists(path)) {
    fail(ErrorCode::kNotFound,
         "{} is not an index (it has no index.sqlite); make one with recto "
         "index create",
         directory.string());
  }
  const bool writable = ::access(path.c_str(), W_OK) == 0;
  auto database = std::make_unique<Database>(
      path, writable ? Database::Mode::kReadWrite : Database::Mode::kReadOnly);
  database->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  return database;
}

int64_t query_integer(Database& database, const std::string& sql) {
  Statement statement(database, sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::optional<std::string> find_meta(Database& database, const std::string& key) {
  Statement statement(database, "SELECT value FROM meta WHERE key = ?1");
  statement.bind(1, key);
  if (!statement.step()) return std::nullopt;
  return statement.text(0);
}

std::string meta(Database& database, const std::string& key) {
  const std::optional<std::string> value = find_meta(database, key);
  if (!value) fail(ErrorCode::kBadInput, "{}: damaged: meta has no \"{}\"", database.name(), key);
  return *value;
}

void set_meta(Database& database, const std::string& key, const std::string& value) {
  Statement statement(database, "INSERT INTO meta(key, value) VALUES(?1, ?2)");
  statement.bind(1, key).bind(2, value).step();
}

void check_version(Database& database) {
  if (query_integer(database, "PRAGMA application_id") != kApplicationId) {
    fail(ErrorCode::kBadInput, "{}: not the database of a recto index", database.name());
  }
  const int64_t version = query_integer(database, "PRAGMA user_version");
  if (version != kFormatVersion) {
    fail(ErrorCode::kUnsupported, "{}: format version {}; this recto reads {}", database.name(),
         version, kFormatVersion);
  }
}

/// What of the two other files counts.
struct Committed {
  int64_t rows = 0;
  int64_t vector_bytes = kAppendHeaderBytes;
  int64_t image_bytes = kAppendHeaderBytes;
};

Committed read_committed(Database& database, int dimensions) {
  Committed committed;
  committed.rows = query_integer(database, "SELECT coalesce(max(row) + 1, 0) FROM pages");
  committed.vector_bytes += committed.rows * dimensions * int64_t{sizeof(float)};
  committed.image_bytes =
      std::max(committed.image_bytes, query_integer(database,
                                                    "SELECT image_offset + image_bytes FROM pages "
                                                    "ORDER BY row DESC LIMIT 1"));
  return committed;
}

}  // namespace

struct PageIndex::State {
  fs::path directory;
  Contract contract;
  std::string contract_hash;
  int dimensions = 0;
  IndexModel model;

  mutable std::mutex mutex;
  std::unique_ptr<Database> database;
  Committed committed;

  /// The vectors mapped and checked; made by the first search, dropped when the index grows.
  struct Snapshot {
    MappedFile file;
    std::vector<std::string> ids;
    std::unique_ptr<ExactSearch> search;
    std::unique_ptr<SparseSearch> sparse;  ///< null in an index without
  };
  mutable std::shared_ptr<const Snapshot> snapshot;

  void load();
  void see_committed();
  std::shared_ptr<const Snapshot> open_snapshot() const;
  void check_query(const Matrix& queries) const;
  std::shared_ptr<const Snapshot> sparse_snapshot() const;
  std::vector<IndexHit> hits(const std::vector<Neighbour>& found) const;
  void check_vectors(const Snapshot& made) const;
  IndexHit hit(const Neighbour& neighbour) const;
  void insert_document(const IndexDocument& document, int64_t pages, const std::string& hash);
  void insert_page(int64_t document, int64_t row, const IndexPage& page, int64_t offset);
};

void PageIndex::State::load() {
  database = open_database(directory);
  check_version(*database);
  const std::string where = database->name();
  contract = Contract::from_json(parse_json(meta(*database, "contract"), where), where);
  contract_hash = meta(*database, "contract_hash");
  if (contract.hash() != contract_hash) {
    fail(ErrorCode::kBadInput, "{}: damaged: the contract's hash is {}, but {} is recorded", where,
         contract.hash(), contract_hash);
  }
  const std::string text = meta(*database, "dimensions");
  dimensions =
      json_required<int>(Json{{"dimensions", parse_json(text, where)}}, "dimensions", where);
  model.path = meta(*database, "model_path");
  model.weights_sha256 = meta(*database, "model_weights_sha256");
  model.name = find_meta(*database, "model_name").value_or("");
  see_committed();
}

void PageIndex::State::see_committed() {
  committed = read_committed(*database, dimensions);
  const auto number = static_cast<uint32_t>(dimensions);
  check_append_file(vectors_path(directory), kVectorMagic, number, committed.vector_bytes);
  check_append_file(images_path(directory), kImageMagic, 0, committed.image_bytes);
  if (contract.sparse) check_sparse_store(directory, *database);
  snapshot.reset();
}

void PageIndex::State::check_vectors(const Snapshot& made) const {
  const auto bytes = made.file.bytes();
  Statement rows(*database,
                 "SELECT source_name, first_row, pages, vectors_sha256 FROM documents "
                 "ORDER BY document");
  const size_t row_bytes = static_cast<size_t>(dimensions) * sizeof(float);
  while (rows.step()) {
    const size_t first = kAppendHeaderBytes + static_cast<size_t>(rows.integer(1)) * row_bytes;
    const size_t size = static_cast<size_t>(rows.integer(2)) * row_bytes;
    const bool inside = first <= bytes.size() && size <= bytes.size() - first;
    if (!inside || sha256_hex(bytes.subspan(first, size)) != rows.text(3)) {
      fail(ErrorCode::kBadInput,
           "{}: damaged: the vectors of {} do not agree with their checksum; make the index again",
           vectors_path(directory).string(), rows.text(0));
    }
  }
}

/// Called with the lock held.
std::shared_ptr<const PageIndex::State::Snapshot> PageIndex::State::open_snapshot() const {
  if (snapshot != nullptr) return snapshot;
  auto made = std::make_shared<Snapshot>();
  made->file = MappedFile(vectors_path(directory));
  check_vectors(*made);
  Statement rows(*database,
                 "SELECT d.sha256, p.page_number FROM pages p JOIN documents d "
                 "ON d.document = p.document ORDER BY p.row");
  while (rows.step()) {
    made->ids.push_back(make_page_id(rows.text(0), static_cast<int>(rows.integer(1))));
  }
  if (std::ssize(made->ids) != committed.rows) {
    fail(ErrorCode::kBadInput, "{}: damaged: {} pages where {} are wanted", database->name(),
         made->ids.size(), committed.rows);
  }
  const auto* vectors =
      reinterpret_cast<const float*>(made->file.bytes().data() + kAppendHeaderBytes);
  made->search = std::make_unique<ExactSearch>(made->ids, vectors, dimensions);
  if (contract.sparse) {
    made->sparse = std::make_unique<SparseSearch>(
        made->ids, read_sparse_store(directory, *database), contract.sparse->gain);
  }
  snapshot = std::move(made);
  return snapshot;
}

IndexHit PageIndex::State::hit(const Neighbour& neighbour) const {
  Statement statement(*database,
                      "SELECT d.sha256, d.source_name, d.path, d.title, p.page_number FROM pages p "
                      "JOIN documents d ON d.document = p.document WHERE p.row = ?1");
  statement.bind(1, neighbour.row);
  if (!statement.step()) {
    fail(ErrorCode::kBadInput, "{}: damaged: no page of row {}", database->name(), neighbour.row);
  }
  IndexHit hit;
  hit.row = neighbour.row;
  hit.score = neighbour.score;
  hit.document_id = statement.text(0);
  hit.source_name = statement.text(1);
  hit.path = statement.text(2);
  hit.title = statement.text(3);
  hit.page_number = static_cast<int>(statement.integer(4));
  return hit;
}

PageIndex::PageIndex() : state_(std::make_unique<State>()) {}
PageIndex::~PageIndex() = default;
PageIndex::PageIndex(PageIndex&&) noexcept = default;
PageIndex& PageIndex::operator=(PageIndex&&) noexcept = default;

PageIndex PageIndex::create(const fs::path& directory, const Contract& contract, int dimensions,
                            const IndexModel& model) {
  const auto& declared = contract.dimensions;
  if (std::find(declared.begin(), declared.end(), dimensions) == declared.end()) {
    fail(ErrorCode::kUsage, "the contract declares no vectors of {} dimensions; it declares {}",
         dimensions, fmt::join(declared, ", "));
  }
  StagedDirectory staged(directory);
  create_append_file(vectors_path(staged.path()), kVectorMagic, static_cast<uint32_t>(dimensions));
  create_append_file(images_path(staged.path()), kImageMagic, 0);
  {
    Database database(database_path(staged.path()), Database::Mode::kCreate);
    database.execute(kSchema);
    if (contract.sparse) create_sparse_store(staged.path(), database);
    Transaction transaction(database);
    set_meta(database, "contract", canonical_json(contract.to_json()));
    set_meta(database, "contract_hash", contract.hash());
    set_meta(database, "dimensions", std::to_string(dimensions));
    set_meta(database, "model_path", fs::absolute(model.path).lexically_normal().string());
    set_meta(database, "model_weights_sha256", model.weights_sha256);
    if (!model.name.empty()) set_meta(database, "model_name", model.name);
    transaction.commit();
  }
  staged.commit();
  return open(directory);
}

PageIndex PageIndex::open(const fs::path& directory) {
  PageIndex index;
  index.state_->directory = directory;
  index.state_->load();
  return index;
}

const fs::path& PageIndex::directory() const { return state_->directory; }
const Contract& PageIndex::contract() const { return state_->contract; }
int PageIndex::dimensions() const { return state_->dimensions; }
const IndexModel& PageIndex::model() const { return state_->model; }

void PageIndex::check_contract(const Contract& contract) const {
  const std::string hash = contract.hash();
  if (hash == state_->contract_hash) return;
  fail(ErrorCode::kMismatch,
       "the index {} was made under the contract {}, the model is used under {}: their vectors "
       "cannot be compared; use the model and settings the index was made with, or make it again",
       state_->directory.string(), state_->contract_hash, hash);
}

int64_t PageIndex::documents() const {
  const std::lock_guard lock(state_->mutex);
  return query_integer(*state_->database, "SELECT count(*) FROM documents");
}

int64_t PageIndex::pages() const {
  const std::lock_guard lock(state_->mutex);
  return state_->committed.rows;
}

std::vector<IndexedDocument> PageIndex::list_documents() const {
  const std::lock_guard lock(state_->mutex);
  Statement rows(*state_->database,
                 "SELECT sha256, source_name, path, title, pages FROM documents ORDER BY document");
  std::vector<IndexedDocument> documents;
  while (rows.step()) {
    documents.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.integer(4)});
  }
  return documents;
}

bool PageIndex::contains(const std::string& sha256) const {
  const std::lock_guard lock(state_->mutex);
  Statement statement(*state_->database, "SELECT 1 FROM documents WHERE sha256 = ?1");
  return statement.bind(1, sha256).step();
}

void PageIndex::State::insert_document(const IndexDocument& document, int64_t pages,
                                       const std::string& hash) {
  Statement insert(*database,
                   "INSERT INTO documents(sha256, source_name, path, title, first_row, pages, "
                   "vectors_sha256) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  insert.bind(1, document.sha256)
      .bind(2, replace_invalid_utf8(document.source_name))
      .bind(3, fs::absolute(document.path).lexically_normal().string())
      .bind(4, replace_invalid_utf8(document.title))
      .bind(5, committed.rows)
      .bind(6, pages)
      .bind(7, hash)
      .step();
}

void PageIndex::State::insert_page(int64_t document, int64_t row, const IndexPage& page,
                                   int64_t offset) {
  Statement insert(*database,
                   "INSERT INTO pages(row, document, page_number, width, height, image_offset, "
                   "image_bytes, image_sha256, text) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  insert.bind(1, row)
      .bind(2, document)
      .bind(3, int64_t{page.page_number})
      .bind(4, int64_t{page.width})
      .bind(5, int64_t{page.height})
      .bind(6, offset)
      .bind(7, std::ssize(page.jpeg))
      .bind(8, sha256_hex(page.jpeg))
      .bind(9, replace_invalid_utf8(page.text))
      .step();
}

bool PageIndex::add(const IndexDocument& document, std::span<const IndexPage> pages,
                    const Matrix& vectors, std::span<const SparseVector> sparse) {
  RECTO_CHECK(vectors.rows == std::ssize(pages));
  RECTO_CHECK(sparse.size() == (state_->contract.sparse ? pages.size() : 0));
  if (vectors.rows > 0 && vectors.columns != state_->dimensions) {
    fail(ErrorCode::kMismatch, "vectors of {} dimensions do not fit the index {}, which has {}",
         vectors.columns, state_->directory.string(), state_->dimensions);
  }
  if (contains(document.sha256)) return false;
  const std::lock_guard lock(state_->mutex);
  Database& database = *state_->database;
  Transaction transaction(database);
  // Another process may have added since: only inside the transaction does the length hold.
  state_->committed = read_committed(database, state_->dimensions);
  Statement known(database, "SELECT 1 FROM documents WHERE sha256 = ?1");
  if (known.bind(1, document.sha256).step()) return false;

  const auto bytes = std::as_bytes(std::span(vectors.values));
  AppendFile vector_file(vectors_path(state_->directory), state_->committed.vector_bytes);
  AppendFile image_file(images_path(state_->directory), state_->committed.image_bytes);
  vector_file.append(bytes);
  state_->insert_document(document, vectors.rows, sha256_hex(bytes));
  const int64_t key = query_integer(database, "SELECT last_insert_rowid()");
  for (size_t i = 0; i < pages.size(); ++i) {
    const int64_t offset = image_file.append(as_bytes(pages[i].jpeg));
    state_->insert_page(key, state_->committed.rows + static_cast<int64_t>(i), pages[i], offset);
  }
  if (state_->contract.sparse) {
    add_to_sparse_store(state_->directory, database, key, sparse);
  }
  vector_file.sync();
  image_file.sync();
  transaction.commit();
  state_->see_committed();
  return true;
}

void PageIndex::refresh() {
  const std::lock_guard lock(state_->mutex);
  // Pages are only ever added.
  const int64_t rows = read_committed(*state_->database, state_->dimensions).rows;
  if (rows != state_->committed.rows) state_->see_committed();
}

void PageIndex::State::check_query(const Matrix& queries) const {
  if (queries.rows == 0 || queries.columns == dimensions) return;
  fail(ErrorCode::kMismatch, "a query of {} dimensions does not fit the index {}, which has {}",
       queries.columns, directory.string(), dimensions);
}

std::shared_ptr<const PageIndex::State::Snapshot> PageIndex::State::sparse_snapshot() const {
  if (!contract.sparse) {
    fail(ErrorCode::kUnsupported,
         "the index {} has no sparse vectors: its model has no sparse output; search it by the "
         "dense ones",
         directory.string());
  }
  const std::lock_guard lock(mutex);
  return open_snapshot();
}

/// Takes the lock.
std::vector<IndexHit> PageIndex::State::hits(const std::vector<Neighbour>& found) const {
  const std::lock_guard lock(mutex);
  std::vector<IndexHit> out;
  out.reserve(found.size());
  for (const Neighbour& neighbour : found) out.push_back(hit(neighbour));
  return out;
}

std::vector<std::vector<IndexHit>> PageIndex::search(const Matrix& queries, int k,
                                                     int threads) const {
  state_->check_query(queries);
  std::unique_lock lock(state_->mutex);
  const auto snapshot = state_->open_snapshot();
  lock.unlock();
  std::vector<std::vector<IndexHit>> hits;
  for (const auto& found : snapshot->search->search(queries, k, threads)) {
    hits.push_back(state_->hits(found));
  }
  return hits;
}

std::vector<IndexHit> PageIndex::search_sparse(const SparseVector& query, int k) const {
  return state_->hits(state_->sparse_snapshot()->sparse->search(query, k));
}

std::vector<IndexHit> PageIndex::search_both(const Matrix& query, const SparseVector& sparse, int k,
                                             const Fusion& fusion, int threads) const {
  RECTO_CHECK(query.rows == 1);
  state_->check_query(query);
  const auto snapshot = state_->sparse_snapshot();
  const int64_t depth = fusion_depth(k);
  const std::vector<Neighbour> by_dense = snapshot->search->search(query, depth, threads).front();
  const std::vector<Neighbour> by_sparse = snapshot->sparse->search(sparse, depth);
  return state_->hits(fuse(by_dense, by_sparse, k, fusion, snapshot->search->places()));
}

std::optional<IndexHit> PageIndex::find_page(const std::string& page_id) const {
  const size_t dash = page_id.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  const std::lock_guard lock(state_->mutex);
  // The number as it is written: "007" is no page.
  Statement statement(*state_->database,
                      "SELECT p.row FROM documents d JOIN pages p "
                      "ON p.row >= d.first_row AND p.row < d.first_row + d.pages "
                      "WHERE d.sha256 = ?1 AND CAST(p.page_number AS TEXT) = ?2");
  statement.bind(1, page_id.substr(0, dash)).bind(2, page_id.substr(dash + 1));
  if (!statement.step()) return std::nullopt;
  return state_->hit({.row = statement.integer(0)});
}

std::string PageIndex::page_image(const IndexHit& hit) const {
  const std::lock_guard lock(state_->mutex);
  Statement statement(*state_->database,
                      "SELECT image_offset, image_bytes, image_sha256 FROM pages WHERE row = ?1");
  if (!statement.bind(1, hit.row).step()) {
    fail(ErrorCode::kNotFound, "{}: no page of row {}", state_->database->name(), hit.row);
  }
  const fs::path path = images_path(state_->directory);
  std::string jpeg = read_at(path, statement.integer(0), statement.integer(1));
  if (sha256_hex(jpeg) != statement.text(2)) {
    fail(ErrorCode::kBadInput,
         "{}: damaged: the picture of {} page {} does not agree with its "
         "checksum",
         path.string(), hit.source_name, hit.page_number);
  }
  return jpeg;
}

std::string PageIndex::page_text(const IndexHit& hit) const {
  const std::lock_guard lock(state_->mutex);
  Statement statement(*state_->database, "SELECT text FROM pages WHERE row = ?1");
  return statement.bind(1, hit.row).step() ? statement.text(0) : std::string();
}

}  // namespace recto
