#include "eval/trec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

std::string_view text_of(const MappedFile& file) {
  const std::string_view text = as_text(file.bytes());
  return text.substr(byte_order_mark_size(text));
}

std::vector<std::string_view> split_fields(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  std::vector<std::string_view> fields;
  for (size_t at = line.find_first_not_of(kBlank); at != std::string_view::npos;
       at = line.find_first_not_of(kBlank, at)) {
    const size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end;
  }
  return fields;
}

/// Calls visit(fields, where) for each line that is not blank; the number of fields is checked.
template <typename Visit>
void for_each_line(const fs::path& path, size_t field_count, const char* wanted,
                   const Visit& visit) {
  const MappedFile file(path);
  std::string_view text = text_of(file);
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const auto fields = split_fields(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (fields.empty()) continue;
    const std::string where = fmt::format("{}:{}", path.string(), number);
    if (fields.size() != field_count) {
      fail(ErrorCode::kBadInput, "{}: {} fields; wanted \"{}\"", where, fields.size(), wanted);
    }
    visit(fields, where);
  }
}

template <typename Number>
Number parse_number(std::string_view text, const char* what, const std::string& where) {
  Number value{};
  const char* first = text.data();
  if (text.size() > 1 && text.front() == '+') ++first;  // from_chars knows no plus sign
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail(ErrorCode::kBadInput, "{}: the {} \"{}\" is no {}", where, what, text,
         std::is_integral_v<Number> ? "integer" : "number");
  }
  return value;
}

/// "query-id corpus-id score" or the like: three fields, the last of which is no number.
bool has_beir_header(const fs::path& path) {
  const MappedFile file(path);
  const std::string_view text = text_of(file);
  const auto fields = split_fields(text.substr(0, text.find('\n')));
  return fields.size() == 3 &&
         fields.back().find_first_not_of("+-0123456789") != std::string_view::npos;
}

void check_id(const std::string& id) {
  if (id.empty() || id.find_first_of(" \t\r\n") != std::string::npos) {
    fail(ErrorCode::kBadInput,
         "the id \"{}\" cannot stand in a TREC file: it is empty or has "
         "white space",
         id);
  }
}

}  // namespace

Qrels read_qrels(const fs::path& path) {
  Qrels qrels;
  const bool beir = has_beir_header(path);
  bool header = beir;
  for_each_line(path, beir ? 3 : 4, beir ? "query document grade" : "query 0 document grade",
                [&](const auto& fields, const auto& where) {
                  if (std::exchange(header, false)) return;
                  const std::string query(fields.front());
                  const std::string document(fields[beir ? 1 : 2]);
                  const int grade = parse_number<int>(fields.back(), "grade", where);
                  if (!qrels[query].emplace(document, grade).second) {
                    fail(ErrorCode::kBadInput, "{}: document {} is judged twice for query {}",
                         where, document, query);
                  }
                });
  if (qrels.empty()) fail(ErrorCode::kBadInput, "{}: no judgement", path.string());
  return qrels;
}

Run read_run(const fs::path& path) {
  Run run;
  std::map<std::string, std::set<std::string>> seen;
  for_each_line(path, 6, "query Q0 document rank score tag",
                [&](const auto& fields, const auto& where) {
                  const std::string query(fields[0]);
                  const double score = parse_number<double>(fields[4], "score", where);
                  if (!std::isfinite(score)) {
                    fail(ErrorCode::kBadInput, "{}: the score {} is not finite", where, fields[4]);
                  }
                  if (!seen[query].emplace(fields[2]).second) {
                    fail(ErrorCode::kBadInput, "{}: document {} is found twice for query {}", where,
                         fields[2], query);
                  }
                  run[query].push_back({std::string(fields[2]), score});
                });
  if (run.empty()) fail(ErrorCode::kBadInput, "{}: an empty run", path.string());
  return run;
}

void write_run(const fs::path& path, const Run& run, const std::string& tag) {
  AtomicFile file(path);
  for (const auto& [query, hits] : run) {
    check_id(query);
    std::map<std::string, double> scores;
    for (const ScoredId& hit : hits) {
      check_id(hit.id);
      scores[hit.id] = hit.score;
    }
    int rank = 0;
    std::string lines;
    for (const std::string& id : ranked_ids(hits)) {
      lines += fmt::format("{} Q0 {} {} {} {}\n", query, id, ++rank, scores[id], tag);
    }
    file.write(lines);
  }
  file.commit();
}

void write_qrels(const fs::path& path, const Qrels& qrels) {
  AtomicFile file(path);
  for (const auto& [query, judgements] : qrels) {
    check_id(query);
    for (const auto& [document, grade] : judgements) {
      check_id(document);
      file.write(fmt::format("{} 0 {} {}\n", query, document, grade));
    }
  }
  file.commit();
}

}  // namespace recto
