#include "model/bpe.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <queue>

#include "model/byte_level.h"

namespace recto {
namespace {

constexpr int32_t kMaxIds = 1 << 22;
// Up to this many symbols, searching all pairs for the best beats keeping them in a heap.
constexpr size_t kShortPiece = 48;
constexpr uint32_t kNoRank = ~uint32_t{0};

size_t hash_bytes(std::string_view bytes) { return std::hash<std::string_view>{}(bytes); }

size_t hash_pair(uint64_t pair) {
  pair *= 0x9E3779B97F4A7C15u;  // Fibonacci hashing
  return static_cast<size_t>(pair ^ (pair >> 29));
}

// A table at most half full.
size_t table_size(size_t items) { return std::bit_ceil(2 * items + 2); }

void refuse_text(const Json& json, const char* key, const std::string& where) {
  const auto text = json_optional<std::string>(json, key, where, "");
  if (!text.empty()) {
    fail(ErrorCode::kUnsupported, "{}.{}: \"{}\" is not supported; wanted is null", where, key,
         text);
  }
}

// The two parts of a merge: ["a", "b"] or "a b".
std::pair<std::string, std::string> merge_parts(const Json& merge, const std::string& where) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  if (merge.is_string()) {
    const auto& text = merge.get_ref<const std::string&>();
    const size_t space = text.find(' ');
    if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos) {
      return {text.substr(0, space), text.substr(space + 1)};
    }
  }
  fail(ErrorCode::kBadInput, "{}: a merge is \"left right\" or [\"left\", \"right\"], found {}",
       where, dump_json(merge).substr(0, 100));
}

}  // namespace

Bpe Bpe::parse(const Json& json, const std::string& where) {
  Bpe bpe;
  bpe.read_options(json, where);
  for (const char* key : {"vocab", "merges"}) {
    if (!json.contains(key))
      fail(ErrorCode::kBadInput, "{}: the key \"{}\" is missing", where, key);
  }
  bpe.read_vocabulary(json.at("vocab"), where + ".vocab");
  bpe.read_merges(json.at("merges"), where + ".merges");
  const auto unknown = json_optional<std::string>(json, "unk_token", where, "");
  if (!unknown.empty()) {
    bpe.unknown_ = bpe.find(unknown);
    if (!bpe.unknown_) {
      fail(ErrorCode::kBadInput, "{}.unk_token: \"{}\" is not in the vocabulary", where, unknown);
    }
  }
  bpe.whole_ = std::vector<std::atomic<uint8_t>>(bpe.entries_.size());
  return bpe;
}

void Bpe::read_options(const Json& json, const std::string& where) {
  const auto type = json_required<std::string>(json, "type", where);
  if (type != "BPE") {
    fail(ErrorCode::kUnsupported, "{}.type: \"{}\" is not supported; wanted is \"BPE\"", where,
         type);
  }
  refuse_text(json, "continuing_subword_prefix", where);
  refuse_text(json, "end_of_word_suffix", where);
  if (json_optional(json, "dropout", where, 0.0) != 0.0) {
    fail(ErrorCode::kUnsupported,
         "{}.dropout: random tokenization is not supported; wanted is null", where);
  }
  if (json_optional(json, "byte_fallback", where, false)) {
    fail(ErrorCode::kUnsupported,
         "{}.byte_fallback: true is not supported; the byte-level vocabulary needs none", where);
  }
  fuse_unknown_ = json_optional(json, "fuse_unk", where, false);
  ignore_merges_ = json_optional(json, "ignore_merges", where, false);
}

void Bpe::read_vocabulary(const Json& json, const std::string& where) {
  if (!json.is_object() || json.empty()) {
    fail(ErrorCode::kBadInput, "{}: an object of tokens and their ids is wanted", where);
  }
  slots_.assign(table_size(json.size()), 0);
  byte_ids_.assign(256, -1);
  for (const auto& [token, value] : json.items()) {
    int32_t id = 0;
    internal::json_read(value, fmt::format("{}: \"{}\"", where, token), id);
    if (id < 0 || id >= kMaxIds) {
      fail(ErrorCode::kBadInput, "{}: \"{}\" has the id {}, wanted is 0 to {}", where, token, id,
           kMaxIds - 1);
    }
    if (id >= id_limit()) entries_.resize(static_cast<size_t>(id) + 1);
    if (entries_[static_cast<size_t>(id)].present) {
      fail(ErrorCode::kBadInput, "{}: the id {} stands twice", where, id);
    }
    add_entry(token, id);
  }
  count_ = static_cast<int32_t>(json.size());
}

void Bpe::add_entry(const std::string& token, int32_t id) {
  const std::optional<std::string> decoded = byte_level_decode(token);
  const std::string& bytes = decoded ? *decoded : token;
  entries_[static_cast<size_t>(id)] = {static_cast<uint32_t>(arena_.size()),
                                       static_cast<uint32_t>(bytes.size()), true};
  arena_ += bytes;
  if (!decoded) {
    others_.emplace(token, id);
    return;
  }
  size_t slot = hash_bytes(bytes) & (slots_.size() - 1);
  while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = static_cast<uint32_t>(id) + 1;
  if (bytes.size() == 1) byte_ids_[static_cast<uint8_t>(bytes[0])] = id;
}

void Bpe::read_merges(const Json& json, const std::string& where) {
  if (!json.is_array()) fail(ErrorCode::kBadInput, "{}: a list is wanted", where);
  merges_.assign(table_size(json.size()), Merge{});
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", where, i);
    const auto [left, right] = merge_parts(json[i], place);
    add_merge(left, right, static_cast<uint32_t>(i), place);
  }
}

void Bpe::add_merge(const std::string& left, const std::string& right, uint32_t rank,
                    const std::string& where) {
  const auto id_of = [&](const std::string& token) {
    const std::optional<int32_t> id = find(token);
    if (!id) fail(ErrorCode::kBadInput, "{}: \"{}\" is not in the vocabulary", where, token);
    return *id;
  };
  const uint64_t pair = pair_of(id_of(left), id_of(right));
  size_t slot = hash_pair(pair) & (merges_.size() - 1);
  while (merges_[slot].pair != kNoPair && merges_[slot].pair != pair) {
    slot = (slot + 1) & (merges_.size() - 1);
  }
  merges_[slot] = {pair, rank, id_of(left + right)};
}

int32_t Bpe::find_bytes(std::string_view bytes) const {
  size_t slot = hash_bytes(bytes) & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.length == bytes.size() &&
        std::memcmp(arena_.data() + entry.offset, bytes.data(), bytes.size()) == 0) {
      return static_cast<int32_t>(slots_[slot] - 1);
    }
  }
  return -1;
}

std::optional<int32_t> Bpe::find(std::string_view token) const {
  if (const auto bytes = byte_level_decode(token)) {
    const int32_t id = find_bytes(*bytes);
    return id < 0 ? std::nullopt : std::optional(id);
  }
  const auto found = others_.find(std::string(token));
  return found == others_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string_view> Bpe::bytes(int32_t id) const {
  if (id < 0 || id >= id_limit() || !entries_[static_cast<size_t>(id)].present) {
    return std::nullopt;
  }
  const Entry& entry = entries_[static_cast<size_t>(id)];
  return std::string_view(arena_).substr(entry.offset, entry.length);
}

const Bpe::Merge* Bpe::find_merge(int32_t left, int32_t right) const {
  const uint64_t pair = pair_of(left, right);
  size_t slot = hash_pair(pair) & (merges_.size() - 1);
  while (merges_[slot].pair != kNoPair) {
    if (merges_[slot].pair == pair) return &merges_[slot];
    slot = (slot + 1) & (merges_.size() - 1);
  }
  return nullptr;
}

void Bpe::encode(std::string_view piece, std::vector<int32_t>& ids) const {
  const int32_t entry = find_bytes(piece);
  if (entry >= 0) {
    std::atomic<uint8_t>& memo = whole_[static_cast<size_t>(entry)];
    if (ignore_merges_ || memo.load(std::memory_order_relaxed) == 1) {
      ids.push_back(entry);
      return;
    }
  }
  const size_t begin = ids.size();
  append_symbols(piece, ids);
  const std::span<int32_t> symbols = std::span(ids).subspan(begin);
  const size_t count = symbols.size() <= kShortPiece ? merge_short(symbols) : merge_long(symbols);
  if (entry >= 0) {
    const bool whole = count == 1 && symbols[0] == entry;
    whole_[static_cast<size_t>(entry)].store(whole ? 1 : 2, std::memory_order_relaxed);
  }
  ids.resize(begin + count);
}

void Bpe::append_symbols(std::string_view piece, std::vector<int32_t>& ids) const {
  bool after_unknown = false;
  for (const char byte : piece) {
    const int32_t id = byte_ids_[static_cast<uint8_t>(byte)];
    if (id >= 0) {
      ids.push_back(id);
    } else if (unknown_ && !(fuse_unknown_ && after_unknown)) {
      ids.push_back(*unknown_);
    }
    after_unknown = id < 0;
  }
}

// Merges the leftmost pair of the lowest rank until none is left, and returns how many symbols are
// left; ranks[i] belongs to the pair (i, i + 1).
size_t Bpe::merge_short(std::span<int32_t> symbols) const {
  size_t count = symbols.size();
  uint32_t ranks[kShortPiece];
  const auto rank_at = [&](size_t i) {
    if (i + 1 >= count) return kNoRank;
    const Merge* merge = find_merge(symbols[i], symbols[i + 1]);
    return merge == nullptr ? kNoRank : merge->rank;
  };
  for (size_t i = 0; i < count; ++i) ranks[i] = rank_at(i);
  while (count > 1) {
    const auto best = static_cast<size_t>(std::min_element(ranks, ranks + count) - ranks);
    if (ranks[best] == kNoRank) break;
    symbols[best] = find_merge(symbols[best], symbols[best + 1])->id;
    std::copy(&symbols[best] + 2, symbols.data() + count, &symbols[best] + 1);
    std::copy(ranks + best + 2, ranks + count, ranks + best + 1);
    --count;
    ranks[best] = rank_at(best);
    if (best > 0) ranks[best - 1] = rank_at(best - 1);
  }
  return count;
}

// The same with a heap over a linked list: n log n for a piece of n bytes.
size_t Bpe::merge_long(std::span<int32_t> symbols) const {
  constexpr uint32_t kNone = ~uint32_t{0};
  struct Candidate {
    uint32_t rank;
    uint32_t left;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  const auto count = static_cast<uint32_t>(symbols.size());
  std::vector<uint32_t> next(count), previous(count);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> heap;
  const auto consider = [&](uint32_t left) {
    const Merge* merge = find_merge(symbols[left], symbols[next[left]]);
    if (merge != nullptr) heap.push({merge->rank, left});
  };
  for (uint32_t i = 0; i < count; ++i) {
    next[i] = i + 1 < count ? i + 1 : kNone;
    previous[i] = i == 0 ? kNone : i - 1;
  }
  for (uint32_t i = 0; i + 1 < count; ++i) consider(i);
  while (!heap.empty()) {
    const Candidate best = heap.top();
    heap.pop();
    const uint32_t left = best.left;
    if (symbols[left] < 0 || next[left] == kNone) continue;
    const uint32_t right = next[left];
    const Merge* merge = find_merge(symbols[left], symbols[right]);
    if (merge == nullptr || merge->rank != best.rank) continue;  // one of the two was merged since
    symbols[left] = merge->id;
    symbols[right] = -1;
    next[left] = next[right];
    if (next[left] != kNone) {
      previous[next[left]] = left;
      consider(left);
    }
    if (previous[left] != kNone) consider(previous[left]);
  }
  return static_cast<size_t>(std::remove(symbols.begin(), symbols.end(), -1) - symbols.begin());
}

}  // namespace recto
