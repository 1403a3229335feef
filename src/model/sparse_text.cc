#include "model/sparse_text.h"

#include <cmath>
#include <map>
#include <string>

namespace recto {
namespace {

constexpr std::string_view kSpaces = " \t\n\r\f\v";

}  // namespace

void for_each_text_token(const Tokenizer& tokenizer, std::string_view text,
                         const std::function<void(int32_t id)>& take) {
  for (size_t first = text.find_first_not_of(kSpaces); first != std::string_view::npos;) {
    const size_t end = text.find_first_of(kSpaces, first);
    std::string word(1, ' ');
    word += text.substr(first, end - first);
    for (const int32_t id : tokenizer.encode_ordinary(word)) take(id);
    first = text.find_first_not_of(kSpaces, end);
  }
}

SparseVector sparse_text(const Tokenizer& tokenizer, std::string_view text, int gain) {
  std::map<int32_t, int64_t> counts;
  for_each_text_token(tokenizer, text, [&](int32_t id) { ++counts[id]; });
  SparseVector out;
  for (const auto& [id, count] : counts) {
    out.ids.push_back(id);
    out.weights.push_back(static_cast<float>(std::log1p(gain * count)));
  }
  return out;
}

}  // namespace recto
