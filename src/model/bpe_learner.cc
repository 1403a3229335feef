#include "model/bpe_learner.h"

#include <queue>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/utf8.h"
#include "model/byte_level.h"
#include "model/smollm2_tokenizer.h"

namespace recto {
namespace {

constexpr const char* kControlTokens[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
constexpr int kControlTokenCount = 3;
constexpr int kBytes = 256;
constexpr size_t kMaxPieceBytes = 64;  // what is longer is no word

Json replace(const char* pattern, const char* content) {
  return {{"type", "Replace"}, {"pattern", {{"String", pattern}}}, {"content", content}};
}

Json normalizer_json() {
  return {{"type", "Sequence"},
          {"normalizers",
           {replace("\u00AD", ""), replace("\u00A0", " "), replace("\u2018", "'"),
            replace("\u2019", "'"), replace("\u201C", "\""), replace("\u201D", "\""),
            replace("\u201E", "\""), replace("\uFB00", "ff"), replace("\uFB01", "fi"),
            replace("\uFB02", "fl"), replace("\uFB03", "ffi"), replace("\uFB04", "ffl"),
            replace("\u2026", "..."), Json{{"type", "Lowercase"}}}}};
}

Json pre_tokenizer_json() {
  return {{"type", "Sequence"},
          {"pretokenizers",
           {Json{{"type", "Digits"}, {"individual_digits", true}}, Json{{"type", "ByteLevel"},
                                                                        {"add_prefix_space", false},
                                                                        {"trim_offsets", true},
                                                                        {"use_regex", true}}}}};
}

using Pair = std::pair<int32_t, int32_t>;

/// The pieces as lists of tokens, and where each pair of neighbours stands.
class Merging {
 public:
  explicit Merging(const std::map<std::string, int64_t, std::less<>>& pieces);

  /// The most frequent pair.
  Pair best();
  /// Joins `pair` to the token `made` everywhere.
  void join(const Pair& pair, int32_t made);

 private:
  struct Piece {
    std::vector<int32_t> tokens;
    int64_t count = 0;
  };
  struct Occurrence {
    int64_t count = 0;
    std::set<size_t> pieces;
  };
  struct Candidate {
    int64_t count;
    Pair pair;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };

  void count_pairs(size_t piece, int64_t sign, std::set<Pair>& changed);

  std::vector<Piece> pieces_;
  std::map<Pair, Occurrence> pairs_;
  std::priority_queue<Candidate> candidates_;  // some with counts of earlier times
};

Merging::Merging(const std::map<std::string, int64_t, std::less<>>& pieces) {
  std::set<Pair> all;
  for (const auto& [text, count] : pieces) {
    Piece piece;
    piece.count = count;
    for (const char byte : text) {
      piece.tokens.push_back(kControlTokenCount + static_cast<uint8_t>(byte));
    }
    pieces_.push_back(std::move(piece));
    count_pairs(pieces_.size() - 1, 1, all);
  }
  for (const Pair& pair : all) candidates_.push({pairs_[pair].count, pair});
}

void Merging::count_pairs(size_t piece, int64_t sign, std::set<Pair>& changed) {
  const std::vector<int32_t>& tokens = pieces_[piece].tokens;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const Pair pair(tokens[i], tokens[i + 1]);
    Occurrence& occurrence = pairs_[pair];
    occurrence.count += sign * pieces_[piece].count;
    if (sign > 0) {
      occurrence.pieces.insert(piece);
    } else {
      occurrence.pieces.erase(piece);
    }
    changed.insert(pair);
  }
}

Pair Merging::best() {
  while (!candidates_.empty()) {
    const Candidate candidate = candidates_.top();
    candidates_.pop();
    const auto found = pairs_.find(candidate.pair);
    const int64_t count = found == pairs_.end() ? 0 : found->second.count;
    if (count == candidate.count && count > 1) return candidate.pair;
  }
  fail(ErrorCode::kBadInput,
       "the texts have too few pairs of neighbours that occur twice for a vocabulary of this size; "
       "give more text or a smaller --size");
}

void Merging::join(const Pair& pair, int32_t made) {
  const std::set<size_t> pieces = pairs_[pair].pieces;
  std::set<Pair> changed;
  for (const size_t i : pieces) {
    count_pairs(i, -1, changed);
    std::vector<int32_t> joined;
    const std::vector<int32_t>& tokens = pieces_[i].tokens;
    for (size_t k = 0; k < tokens.size(); ++k) {
      const bool here = k + 1 < tokens.size() && Pair(tokens[k], tokens[k + 1]) == pair;
      joined.push_back(here ? made : tokens[k]);
      if (here) ++k;
    }
    pieces_[i].tokens = std::move(joined);
    count_pairs(i, 1, changed);
  }
  for (const Pair& other : changed) {
    const auto found = pairs_.find(other);
    if (found->second.count > 0) {
      candidates_.push({found->second.count, other});
    } else {
      pairs_.erase(found);
    }
  }
}

/// What is learned: tokens by id, and the merges that make them.
struct Learned {
  std::vector<std::string> tokens;
  Json merges = Json::array();
};

Learned learn(const std::map<std::string, int64_t, std::less<>>& pieces, size_t size) {
  Learned learned{{kControlTokens, kControlTokens + kControlTokenCount}};
  for (int byte = 0; byte < kBytes; ++byte) {
    learned.tokens.push_back(byte_level_encode(std::string(1, static_cast<char>(byte))));
  }
  // Two pairs can make one text ("a" and "bc", "ab" and "c"), which then is one token.
  std::unordered_map<std::string, int32_t> ids;
  Merging merging(pieces);
  while (learned.tokens.size() < size) {
    throw_if_interrupted();
    const Pair pair = merging.best();
    const std::string& left = learned.tokens[static_cast<size_t>(pair.first)];
    const std::string& right = learned.tokens[static_cast<size_t>(pair.second)];
    learned.merges.push_back({left, right});
    const std::string made = left + right;
    const auto [found, is_new] = ids.emplace(made, learned.tokens.size());
    if (is_new) learned.tokens.push_back(made);
    merging.join(pair, found->second);
  }
  return learned;
}

}  // namespace

BpeLearner::BpeLearner()
    : normalizer_(Normalizer::parse(normalizer_json(), "normalizer")),
      pre_tokenizer_(PreTokenizer::parse(pre_tokenizer_json(), "pre_tokenizer")) {}

void BpeLearner::add(std::string_view text) {
  const std::string normalized = normalizer_.apply(replace_invalid_utf8(text));
  pre_tokenizer_.for_each(normalized, [&](std::string_view piece) {
    if (piece.size() > kMaxPieceBytes) return;
    const auto found = pieces_.find(piece);
    if (found != pieces_.end()) {
      ++found->second;
    } else {
      pieces_.emplace(piece, 1);
    }
  });
}

Json BpeLearner::tokenizer(int size) const {
  const int ordinary = size - kSmolVlmTokenCount;
  const int least = kControlTokenCount + kBytes;
  if (ordinary < least) {
    fail(ErrorCode::kUsage, "--size is {}; {} or more is wanted", size, least + kSmolVlmTokenCount);
  }
  Learned learned = learn(pieces_, static_cast<size_t>(ordinary));
  Json vocabulary = Json::object();
  for (size_t id = 0; id < learned.tokens.size(); ++id) vocabulary[learned.tokens[id]] = id;
  Json json = smollm2_tokenizer();
  json["normalizer"] = normalizer_json();
  json["pre_tokenizer"] = pre_tokenizer_json();
  json["model"]["vocab"] = std::move(vocabulary);
  json["model"]["merges"] = std::move(learned.merges);
  keep_added_tokens(json, kControlTokenCount);
  add_smolvlm_tokens(json, ordinary);
  return json;
}

}  // namespace recto
