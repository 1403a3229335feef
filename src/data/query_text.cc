#include "data/query_text.h"

#include "base/sha256.h"

namespace recto {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::string plain_query(const std::string& text) {
  std::string out;
  for (const char c : trimmed(text)) {
    if (!is_space(c)) {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

std::string trimmed(const std::string& text) {
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && is_space(text[begin])) ++begin;
  while (end > begin && is_space(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

std::string query_id_of(const std::string& text) { return "q-" + sha256_hex(text).substr(0, 16); }

}  // namespace recto
