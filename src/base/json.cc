#include "base/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "base/file.h"
#include "base/utf8.h"

namespace recto {
namespace {

constexpr size_t kMaxDepth = 128;

// Refuses what the parser would silently accept: deep nesting and repeated keys.
class StrictCallback {
 public:
  explicit StrictCallback(const std::string& where) : where_(where) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    if (static_cast<size_t>(depth) > kMaxDepth) {
      fail(ErrorCode::kBadInput, "{}: JSON nested deeper than {} levels", where_, kMaxDepth);
    }
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key &&
        !keys_.back().insert(parsed.get_ref<const std::string&>()).second) {
      fail(ErrorCode::kBadInput, "{}: the key \"{}\" stands twice", where_,
           parsed.get_ref<const std::string&>());
    }
    return true;
  }

 private:
  const std::string& where_;
  std::vector<std::set<std::string>> keys_;
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

Json parse_json(std::string_view text, const std::string& where) {
  if (!is_valid_utf8(text)) fail(ErrorCode::kBadInput, "{}: not valid UTF-8", where);
  try {
    return Json::parse(text, StrictCallback(where));
  } catch (const Json::parse_error& error) {
    fail(ErrorCode::kBadInput, "{}: not valid JSON at byte {} ({})", where, error.byte,
         error.what());
  } catch (const Json::exception& error) {
    fail(ErrorCode::kBadInput, "{}: not valid JSON ({})", where, error.what());
  }
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
