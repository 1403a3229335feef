#include "model/normalizer.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace recto {
namespace {

constexpr char32_t kDottedCapitalI = 0x130;  // the one whose lower case is two code points

[[noreturn]] void unsupported(const std::string& where, const std::string& found) {
  fail(ErrorCode::kUnsupported,
       "{}: {} is not supported; wanted is null, Lowercase, Replace of a String, or a Sequence of "
       "these",
       where, found);
}

std::string lower_case_of(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    append_lower_case(lower, decode_utf8(text, position));
  }
  return lower;
}

std::string replaced(std::string_view text, const std::string& pattern,
                     const std::string& content) {
  std::string result;
  for (size_t begin = 0;;) {
    const size_t found = text.find(pattern, begin);
    result += text.substr(begin, found - begin);
    if (found == std::string_view::npos) return result;
    result += content;
    begin = found + pattern.size();
  }
}

}  // namespace

void append_lower_case(std::string& text, char32_t code_point) {
  if (code_point == kDottedCapitalI) {
    text += "i\u0307";
    return;
  }
  const LowerCase* end = kLowerCases + kLowerCaseCount;
  const LowerCase* found = std::lower_bound(
      kLowerCases, end, code_point, [](const LowerCase& a, char32_t c) { return a.from < c; });
  append_utf8(text, found != end && found->from == code_point ? found->to : code_point);
}

void Normalizer::add(const Json& json, const std::string& where) {
  const auto type = json_required<std::string>(json, "type", where);
  if (type == "Lowercase") {
    steps_.push_back({});
  } else if (type == "Replace") {
    const Json& pattern = json.value("pattern", Json::object());
    if (!pattern.contains("String")) unsupported(where, "Replace of " + dump_json(pattern));
    const auto text = json_required<std::string>(pattern, "String", where + ".pattern");
    if (text.empty()) unsupported(where, "Replace of an empty text");
    steps_.push_back({text, json_required<std::string>(json, "content", where)});
  } else if (type == "Sequence") {
    const Json items = json.value("normalizers", Json());
    if (!items.is_array()) {
      fail(ErrorCode::kBadInput, "{}: a Sequence needs a list \"normalizers\"", where);
    }
    for (size_t i = 0; i < items.size(); ++i) {
      add(items[i], fmt::format("{}.normalizers[{}]", where, i));
    }
  } else {
    unsupported(where, type);
  }
}

Normalizer Normalizer::parse(const Json& json, const std::string& where) {
  Normalizer result;
  if (!json.is_null()) result.add(json, where);
  return result;
}

std::string Normalizer::apply(std::string_view text) const {
  std::string result(text);
  for (const Step& step : steps_) {
    result =
        step.pattern.empty() ? lower_case_of(result) : replaced(result, step.pattern, step.content);
  }
  return result;
}

}  // namespace recto
