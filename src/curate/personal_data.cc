#include "curate/personal_data.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

namespace recto {

namespace {

bool is_alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_alpha(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
/// A byte of a letter beyond ASCII, which addresses may have too.
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

bool is_local_part(char c) {
  return is_alnum(c) || is_beyond_ascii(c) ||
         std::string_view("._%+-'").find(c) != std::string_view::npos;
}

bool is_domain(char c) { return is_alnum(c) || is_beyond_ascii(c) || c == '-' || c == '.'; }

/// Endings that are files, not top-level domains.
bool is_file_ending(std::string_view label) {
  constexpr std::array<std::string_view, 10> kEndings = {"png", "jpg", "jpeg", "svg",  "gif",
                                                         "pdf", "css", "html", "webp", "service"};
  return std::find(kEndings.begin(), kEndings.end(), label) != kEndings.end();
}

/// Whether the domain that begins at `at` has two labels or more, the last one of letters.
bool is_full_domain(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_domain(text[end])) ++end;
  std::string_view domain = text.substr(at, end - at);
  while (domain.ends_with('.') || domain.ends_with('-')) domain.remove_suffix(1);
  const size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view top = domain.substr(dot + 1);
  return top.size() >= 2 && !is_file_ending(top) && std::all_of(top.begin(), top.end(), [](char c) {
           return is_alpha(c) || is_beyond_ascii(c);
         });
}

/// Lengths of the IBANs of each country: SWIFT's IBAN registry, release 99.
const std::map<std::string_view, int>& iban_lengths() {
  static const std::map<std::string_view, int> lengths = {
      {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16},
      {"BG", 22}, {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22},
      {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20},
      {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22},
      {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21},
      {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30},
      {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
      {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20},
      {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
      {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22},
      {"RU", 33}, {"SA", 24}, {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24},
      {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26},
      {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30}};
  return lengths;
}

/// Letters and digits from `at` on, in upper case, over single spaces and hyphens, until there are
/// `length`; shorter when something else comes, or another one follows at once.
std::string collect(std::string_view text, size_t at, size_t length) {
  std::string out;
  while (at < text.size() && out.size() < length) {
    if (is_alnum(text[at])) {
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(text[at])));
      ++at;
    } else if ((text[at] == ' ' || text[at] == '-') && at + 1 < text.size() &&
               is_alnum(text[at + 1])) {
      ++at;
    } else {
      break;
    }
  }
  if (at < text.size() && is_alnum(text[at])) out.clear();
  return out;
}

/// ISO 7064 mod 97-10 of an IBAN with its first four characters moved to the end; 1 for a good one.
int iban_remainder(const std::string& iban) {
  int remainder = 0;
  const std::string moved = iban.substr(4) + iban.substr(0, 4);
  for (const char c : moved) {
    remainder =
        is_digit(c) ? (remainder * 10 + (c - '0')) % 97 : (remainder * 100 + (c - 'A' + 10)) % 97;
  }
  return remainder;
}

bool luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (size_t i = digits.size(); i-- > 0; twice = !twice) {
    const int digit = digits[i] - '0';
    sum += twice ? digit * 2 - (digit > 4 ? 9 : 0) : digit;
  }
  return sum % 10 == 0;
}

/// Ranges of the first digits of the card schemes and the lengths of their numbers.
struct CardRange {
  int first, last;  ///< of the first `digits` digits
  int digits;
  int shortest, longest;
};

constexpr CardRange kCardRanges[] = {
    {4, 4, 1, 13, 13},       {4, 4, 1, 16, 16},       {4, 4, 1, 19, 19},    // Visa
    {51, 55, 2, 16, 16},     {2221, 2720, 4, 16, 16},                       // Mastercard
    {34, 34, 2, 15, 15},     {37, 37, 2, 15, 15},                           // American Express
    {6011, 6011, 4, 16, 19}, {644, 659, 3, 16, 19},                         // Discover
    {3528, 3589, 4, 16, 19},                                                // JCB
    {300, 305, 3, 14, 19},   {36, 36, 2, 14, 19},     {38, 39, 2, 14, 19},  // Diners Club
    {62, 62, 2, 16, 19},     {81, 81, 2, 16, 19},                           // UnionPay
    {50, 50, 2, 12, 19},     {56, 58, 2, 12, 19},     {63, 63, 2, 12, 19},
    {67, 67, 2, 12, 19},      // Maestro
    {2200, 2204, 4, 16, 19},  // Mir
};

bool is_card_range(std::string_view digits) {
  const auto length = static_cast<int>(digits.size());
  return std::any_of(std::begin(kCardRanges), std::end(kCardRanges), [&](const CardRange& range) {
    if (length < range.shortest || length > range.longest) return false;
    int prefix = 0;
    for (int i = 0; i < range.digits; ++i) prefix = prefix * 10 + (digits[i] - '0');
    return prefix >= range.first && prefix <= range.last;
  });
}

/// The digits of a number that begins at `at`, in groups parted by one sign, the same everywhere;
/// "" when a letter or a decimal point follows.
std::string grouped_digits(std::string_view text, size_t at) {
  std::string digits;
  char separator = 0;
  while (at < text.size()) {
    if (is_digit(text[at])) {
      digits += text[at++];
      continue;
    }
    const bool parts = (text[at] == ' ' || text[at] == '-') && at + 1 < text.size() &&
                       is_digit(text[at + 1]) && (separator == 0 || separator == text[at]);
    if (!parts) break;
    separator = text[at++];
  }
  if (at < text.size() && (is_alpha(text[at]) || text[at] == '_')) return {};
  return digits;
}

}  // namespace

bool has_mail_address(std::string_view text) {
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    if (at == 0 || !is_local_part(text[at - 1])) continue;
    if (is_full_domain(text, at + 1)) return true;
  }
  return false;
}

bool has_iban(std::string_view text) {
  for (size_t at = 0; at + 4 < text.size(); ++at) {
    if (at > 0 && is_alnum(text[at - 1])) continue;
    if (!is_alpha(text[at]) || !is_alpha(text[at + 1])) continue;
    const std::string country = {
        static_cast<char>(std::toupper(static_cast<unsigned char>(text[at]))),
        static_cast<char>(std::toupper(static_cast<unsigned char>(text[at + 1])))};
    const auto length = iban_lengths().find(country);
    if (length == iban_lengths().end()) continue;
    const std::string iban = collect(text, at, static_cast<size_t>(length->second));
    if (std::ssize(iban) != length->second || !is_digit(iban[2]) || !is_digit(iban[3])) continue;
    if (iban_remainder(iban) == 1) return true;
  }
  return false;
}

bool has_card_number(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at])) continue;
    const char before = at == 0 ? ' ' : text[at - 1];
    if (is_alnum(before) || before == '.' || before == ',' || before == '_' || before == '-') {
      continue;
    }
    const std::string digits = grouped_digits(text, at);
    // In the middle of a longer number only what has a whole card's length is looked at.
    const bool inner = before == ' ' && at > 1 && is_digit(text[at - 2]);
    constexpr size_t kWholeCard = 15;
    if (inner && digits.size() < kWholeCard) continue;
    if (is_card_range(digits) && luhn(digits)) return true;
  }
  return false;
}

std::string_view personal_data(std::string_view text) {
  if (has_mail_address(text)) return "mail address";
  if (has_iban(text)) return "bank account";
  if (has_card_number(text)) return "payment card";
  if (has_phone_number(text)) return "phone number";
  return "";
}

}  // namespace recto
