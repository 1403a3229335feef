#include "model/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "model/byte_level.h"
#include "model/unicode_class.h"

namespace recto {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json added(int id, const std::string& content, const std::vector<std::string>& flags = {}) {
  Json token = {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"normalized", false}, {"special", false}};
  for (const std::string& flag : flags) token[flag] = true;
  return token;
}

// All bytes (id = byte), "he" 256, "ll" 257, "hell" 258, "Ġhell" 259, "hello" 260, then <a> 261.
Json small_tokenizer() {
  Json vocab;
  for (int byte = 0; byte < 256; ++byte) {
    vocab[byte_level_encode(std::string(1, static_cast<char>(byte)))] = byte;
  }
  int next = 256;
  for (const char* token : {"he", "ll", "hell", "\u0120hell", "hello"}) vocab[token] = next++;
  return {{"version", "1.0"},
          {"normalizer", nullptr},
          {"pre_tokenizer",
           {{"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "Digits"}, {"individual_digits", true}},
              {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}}}}},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}}},
          {"added_tokens", {added(261, "<a>", {"special"})}},
          {"model",
           {{"type", "BPE"},
            {"vocab", vocab},
            {"merges", {"h e", "l l", "he ll", "\u0120 hell", "hell o"}}}}};
}

Tokenizer parse(const Json& json) { return Tokenizer::parse(json.dump(), "tokenizer.json"); }

Tokenizer with_added(const std::vector<Json>& tokens) {
  Json json = small_tokenizer();
  json["added_tokens"] = tokens;
  return parse(json);
}

TEST(Tokenizer, MergesByRankFromTheLeft) {
  const Tokenizer tokenizer = parse(small_tokenizer());
  EXPECT_THAT(tokenizer.encode("hello"), ElementsAre(260));
  EXPECT_THAT(tokenizer.encode(" hello"), ElementsAre(259, 'o'));
  EXPECT_THAT(tokenizer.encode("hello2hello"), ElementsAre(260, '2', 260));
  EXPECT_THAT(tokenizer.encode("lll"), ElementsAre(257, 'l'));
  EXPECT_TRUE(tokenizer.encode("").empty());
}

TEST(Tokenizer, ReadsMergesAsPairs) {
  Json json = small_tokenizer();
  const std::vector<std::vector<std::string>> pairs = {{"h", "e"}, {"l", "l"}, {"he", "ll"}};
  json["model"]["merges"] = pairs;
  EXPECT_THAT(parse(json).encode("hello"), ElementsAre(258, 'o'));
}

TEST(Tokenizer, IgnoreMergesTakesWholeWordsFromTheVocabulary) {
  Json json = small_tokenizer();
  json["model"]["merges"] = {"h e"};
  EXPECT_THAT(parse(json).encode("hello"), ElementsAre(256, 'l', 'l', 'o'));
  json["model"]["ignore_merges"] = true;
  EXPECT_THAT(parse(json).encode("hello"), ElementsAre(260));
}

TEST(Tokenizer, ByteWithoutTokenIsDroppedOrUnknown) {
  Json json = small_tokenizer();
  json["model"]["vocab"].erase("x");
  json["model"]["vocab"]["?!"] = static_cast<int>('x');
  EXPECT_THAT(parse(json).encode("hxxe"), ElementsAre(256)) << "what is left merges";
  json["model"]["unk_token"] = "?!";
  EXPECT_THAT(parse(json).encode("hxxe"), ElementsAre('h', 'x', 'x', 'e'));
  json["model"]["fuse_unk"] = true;
  EXPECT_THAT(parse(json).encode("hxxe"), ElementsAre('h', 'x', 'e'));
}

TEST(Tokenizer, AddedTokenFlagsAsHuggingFaceReadsThem) {
  struct Case {
    std::vector<std::string> flags;
    std::string text;
    std::vector<int32_t> ids;
  };
  const Case cases[] = {
      {{}, "a <x> b", {'a', ' ', 261, ' ', 'b'}},
      {{}, "<x><x><x>", {262, 261}},
      {{"lstrip"}, "a <x> b", {'a', 261, ' ', 'b'}},
      {{"lstrip"}, "a \u2003<x>", {'a', 261}},
      {{"rstrip"}, "a <x> \n b", {'a', ' ', 261, 'b'}},
      {{"rstrip"}, "<x> <z>", {261, 263}},
      {{"lstrip", "rstrip"}, "a <x> <x> b", {'a', 261, 261, 'b'}},
      {{"single_word"}, "a<x>b", {'a', '<', 'x', '>', 'b'}},
      {{"single_word"}, "a <x>, <x>_", {'a', ' ', 261, ',', ' ', '<', 'x', '>', '_'}},
      {{"normalized"}, "a<x><z", {'a', 261, '<', 'z'}},
      {{"normalized", "single_word"}, "<x>b", {'<', 'x', '>', 'b'}},
  };
  for (const Case& c : cases) {
    const Tokenizer tokenizer =
        with_added({added(261, "<x>", c.flags), added(262, "<x><x>"), added(263, " <z>")});
    EXPECT_EQ(tokenizer.encode(c.text), c.ids) << c.text << " " << testing::PrintToString(c.flags);
  }
}

TEST(Tokenizer, OrdinaryTextNeverBecomesAnAddedToken) {
  const Tokenizer tokenizer = parse(small_tokenizer());
  EXPECT_THAT(tokenizer.encode("<a>"), ElementsAre(261));
  EXPECT_THAT(tokenizer.encode_ordinary("<a>"), ElementsAre('<', 'a', '>'));
  EXPECT_THAT(tokenizer.encode("<a>", "<a>", "<a>"), ElementsAre(261, '<', 'a', '>', 261));
  EXPECT_THAT(tokenizer.encode("<", "a>", ""), ElementsAre('<', 'a', '>')) << "begins before";
  EXPECT_THAT(tokenizer.encode("", "<a", ">"), ElementsAre('<', 'a', '>')) << "ends behind";
  EXPECT_THAT(tokenizer.encode("<", "a", ">"), ElementsAre('<', 'a', '>')) << "around";
}

TEST(Tokenizer, PromptAndTextAreCutTogether) {
  const Tokenizer tokenizer = parse(small_tokenizer());
  EXPECT_THAT(tokenizer.encode("<a> ", "hell", ""), ElementsAre(261, 259));
  EXPECT_EQ(tokenizer.encode("a ", " b ", "<a>"), tokenizer.encode("a  b <a>"));
}

TEST(Tokenizer, DecodesLossilyAsHuggingFaceDoes) {
  const Tokenizer tokenizer = with_added({added(261, "<a b>"), added(262, "<s>", {"special"})});
  EXPECT_EQ(tokenizer.decode({261, 262, 'x'}), "<a b><s>x");
  EXPECT_EQ(tokenizer.decode({261, 262, 'x'}, true), "<a b>x");
  EXPECT_EQ(tokenizer.decode({-1, 5000, 'x'}), "x");
  EXPECT_EQ(tokenizer.decode({0xF0, 0x9F, 0x98}), "\uFFFD") << "one for a character cut short";
  EXPECT_EQ(tokenizer.decode({0xF0, 0x9F, '.'}), "\uFFFD.");
  EXPECT_EQ(tokenizer.decode({0x98, 0x98}), "\uFFFD\uFFFD");
  EXPECT_EQ(tokenizer.decode({0xED, 0xA0, 0x80}), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(tokenizer.decode({0xE2, 0x82, 0xAC}), "\u20AC");
}

TEST(Tokenizer, FindsTokensByTheirText) {
  const Tokenizer tokenizer = parse(small_tokenizer());
  EXPECT_EQ(tokenizer.find("<a>"), 261);
  EXPECT_EQ(tokenizer.find("\u0120hell"), 259);
  EXPECT_EQ(tokenizer.find("nothing"), std::nullopt);
  EXPECT_EQ(tokenizer.vocab_size(), 262);
}

TEST(Tokenizer, RefusesIllFormedTextAndSaysWhere) {
  const Tokenizer tokenizer = parse(small_tokenizer());
  for (const char* text : {"abc\xFF", "abc\xC3", "abc\xED\xA0\x80", "abc\xC0\x80"}) {
    try {
      tokenizer.encode(text);
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.what(), HasSubstr("not valid UTF-8 at byte 3"));
    }
  }
  EXPECT_THROW(tokenizer.encode_ordinary("\xFF"), Error);
  EXPECT_THROW(tokenizer.encode("", "\xFF", ""), Error);
}

// A word is merged in n log n: a million letters take a fraction of a second, not hours.
TEST(Tokenizer, LongWordsAreNotQuadratic) {
  const Tokenizer tokenizer = parse(small_tokenizer());
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "hello";
  EXPECT_EQ(tokenizer.encode(text), std::vector<int32_t>(200'000, 260));
  EXPECT_EQ(tokenizer.encode(std::string(1'000'001, 'l')).size(), 500'001u);
  EXPECT_EQ(tokenizer.encode(std::string(1'000'000, ' ')).size(), 1'000'000u);
}

// Short words are merged by searching, long ones with a heap: both are the same function.
TEST(Tokenizer, ShortAndLongWordsAgree) {
  const Tokenizer tokenizer = parse(small_tokenizer());
  for (size_t length = 1; length < 130; ++length) {
    std::string word;
    std::vector<int32_t> ids;
    for (size_t i = 0; i < length; ++i) {
      word += i % 3 == 2 ? "hell" : "hello";
      ids.push_back(i % 3 == 2 ? 258 : 260);
    }
    EXPECT_EQ(tokenizer.encode(word), ids) << length;
  }
}

TEST(Tokenizer, IsThreadSafe) {
  const Tokenizer tokenizer = parse(small_tokenizer());
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) {
        wrong[t] += tokenizer.encode("hello hell") != std::vector<int32_t>{260, 259};
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

TEST(Tokenizer, AcceptsWhatChangesNoIds) {
  const std::vector<std::pair<const char*, Json>> changes = {
      {"/post_processor", {{"type", "ByteLevel"}, {"trim_offsets", false}}},
      {"/post_processor",
       {{"type", "TemplateProcessing"}, {"single", {{{"Sequence", {{"id", "A"}}}}}}}},
      {"/post_processor", {{"type", "Sequence"}, {"processors", {{{"type", "ByteLevel"}}}}}},
      {"/model/dropout", 0.0},
      {"/model/continuing_subword_prefix", ""},
      {"/truncation", {{"max_length", 2}}},
      {"/padding", {{"strategy", "BatchLongest"}}},
  };
  for (const auto& [place, value] : changes) {
    Json json = small_tokenizer();
    json[Json::json_pointer(place)] = value;
    EXPECT_THAT(parse(json).encode("hello2"), ElementsAre(260, '2')) << place;
  }
}

TEST(Tokenizer, PreTokenizersOfTheFamily) {
  const Json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  const Json split = {
      {"type", "Split"},
      {"pattern",
       {{"Regex",
         "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"}}},
      {"behavior", "Isolated"},
      {"invert", false}};
  Json plain = byte_level;
  plain["use_regex"] = false;
  const auto sequence = [](const std::vector<Json>& items) {
    return Json{{"type", "Sequence"}, {"pretokenizers", items}};
  };
  // " 2" is a token of its own, so that what joins is seen.
  Json json = small_tokenizer();
  json["model"]["vocab"]["\u01202"] = 261;
  json["model"]["vocab"]["22"] = 262;
  json["model"]["merges"].push_back("\u0120 2");
  json["model"]["merges"].push_back("2 2");
  json["added_tokens"] = Json::array();
  const auto ids = [&](const Json& pre_tokenizer) {
    json["pre_tokenizer"] = pre_tokenizer;
    return parse(json).encode("x 222");
  };
  const Json runs = {{"type", "Digits"}, {"individual_digits", false}};
  EXPECT_THAT(ids(byte_level), ElementsAre('x', 261, 262));
  EXPECT_THAT(ids(sequence({split, plain})), ElementsAre('x', 261, 262));
  EXPECT_THAT(ids(plain), ElementsAre('x', 261, 262));
  EXPECT_THAT(ids(sequence({runs, byte_level})), ElementsAre('x', ' ', 262, '2'));
  EXPECT_THAT(ids(sequence({{{"type", "Digits"}, {"individual_digits", true}}, split, plain})),
              ElementsAre('x', ' ', '2', '2', '2'));
}

TEST(Tokenizer, RefusesAnotherKindOfTokenizerByField) {
  struct Case {
    const char* place;
    Json value;
    const char* message;
  };
  const Json nfkc = {{"type", "Sequence"},
                     {"normalizers", {{{"type", "NFKC"}}, {{"type", "Lowercase"}}}}};
  const Json digits = {{"type", "Digits"}, {"individual_digits", true}};
  const Json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  const Json prefix = {{"type", "ByteLevel"}, {"add_prefix_space", true}};
  const Json split = {{"type", "Split"}, {"pattern", {{"Regex", "x+"}}}, {"behavior", "Isolated"}};
  const Json bos = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}}};
  const auto sequence = [](const std::vector<Json>& items) {
    return Json{{"type", "Sequence"}, {"pretokenizers", items}};
  };
  const Case cases[] = {
      {"/normalizer", {{"type", "NFKC"}}, "tokenizer.json.normalizer: "},
      {"/normalizer", nfkc, "tokenizer.json.normalizer.normalizers[0]: NFKC is not supported"},
      {"/normalizer", {{"type", "Sequence"}}, "list \"normalizers\""},
      {"/normalizer",
       {{"type", "Replace"}, {"pattern", {{"Regex", "x"}}}, {"content", ""}},
       "Replace of {\"Regex\""},
      {"/pre_tokenizer", nullptr, "tokenizer.json.pre_tokenizer: null"},
      {"/pre_tokenizer", {{"type", "Whitespace"}}, "Whitespace"},
      {"/pre_tokenizer", prefix, "add_prefix_space = true"},
      {"/pre_tokenizer", {{"type", "ByteLevel"}}, "add_prefix_space = true"},
      {"/pre_tokenizer", digits, "Digits at this place"},
      {"/pre_tokenizer", sequence({byte_level, digits}), "pretokenizers[0]: ByteLevel at this"},
      {"/pre_tokenizer", sequence({digits, digits, byte_level}), "pretokenizers[1]"},
      {"/pre_tokenizer", sequence({split, byte_level}), "the pattern \"x+\""},
      {"/pre_tokenizer", {{"type", "Sequence"}}, "list \"pretokenizers\""},
      {"/pre_tokenizer/pretokenizers/0/type", 7, "pretokenizers[0]: type: a text is wanted"},
      {"/post_processor", bos, "tokenizer.json.post_processor: TemplateProcessing"},
      {"/post_processor", {{"type", "BertProcessing"}}, "BertProcessing"},
      {"/decoder", nullptr, "tokenizer.json.decoder"},
      {"/decoder", {{"type", "WordPiece"}}, "WordPiece"},
      {"/model", nullptr, "tokenizer.json.model"},
      {"/model/type", "WordPiece", "tokenizer.json.model.type: \"WordPiece\""},
      {"/model/dropout", 0.1, "tokenizer.json.model.dropout"},
      {"/model/byte_fallback", true, "tokenizer.json.model.byte_fallback"},
      {"/model/continuing_subword_prefix", "##", "continuing_subword_prefix: \"##\""},
      {"/model/end_of_word_suffix", "</w>", "end_of_word_suffix: \"</w>\""},
      {"/model/unk_token", "<unk>", "tokenizer.json.model.unk_token: \"<unk>\""},
      {"/model/vocab", Json::array(), "tokenizer.json.model.vocab"},
      {"/model/vocab", Json::object(), "tokenizer.json.model.vocab"},
      {"/model/vocab/he", "1", "\"he\": an integer is wanted"},
      {"/model/vocab/he", -1, "\"he\" has the id -1"},
      {"/model/vocab/he", 2147483647, "wanted is 0 to"},
      {"/model/vocab/he", 0, "the id 0 stands twice"},
      {"/model/merges", "h e", "tokenizer.json.model.merges: a list"},
      {"/model/merges/0", "he", "merges[0]: a merge is"},
      {"/model/merges/0", "h e l", "merges[0]: a merge is"},
      {"/model/merges/0", {"h", 1}, "merges[0]: a merge is"},
      {"/model/merges/1", "zz l", "merges[1]: \"zz\" is not in the vocabulary"},
      {"/model/merges/1", "l h", "merges[1]: \"lh\" is not in the vocabulary"},
      {"/added_tokens", Json::object(), "tokenizer.json.added_tokens: a list"},
      {"/added_tokens/0/content", "", "added_tokens[0].content: 0 bytes"},
      {"/added_tokens/0/content", std::string(1025, 'x'), "1025 bytes"},
      {"/added_tokens/0/id", 300, "\"<a>\" has the id 300, but the next free id is 261"},
      {"/added_tokens/0", added(3, "he"),
       "\"he\" has the id 3, but its id in the vocabulary is 256"},
      {"/added_tokens", {added(261, "<a>"), added(262, "<a>")}, "stands twice"},
  };
  for (const Case& c : cases) {
    Json json = small_tokenizer();
    json[Json::json_pointer(c.place)] = c.value;
    try {
      parse(json);
      ADD_FAILURE() << c.place << " may be " << c.value;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(c.message));
      EXPECT_THAT(error.what(), HasSubstr("tokenizer.json"));
    }
  }
  EXPECT_THROW(Tokenizer::parse("[]", "x"), Error);
  EXPECT_THROW(Tokenizer::parse("{\"model\"", "x"), Error);
  EXPECT_THROW(Tokenizer::load("/nowhere"), Error);
}

TEST(UnicodeClass, SamplesOfEveryClass) {
  EXPECT_EQ(unicode_class('a'), kLetter | kWord);
  EXPECT_EQ(unicode_class('7'), kNumber | kDigit | kWord);
  EXPECT_EQ(unicode_class('_'), kWord);
  EXPECT_EQ(unicode_class(0x00B2), kNumber | kDigit) << "superscript two";
  EXPECT_EQ(unicode_class(0x00A0), kSpace);
  EXPECT_EQ(unicode_class(0x0301), kWord) << "a combining mark is no letter";
  EXPECT_EQ(unicode_class(0x4E2D), kLetter | kWord);
  EXPECT_EQ(unicode_class(0x1F389), 0) << "an emoji";
  EXPECT_EQ(unicode_class(0x10FFFF), 0);
  EXPECT_EQ(unicode_class(0x110000), 0);
}

}  // namespace
}  // namespace recto
