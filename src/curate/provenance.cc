#include "curate/provenance.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "curate/csv.h"

namespace recto {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{256} << 20;
constexpr const char* kColumns[] = {"glob", "title", "licence", "url", "language"};
constexpr const char* kWanted = "the columns are glob, title, licence, url, language";

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Column names to their places in a row.
std::map<std::string, size_t> read_header(const CsvRow& header, const std::string& where) {
  std::map<std::string, size_t> columns;
  for (size_t i = 0; i < header.fields.size(); ++i) {
    std::string name = trimmed(header.fields[i]);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name == "license") name = "licence";
    if (std::find(std::begin(kColumns), std::end(kColumns), name) == std::end(kColumns)) {
      fail(ErrorCode::kBadInput, "{}, line {}: unknown column \"{}\"; {}, separated by commas",
           where, header.line, name, kWanted);
    }
    if (!columns.emplace(name, i).second) {
      fail(ErrorCode::kBadInput, "{}, line {}: the column {} stands twice", where, header.line,
           name);
    }
  }
  if (columns.count("glob") == 0) {
    fail(ErrorCode::kBadInput, "{}, line {}: the header has no column glob; {}", where, header.line,
         kWanted);
  }
  return columns;
}

void check_value(const std::string& value, const std::string& column, int64_t line,
                 const std::string& where) {
  for (size_t position = 0; position < value.size();) {
    const char32_t c = decode_utf8(value, position);
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      fail(ErrorCode::kBadInput, "{}, line {}: {} has control characters or line ends", where, line,
           column);
    }
  }
  // BCP 47: parts of 1 to 8 letters and digits, the first of 2 to 8 letters.
  if (column != "language" || value.empty()) return;
  size_t part = 0;
  bool valid = std::isalpha(static_cast<unsigned char>(value[0])) != 0 && value.back() != '-';
  for (const char c : value) {
    part = c == '-' ? 0 : part + 1;
    valid = valid && part <= 8 && (c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0);
  }
  if (!valid || value.size() < 2 || value.find("--") != std::string::npos) {
    fail(ErrorCode::kBadInput, "{}, line {}: \"{}\" is no language tag such as \"en\" or \"pt-BR\"",
         where, line, value);
  }
}

}  // namespace

Provenance Provenance::read(const std::filesystem::path& csv) {
  return parse(read_file(csv, kMaxFileBytes), csv.string());
}

Provenance Provenance::parse(std::string_view text, const std::string& where) {
  const std::vector<CsvRow> rows = parse_csv(text, where);
  if (rows.empty()) fail(ErrorCode::kBadInput, "{}: it has no header; {}", where, kWanted);
  const std::map<std::string, size_t> columns = read_header(rows.front(), where);
  Provenance provenance;
  for (size_t i = 1; i < rows.size(); ++i) {
    const CsvRow& row = rows[i];
    if (row.fields.size() != rows.front().fields.size()) {
      fail(ErrorCode::kBadInput,
           "{}, line {}: {} fields, but the header has {}; a field with a "
           "comma is put in quotes",
           where, row.line, row.fields.size(), rows.front().fields.size());
    }
    const auto value = [&](const char* column) {
      const auto found = columns.find(column);
      if (found == columns.end()) return std::string();
      std::string trimmed_value = trimmed(row.fields[found->second]);
      check_value(trimmed_value, column, row.line, where);
      return trimmed_value;
    };
    SourceRow source{value("glob"),
                     {value("title"), value("licence"), value("url"), value("language")}};
    if (source.glob.empty()) {
      fail(ErrorCode::kBadInput, "{}, line {}: the glob is empty; * matches all files", where,
           row.line);
    }
    const size_t number = provenance.rows_.size();
    if (!provenance.by_text_.emplace(source.glob, number).second) {
      fail(ErrorCode::kBadInput, "{}, line {}: the glob \"{}\" stands twice", where, row.line,
           source.glob);
    }
    if (source.glob.find_first_of("*?[") != std::string::npos) {
      provenance.patterns_.push_back(number);
    }
    provenance.rows_.push_back(std::move(source));
  }
  return provenance;
}

std::optional<size_t> Provenance::find(const SourcePlace& place) const {
  const std::vector<std::string> names = glob_names(place);
  size_t best = rows_.size();
  for (const std::string& name : names) {
    const auto found = by_text_.find(name);
    if (found != by_text_.end()) best = std::min(best, found->second);
  }
  for (const size_t row : patterns_) {
    if (row >= best) break;
    const char* pattern = rows_[row].glob.c_str();
    if (std::any_of(names.begin(), names.end(), [&](const std::string& name) {
          return ::fnmatch(pattern, name.c_str(), 0) == 0;
        })) {
      best = row;
    }
  }
  if (best == rows_.size()) return std::nullopt;
  return best;
}

}  // namespace recto
