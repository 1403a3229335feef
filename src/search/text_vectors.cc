#include "search/text_vectors.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>

#include "base/error.h"
#include "base/fnv1a.h"
#include "base/random.h"
#include "search/lexical_words.h"

namespace recto {
namespace {

double length_of(const std::vector<double>& x) {
  return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
}

}  // namespace

TextVectors::TextVectors(const std::vector<std::string>& pages, const TextVectorSettings& settings)
    : settings_(settings) {
  if (!settings_.split) {
    const auto tokenizer = std::make_shared<WordTokenizer>();
    settings_.split = [tokenizer](const std::string& text) {
      return lexical_words(*tokenizer, text);
    };
  }
  double all = 0;
  pages_.reserve(pages.size());
  lengths_.reserve(pages.size());
  for (const std::string& text : pages) {
    std::vector<Count> counts;
    std::map<Word, uint32_t> times;
    double length = 0;
    for (const std::string& word : settings_.split(text)) {
      const auto [known, is_new] = words_.emplace(word, static_cast<Word>(words_.size()));
      if (is_new) streams_.push_back(fnv1a(word));
      ++times[known->second];
      ++length;
    }
    counts.reserve(times.size());
    frequencies_.resize(words_.size(), 0);
    for (const auto& [word, count] : times) {
      counts.push_back({word, count});
      ++frequencies_[word];
    }
    pages_.push_back(std::move(counts));
    lengths_.push_back(length);
    all += length;
  }
  if (all == 0) {
    fail(ErrorCode::kBadInput,
         "no page has a word; pages with a text layer, or read by OCR, are wanted");
  }
  for (double& length : lengths_) length *= static_cast<double>(pages_.size()) / all;
}

double TextVectors::idf(Word word) const {
  const auto n = static_cast<double>(frequencies_[word]), all = static_cast<double>(pages_.size());
  return std::log1p((all - n + 0.5) / (n + 0.5));
}

void TextVectors::add(Word word, double weight, std::vector<double>& x) const {
  Random signs(settings_.seed, streams_[word]);
  const auto count = static_cast<size_t>(settings_.dimensions);
  const double entry = weight / std::sqrt(static_cast<double>(count));
  for (size_t i = 0; i < count; i += 64) {
    uint64_t bits = signs.next();
    for (size_t k = i; k < std::min(i + 64, count); ++k, bits >>= 1) {
      x[k] += (bits & 1) != 0 ? entry : -entry;
    }
  }
}

std::vector<double> TextVectors::page(size_t index) const {
  std::vector<double> x(static_cast<size_t>(settings_.dimensions), 0.0);
  const auto& [k1, b] = settings_.bm25;
  for (const Count& count : pages_[index]) {
    const double f = count.times;
    add(count.word, f * (k1 + 1) / (f + k1 * (1 - b + b * lengths_[index])), x);
  }
  return x;
}

Matrix TextVectors::pages() const {
  const auto dimensions = static_cast<size_t>(settings_.dimensions);
  Matrix all(static_cast<int64_t>(pages_.size()), settings_.dimensions + 1);
  std::vector<double> lengths(pages_.size());
  for (size_t i = 0; i < pages_.size(); ++i) {
    const std::vector<double> x = page(i);
    lengths[i] = length_of(x);
    for (size_t k = 0; k < dimensions; ++k) {
      all.row(static_cast<int64_t>(i))[k] = static_cast<float>(x[k]);
    }
  }
  const double largest = *std::max_element(lengths.begin(), lengths.end());
  for (size_t i = 0; i < pages_.size(); ++i) {
    const std::span<float> row = all.row(static_cast<int64_t>(i));
    for (size_t k = 0; k < dimensions; ++k) row[k] = static_cast<float>(row[k] / largest);
    const double share = lengths[i] / largest;
    row[dimensions] = static_cast<float>(std::sqrt(std::max(0.0, 1 - share * share)));
  }
  return all;
}

bool TextVectors::query(const std::string& text, std::vector<float>& vector) {
  std::vector<double> y(static_cast<size_t>(settings_.dimensions), 0.0);
  std::vector<Word> distinct;
  for (const std::string& word : settings_.split(text)) {
    const auto known = words_.find(word);
    if (known != words_.end()) distinct.push_back(known->second);
  }
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (const Word word : distinct) add(word, idf(word), y);
  const double length = length_of(y);
  if (length == 0) return false;
  vector.assign(y.size() + 1, 0.0F);
  for (size_t k = 0; k < y.size(); ++k) vector[k] = static_cast<float>(y[k] / length);
  return true;
}

}  // namespace recto
