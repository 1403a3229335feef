#include "model/smollm2_tokenizer.h"

#include <zlib.h>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

// The file's bytes, placed by the assembler; the path comes from CMakeLists.txt.
__asm__(
    ".section .rodata\n"
    ".global recto_smollm2_begin\n"
    ".global recto_smollm2_end\n"
    ".hidden recto_smollm2_begin\n"
    ".hidden recto_smollm2_end\n"
    "recto_smollm2_begin:\n"
    ".incbin \"" RECTO_SMOLLM2_FILE
    "\"\n"
    "recto_smollm2_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" __attribute__((visibility("hidden"))) const unsigned char recto_smollm2_begin[];
extern "C" __attribute__((visibility("hidden"))) const unsigned char recto_smollm2_end[];

namespace recto {
namespace {

constexpr int kBaseEntries = 49152;

std::string inflate_gzip(std::span<const unsigned char> bytes) {
  z_stream stream{};
  RECTO_CHECK(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK);
  stream.next_in = const_cast<unsigned char*>(bytes.data());
  stream.avail_in = static_cast<unsigned int>(bytes.size());
  std::string text;
  std::vector<char> buffer(size_t{1} << 18);
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<unsigned char*>(buffer.data());
    stream.avail_out = static_cast<unsigned int>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  RECTO_CHECK(status == Z_STREAM_END);
  return text;
}

Json special_token(const std::string& content, int id) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

// Puts `contents` in place of all added tokens with an id of `first_id` or above.
void replace_added_tokens(Json& tokenizer, int first_id, const std::vector<std::string>& contents) {
  keep_added_tokens(tokenizer, first_id);
  for (const std::string& content : contents) {
    tokenizer["added_tokens"].push_back(special_token(content, first_id++));
  }
}

std::vector<std::string> smolvlm_tokens() {
  std::vector<std::string> tokens = {"<global-img>"};
  for (int row = 1; row <= 6; ++row) {
    for (int column = 1; column <= 6; ++column) {
      tokens.push_back(fmt::format("<row_{}_col_{}>", row, column));
    }
  }
  tokens.insert(tokens.end(), {"<fake_token_around_image>", "<image>", "<end_of_utterance>"});
  return tokens;
}

// Keeps the entries with ids below `count` and the merges that make them.
void truncate_model(Json& model, int count) {
  Json vocab = Json::object();
  for (const auto& item : model.at("vocab").items()) {
    if (item.value().get<int>() < count) vocab[item.key()] = item.value();
  }
  Json merges = Json::array();
  for (const Json& merge : model.at("merges")) {
    std::string made = merge.get<std::string>();
    made.erase(made.find(' '), 1);
    if (vocab.contains(made)) merges.push_back(merge);
  }
  model["vocab"] = std::move(vocab);
  model["merges"] = std::move(merges);
}

}  // namespace

Json smollm2_tokenizer() {
  const std::span<const unsigned char> bytes(recto_smollm2_begin, recto_smollm2_end);
  return parse_json(inflate_gzip(bytes), "the built-in SmolLM2 tokenizer");
}

Json smollm2_v1_tokenizer() {
  Json tokenizer = smollm2_tokenizer();
  replace_added_tokens(tokenizer, kBaseEntries,
                       {"<fake_token_around_image>", "<image>", "<end_of_utterance>"});
  return tokenizer;
}

Json truncated_smollm2_tokenizer(int vocab_size) {
  const int ordinary = vocab_size - kSmolVlmTokenCount;
  Json tokenizer = smollm2_tokenizer();
  truncate_model(tokenizer.at("model"), ordinary);
  add_smolvlm_tokens(tokenizer, ordinary);
  return tokenizer;
}

void keep_added_tokens(Json& tokenizer, int limit) {
  Json tokens = Json::array();
  for (const Json& token : tokenizer.at("added_tokens")) {
    if (token.at("id").get<int>() < limit) tokens.push_back(token);
  }
  tokenizer["added_tokens"] = std::move(tokens);
}

void add_smolvlm_tokens(Json& tokenizer, int first_id) {
  const std::vector<std::string> tokens = smolvlm_tokens();
  RECTO_CHECK(tokens.size() == kSmolVlmTokenCount);
  replace_added_tokens(tokenizer, first_id, tokens);
}

}  // namespace recto
