#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "data/parquet.h"
#include "data/table.h"
#include "model/safetensors.h"

namespace recto {
namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr std::string_view kNpyMagic("\x93NUMPY\x01\x00", 8);

fs::path ids_path(const fs::path& file) { return file.string() + ".ids.json"; }

std::span<const std::byte> value_bytes(const Matrix& vectors) {
  return std::as_bytes(std::span(vectors.values));
}

using SparseVectors = std::span<const SparseVector>;

/// Throws Error(kBadInput) naming `where` for a vector that is none.
void check_sparse(const SparseVector& vector, const std::string& where) {
  const std::vector<int32_t>& ids = vector.ids;
  const bool rising =
      std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) == ids.end();
  const bool above = std::all_of(vector.weights.begin(), vector.weights.end(),
                                 [](float w) { return std::isfinite(w) && w > 0; });
  if (ids.size() == vector.weights.size() && rising && above && (ids.empty() || ids[0] >= 0))
    return;
  fail(ErrorCode::kBadInput,
       "{}: no sparse vector: rising ids from 0 on, and as many weights above 0 are wanted", where);
}

/// All of them one behind the other, as the container has them.
struct JoinedSparse {
  std::vector<int32_t> offsets = {0}, ids;
  std::vector<float> weights;
};

JoinedSparse joined(SparseVectors vectors) {
  JoinedSparse all;
  for (const SparseVector& vector : vectors) {
    all.ids.insert(all.ids.end(), vector.ids.begin(), vector.ids.end());
    all.weights.insert(all.weights.end(), vector.weights.begin(), vector.weights.end());
    if (!std::in_range<int32_t>(all.ids.size())) {
      fail(ErrorCode::kUnsupported,
           "a .safetensors table holds at most {} weights of sparse vectors; write .parquet, or "
           "several tables",
           std::numeric_limits<int32_t>::max());
    }
    all.offsets.push_back(static_cast<int32_t>(all.ids.size()));
  }
  return all;
}

/// The values of a one-dimensional tensor of 4-byte elements.
template <typename T>
std::vector<T> values_of(const SafetensorsFile& container, const char* name, DType dtype,
                         const fs::path& file) {
  const TensorView& tensor = container.at(name);
  if (tensor.dtype != dtype || tensor.shape.size() != 1) {
    fail(ErrorCode::kBadInput, "{}: {} is {} {}; {} [n] is wanted", file.string(), name,
         dtype_name(tensor.dtype), shape_text(tensor.shape), dtype_name(dtype));
  }
  std::vector<T> values(static_cast<size_t>(tensor.elements()));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

std::vector<SparseVector> split(const SafetensorsFile& container, const fs::path& file) {
  const auto offsets = values_of<int32_t>(container, "sparse_offsets", DType::kI32, file);
  const auto ids = values_of<int32_t>(container, "sparse_ids", DType::kI32, file);
  const auto weights = values_of<float>(container, "sparse_weights", DType::kF32, file);
  if (offsets.empty() || offsets.front() != 0 ||
      static_cast<size_t>(offsets.back()) != ids.size() || ids.size() != weights.size() ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    fail(ErrorCode::kBadInput, "{}: sparse_offsets are not those of sparse_ids and sparse_weights",
         file.string());
  }
  std::vector<SparseVector> vectors;
  vectors.reserve(offsets.size());
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    vectors.push_back({{ids.begin() + offsets[i], ids.begin() + offsets[i + 1]},
                       {weights.begin() + offsets[i], weights.begin() + offsets[i + 1]}});
    check_sparse(vectors.back(), fmt::format("{}: sparse vector {}", file.string(), i + 1));
  }
  return vectors;
}

void write_safetensors(const fs::path& file, const std::vector<std::string>& ids,
                       const Matrix& vectors, const std::string& contract, SparseVectors sparse) {
  SafetensorsWriter writer;
  const JoinedSparse all = joined(sparse);
  if (!sparse.empty()) {
    const auto count = static_cast<int64_t>(all.ids.size());
    writer.add("sparse_offsets", {std::ssize(all.offsets)}, all.offsets);
    writer.add("sparse_ids", {count}, all.ids);
    writer.add("sparse_weights", {count}, all.weights);
  }
  writer.add("embeddings", {DType::kF32, {vectors.rows, vectors.columns}, value_bytes(vectors)});
  writer.set_metadata("ids", dump_json(Json(ids)));
  writer.set_metadata("contract", contract);
  writer.write(file);
}

Embeddings read_safetensors(const fs::path& file) {
  const SafetensorsFile container(file);
  const TensorView& tensor = container.at("embeddings");
  if (tensor.shape.size() != 2) {
    fail(ErrorCode::kBadInput, "{}: embeddings has shape {}; two dimensions are wanted",
         file.string(), shape_text(tensor.shape));
  }
  const auto& metadata = container.metadata();
  const auto ids = metadata.find("ids");
  if (ids == metadata.end()) {
    fail(ErrorCode::kBadInput, "{}: the metadata has no \"ids\"", file.string());
  }
  Embeddings out;
  out.ids = json_required<std::vector<std::string>>(
      Json{{"ids", parse_json(ids->second, file.string() + ": ids")}}, "ids", file.string());
  out.vectors.rows = tensor.shape[0];
  out.vectors.columns = tensor.shape[1];
  out.vectors.values = to_float(tensor);
  if (container.contains("sparse_offsets")) out.sparse = split(container, file);
  const auto contract = metadata.find("contract");
  if (contract != metadata.end()) out.contract = contract->second;
  return out;
}

/// NumPy format 1.0: magic, 2-byte header length, a Python dict padded so that data starts at a
/// multiple of 64.
std::string npy_header(const Matrix& vectors) {
  std::string dict = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}",
                                 vectors.rows, vectors.columns);
  const size_t unpadded = kNpyMagic.size() + 2 + dict.size() + 1;
  dict.append((64 - unpadded % 64) % 64, ' ').push_back('\n');
  std::string out(kNpyMagic);
  out.push_back(static_cast<char>(dict.size() & 0xff));
  out.push_back(static_cast<char>(dict.size() >> 8));
  return out + dict;
}

void write_npy(const fs::path& file, const std::vector<std::string>& ids, const Matrix& vectors,
               const std::string& contract, SparseVectors /*sparse*/) {
  AtomicFile sidecar(ids_path(file));
  sidecar.write(dump_json({{"contract", contract}, {"ids", ids}}) + "\n");
  AtomicFile array(file);
  array.write(npy_header(vectors));
  array.write(value_bytes(vectors));
  sidecar.commit();
  array.commit();
}

/// Only what npy_header writes: C order, little-endian fp32, two dimensions.
Embeddings read_npy(const fs::path& file) {
  const MappedFile mapped(file);
  const std::string_view bytes = as_text(mapped.bytes());
  const auto refuse = [&](const char* problem) {
    fail(ErrorCode::kBadInput, "{}: {}; wanted .npy format 1.0, '<f4', C order, two dimensions",
         file.string(), problem);
  };
  if (!bytes.starts_with(kNpyMagic) || bytes.size() < 10) refuse("no such NumPy file");
  const size_t length = static_cast<uint8_t>(bytes[8]) | (static_cast<uint8_t>(bytes[9]) << 8);
  if (bytes.size() < 10 + length) refuse("the header is longer than the file");
  const std::string header(bytes.substr(10, length));
  if (header.find("'descr': '<f4'") == std::string::npos) refuse("not 32-bit floats");
  if (header.find("'fortran_order': False") == std::string::npos) refuse("Fortran order");
  long long rows = 0;
  long long columns = 0;
  const size_t shape = header.find("'shape': (");
  if (shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%lld, %lld)", &rows, &columns) != 2 ||
      rows < 0 || columns < 0) {
    refuse("the shape is not that of a matrix");
  }
  const size_t values = (bytes.size() - 10 - length) / sizeof(float);
  if ((columns != 0 && static_cast<size_t>(rows) > values / columns) ||
      static_cast<size_t>(rows * columns) * sizeof(float) != bytes.size() - 10 - length) {
    refuse("the size of the data is not what the shape says");
  }
  Embeddings out;
  out.vectors = Matrix(rows, columns);
  std::memcpy(out.vectors.values.data(), bytes.data() + 10 + length,
              rows * columns * sizeof(float));
  const Json sidecar = read_json(ids_path(file));
  out.ids = json_required<std::vector<std::string>>(sidecar, "ids", ids_path(file).string());
  out.contract = json_optional<std::string>(sidecar, "contract", ids_path(file).string(), "");
  return out;
}

void write_jsonl(const fs::path& file, const std::vector<std::string>& ids, const Matrix& vectors,
                 const std::string& contract, SparseVectors sparse) {
  AtomicFile out(file);
  for (int64_t i = 0; i < vectors.rows; ++i) {
    std::string more;
    if (!sparse.empty()) {
      more = fmt::format(",\"sparse\":{{\"ids\":[{}],\"weights\":[{}]}}",
                         fmt::join(sparse[i].ids, ","), fmt::join(sparse[i].weights, ","));
    }
    // The shortest digits that give the same fp32 back.
    out.write(fmt::format("{{\"id\":{},\"embedding\":[{}]{},\"contract\":{}}}\n",
                          dump_json(Json(ids[i])), fmt::join(vectors.row(i), ","), more,
                          dump_json(Json(contract))));
  }
  out.commit();
}

/// Appends one row; all rows have the length of the first.
void append_row(Embeddings& out, std::string id, const std::vector<float>& values,
                const std::string& where) {
  if (out.vectors.rows == 0) out.vectors.columns = std::ssize(values);
  if (std::ssize(values) != out.vectors.columns) {
    fail(ErrorCode::kBadInput, "{}: the vector has {} values where the first has {}", where,
         values.size(), out.vectors.columns);
  }
  out.ids.push_back(std::move(id));
  out.vectors.values.insert(out.vectors.values.end(), values.begin(), values.end());
  ++out.vectors.rows;
}

SparseVector sparse_of_json(const Json& json, const std::string& where) {
  SparseVector vector;
  for (const int id : json_required<std::vector<int>>(json, "ids", where)) vector.ids.push_back(id);
  for (const double weight : json_required<std::vector<double>>(json, "weights", where)) {
    vector.weights.push_back(static_cast<float>(weight));
  }
  check_sparse(vector, where);
  return vector;
}

Embeddings read_jsonl(const fs::path& file) {
  const MappedFile mapped(file);
  std::string_view text = as_text(mapped.bytes());
  Embeddings out;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string where = fmt::format("{}:{}", file.string(), number);
    if (line.empty()) continue;
    const Json object = parse_json(line, where);
    const auto values = json_required<std::vector<double>>(object, "embedding", where);
    append_row(out, json_required<std::string>(object, "id", where),
               std::vector<float>(values.begin(), values.end()), where);
    if (object.contains("sparse")) {
      out.sparse.push_back(sparse_of_json(object["sparse"], where + ": sparse"));
    }
    out.contract = json_optional<std::string>(object, "contract", where, "");
  }
  return out;
}

std::vector<Column> table_columns(bool sparse) {
  std::vector<Column> columns = {{"id", ColumnType::kString},
                                 {"embedding", ColumnType::kFloatList}};
  if (sparse) {
    columns.push_back({"sparse_ids", ColumnType::kInt32List});
    columns.push_back({"sparse_weights", ColumnType::kFloatList});
  }
  return columns;
}

void write_parquet(const fs::path& file, const std::vector<std::string>& ids, const Matrix& vectors,
                   const std::string& contract, SparseVectors sparse) {
  AtomicFile out(file);
  ParquetWriter writer(out.temporary_path(), table_columns(!sparse.empty()), {},
                       {{"contract", contract}});
  for (int64_t i = 0; i < vectors.rows; ++i) {
    const auto row = vectors.row(i);
    Row cells = {ids[i], std::vector<float>(row.begin(), row.end())};
    if (!sparse.empty()) {
      cells.emplace_back(sparse[i].ids);
      cells.emplace_back(sparse[i].weights);
    }
    writer.append(cells);
  }
  writer.close();
  out.commit();
}

SparseVector sparse_of_cells(const Row& row, const std::string& where) {
  const auto* ids = std::get_if<std::vector<int32_t>>(&row[2]);
  const auto* weights = std::get_if<std::vector<float>>(&row[3]);
  if (ids == nullptr || weights == nullptr) {
    fail(ErrorCode::kBadInput, "{}: sparse_ids or sparse_weights is null", where);
  }
  SparseVector vector{*ids, *weights};
  check_sparse(vector, where);
  return vector;
}

Embeddings read_parquet(const fs::path& path) {
  const ParquetFile file(path);
  Embeddings out;
  const bool sparse = file.has_column("sparse_ids");
  for (int group = 0; group < file.groups(); ++group) {
    for (Row& row : file.read(group, table_columns(sparse))) {
      const std::string where = fmt::format("{} row {}", path.string(), out.vectors.rows + 1);
      auto* id = std::get_if<std::string>(&row[0]);
      const auto* values = std::get_if<std::vector<float>>(&row[1]);
      if (id == nullptr || values == nullptr) {
        fail(ErrorCode::kBadInput, "{}: id or embedding is null", where);
      }
      append_row(out, std::move(*id), *values, where);
      if (sparse) out.sparse.push_back(sparse_of_cells(row, where));
    }
  }
  out.contract = file.metadata("contract");
  return out;
}

struct Format {
  const char* ending;
  void (*write)(const fs::path&, const std::vector<std::string>&, const Matrix&, const std::string&,
                SparseVectors);
  Embeddings (*read)(const fs::path&);
};

constexpr Format kFormats[] = {
    {".safetensors", write_safetensors, read_safetensors},
    {".npy", write_npy, read_npy},
    {".jsonl", write_jsonl, read_jsonl},
    {".parquet", write_parquet, read_parquet},
};

const Format& format_of(const fs::path& file) {
  for (const Format& format : kFormats) {
    if (file.extension() == format.ending) return format;
  }
  fail(ErrorCode::kUsage, "{}: a table of vectors ends in .safetensors, .npy, .jsonl or .parquet",
       file.string());
}

}  // namespace

void check_embeddings_path(const fs::path& file) { format_of(file); }

bool holds_sparse_vectors(const fs::path& file) { return format_of(file).write != write_npy; }

void write_embeddings(const fs::path& file, const std::vector<std::string>& ids,
                      const Matrix& vectors, const std::string& contract_hash,
                      std::span<const SparseVector> sparse) {
  RECTO_CHECK(std::ssize(ids) == vectors.rows);
  RECTO_CHECK(sparse.empty() || sparse.size() == ids.size());
  const Format& format = format_of(file);
  for (size_t i = 0; i < vectors.values.size(); ++i) {
    if (std::isfinite(vectors.values[i])) continue;
    fail(ErrorCode::kInternal, "the vector of \"{}\" has a value that is not finite",
         ids[i / static_cast<size_t>(vectors.columns)]);
  }
  format.write(file, ids, vectors, contract_hash, sparse);
}

Embeddings read_embeddings(const fs::path& file) {
  Embeddings out = format_of(file).read(file);
  if (std::ssize(out.ids) != out.vectors.rows) {
    fail(ErrorCode::kBadInput, "{}: {} ids for {} vectors", file.string(), out.ids.size(),
         out.vectors.rows);
  }
  if (!out.sparse.empty() && out.sparse.size() != out.ids.size()) {
    fail(ErrorCode::kBadInput, "{}: {} sparse vectors for {} ids", file.string(), out.sparse.size(),
         out.ids.size());
  }
  return out;
}

}  // namespace recto
