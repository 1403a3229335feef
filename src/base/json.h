#pragma once
// JSON in and out: strict reading with errors that name the place, and the canonical form that
// contracts are hashed in.

#include <cstddef>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace recto {

using Json = nlohmann::json;

/// Parses one JSON value. Throws Error(kBadInput) naming `where` (a file or field) and the
/// position when the text is not UTF-8, not JSON, nested deeper than 128, or repeats a key,
/// Error(kLimit) for more than `max_values` values (an object or list is one, and so is each in
/// it), Error(kInterrupted).
Json parse_json(std::string_view text, const std::string& where,
                size_t max_values = std::numeric_limits<size_t>::max());

/// read_file + parse_json, at most `max_bytes`.
Json read_json(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{256} << 20);

/// RFC 8785 canonical form: keys sorted by UTF-16 code units, shortest numbers, no white space.
/// Throws Error(kInternal) on NaN or infinity.
std::string canonical_json(const Json& value);

/// One line of compact JSON; ill-formed UTF-8 is replaced by U+FFFD.
std::string dump_json(const Json& value);
/// Indented JSON with a final newline, for files people read.
std::string pretty_json(const Json& value);

/// The member `key` of `object` as a T. Throws Error(kBadInput) naming `where`.`key` when it is
/// absent or of another type (an integer is wanted: 3.5 and "3" are refused).
template <typename T>
T json_required(const Json& object, const char* key, const std::string& where);

/// The same, or `fallback` when the member is absent or null.
template <typename T>
T json_optional(const Json& object, const char* key, const std::string& where, T fallback);

// ---- implementation of the templates

namespace internal {
[[noreturn]] void json_type_error(const Json& found, const std::string& where, const char* wanted);
void json_read(const Json& value, const std::string& where, bool& out);
void json_read(const Json& value, const std::string& where, int& out);
void json_read(const Json& value, const std::string& where, int64_t& out);
void json_read(const Json& value, const std::string& where, double& out);
void json_read(const Json& value, const std::string& where, std::string& out);

template <typename T>
void json_read(const Json& value, const std::string& where, std::vector<T>& out) {
  if (!value.is_array()) json_type_error(value, where, "a list");
  for (size_t i = 0; i < value.size(); ++i) {
    T item{};
    json_read(value[i], fmt::format("{}[{}]", where, i), item);
    out.push_back(std::move(item));
  }
}
}  // namespace internal

template <typename T>
T json_required(const Json& object, const char* key, const std::string& where) {
  if (!object.is_object()) internal::json_type_error(object, where, "an object");
  const auto found = object.find(key);
  if (found == object.end()) {
    fail(ErrorCode::kBadInput, "{}: the key \"{}\" is missing", where, key);
  }
  T value{};
  internal::json_read(*found, fmt::format("{}: {}", where, key), value);
  return value;
}

template <typename T>
T json_optional(const Json& object, const char* key, const std::string& where, T fallback) {
  if (!object.is_object()) internal::json_type_error(object, where, "an object");
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return fallback;
  return json_required<T>(object, key, where);
}

}  // namespace recto
