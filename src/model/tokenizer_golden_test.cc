#include <gtest/gtest.h>

#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "model/byte_level.h"
#include "model/tokenizer.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

struct Source {
  std::string name;  // of the cases file: cases_NAME.jsonl
  std::string json;  // tokenizer.json
};

fs::path folder() { return test::goldens() / "tokenizer"; }

// The SmolLM2 tokenizer with the added tokens of SmolVLM-Instruct 2.2B v1.
std::string v1_tokenizer_json() {
  Json json = parse_json(test::smollm2_tokenizer_json(), "smollm2");
  const Json added = read_json(folder() / "smollm2/v1_2b_added_tokens.json").at("added_tokens");
  Json kept = Json::array();
  for (const Json& token : json.at("added_tokens")) {
    if (token.at("id") < added.at(0).at("id")) kept.push_back(token);
  }
  for (const Json& token : added) kept.push_back(token);
  json["added_tokens"] = kept;
  return json.dump();
}

std::vector<Source> sources() {
  std::vector<Source> all = {{"smollm2", test::smollm2_tokenizer_json()}};
  if (fs::exists(folder() / "smollm2/v1_2b_added_tokens.json")) {
    all.push_back({"smollm2_v1_2b", v1_tokenizer_json()});
  }
  for (const std::string& model : test::golden_models()) {
    all.push_back({model, read_file(test::goldens() / "models" / model / "tokenizer.json")});
  }
  return all;
}

TEST(TokenizerGolden, EncodesAndDecodesEveryCaseAsHuggingFaceDoes) {
  size_t cases = 0;
  for (const Source& source : sources()) {
    const fs::path file = folder() / ("cases_" + source.name + ".jsonl");
    if (!fs::exists(file)) continue;
    const Tokenizer tokenizer = Tokenizer::parse(source.json, source.name);
    std::istringstream lines(read_file(file));
    for (std::string line; std::getline(lines, line); ++cases) {
      const Json expected = parse_json(line, file.string());
      const auto text = expected.at("text").get<std::string>();
      const auto ids = expected.at("ids").get<std::vector<int32_t>>();
      EXPECT_EQ(tokenizer.encode(text), ids) << source.name << ": " << line;
      EXPECT_EQ(tokenizer.decode(ids), expected.at("decoded")) << source.name << ": " << line;
      EXPECT_EQ(tokenizer.decode(ids, true), expected.at("decoded_skip_special"))
          << source.name << ": " << line;
    }
  }
  if (cases == 0) GTEST_SKIP() << "no cases_*.jsonl in " << folder();
}

TEST(TokenizerGolden, SpecialTokensHaveTheirIds) {
  const fs::path file = folder() / "specials.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const Json specials = read_json(file);
  for (const Source& source : sources()) {
    const std::string key = source.name == "smollm2_v1_2b" ? "v1_2b" : source.name;
    if (!specials.contains(key)) continue;
    const Tokenizer tokenizer = Tokenizer::parse(source.json, source.name);
    for (const auto& [token, id] : specials.at(key).items()) {
      EXPECT_EQ(tokenizer.encode(token), std::vector<int32_t>{id}) << token;
      EXPECT_EQ(tokenizer.find(token), id.get<int32_t>()) << token;
    }
  }
}

TEST(TokenizerGolden, NewlinesAndBytesWithoutTokens) {
  const fs::path file = folder() / "specials.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const Json specials = read_json(file);
  const Tokenizer tokenizer = Tokenizer::parse(test::smollm2_tokenizer_json(), "smollm2");
  EXPECT_EQ(tokenizer.encode("\n"), specials.at("newline").get<std::vector<int32_t>>());
  EXPECT_EQ(tokenizer.encode("\n\n"), specials.at("two_newlines").get<std::vector<int32_t>>());
  for (const int byte : specials.at("bytes_without_token")) {
    const std::string text(1, static_cast<char>(byte));
    if (byte < 0x80) {
      EXPECT_TRUE(tokenizer.encode(text).empty()) << byte;
    }
    EXPECT_EQ(tokenizer.find(byte_level_encode(text)), std::nullopt) << byte;
  }
}

}  // namespace
}  // namespace recto
