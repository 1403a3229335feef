#include "learn/character_classes.h"

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/utf8.h"
#include "model/normalizer.h"

namespace recto {
namespace {

constexpr std::string_view kClasses =
    " abcdefghijklmnopqrstuvwxyz0123456789.,:;-_/()[]{}<>'\"=+*&%$#@!?|\\~^`"
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžčćđěřůłąęńśźżőűğışț§©°€£";

struct Folded {
  std::string_view from;
  char32_t to;
};
constexpr Folded kFolded[] = {{"‘’‚′", U'\''}, {"“”„«»″", U'"'}, {"‐‑‒–—−", U'-'}, {"•·∙", U'*'},
                              {"…", U'.'},     {"ﬀﬁﬂﬃﬄ", U'f'},  {"ş", U'ș'},      {"×", U'x'}};

using Table = std::unordered_map<char32_t, uint8_t>;

template <typename Take>
void for_each_character(std::string_view text, Take&& take) {
  for (size_t position = 0; position < text.size();) take(decode_utf8(text, position));
}

const Table& classes() {
  static const Table table = [] {
    Table built;
    for_each_character(kClasses, [&](char32_t c) {
      const auto next = static_cast<uint8_t>(built.size());
      built.emplace(c, next);
    });
    for (const Folded& folded : kFolded) {
      const auto to = built.find(folded.to);
      if (to == built.end()) continue;
      for_each_character(folded.from, [&](char32_t c) { built.emplace(c, to->second); });
    }
    for (const char32_t space : {U'\t', U'\n', U'\r', U'\u00A0', U'\u00AD'}) built[space] = 0;
    return built;
  }();
  return table;
}

uint8_t other_class() {
  static const uint8_t last = [] {
    uint8_t largest = 0;
    for (const auto& [c, number] : classes()) largest = std::max(largest, number);
    return static_cast<uint8_t>(largest + 1);
  }();
  return last;
}

}  // namespace

int character_class_count() { return other_class() + 1; }

uint8_t character_class(char32_t code_point) {
  std::string lower;
  append_lower_case(lower, code_point);
  size_t position = 0;
  const auto found = classes().find(decode_utf8(lower, position));
  return found == classes().end() ? other_class() : found->second;
}

float character_width(char32_t code_point) {
  if (code_point < 0x80) {
    const char c = static_cast<char>(code_point);
    if (std::string_view("iljtfrI.,:;'|!()[]{}`").find(c) != std::string_view::npos) return 0.55F;
    if (std::string_view("mwMW%@").find(c) != std::string_view::npos) return 1.5F;
  }
  if (code_point == U'—') return 1.5F;
  std::string lower;
  append_lower_case(lower, code_point);
  size_t position = 0;
  return decode_utf8(lower, position) == code_point ? 1.0F : 1.3F;  // capitals are wider
}

}  // namespace recto
