// What a telephone number looks like when nothing but its digits and their grouping says so.

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "curate/personal_data.h"

namespace recto {

namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

/// Numbers with signs between them, as "+49 (0)30 / 123-45".
struct NumberRun {
  size_t begin = 0, end = 0;
  bool plus = false;         ///< begins with "+"
  bool parenthesis = false;  ///< begins with "("
  std::vector<std::string> groups;
  std::vector<std::string> separators;  ///< after each group but the last

  size_t digits() const {
    size_t count = 0;
    for (const std::string& group : groups) count += group.size();
    return count;
  }
  bool lengths(std::initializer_list<size_t> wanted) const {
    return std::equal(
        groups.begin(), groups.end(), wanted.begin(), wanted.end(),
        [](const std::string& group, size_t length) { return group.size() == length; });
  }
  /// True when every separator is made of some of `characters`.
  bool separated_by(std::string_view characters) const {
    return std::all_of(separators.begin(), separators.end(), [&](const std::string& separator) {
      return separator.find_first_not_of(characters) == std::string::npos;
    });
  }
};

NumberRun read_run(std::string_view text, size_t at) {
  constexpr size_t kMaxSeparator = 3;
  NumberRun run;
  run.begin = at;
  run.plus = text[at] == '+';
  if (run.plus) ++at;
  run.parenthesis = at < text.size() && text[at] == '(';
  if (run.parenthesis) ++at;
  while (at < text.size() && is_digit(text[at])) {
    size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    run.groups.emplace_back(text.substr(at, end - at));
    run.end = end;
    size_t next = end;
    while (next < text.size() && std::string_view(" -./()").find(text[next]) != std::string::npos) {
      ++next;
    }
    if (next == end || next - end > kMaxSeparator || next >= text.size() || !is_digit(text[next])) {
      break;
    }
    run.separators.emplace_back(text.substr(end, next - end));
    at = next;
  }
  return run;
}

/// The last two words before `at`, in lower case, the nearest first.
std::array<std::string, 2> words_before(std::string_view text, size_t at) {
  std::array<std::string, 2> words;
  for (std::string& word : words) {
    while (at > 0 && !is_letter(text[at - 1]) && !is_digit(text[at - 1])) --at;
    const size_t end = at;
    while (at > 0 && is_letter(text[at - 1])) --at;
    word = text.substr(at, end - at);
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  return words;
}

template <size_t N>
bool any_of(const std::array<std::string, 2>& words, const std::array<std::string_view, N>& list) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  });
}

constexpr std::array<std::string_view, 30> kPhoneWords = {
    "tel",      "phone",     "telephone", "telefon",  "téléphone", "teléfono",
    "telefono", "telefone",  "telefoon",  "telefonu", "fax",       "call",
    "mobile",   "cell",      "hotline",   "mobil",    "handy",     "portable",
    "móvil",    "cellulare", "telemóvel", "mobiel",   "komórka",   "whatsapp",
    "sms",      "anrufen",   "ruf",       "gsm",      "電話",      "电话"};

/// What stands before numbers that are no telephone numbers.
constexpr std::array<std::string_view, 32> kOtherWords = {
    "isbn",   "issn",   "doi",     "rfc",    "iso", "iec", "en",          "din",
    "ieee",   "ansi",   "astm",    "part",   "pn",  "sku", "serial",      "model",
    "modell", "modèle", "version", "ver",    "v",   "ean", "artikel",     "art",
    "order",  "ref",    "item",    "patent", "nsn", "id",  "teilenummer", "bestellnummer"};

/// National numbers by their grouping: the trunk prefix 0, (555) 123-4567, 91 123 45 67, ...
bool is_national(const NumberRun& run) {
  const size_t digits = run.digits();
  const std::string& first = run.groups.front();
  const bool spaced = run.separated_by(" ");
  if (run.parenthesis) {  // (030) 1234567
    const bool year = first.size() == 4 && (first.starts_with("19") || first.starts_with("20"));
    return run.groups.size() > 1 && run.separators[0].starts_with(')') && first.size() >= 2 &&
           first.size() <= 5 && !year && digits >= 8 && digits <= 12;
  }
  const bool american = run.lengths({3, 3, 4}) || (run.lengths({1, 3, 3, 4}) && first == "1");
  if (american && run.separated_by(" -.()")) {
    return run.groups[run.groups.size() - 2] != "000";
  }
  if (first.size() > 1 && first[0] == '0' && first[1] != '0' && digits >= 9 && digits <= 12) {
    if (run.groups.size() == 1) return digits >= 10 && digits <= 11 && first != "0123456789";
    const bool in_pairs = std::all_of(run.groups.begin(), run.groups.end(),
                                      [](const std::string& group) { return group.size() == 2; });
    const bool grouped = std::all_of(run.groups.begin(), run.groups.end(),
                                     [](const std::string& group) { return group.size() >= 2; });
    return grouped && first.size() <= 5 && run.separated_by(in_pairs ? " -./" : " -/");
  }
  if (first.size() == 3 && first[0] == '1' && first[1] >= '3' && run.lengths({3, 4, 4})) {
    return run.separated_by(" -");  // China
  }
  if (run.lengths({11})) return first[0] == '1' && first[1] >= '3';
  if (run.lengths({3, 3, 3}) && first[0] >= '5') return run.separated_by(" -");  // Spain, Poland
  if (run.lengths({2, 3, 2, 2}) || run.lengths({3, 2, 2, 2})) return run.separated_by(" -");
  return first.size() == 3 && first[0] == '3' && spaced && run.groups.size() == 2 &&
         (run.groups[1].size() == 6 || run.groups[1].size() == 7);  // Italy
}

bool is_international(const NumberRun& run) {
  const size_t digits = run.digits();
  if (run.plus) {
    const bool decimal = run.groups.size() == 2 && run.separators[0] == ".";
    return !decimal && run.groups[0][0] != '0' && digits >= 8 && digits <= 15;
  }
  return run.groups[0].starts_with("00") && run.groups.size() > 1 && digits >= 10 && digits <= 17 &&
         (run.groups[0].size() == 2 || run.groups[0][2] != '0') && run.separated_by(" -/()");
}

/// Whether nothing around the run makes it a part of something longer.
bool stands_alone(std::string_view text, const NumberRun& run) {
  if (run.begin > 0) {
    const char before = text[run.begin - 1];
    if (is_letter(before) || is_digit(before)) return false;
    if (std::string_view("_#$.,-/=+*~").find(before) != std::string_view::npos) return false;
    if (before == ':' && run.begin > 1 && is_digit(text[run.begin - 2])) return false;
  }
  if (run.end == text.size()) return true;
  const char after = text[run.end];
  if (is_letter(after) || after == '_' || after == '%') return false;
  const bool joined = std::string_view("-:/=.,").find(after) != std::string_view::npos;
  return !joined || run.end + 1 >= text.size() ||
         !(is_letter(text[run.end + 1]) || is_digit(text[run.end + 1]));
}

int number(const std::string& digits) { return std::stoi(digits); }

/// Year, month and day in one of the usual orders.
bool is_date(const std::vector<std::string>& groups, size_t first) {
  const auto& a = groups[first];
  const auto& b = groups[first + 1];
  const auto& c = groups[first + 2];
  if (a.size() > 4 || b.size() > 2 || c.size() > 4) return false;
  const auto day = [](const std::string& d) { return number(d) >= 1 && number(d) <= 31; };
  const auto year = [](const std::string& y) {
    return y.size() == 2 || (y.size() == 4 && (y.starts_with("19") || y.starts_with("20")));
  };
  if (!day(b)) return false;
  if (a.size() == 4) return year(a) && c.size() <= 2 && day(c) && number(b) <= 12;
  return a.size() <= 2 && day(a) && year(c) && std::min(number(a), number(b)) <= 12;
}

/// `text` with dates and ISBNs replaced by letters, so that their digits begin nothing.
std::string without_dates(std::string_view text) {
  std::string out(text);
  for (size_t at = 0; at < out.size(); ++at) {
    if (!is_digit(out[at])) continue;
    const NumberRun run = read_run(out, at);
    const bool three = run.groups.size() >= 3 && !run.separators[0].empty() &&
                       run.separators[0] == run.separators[1] && run.separators[0] != " ";
    // After a date may come a time, but not more of the same.
    const bool ends = run.groups.size() == 3 || (three && run.separators[2] != run.separators[0]);
    if (three && ends && is_date(run.groups, 0)) {
      size_t size = 0;
      for (int i = 0; i < 3; ++i) size += run.groups[i].size();
      size += run.separators[0].size() + run.separators[1].size();
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), size, 'd');
    }
    at = std::max(at, run.end - 1);
  }
  return out;
}

/// A book number of 13 digits with a good check digit (EAN-13).
bool is_isbn(const NumberRun& run) {
  std::string digits;
  for (const std::string& group : run.groups) digits += group;
  if (digits.size() != 13 || !(digits.starts_with("978") || digits.starts_with("979")))
    return false;
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) sum += (digits[i] - '0') * (i % 2 == 0 ? 1 : 3);
  return sum % 10 == 0;
}

bool is_phone_number(std::string_view text, const NumberRun& run) {
  constexpr size_t kLeastWithWord = 7;
  constexpr size_t kMost = 15;
  if (!stands_alone(text, run) || is_isbn(run)) return false;
  const auto before = words_before(text, run.begin);
  if (any_of(before, kPhoneWords) && run.digits() >= kLeastWithWord && run.digits() <= kMost) {
    return true;
  }
  const bool part_or_serial = before[0] == "n" && (before[1] == "p" || before[1] == "s");
  if (part_or_serial || any_of(before, kOtherWords)) return false;
  return is_international(run) || is_national(run);
}

}  // namespace

bool has_phone_number(std::string_view text) {
  const std::string plain = without_dates(text);
  for (size_t at = 0; at < plain.size(); ++at) {
    const bool begins = is_digit(plain[at]) ||
                        ((plain[at] == '+' || plain[at] == '(') && at + 1 < plain.size() &&
                         (is_digit(plain[at + 1]) || (plain[at] == '+' && plain[at + 1] == '(')));
    if (!begins) continue;
    const NumberRun run = read_run(plain, at);
    if (run.groups.empty()) continue;
    if (is_phone_number(plain, run)) return true;
    at = std::max(at, run.end - 1);
  }
  return false;
}

}  // namespace recto
