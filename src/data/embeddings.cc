#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
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

void write_safetensors(const fs::path& file, const std::vector<std::string>& ids,
                       const Matrix& vectors, const std::string& contract) {
  SafetensorsWriter writer;
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
               const std::string& contract) {
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
                 const std::string& contract) {
  AtomicFile out(file);
  for (int64_t i = 0; i < vectors.rows; ++i) {
    // The shortest digits that give the same fp32 back.
    out.write(fmt::format("{{\"id\":{},\"embedding\":[{}],\"contract\":{}}}\n",
                          dump_json(Json(ids[i])), fmt::join(vectors.row(i), ","),
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
    out.contract = json_optional<std::string>(object, "contract", where, "");
  }
  return out;
}

void write_parquet(const fs::path& file, const std::vector<std::string>& ids, const Matrix& vectors,
                   const std::string& contract) {
  AtomicFile out(file);
  ParquetWriter writer(out.temporary_path(),
                       {{"id", ColumnType::kString}, {"embedding", ColumnType::kFloatList}}, {},
                       {{"contract", contract}});
  for (int64_t i = 0; i < vectors.rows; ++i) {
    const auto row = vectors.row(i);
    writer.append({ids[i], std::vector<float>(row.begin(), row.end())});
  }
  writer.close();
  out.commit();
}

Embeddings read_parquet(const fs::path& path) {
  const ParquetFile file(path);
  Embeddings out;
  for (int group = 0; group < file.groups(); ++group) {
    for (Row& row :
         file.read(group, {{"id", ColumnType::kString}, {"embedding", ColumnType::kFloatList}})) {
      const std::string where = fmt::format("{} row {}", path.string(), out.vectors.rows + 1);
      auto* id = std::get_if<std::string>(&row[0]);
      const auto* values = std::get_if<std::vector<float>>(&row[1]);
      if (id == nullptr || values == nullptr) {
        fail(ErrorCode::kBadInput, "{}: id or embedding is null", where);
      }
      append_row(out, std::move(*id), *values, where);
    }
  }
  out.contract = file.metadata("contract");
  return out;
}

struct Format {
  const char* ending;
  void (*write)(const fs::path&, const std::vector<std::string>&, const Matrix&,
                const std::string&);
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

void write_embeddings(const fs::path& file, const std::vector<std::string>& ids,
                      const Matrix& vectors, const std::string& contract_hash) {
  RECTO_CHECK(std::ssize(ids) == vectors.rows);
  const Format& format = format_of(file);
  for (size_t i = 0; i < vectors.values.size(); ++i) {
    if (std::isfinite(vectors.values[i])) continue;
    fail(ErrorCode::kInternal, "the vector of \"{}\" has a value that is not finite",
         ids[i / static_cast<size_t>(vectors.columns)]);
  }
  format.write(file, ids, vectors, contract_hash);
}

Embeddings read_embeddings(const fs::path& file) {
  Embeddings out = format_of(file).read(file);
  if (std::ssize(out.ids) != out.vectors.rows) {
    fail(ErrorCode::kBadInput, "{}: {} ids for {} vectors", file.string(), out.ids.size(),
         out.vectors.rows);
  }
  return out;
}

}  // namespace recto
