#include "model/pre_tokenizer.h"

#include <array>
#include <string>

#include "base/utf8.h"
#include "model/unicode_class.h"

namespace recto {
namespace {

constexpr const char* kGpt2Regex =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr uint8_t kRegexClasses = kLetter | kNumber | kSpace;

// A character with its classes and the position after it.
struct Character {
  uint8_t classes;
  size_t next;
};

const std::array<uint8_t, 128>& ascii_classes() {
  static const std::array<uint8_t, 128> table = [] {
    std::array<uint8_t, 128> built{};
    for (char32_t c = 0; c < 128; ++c) built[c] = unicode_class(c);
    return built;
  }();
  return table;
}

Character character_at(std::string_view text, size_t position) {
  const auto byte = static_cast<uint8_t>(text[position]);
  if (byte < 0x80) return {ascii_classes()[byte], position + 1};
  const char32_t c = decode_utf8(text, position);
  return {unicode_class(c), position};
}

// 's 't 'm 'd 're 've 'll: the length of the contraction at `begin`, or 0.
size_t contraction_length(std::string_view text, size_t begin) {
  const std::string_view rest = text.substr(begin + 1, 2);
  if (rest.empty()) return 0;
  if (rest[0] == 's' || rest[0] == 't' || rest[0] == 'm' || rest[0] == 'd') return 2;
  return rest == "re" || rest == "ve" || rest == "ll" ? 3 : 0;
}

// End of the run of characters whose regex class is that of the one at `begin`.
size_t run_end(std::string_view text, size_t begin) {
  Character c = character_at(text, begin);
  const uint8_t wanted = c.classes & kRegexClasses;
  size_t end = c.next;
  while (end < text.size()) {
    c = character_at(text, end);
    if ((c.classes & kRegexClasses) != wanted) break;
    end = c.next;
  }
  return end;
}

// \s+(?!\S)|\s+ at `begin`: white space to the end of the text, or all but its last character, or
// a lone one.
size_t space_end(std::string_view text, size_t begin) {
  size_t end = begin;
  size_t last = begin;  // start of the last white-space character
  while (end < text.size()) {
    const Character c = character_at(text, end);
    if ((c.classes & kSpace) == 0) break;
    last = end;
    end = c.next;
  }
  return end == text.size() || last == begin ? end : last;
}

[[noreturn]] void unsupported(const std::string& where, const std::string& found) {
  fail(ErrorCode::kUnsupported,
       "{}: {} is not supported; wanted is ByteLevel without prefix space, alone or last in a "
       "Sequence after Digits or a Split by GPT-2's regex",
       where, found);
}

void parse_digits(const Json& json, const std::string& where, PreTokenizer& result) {
  if (result.digits != PreTokenizer::Digits::kTogether || result.regex) {
    unsupported(where, "Digits after another pre-tokenizer");
  }
  const bool single = json_optional(json, "individual_digits", where, false);
  result.digits = single ? PreTokenizer::Digits::kSingle : PreTokenizer::Digits::kRuns;
}

void parse_split(const Json& json, const std::string& where, PreTokenizer& result) {
  const Json& pattern = json.value("pattern", Json::object());
  const std::string regex = json_required<std::string>(pattern, "Regex", where + ": pattern");
  if (regex != kGpt2Regex) unsupported(where, fmt::format("the pattern \"{}\"", regex));
  const auto behavior = json_required<std::string>(json, "behavior", where);
  if (behavior != "Isolated") unsupported(where, fmt::format("the behavior \"{}\"", behavior));
  if (json_optional(json, "invert", where, false)) unsupported(where, "an inverted Split");
  result.regex = true;
}

void parse_byte_level(const Json& json, const std::string& where, PreTokenizer& result) {
  if (json_optional(json, "add_prefix_space", where, true)) {
    unsupported(where, "add_prefix_space = true");
  }
  result.regex = json_optional(json, "use_regex", where, true) || result.regex;
}

}  // namespace

namespace internal {

size_t digits_end(std::string_view text, size_t begin, PreTokenizer::Digits digits) {
  Character c = character_at(text, begin);
  const bool is_digit = (c.classes & kDigit) != 0;
  if (is_digit && digits == PreTokenizer::Digits::kSingle) return c.next;
  size_t end = c.next;
  while (end < text.size()) {
    c = character_at(text, end);
    if (((c.classes & kDigit) != 0) != is_digit) break;
    end = c.next;
  }
  return end;
}

size_t regex_end(std::string_view text, size_t begin) {
  if (text[begin] == '\'') {
    const size_t length = contraction_length(text, begin);
    if (length > 0) return begin + length;
  }
  const Character first = character_at(text, begin);
  if ((first.classes & kSpace) == 0) return run_end(text, begin);
  // " ?" takes one space (U+0020 only) along with the run after it.
  if (text[begin] == ' ' && first.next < text.size() &&
      (character_at(text, first.next).classes & kSpace) == 0) {
    return run_end(text, first.next);
  }
  return space_end(text, begin);
}

}  // namespace internal

PreTokenizer PreTokenizer::parse(const Json& json, const std::string& where) {
  Json items = Json::array({json});
  if (json.is_null()) unsupported(where, "null");
  if (json_required<std::string>(json, "type", where) == "Sequence") {
    items = json.value("pretokenizers", Json());
    if (!items.is_array() || items.empty()) {
      fail(ErrorCode::kBadInput, "{}: a Sequence needs a list \"pretokenizers\"", where);
    }
  }
  PreTokenizer result;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string place =
        json.contains("pretokenizers") ? fmt::format("{}.pretokenizers[{}]", where, i) : where;
    const auto type = json_required<std::string>(items[i], "type", place);
    const bool last = i + 1 == items.size();
    if (last != (type == "ByteLevel")) unsupported(place, type + " at this place");
    if (type == "Digits") {
      parse_digits(items[i], place, result);
    } else if (type == "Split") {
      parse_split(items[i], place, result);
    } else if (type == "ByteLevel") {
      parse_byte_level(items[i], place, result);
    } else {
      unsupported(place, type);
    }
  }
  return result;
}

}  // namespace recto
