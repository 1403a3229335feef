#pragma once
// Byte-pair encoding over the vocabulary and merges of a tokenizer.json.

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"

namespace recto {

/// Immutable after parse() but for a memo of whole words; thread-safe.
class Bpe {
 public:
  /// Reads the field "model". Throws Error(kUnsupported) naming the field for another model type,
  /// dropout, byte fallback, a subword prefix or a word suffix, Error(kBadInput) for what is
  /// ill-formed or for a merge of tokens that are not in the vocabulary.
  static Bpe parse(const Json& json, const std::string& where);

  /// Appends the ids of one piece. A byte without a token becomes the unknown token, or nothing
  /// where the model has none.
  void encode(std::string_view piece, std::vector<int32_t>& ids) const;

  /// Id of a vocabulary entry by its spelling in the file.
  std::optional<int32_t> find(std::string_view token) const;
  /// The bytes entry `id` stands for; nothing for an id without an entry.
  std::optional<std::string_view> bytes(int32_t id) const;
  /// Number of entries, and one above the largest id.
  int32_t size() const { return count_; }
  int32_t id_limit() const { return static_cast<int32_t>(entries_.size()); }

 private:
  struct Entry {
    uint32_t offset = 0;
    uint32_t length = 0;
    bool present = false;
  };
  struct Merge {
    uint64_t pair = kNoPair;
    uint32_t rank = 0;
    int32_t id = 0;
  };
  static constexpr uint64_t kNoPair = ~uint64_t{0};
  static uint64_t pair_of(int32_t left, int32_t right) {
    return (static_cast<uint64_t>(left) << 32) | static_cast<uint32_t>(right);
  }

  Bpe() = default;
  void read_options(const Json& json, const std::string& where);
  void read_vocabulary(const Json& json, const std::string& where);
  void read_merges(const Json& json, const std::string& where);
  void add_entry(const std::string& token, int32_t id);
  void add_merge(const std::string& left, const std::string& right, uint32_t rank,
                 const std::string& where);
  int32_t find_bytes(std::string_view bytes) const;
  const Merge* find_merge(int32_t left, int32_t right) const;
  void append_symbols(std::string_view piece, std::vector<int32_t>& ids) const;
  size_t merge_short(std::span<int32_t> symbols) const;
  size_t merge_long(std::span<int32_t> symbols) const;

  std::string arena_;            // the bytes of all entries, one after the other
  std::vector<Entry> entries_;   // by id
  std::vector<uint32_t> slots_;  // open addressing by bytes: id + 1, or 0
  std::unordered_map<std::string, int32_t> others_;  // entries that are not spelled byte-level
  std::vector<Merge> merges_;                        // open addressing by pair
  std::vector<int32_t> byte_ids_;                    // [256], -1 for a byte without a token
  int32_t count_ = 0;
  std::optional<int32_t> unknown_;
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
  // Whether the bytes of an entry encode to the entry itself: 0 not known yet, 1 yes, 2 no.
  mutable std::vector<std::atomic<uint8_t>> whole_;
};

}  // namespace recto
