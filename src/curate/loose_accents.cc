#include "curate/loose_accents.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/utf8.h"
#include "model/unicode_class.h"

namespace recto {

namespace {

/// Accents as characters of their own; the last one opens quotations, too.
constexpr auto kAccents =
    std::to_array<std::string_view>({"´", "¨", "ˆ", "˜", "¸", "ˇ", "˚", "˙", "˛", "`"});

struct Joined {
  std::string_view accent;
  std::string_view letters;               ///< ASCII
  std::array<std::string_view, 15> with;  ///< the same with the accent
};
constexpr auto kJoined = std::to_array<Joined>(
    {{"´", "aeiouyAEIOUY", {"á", "é", "í", "ó", "ú", "ý", "Á", "É", "Í", "Ó", "Ú", "Ý"}},
     {"´", "cnszCNSZ", {"ć", "ń", "ś", "ź", "Ć", "Ń", "Ś", "Ź"}},
     {"`", "aeiouAEIOU", {"à", "è", "ì", "ò", "ù", "À", "È", "Ì", "Ò", "Ù"}},
     {"ˆ", "aeiouAEIOU", {"â", "ê", "î", "ô", "û", "Â", "Ê", "Î", "Ô", "Û"}},
     {"¨", "aeiouyAEIOU", {"ä", "ë", "ï", "ö", "ü", "ÿ", "Ä", "Ë", "Ï", "Ö", "Ü"}},
     {"˜", "anoANO", {"ã", "ñ", "õ", "Ã", "Ñ", "Õ"}},
     {"¸", "csCS", {"ç", "ş", "Ç", "Ş"}},
     {"˚", "auAU", {"å", "ů", "Å", "Ů"}},
     {"ˇ",
      "cdenrstzCENRSTZ",
      {"č", "ď", "ě", "ň", "ř", "š", "ť", "ž", "Č", "Ě", "Ň", "Ř", "Š", "Ť", "Ž"}},
     {"˙", "zZ", {"ż", "Ż"}},
     {"˛", "aeAE", {"ą", "ę", "Ą", "Ę"}}});

bool is_ascii_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// The letter with the accent, "" where Latin script has none.
std::string_view accented(std::string_view accent, char letter) {
  for (const Joined& joined : kJoined) {
    const size_t place =
        joined.accent == accent ? joined.letters.find(letter) : joined.letters.npos;
    if (place != std::string_view::npos) return joined.with[place];
  }
  return "";
}

bool is_combining(char32_t c) { return c >= 0x0300 && c <= 0x036F; }

/// Where a combining accent stands behind no letter.
bool has_lost_combining_accent(std::string_view text) {
  char32_t before = U' ';
  for (size_t at = 0; at < text.size();) {
    const char32_t c = decode_utf8(text, at);
    if (is_combining(c) && !is_combining(before) && (unicode_class(before) & kLetter) == 0) {
      return true;
    }
    before = c;
  }
  return false;
}

/// The accent of kAccents, not the grave one, that stands at `at` between spaces, parentheses or
/// the ends of `text`; "" for none.
std::string_view lone_accent(std::string_view text, size_t at) {
  const auto is_border = [&](size_t i) {
    return std::string_view(" ()[],;:").find(text[i]) != std::string_view::npos;
  };
  for (auto accent = kAccents.begin(); accent != kAccents.end() - 1; ++accent) {
    const size_t end = at + accent->size();
    if (text.substr(at, accent->size()) == *accent && (at == 0 || is_border(at - 1)) &&
        (end == text.size() || is_border(end))) {
      return *accent;
    }
  }
  return "";
}

/// Where the only word stands that begins with a capital which can bear `accent`; npos for none or
/// several.
size_t only_bearer(const std::string& text, std::string_view accent) {
  size_t found = std::string::npos;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins =
        i == 0 || (!is_ascii_letter(text[i - 1]) && static_cast<unsigned char>(text[i - 1]) < 0x80);
    if (!begins || !is_capital(text[i]) || accented(accent, text[i]).empty()) continue;
    if (found != std::string::npos) return std::string::npos;
    found = i;
  }
  return found;
}

}  // namespace

bool has_accent_marks(std::string_view text) {
  const bool spacing = std::any_of(kAccents.begin(), kAccents.end() - 1, [&](auto accent) {
    return text.find(accent) != std::string_view::npos;
  });
  return spacing || has_lost_combining_accent(text);
}

bool has_loose_accents(std::string_view text) {
  for (const std::string_view accent : kAccents) {
    for (size_t at = text.find(accent); at != text.npos; at = text.find(accent, at + 1)) {
      const size_t next = at + accent.size();
      // A grave accent opens quotations too, but not inside a word nor of a single letter ("`a").
      const bool inside = at > 0 && is_ascii_letter(text[at - 1]);
      const bool alone = next + 1 >= text.size() || text[next + 1] == ' ';
      const bool letter =
          next < text.size() && (is_ascii_letter(text[next]) || text.substr(next).starts_with("ı"));
      if ((accent != "`" || inside || alone) && letter) return true;
    }
  }
  return false;
}

std::string join_loose_accents(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t used = 0;
    for (const Joined& joined : kJoined) {
      if (!text.starts_with(joined.accent) || text.size() == joined.accent.size()) continue;
      std::string_view rest = text.substr(joined.accent.size());
      const bool dotless = rest.starts_with("ı");
      const size_t place = joined.letters.find(dotless ? 'i' : rest.front());
      if (place == std::string_view::npos) continue;
      out += joined.with[place];
      used = joined.accent.size() + (dotless ? std::string_view("ı").size() : 1);
      break;
    }
    if (used == 0) {
      out += text.front();
      used = 1;
    }
    text.remove_prefix(used);
  }
  return out;
}

std::string lower_lifted_accents(std::string_view text) {
  std::string out;
  std::string_view lifted;
  int count = 0;
  for (size_t at = 0; at < text.size();) {
    const std::string_view accent = lone_accent(text, at);
    if (accent.empty()) {
      out += text[at++];
      continue;
    }
    lifted = accent;
    ++count;
    at += accent.size();
    // Of the two spaces around it one stays, and none behind what opens or at an end.
    const bool spaced = !out.empty() && out.back() == ' ';
    const bool opened = out.size() > 1 && spaced && out[out.size() - 2] == '(';
    if (spaced) out.pop_back();
    if ((out.empty() || opened) && at < text.size() && text[at] == ' ') ++at;
  }
  if (count != 1) return out;
  const size_t bearer = only_bearer(out, lifted);
  if (bearer != std::string::npos) out.replace(bearer, 1, accented(lifted, out[bearer]));
  return out;
}

}  // namespace recto
