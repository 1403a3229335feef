#include "serve/http_message.h"

#include <algorithm>

namespace recto {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool is_same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string HttpRequest::header(const std::string& name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return is_same_word(header.first, name);
  });
  return found == headers.end() ? std::string() : found->second;
}

}  // namespace recto
