#pragma once
// Byte-level BPE as tokenizer.json describes it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

/// Immutable after loading; all functions are thread-safe.
class Tokenizer {
 public:
  /// Reads `model_directory`/tokenizer.json. Throws Error(kUnsupported) naming the field for a
  /// tokenizer of another kind (pre-tokenizer, model, post-processor, decoder) than the SmolLM2
  /// family uses or an unknown normalizer (model/normalizer.h), Error(kBadInput) if ill-formed.
  static Tokenizer load(const std::filesystem::path& model_directory);
  static Tokenizer parse(std::string_view tokenizer_json, const std::string& where);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ids of `text`; added tokens in it are recognised, as Hugging Face does it with
  /// add_special_tokens=True. Ill-formed UTF-8 is an Error(kBadInput).
  std::vector<int32_t> encode(std::string_view text) const;
  /// Ids of `text` as ordinary text: nothing in it becomes an added token, whatever it spells.
  std::vector<int32_t> encode_ordinary(std::string_view text) const;
  /// Ids of `before` + `ordinary` + `after`, cut into pieces as one text, but with added tokens
  /// recognised in `before` and `after` only: whatever `ordinary` spells stays ordinary text, and
  /// so does a token that would begin or end inside it.
  std::vector<int32_t> encode(std::string_view before, std::string_view ordinary,
                              std::string_view after) const;
  /// The text of `ids`; `skip_special` leaves special tokens out. Ill-formed byte sequences become
  /// U+FFFD, ids without a token nothing.
  std::string decode(const std::vector<int32_t>& ids, bool skip_special = false) const;

  /// Id of an added or ordinary token by its exact text, if there is one.
  std::optional<int32_t> find(std::string_view token) const;
  /// One above the largest id.
  int32_t vocab_size() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace recto
