#include "model/safetensors.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json.h"

namespace recto {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr const char* kMetadataKey = "__metadata__";

std::string tensor_place(const std::string& where, const std::string& name) {
  return fmt::format("{}: tensor \"{}\"", where, name);
}

std::string_view read_header(std::span<const std::byte> bytes, const std::string& where) {
  if (bytes.size() < kLengthBytes) {
    fail(ErrorCode::kBadInput,
         "{}: {} bytes are too few for a safetensors file; it is empty or cut off", where,
         bytes.size());
  }
  uint64_t length = 0;
  for (size_t i = kLengthBytes; i > 0; --i) {
    length = length << 8 | std::to_integer<uint64_t>(bytes[i - 1]);
  }
  if (length > kMaxHeaderBytes) {
    fail(ErrorCode::kBadInput,
         "{}: the header claims {} bytes, more than the format's limit of {}; this is not a "
         "safetensors file",
         where, length, kMaxHeaderBytes);
  }
  if (length > bytes.size() - kLengthBytes) {
    fail(ErrorCode::kBadInput,
         "{}: the header claims {} bytes, but only {} follow; the file is cut off, fetch it again",
         where, length, bytes.size() - kLengthBytes);
  }
  const std::string_view header = as_text(bytes.subspan(kLengthBytes, length));
  if (header.empty() || header.front() != '{') {
    fail(ErrorCode::kBadInput, "{}: the header does not begin with '{{'; not a safetensors file",
         where);
  }
  return header;
}

uint64_t read_count(const Json& value, const std::string& where) {
  if (!value.is_number_unsigned()) {
    fail(ErrorCode::kBadInput, "{}: a non-negative integer is wanted, {} was found", where,
         dump_json(value));
  }
  const uint64_t count = value.get<uint64_t>();
  if (count > static_cast<uint64_t>(INT64_MAX)) {
    fail(ErrorCode::kBadInput, "{}: {} is too large", where, count);
  }
  return count;
}

std::map<std::string, std::string> read_metadata(const Json& value, const std::string& where) {
  std::map<std::string, std::string> metadata;
  if (!value.is_object()) {
    fail(ErrorCode::kBadInput, "{}: {} is no object", where, kMetadataKey);
  }
  for (const auto& item : value.items()) {
    if (!item.value().is_string()) {
      fail(ErrorCode::kBadInput, "{}: {}.{} is no text; the format allows only texts there", where,
           kMetadataKey, item.key());
    }
    metadata[item.key()] = item.value().get<std::string>();
  }
  return metadata;
}

struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0;
};

void check_keys(const Json& entry, const std::string& place) {
  if (!entry.is_object()) fail(ErrorCode::kBadInput, "{}: its entry is no object", place);
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!entry.contains(key)) fail(ErrorCode::kBadInput, "{}: \"{}\" is missing", place, key);
  }
  if (entry.size() != 3) {
    fail(ErrorCode::kBadInput, "{}: keys other than dtype, shape and data_offsets", place);
  }
}

// Bytes that dtype and shape ask for; never overflows.
uint64_t wanted_bytes(const TensorView& tensor, const std::string& place) {
  uint64_t size = dtype_size(tensor.dtype);
  bool empty = false;
  for (const int64_t side : tensor.shape) empty = empty || side == 0;
  if (empty) return 0;
  for (const int64_t side : tensor.shape) {
    if (__builtin_mul_overflow(size, static_cast<uint64_t>(side), &size) ||
        size > static_cast<uint64_t>(INT64_MAX)) {
      fail(ErrorCode::kBadInput, "{}: the shape {} is too large for any file", place,
           shape_text(tensor.shape));
    }
  }
  return size;
}

TensorView read_entry(const Json& entry, const std::string& place, Extent& extent) {
  check_keys(entry, place);
  TensorView tensor;
  const std::string dtype = json_required<std::string>(entry, "dtype", place);
  const auto known = find_dtype(dtype);
  if (!known) fail(ErrorCode::kBadInput, "{}: the dtype \"{}\" is unknown", place, dtype);
  tensor.dtype = *known;
  const Json& shape = entry.at("shape");
  if (!shape.is_array()) fail(ErrorCode::kBadInput, "{}: shape is no list", place);
  for (const Json& side : shape) {
    tensor.shape.push_back(static_cast<int64_t>(read_count(side, place + ": shape")));
  }
  const Json& offsets = entry.at("data_offsets");
  if (!offsets.is_array() || offsets.size() != 2) {
    fail(ErrorCode::kBadInput, "{}: data_offsets is no list of two numbers", place);
  }
  extent.begin = read_count(offsets[0], place + ": data_offsets");
  extent.end = read_count(offsets[1], place + ": data_offsets");
  return tensor;
}

void check_extent(const TensorView& tensor, const Extent& extent, uint64_t data_size,
                  const std::string& place) {
  if (extent.begin > extent.end) {
    fail(ErrorCode::kBadInput, "{}: it ends (byte {}) before it begins (byte {})", place,
         extent.end, extent.begin);
  }
  if (extent.end > data_size) {
    fail(ErrorCode::kBadInput,
         "{}: it ends at byte {} of the data, but the file holds only {}; the file is cut off, "
         "fetch it again",
         place, extent.end, data_size);
  }
  const uint64_t wanted = wanted_bytes(tensor, place);
  if (extent.end - extent.begin != wanted) {
    fail(ErrorCode::kBadInput, "{}: {} {} needs {} bytes, but its data_offsets span {}", place,
         dtype_name(tensor.dtype), shape_text(tensor.shape), wanted, extent.end - extent.begin);
  }
}

// The tensors must cover the data exactly, as the format demands.
void check_coverage(std::vector<std::pair<Extent, std::string>> extents, uint64_t data_size,
                    const std::string& where) {
  std::sort(extents.begin(), extents.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.begin, a.first.end, a.second) <
           std::tie(b.first.begin, b.first.end, b.second);
  });
  uint64_t position = 0;
  for (const auto& [extent, name] : extents) {
    if (extent.begin != position) {
      fail(ErrorCode::kBadInput, "{}: it begins at byte {} of the data, {} byte {}",
           tensor_place(where, name), extent.begin,
           extent.begin < position ? "overlapping another tensor that ends at"
                                   : "leaving a hole after",
           position);
    }
    position = extent.end;
  }
  if (position != data_size) {
    fail(ErrorCode::kBadInput, "{}: the tensors end at byte {} of the data, but the file holds {}",
         where, position, data_size);
  }
}

void write_parts(AtomicFile& file, std::span<const std::byte> bytes,
                 const SafetensorsWriter::Written& written) {
  constexpr size_t kPart = size_t{16} << 20;
  for (size_t first = 0; first < bytes.size(); first += kPart) {
    const auto part = bytes.subspan(first, std::min(kPart, bytes.size() - first));
    file.write(part);
    if (written) written(part);
  }
}

}  // namespace

void parse_safetensors(std::span<const std::byte> bytes, const std::string& where,
                       std::map<std::string, TensorView>& tensors,
                       std::map<std::string, std::string>& metadata) {
  const std::string_view text = read_header(bytes, where);
  const Json header = parse_json(text, where + ": header");
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + text.size());
  std::vector<std::pair<Extent, std::string>> extents;
  for (const auto& item : header.items()) {
    if (item.key() == kMetadataKey) {
      metadata = read_metadata(item.value(), where);
      continue;
    }
    const std::string place = tensor_place(where, item.key());
    Extent extent;
    TensorView tensor = read_entry(item.value(), place, extent);
    check_extent(tensor, extent, data.size(), place);
    tensor.bytes = data.subspan(extent.begin, extent.end - extent.begin);
    tensors.emplace(item.key(), std::move(tensor));
    extents.emplace_back(extent, item.key());
  }
  check_coverage(std::move(extents), data.size(), where);
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path), file_(path) {
  parse_safetensors(file_.bytes(), path.string(), tensors_, metadata_);
}

const TensorView& SafetensorsFile::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    fail(ErrorCode::kNotFound, "{} holds no tensor \"{}\"", path_.string(), name);
  }
  return found->second;
}

void SafetensorsFile::release(std::span<const std::byte> bytes) const { file_.release(bytes); }

void SafetensorsWriter::insert(const std::string& name, Entry entry) {
  RECTO_CHECK(name != kMetadataKey && !entries_.contains(name));
  uint64_t elements = 1;
  for (const int64_t side : entry.shape) elements *= static_cast<uint64_t>(side);
  entry.size = elements * dtype_size(entry.dtype);
  entries_.emplace(name, std::move(entry));
}

void SafetensorsWriter::add(const std::string& name, TensorView tensor, Written written) {
  Entry entry;
  entry.dtype = tensor.dtype;
  entry.shape = std::move(tensor.shape);
  entry.borrowed = tensor.bytes;
  entry.written = std::move(written);
  insert(name, std::move(entry));
  RECTO_CHECK(entries_.at(name).size == tensor.bytes.size());
}

void SafetensorsWriter::add(const std::string& name, std::vector<int64_t> shape,
                            std::span<const float> values) {
  add_copy(name, DType::kF32, std::move(shape), std::as_bytes(values));
}

void SafetensorsWriter::add(const std::string& name, std::vector<int64_t> shape,
                            std::span<const int32_t> values) {
  add_copy(name, DType::kI32, std::move(shape), std::as_bytes(values));
}

void SafetensorsWriter::add_copy(const std::string& name, DType dtype, std::vector<int64_t> shape,
                                 std::span<const std::byte> bytes) {
  Entry entry;
  entry.dtype = dtype;
  entry.shape = std::move(shape);
  entry.owned = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  entry.borrowed = *entry.owned;
  insert(name, std::move(entry));
  RECTO_CHECK(entries_.at(name).size == bytes.size());
}

void SafetensorsWriter::add(const std::string& name, DType dtype, std::vector<int64_t> shape,
                            Fill fill) {
  Entry entry;
  entry.dtype = dtype;
  entry.shape = std::move(shape);
  entry.fill = std::move(fill);
  insert(name, std::move(entry));
}

void SafetensorsWriter::set_metadata(const std::string& key, const std::string& value) {
  metadata_[key] = value;
}

std::vector<const SafetensorsWriter::Named*> SafetensorsWriter::layout() const {
  std::vector<const Named*> order;
  order.reserve(entries_.size());
  for (const Named& entry : entries_) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const Named* a, const Named* b) {
    const size_t a_size = dtype_size(a->second.dtype);
    const size_t b_size = dtype_size(b->second.dtype);
    return a_size != b_size ? a_size > b_size : a->first < b->first;
  });
  return order;
}

std::string SafetensorsWriter::header() const {
  Json header = Json::object();
  if (!metadata_.empty()) header[kMetadataKey] = metadata_;
  uint64_t position = 0;
  for (const Named* named : layout()) {
    const Entry& entry = named->second;
    header[named->first] = {{"dtype", dtype_name(entry.dtype)},
                            {"shape", entry.shape},
                            {"data_offsets", {position, position + entry.size}}};
    position += entry.size;
  }
  std::string text = dump_json(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

uint64_t SafetensorsWriter::file_size() const {
  uint64_t size = kLengthBytes + header().size();
  for (const Named& named : entries_) size += named.second.size;
  return size;
}

void SafetensorsWriter::write(const std::filesystem::path& path) const {
  const std::string text = header();
  char length[kLengthBytes];
  for (size_t i = 0; i < kLengthBytes; ++i) length[i] = static_cast<char>(text.size() >> 8 * i);
  AtomicFile file(path);
  file.write(std::string_view(length, kLengthBytes));
  file.write(text);
  std::vector<std::byte> buffer;
  for (const Named* named : layout()) {
    throw_if_interrupted();
    const Entry& entry = named->second;
    if (!entry.fill) {
      write_parts(file, entry.borrowed, entry.written);
      continue;
    }
    buffer.resize(entry.size);
    entry.fill(buffer);
    file.write(std::span<const std::byte>(buffer));
  }
  file.commit();
}

}  // namespace recto
