#pragma once
// The tokenizers that golden cases name.

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "support/support.h"

namespace recto::test {

/// tokenizer.json of "smollm2", of "smollm2_v1_2b" (SmolVLM-Instruct 2.2B v1: SmolLM2's with other
/// added tokens) or of the golden model `name`.
inline std::string golden_tokenizer_json(const std::string& name) {
  const std::filesystem::path own = goldens() / "models" / name / "tokenizer.json";
  if (std::filesystem::exists(own)) return read_file(own);
  if (name != "smollm2_v1_2b") return smollm2_tokenizer_json();
  const std::string v1 = "tokenizer/smollm2/v1_2b_added_tokens.json";
  std::filesystem::path file = goldens() / v1;
  if (!std::filesystem::exists(file)) file = source_directory() / "tests/goldens" / v1;
  const Json added = read_json(file).at("added_tokens");
  Json json = parse_json(smollm2_tokenizer_json(), "smollm2");
  Json kept = Json::array();
  for (const Json& token : json.at("added_tokens")) {
    if (token.at("id") < added.at(0).at("id")) kept.push_back(token);
  }
  for (const Json& token : added) kept.push_back(token);
  json["added_tokens"] = kept;
  return json.dump();
}

}  // namespace recto::test
