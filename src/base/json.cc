#include "base/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/utf8.h"

namespace recto {
namespace {

constexpr size_t kMaxDepth = 128;

// Builds the value and refuses what the parser would silently accept: deep nesting, repeated keys,
// more values than are wanted. (The library's own callback takes time with the square of a list's
// length.)
class StrictBuilder : public nlohmann::json_sax<Json> {
 public:
  StrictBuilder(const std::string& where, size_t max_values)
      : where_(where), max_values_(max_values) {}

  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(int64_t value) override { return add(value); }
  bool number_unsigned(uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }  // no JSON text has any

  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& key) override {
    const auto [place, is_new] = open_.back()->get_ref<Json::object_t&>().emplace(key, nullptr);
    if (!is_new) fail(ErrorCode::kBadInput, "{}: the key \"{}\" stands twice", where_, key);
    member_ = &place->second;
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    std::string_view said = error.what();  // "[json.exception.parse_error.101] parse error at ..."
    if (const size_t end = said.find("] "); end != std::string_view::npos)
      said.remove_prefix(end + 2);
    fail(ErrorCode::kBadInput, "{}: not valid JSON at byte {} ({})", where_, position, said);
  }

 private:
  static constexpr size_t kAskAgain = 1 << 16;

  Json& put(Json&& value) {
    if (++values_ > max_values_) {
      fail(ErrorCode::kLimit, "{}: has more than {} values", where_, max_values_);
    }
    if (values_ % kAskAgain == 0) throw_if_interrupted();
    if (open_.empty()) return root_ = std::move(value);
    if (open_.back()->is_array())
      return open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
    return *member_ = std::move(value);
  }
  template <typename T>
  bool add(T&& value) {
    put(Json(std::forward<T>(value)));
    return true;
  }
  bool open(Json&& container) {
    if (open_.size() >= kMaxDepth) {
      fail(ErrorCode::kBadInput, "{}: JSON nested deeper than {} levels", where_, kMaxDepth);
    }
    open_.push_back(&put(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const std::string& where_;
  const size_t max_values_;
  size_t values_ = 0;
  Json root_;
  std::vector<Json*> open_;  ///< containers around what comes next; the last of its list each
  Json* member_ = nullptr;   ///< of the innermost object, the one whose key was read last
};

std::u16string utf16(const std::string& text) {
  std::u16string units;
  for (size_t position = 0; position < text.size();) {
    const char32_t c = decode_utf8(text, position);
    if (c < 0x10000) {
      units += static_cast<char16_t>(c);
    } else {
      units += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10));
      units += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
  }
  return units;
}

// ECMAScript Number::toString, which RFC 8785 section 3.2.2.3 prescribes.
std::string canonical_number(double value) {
  if (!std::isfinite(value)) fail(ErrorCode::kInternal, "JSON cannot hold NaN or infinity");
  if (value == 0) return "0";
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string text(buffer, end.ptr);
  const std::string sign = text[0] == '-' ? "-" : "";
  if (!sign.empty()) text.erase(0, 1);
  const size_t e = text.find('e');
  const int exponent = std::stoi(text.substr(e + 1));
  std::string digits = text.substr(0, e);
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // position of the decimal point relative to the digits
  if (point > 21 || point < -5) {
    std::string mantissa = digits.substr(0, 1);
    if (count > 1) mantissa += "." + digits.substr(1);
    return fmt::format("{}{}e{}{}", sign, mantissa, exponent < 0 ? "-" : "+", std::abs(exponent));
  }
  if (point <= 0) return sign + "0." + std::string(static_cast<size_t>(-point), '0') + digits;
  if (point >= count) return sign + digits + std::string(static_cast<size_t>(point - count), '0');
  return sign + digits.substr(0, static_cast<size_t>(point)) + "." +
         digits.substr(static_cast<size_t>(point));
}

void append_canonical(const Json& value, std::string& out) {
  if (value.is_object()) {
    std::vector<std::pair<std::u16string, std::string>> keys;
    for (const auto& item : value.items()) keys.emplace_back(utf16(item.key()), item.key());
    std::sort(keys.begin(), keys.end());
    out += '{';
    for (size_t i = 0; i < keys.size(); ++i) {
      if (i > 0) out += ',';
      out += Json(keys[i].second).dump();
      out += ':';
      append_canonical(value.at(keys[i].second), out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      append_canonical(value[i], out);
    }
    out += ']';
  } else if (value.is_number_float()) {
    out += canonical_number(value.get<double>());
  } else {
    out += value.dump();
  }
}

const char* type_name(const Json& value) {
  if (value.is_number_float()) return "a number with a fraction";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a text";
  if (value.is_boolean()) return "true or false";
  if (value.is_null()) return "null";
  return value.is_array() ? "a list" : "an object";
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where, size_t max_values) {
  if (!is_valid_utf8(text)) fail(ErrorCode::kBadInput, "{}: not valid UTF-8", where);
  StrictBuilder builder(where, max_values);
  Json::sax_parse(text, &builder);
  return builder.take();
}

Json read_json(const std::filesystem::path& path, uint64_t max_bytes) {
  return parse_json(read_file(path, max_bytes), path.string());
}

std::string canonical_json(const Json& value) {
  std::string out;
  append_canonical(value, out);
  return out;
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string pretty_json(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

namespace internal {

void json_type_error(const Json& found, const std::string& where, const char* wanted) {
  fail(ErrorCode::kBadInput, "{}: {} is wanted, {} was found", where, wanted, type_name(found));
}

void json_read(const Json& value, const std::string& where, bool& out) {
  if (!value.is_boolean()) json_type_error(value, where, "true or false");
  out = value.get<bool>();
}

void json_read(const Json& value, const std::string& where, int64_t& out) {
  if (value.is_number_float()) {  // 1e5 and 2.0 are integers in JSON
    const double number = value.get<double>();
    if (number != std::floor(number) || std::fabs(number) > 9e15) {
      json_type_error(value, where, "an integer");
    }
    out = static_cast<int64_t>(number);
    return;
  }
  if (!value.is_number_integer()) json_type_error(value, where, "an integer");
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    fail(ErrorCode::kBadInput, "{}: {} is too large", where, value.get<uint64_t>());
  }
  out = value.get<int64_t>();
}

void json_read(const Json& value, const std::string& where, int& out) {
  int64_t wide = 0;
  json_read(value, where, wide);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    fail(ErrorCode::kBadInput, "{}: {} is out of range", where, wide);
  }
  out = static_cast<int>(wide);
}

void json_read(const Json& value, const std::string& where, double& out) {
  if (!value.is_number()) json_type_error(value, where, "a number");
  out = value.get<double>();
}

void json_read(const Json& value, const std::string& where, std::string& out) {
  if (!value.is_string()) json_type_error(value, where, "a text");
  out = value.get<std::string>();
}

}  // namespace internal
}  // namespace recto
