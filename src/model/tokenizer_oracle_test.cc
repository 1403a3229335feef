// Random texts through recto's tokenizer and through Hugging Face's tokenizers library.

#include <gtest/gtest.h>

#include <random>

#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/bpe_learner.h"
#include "model/tokenizer.h"
#include "support/support.h"

namespace recto {
namespace {

constexpr int kTexts = 1500;
constexpr int kIdLists = 300;

// Pieces that meet the corners of the pre-tokenizers, and code points of every plane.
class TextMaker {
 public:
  explicit TextMaker(uint32_t seed) : random_(seed) {}

  std::string text() {
    std::string text;
    const int parts = static_cast<int>(below(12)) + 1;
    for (int i = 0; i < parts; ++i) append_part(text);
    return text;
  }

  std::vector<int32_t> ids(int32_t limit) {
    std::vector<int32_t> ids(below(12));
    for (int32_t& id : ids) id = static_cast<int32_t>(below(static_cast<uint32_t>(limit) + 3));
    return ids;
  }

 private:
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  char32_t any_code_point() {
    constexpr char32_t kEnds[] = {0x80, 0x250, 0x800, 0x3000, 0xD800, 0x10000, 0x20000, 0x110000};
    const char32_t c = below(kEnds[below(8)]);
    return c >= 0xD800 && c < 0xE000 ? c - 0x1000 : c;
  }

  void append_part(std::string& text) {
    static const std::vector<std::string> kParts = {" ",
                                                    "  ",
                                                    "   ",
                                                    "\n",
                                                    "\n\n",
                                                    "\t",
                                                    "\r\n",
                                                    "\u00A0",
                                                    "\u2003",
                                                    "\u3000",
                                                    "\u0085",
                                                    "'s",
                                                    "'re",
                                                    "'ll",
                                                    "'D",
                                                    "''",
                                                    "'",
                                                    "it's",
                                                    "the",
                                                    " the",
                                                    "The",
                                                    "Word",
                                                    " word",
                                                    "0",
                                                    "12",
                                                    "2024",
                                                    "\u00B2",
                                                    "\u216B",
                                                    "\u0663",
                                                    "\u2460",
                                                    "e\u0301",
                                                    "\u0301",
                                                    "\u200D",
                                                    "\uFEFF",
                                                    "\u00AD",
                                                    "\U0001F469\u200D\U0001F4BB",
                                                    "\U0001F1E9\U0001F1EA",
                                                    "\u2764\uFE0F",
                                                    "\u4E2D\u6587",
                                                    "\u0627\u0644\u0639",
                                                    "\u0915\u094D\u0937",
                                                    "\uD55C\uAE00",
                                                    "\u00DF",
                                                    "\u0130",
                                                    "\u03A3\u03A3",
                                                    "\uFB01\uFB04",
                                                    "\u201Ea\u201C",
                                                    "\u2019S",
                                                    "<image>",
                                                    "<|im_start|>",
                                                    "<end_of_utterance>",
                                                    "<row_1_col_2>",
                                                    "<row_1_col_",
                                                    "<|im_",
                                                    "<image",
                                                    "<ab>",
                                                    "<ab>cd",
                                                    " <ab> ",
                                                    "_",
                                                    "-",
                                                    "...",
                                                    "!?",
                                                    "\"",
                                                    "\u2014",
                                                    "\u20AC",
                                                    "\x01",
                                                    "\x04",
                                                    "\x13",
                                                    "\x1D",
                                                    "\x7F",
                                                    "aaaa",
                                                    "supercalifragilisticexpialidocious"};
    const uint32_t kind = below(10);
    if (kind < 6) {
      text += kParts[below(static_cast<uint32_t>(kParts.size()))];
    } else if (kind < 9) {
      for (uint32_t i = below(4) + 1; i > 0; --i) append_utf8(text, any_code_point());
    } else {
      for (uint32_t i = below(80); i > 0; --i) text += static_cast<char>('a' + below(26));
    }
  }

  std::mt19937 random_;
};

struct Variant {
  std::string name;
  Json tokenizer;
};

Json pre_tokenizer(const std::vector<Json>& items) {
  return {{"type", "Sequence"}, {"pretokenizers", items}};
}

void add_token(Json& json, const std::string& content, const std::vector<std::string>& flags) {
  int next = 0;
  for (const Json& token : json.at("added_tokens"))
    next = std::max(next, token.at("id").get<int>() + 1);
  const int id = json.at("model").at("vocab").value(content, next);
  Json token = {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"normalized", false}, {"special", false}};
  for (const std::string& flag : flags) token[flag] = true;
  json.at("added_tokens").push_back(token);
}

std::vector<Variant> variants() {
  const Json base = parse_json(test::smollm2_tokenizer_json(), "smollm2");
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", false},
                           {"trim_offsets", true},
                           {"use_regex", true}};
  Json without_regex = byte_level;
  without_regex["use_regex"] = false;
  const Json split = {
      {"type", "Split"},
      {"pattern",
       {{"Regex",
         "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"}}},
      {"behavior", "Isolated"},
      {"invert", false}};
  const Json runs = {{"type", "Digits"}, {"individual_digits", false}};
  std::vector<Variant> all = {{"as it is", base}};
  const auto vary = [&](const std::string& name) -> Json& {
    return all.emplace_back(Variant{name, base}).tokenizer;
  };
  vary("no digits")["pre_tokenizer"] = byte_level;
  vary("no regex")["pre_tokenizer"] = without_regex;
  vary("runs of digits")["pre_tokenizer"] = pre_tokenizer({runs, byte_level});
  vary("split")["pre_tokenizer"] = pre_tokenizer({runs, split, without_regex});
  vary("ignore merges")["model"]["ignore_merges"] = true;
  vary("unknown token")["model"]["unk_token"] = "<|endoftext|>";
  Json& fused = vary("fused unknown token");
  fused["model"]["unk_token"] = "<|endoftext|>";
  fused["model"]["fuse_unk"] = true;
  vary("lower case")["normalizer"] = {{"type", "Lowercase"}};
  BpeLearner learner;
  for (int i = 0; i < 2; ++i)
    learner.add(
        "the word The Word 12 words \u201Cit\u2019s\u201D stra\u00DFe \uFB01n the word the");
  all.push_back({"learned", learner.tokenizer(310)});
  Json& flags = vary("flags of added tokens");
  add_token(flags, "<ab>", {"lstrip", "special"});
  add_token(flags, "<ab>cd", {"rstrip"});
  add_token(flags, "aaaa", {"single_word"});
  add_token(flags, "Word", {"normalized"});
  add_token(flags, "it's", {"normalized", "single_word"});
  add_token(flags, "!?", {"lstrip", "rstrip", "normalized"});
  return all;
}

// What the library says to these texts and ids; an object without "ids" where it is not installed.
Json ask_library(const Json& tokenizer, const Json& cases) {
  TemporaryDirectory directory;
  const auto at = [&](const char* name) { return (directory.path() / name).string(); };
  write_file(at("tokenizer.json"), tokenizer.dump());
  write_file(at("cases.json"), cases.dump());
  const std::string script =
      (test::source_directory() / "tests/oracles/tokenizer_oracle.py").string();
  const test::CommandResult result =
      test::run_command(test::python().string() + " " + script + " " + at("tokenizer.json") + " " +
                        at("cases.json") + " " + at("out.json"));
  if (result.status != 0) return {{"error", result.err}};
  return read_json(at("out.json"));
}

TEST(TokenizerOracle, RandomTextsAsTheTokenizersLibraryCutsThem) {
  uint32_t seed = 1;
  for (const Variant& variant : variants()) {
    SCOPED_TRACE(variant.name);
    const Tokenizer tokenizer = Tokenizer::parse(variant.tokenizer.dump(), variant.name);
    TextMaker maker(seed++);
    std::vector<std::string> texts(kTexts);
    for (std::string& text : texts) text = maker.text();
    std::vector<std::vector<int32_t>> ids(kIdLists);
    for (auto& list : ids) list = maker.ids(tokenizer.vocab_size());
    const Json expected = ask_library(variant.tokenizer, {{"texts", texts}, {"ids", ids}});
    if (!expected.contains("ids")) GTEST_SKIP() << "no oracle: " << expected.at("error");
    for (size_t i = 0; i < texts.size(); ++i) {
      ASSERT_EQ(tokenizer.encode(texts[i]), expected.at("ids")[i].get<std::vector<int32_t>>())
          << Json(texts[i]).dump(-1, ' ', true);
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      ASSERT_EQ(tokenizer.decode(ids[i]), expected.at("decoded")[i]) << Json(ids[i]);
      ASSERT_EQ(tokenizer.decode(ids[i], true), expected.at("decoded_skip_special")[i])
          << Json(ids[i]);
    }
  }
}

}  // namespace
}  // namespace recto
