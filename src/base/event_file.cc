#include "base/event_file.h"

#include <array>
#include <bit>
#include <concepts>

namespace recto {
namespace {

constexpr std::array<uint32_t, 256> crc_table() {
  constexpr uint32_t kReversedPolynomial = 0x82F63B78;
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}

/// TFRecord stores a CRC rotated and shifted, so that a CRC over bytes that hold CRCs stays good.
uint32_t masked_crc(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xA282EAD8; }

// ---- numbers, little-endian

template <std::unsigned_integral T>
void append_fixed(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

template <std::unsigned_integral T>
T read_fixed(std::string_view bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= T{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return value;
}

// ---- fields of protocol buffers

constexpr size_t kHeaderBytes = 12;  // of a record: length and its CRC
constexpr uint8_t kWallTimeTag = 1 << 3 | 1;

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_tag(std::string& out, uint64_t field, uint64_t wire_type) {
  append_varint(out, field << 3 | wire_type);
}

void append_integer(std::string& out, uint64_t field, uint64_t value) {
  append_tag(out, field, 0);
  append_varint(out, value);
}

void append_double(std::string& out, uint64_t field, double value) {
  append_tag(out, field, 1);
  append_fixed(out, std::bit_cast<uint64_t>(value));
}

void append_float(std::string& out, uint64_t field, float value) {
  append_tag(out, field, 5);
  append_fixed(out, std::bit_cast<uint32_t>(value));
}

/// A string, or a message in its encoded form.
void append_bytes(std::string& out, uint64_t field, std::string_view bytes) {
  append_tag(out, field, 2);
  append_varint(out, bytes.size());
  out += bytes;
}

// ---- messages

/// Event {wall_time = 1, step = 2}
std::string event(double wall_time, int64_t step) {
  std::string out;
  append_double(out, 1, wall_time);
  if (step != 0) append_integer(out, 2, static_cast<uint64_t>(step));
  return out;
}

/// Summary.Value {tag = 1, simple_value = 2}
std::string scalar_value(const EventScalar& scalar) {
  std::string out;
  append_bytes(out, 1, scalar.tag);
  append_float(out, 2, static_cast<float>(scalar.value));
  return out;
}

/// TensorShapeProto {dim = 2 {size = 1}}
std::string tensor_shape(const std::vector<uint64_t>& sides) {
  std::string out;
  for (const uint64_t side : sides) {
    std::string dimension;
    append_integer(dimension, 1, side);
    append_bytes(out, 2, dimension);
  }
  return out;
}

/// TensorProto {dtype = 1, tensor_shape = 2, string_val = 8} of strings [rows, 2]
std::string table_tensor(const std::vector<std::pair<std::string, std::string>>& rows) {
  constexpr uint64_t kString = 7;  // DT_STRING
  std::string out;
  append_integer(out, 1, kString);
  append_bytes(out, 2, tensor_shape({rows.size(), 2}));
  for (const auto& [left, right] : rows) {
    append_bytes(out, 8, left);
    append_bytes(out, 8, right);
  }
  return out;
}

/// SummaryMetadata {plugin_data = 1 {plugin_name = 1}}
std::string text_metadata() {
  std::string plugin;
  append_bytes(plugin, 1, "text");
  std::string out;
  append_bytes(out, 1, plugin);
  return out;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = crc_table();
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xFF];
  return ~crc;
}

std::string tf_record(std::string_view data) {
  std::string out;
  append_fixed(out, uint64_t{data.size()});
  append_fixed(out, masked_crc(out));
  out += data;
  append_fixed(out, masked_crc(data));
  return out;
}

std::string version_event(double wall_time) {
  std::string out = event(wall_time, 0);
  append_bytes(out, 3, "brain.Event:2");
  return tf_record(out);
}

std::string scalar_event(double wall_time, int64_t step, const std::vector<EventScalar>& scalars) {
  std::string summary;
  for (const EventScalar& scalar : scalars) append_bytes(summary, 1, scalar_value(scalar));
  std::string out = event(wall_time, step);
  append_bytes(out, 5, summary);
  return tf_record(out);
}

// Summary.Value {tag = 1, tensor = 8, metadata = 9}
std::string table_event(double wall_time, int64_t step, const std::string& tag,
                        const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string value;
  append_bytes(value, 1, tag);
  append_bytes(value, 8, table_tensor(rows));
  append_bytes(value, 9, text_metadata());
  std::string summary;
  append_bytes(summary, 1, value);
  std::string out = event(wall_time, step);
  append_bytes(out, 5, summary);
  return tf_record(out);
}

double first_event_time(std::string_view file) {
  constexpr size_t kNeeded = kHeaderBytes + 1 + sizeof(uint64_t);
  if (file.size() < kNeeded || static_cast<uint8_t>(file[kHeaderBytes]) != kWallTimeTag) return 0;
  return std::bit_cast<double>(read_fixed<uint64_t>(file.substr(kHeaderBytes + 1)));
}

}  // namespace recto
