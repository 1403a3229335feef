#include "curate/csv.h"

#include "base/error.h"
#include "base/utf8.h"

namespace recto {
namespace {

class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  std::vector<CsvRow> rows() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      CsvRow row{line_, {}};
      do {
        row.fields.push_back(field());
      } while (take(','));
      if (!end_of_line()) fail_here("text after a closing quote");
      if (row.fields.size() > 1 || !row.fields.front().empty()) rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  std::string field() { return take('"') ? quoted() : plain(); }

  std::string plain() {
    const size_t end = std::min(text_.find_first_of(",\r\n\"", at_), text_.size());
    std::string value(text_.substr(at_, end - at_));
    at_ = end;
    if (at_ < text_.size() && text_[at_] == '"') {
      fail_here("a quote inside a field; put the whole field in quotes and double this one");
    }
    return value;
  }

  std::string quoted() {
    const int64_t start = line_;
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"' && !take('"')) return value;
      if (c == '\n') ++line_;
      value += c;
    }
    line_ = start;
    fail_here("a quote that is never closed");
  }

  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool end_of_line() {
    if (at_ >= text_.size()) return true;
    const bool carriage_return = take('\r');
    if (!take('\n') && !carriage_return) return false;
    ++line_;
    return true;
  }

  [[noreturn]] void fail_here(const char* what) const {
    fail(ErrorCode::kBadInput, "{}, line {}: {}", where_, line_, what);
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text, const std::string& where) {
  if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos) {
    fail(ErrorCode::kBadInput, "{}: it is not UTF-8 text; save it as \"CSV UTF-8\"", where);
  }
  text.remove_prefix(byte_order_mark_size(text));
  return CsvParser(text, where).rows();
}

}  // namespace recto
