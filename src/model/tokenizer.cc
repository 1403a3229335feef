#include "model/tokenizer.h"

#include <algorithm>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/utf8.h"
#include "model/added_tokens.h"
#include "model/bpe.h"
#include "model/byte_level.h"
#include "model/normalizer.h"
#include "model/pre_tokenizer.h"

namespace recto {
namespace {

constexpr size_t kPiecesBetweenChecks = 4096;
constexpr const char* kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void check_decoder(const Json& json, const std::string& where) {
  const auto type =
      json_required<std::string>(json.value("decoder", Json()), "type", where + ".decoder");
  if (type != "ByteLevel") {
    fail(ErrorCode::kUnsupported, "{}.decoder: {} is not supported; wanted is ByteLevel", where,
         type);
  }
}

bool is_plain_template(const Json& json) {
  const Json single = json.value("single", Json());
  return single.is_array() && single.size() == 1 && single[0].is_object() &&
         single[0].contains("Sequence");
}

// A post-processor may be there as long as it adds no token.
void check_post_processor(const Json& json, const std::string& where) {
  if (json.is_null()) return;
  const auto type = json_required<std::string>(json, "type", where);
  if (type == "ByteLevel") return;
  if (type == "TemplateProcessing" && is_plain_template(json)) return;
  const Json parts = json.value("processors", Json());
  if (type == "Sequence" && parts.is_array()) {
    for (size_t i = 0; i < parts.size(); ++i) {
      check_post_processor(parts[i], fmt::format("{}.processors[{}]", where, i));
    }
    return;
  }
  fail(ErrorCode::kUnsupported,
       "{}: {} is not supported; wanted is null or a post-processor that adds no tokens", where,
       type);
}

void check_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return;
  size_t position = 0;
  for (size_t next = 0; next < text.size(); position = next) {
    const bool replacement = decode_utf8(text, next) == 0xFFFD;
    if (replacement && text.substr(position, next - position) != kReplacement) break;
  }
  fail(ErrorCode::kBadInput, "the text is not valid UTF-8 at byte {} (0x{:02X})", position,
       static_cast<uint8_t>(text[position]));
}

// The second byte a multi-byte sequence may have after `lead`, and the length of the sequence; 0
// for a byte that begins none (Unicode 16.0, table 3-7).
struct Sequence {
  size_t length;
  uint8_t low;
  uint8_t high;
};

Sequence sequence_of(uint8_t lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xC2 || lead > 0xF4) return {0, 0, 0};
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead < 0xF0) {
    return {3, static_cast<uint8_t>(lead == 0xE0 ? 0xA0 : 0x80),
            static_cast<uint8_t>(lead == 0xED ? 0x9F : 0xBF)};
  }
  return {4, static_cast<uint8_t>(lead == 0xF0 ? 0x90 : 0x80),
          static_cast<uint8_t>(lead == 0xF4 ? 0x8F : 0xBF)};
}

// U+FFFD for each maximal part of an ill-formed sequence, as Rust's from_utf8_lossy does it: a
// character cut short gives one.
std::string lossy_utf8(std::string_view bytes) {
  std::string text;
  for (size_t begin = 0; begin < bytes.size();) {
    const Sequence sequence = sequence_of(static_cast<uint8_t>(bytes[begin]));
    size_t length = 1;
    for (; length < sequence.length && begin + length < bytes.size(); ++length) {
      const auto byte = static_cast<uint8_t>(bytes[begin + length]);
      const bool fits =
          length == 1 ? byte >= sequence.low && byte <= sequence.high : (byte & 0xC0) == 0x80;
      if (!fits) break;
    }
    text += length == sequence.length ? bytes.substr(begin, length) : kReplacement;
    begin += length;
  }
  return text;
}

}  // namespace

struct Tokenizer::Impl {
  Bpe bpe;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  AddedTokens added;

  void encode_piecewise(std::string_view text, std::vector<int32_t>& ids) const {
    if (normalizer.empty()) return encode_normalized(text, ids);
    encode_normalized(normalizer.apply(text), ids);
  }

  void encode_normalized(std::string_view text, std::vector<int32_t>& ids) const {
    size_t pieces = 0;
    pre_tokenizer.for_each(text, [&](std::string_view piece) {
      if (++pieces % kPiecesBetweenChecks == 0) throw_if_interrupted();
      bpe.encode(piece, ids);
    });
  }

  std::vector<int32_t> encode(std::string_view text, size_t ordinary_begin,
                              size_t ordinary_end) const {
    std::vector<int32_t> ids;
    for (const TextPart& part : added.split(text, ordinary_begin, ordinary_end)) {
      if (part.id >= 0) {
        ids.push_back(part.id);
      } else {
        encode_piecewise(text.substr(part.begin, part.end - part.begin), ids);
      }
    }
    return ids;
  }
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::filesystem::path& model_directory) {
  const std::filesystem::path file = model_directory / "tokenizer.json";
  return parse(read_file(file, uint64_t{256} << 20), file.string());
}

Tokenizer Tokenizer::parse(std::string_view tokenizer_json, const std::string& where) {
  const Json json = parse_json(tokenizer_json, where);
  if (!json.is_object()) fail(ErrorCode::kBadInput, "{}: an object is wanted", where);
  check_decoder(json, where);
  check_post_processor(json.value("post_processor", Json()), where + ".post_processor");
  PreTokenizer pre_tokenizer =
      PreTokenizer::parse(json.value("pre_tokenizer", Json()), where + ".pre_tokenizer");
  const auto model = json.find("model");
  if (model == json.end()) fail(ErrorCode::kBadInput, "{}: the key \"model\" is missing", where);
  Bpe bpe = Bpe::parse(*model, where + ".model");
  AddedTokens added = AddedTokens::parse(
      json.value("added_tokens", Json()), [&](std::string_view token) { return bpe.find(token); },
      bpe.size(), where + ".added_tokens");
  Normalizer normalizer =
      Normalizer::parse(json.value("normalizer", Json()), where + ".normalizer");
  if (!normalizer.empty() && added.any_normalized()) {
    fail(ErrorCode::kUnsupported,
         "{}.added_tokens: a token with normalized = true is not supported beside a normalizer",
         where);
  }
  return Tokenizer(std::make_unique<Impl>(
      Impl{std::move(bpe), std::move(normalizer), pre_tokenizer, std::move(added)}));
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  check_utf8(text);
  return impl_->encode(text, 0, 0);
}

std::vector<int32_t> Tokenizer::encode_ordinary(std::string_view text) const {
  check_utf8(text);
  return impl_->encode(text, 0, text.size());
}

std::vector<int32_t> Tokenizer::encode(std::string_view before, std::string_view ordinary,
                                       std::string_view after) const {
  for (const std::string_view part : {ordinary, before, after}) check_utf8(part);
  std::string text;
  text.reserve(before.size() + ordinary.size() + after.size());
  text.append(before).append(ordinary).append(after);
  return impl_->encode(text, before.size(), before.size() + ordinary.size());
}

std::string Tokenizer::decode(const std::vector<int32_t>& ids, bool skip_special) const {
  std::string bytes;
  for (const int32_t id : ids) {
    if (const AddedToken* token = impl_->added.find(id)) {
      if (skip_special && token->special) continue;
      bytes += byte_level_decode(token->content).value_or(token->content);
    } else if (const auto entry = impl_->bpe.bytes(id)) {
      bytes += *entry;
    }
  }
  return lossy_utf8(bytes);
}

std::optional<int32_t> Tokenizer::find(std::string_view token) const {
  if (const AddedToken* added = impl_->added.find(token)) return added->id;
  return impl_->bpe.find(token);
}

int32_t Tokenizer::vocab_size() const {
  return std::max(impl_->bpe.id_limit(), impl_->added.id_limit());
}

}  // namespace recto
