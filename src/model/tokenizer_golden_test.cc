#include <gtest/gtest.h>

#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "model/byte_level.h"
#include "model/tokenizer.h"
#include "support/golden_sections.h"
#include "support/golden_tokenizers.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

fs::path folder() { return test::goldens() / "tokenizer"; }

// The names of the tokenizers there may be cases for.
std::vector<std::string> names() {
  std::vector<std::string> all = test::golden_models();
  all.insert(all.begin(), {"smollm2", "smollm2_v1_2b"});
  return all;
}

Tokenizer tokenizer_of(const std::string& name) {
  return Tokenizer::parse(test::golden_tokenizer_json(name), name);
}

TEST(TokenizerGolden, EncodesAndDecodesEveryCaseAsHuggingFaceDoes) {
  size_t cases = 0;
  for (const std::string& name : names()) {
    const fs::path file = folder() / ("cases_" + name + ".jsonl");
    if (!fs::exists(file)) continue;
    const Tokenizer tokenizer = tokenizer_of(name);
    std::istringstream lines(read_file(file));
    for (std::string line; std::getline(lines, line); ++cases) {
      const Json expected = parse_json(line, file.string());
      const auto text = expected.at("text").get<std::string>();
      const auto ids = expected.at("ids").get<std::vector<int32_t>>();
      EXPECT_EQ(tokenizer.encode(text), ids) << name << ": " << line;
      EXPECT_EQ(tokenizer.decode(ids), expected.at("decoded")) << name << ": " << line;
      EXPECT_EQ(tokenizer.decode(ids, true), expected.at("decoded_skip_special"))
          << name << ": " << line;
    }
  }
  if (cases == 0) GTEST_SKIP() << "no cases_*.jsonl in " << folder();
}

TEST(TokenizerGolden, SpecialTokensHaveTheirIds) {
  const fs::path file = folder() / "specials.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const Json specials = read_json(file);
  test::GoldenSections sections;
  for (const std::string& name : names()) {
    const std::string key = name == "smollm2_v1_2b" ? "v1_2b" : name;
    if (!specials.contains(key)) {
      sections.skip(file.string() + " has no " + key);
      continue;
    }
    sections.tested();
    const Tokenizer tokenizer = tokenizer_of(name);
    for (const auto& [token, id] : specials.at(key).items()) {
      EXPECT_EQ(tokenizer.encode(token), std::vector<int32_t>{id}) << token;
      EXPECT_EQ(tokenizer.find(token), id.get<int32_t>()) << token;
    }
  }
  sections.finish();
}

TEST(TokenizerGolden, NewlinesAndBytesWithoutTokens) {
  const fs::path file = folder() / "specials.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const Json specials = read_json(file);
  if (!specials.contains("newline")) GTEST_SKIP() << "no newline in " << file;
  const Tokenizer tokenizer = tokenizer_of("smollm2");
  EXPECT_EQ(tokenizer.encode("\n"), specials.at("newline").get<std::vector<int32_t>>());
  if (specials.contains("two_newlines")) {
    EXPECT_EQ(tokenizer.encode("\n\n"), specials.at("two_newlines").get<std::vector<int32_t>>());
  }
  for (const int byte : specials.value("bytes_without_token", std::vector<int>())) {
    const std::string text(1, static_cast<char>(byte));
    if (byte < 0x80) {
      EXPECT_TRUE(tokenizer.encode(text).empty()) << byte;
    }
    EXPECT_EQ(tokenizer.find(byte_level_encode(text)), std::nullopt) << byte;
  }
}

}  // namespace
}  // namespace recto
