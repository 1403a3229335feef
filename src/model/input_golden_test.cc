#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/file.h"
#include "model/input.h"
#include "page/decode.h"
#include "support/golden_sections.h"
#include "support/golden_tokenizers.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

// A section of prompts/cases.json; null where the set of golden files has none.
Json prompt_cases(const char* section) {
  const fs::path file = test::goldens() / "prompts/cases.json";
  return fs::exists(file) ? read_json(file).value(section, Json()) : Json();
}

Tokenizer tokenizer_of(const std::string& name) {
  return Tokenizer::parse(test::golden_tokenizer_json(name), name);
}

std::vector<int32_t> ids_of(const Json& json) { return json.get<std::vector<int32_t>>(); }

// `text` with each "<image>" expanded for the grid of the same place.
std::string expanded(std::string text, const Json& grids, int image_seq_len) {
  size_t at = 0;
  for (const Json& grid : grids) {
    at = text.find("<image>", at);
    const std::string block = expand_image_token({grid.at(0), grid.at(1)}, image_seq_len);
    text.replace(at, 7, block);
    at += block.size();
  }
  return text;
}

// A configuration a tokenizer belongs to, as far as inputs are concerned.
ModelConfig config_for(const Tokenizer& tokenizer) {
  ModelConfig config;
  config.image_token_id = tokenizer.find("<image>").value();
  config.scale_factor = 4;
  config.vision.image_size = 512;
  config.vision.patch_size = 16;
  config.text.vocab_size = tokenizer.vocab_size();
  return config;
}

Contract default_contract(const ModelConfig& config, int longest_edge, bool splitting) {
  ViewSettings views;
  views.longest_edge = longest_edge;
  views.tile = config.vision.image_size;
  views.image_splitting = splitting;
  return Contract::default_for(views, config.text.hidden_size);
}

TEST(PromptGolden, ImageBlocks) {
  std::map<std::string, Tokenizer> tokenizers;
  const Json cases = prompt_cases("images");
  if (cases.empty()) GTEST_SKIP() << "no images in prompts/cases.json";
  for (const Json& expected : cases) {
    SCOPED_TRACE(expected.at("name").get<std::string>());
    const std::string name = expected.at("tokenizer");
    if (!tokenizers.contains(name)) tokenizers.emplace(name, tokenizer_of(name));
    const Tokenizer& tokenizer = tokenizers.at(name);
    const std::string text =
        expanded(expected.at("text_before"), expected.at("grids"), expected.at("S"));
    EXPECT_EQ(text, expected.at("text_after").get<std::string>());
    const std::vector<int32_t> ids = tokenizer.encode(text);
    EXPECT_EQ(ids, ids_of(expected.at("ids")));
    EXPECT_EQ(std::count(ids.begin(), ids.end(), tokenizer.find("<image>").value()),
              expected.at("n_image_tokens").get<int64_t>());
  }
}

TEST(PromptGolden, ChatTemplate) {
  const Tokenizer tokenizer = tokenizer_of("smollm2");
  const Json cases = prompt_cases("chat_template");
  if (cases.empty()) GTEST_SKIP() << "no chat_template in prompts/cases.json";
  for (const Json& expected : cases) {
    const std::string text =
        render_chat(expected.at("messages"), expected.at("add_generation_prompt"), "messages.json");
    EXPECT_EQ(text, expected.at("text").get<std::string>());
    EXPECT_EQ(tokenizer.encode(text), ids_of(expected.at("ids"))) << text;
  }
}

TEST(PromptGolden, Queries) {
  const Tokenizer tokenizer = tokenizer_of("smollm2");
  const ModelConfig config = config_for(tokenizer);
  const Contract contract = default_contract(config, 2048, true);
  Contract short_contract = contract;
  short_contract.max_query_tokens = 16;
  const InputBuilder inputs(config, tokenizer, contract);
  const InputBuilder short_inputs(config, tokenizer, short_contract);
  const Json cases = prompt_cases("queries");
  if (cases.empty()) GTEST_SKIP() << "no queries in prompts/cases.json";
  for (const Json& expected : cases) {
    SCOPED_TRACE(expected.dump());
    const std::string query = expected.at("query");
    EXPECT_EQ(inputs.raw(expected.at("contract_text")).ids, ids_of(expected.at("contract_ids")));
    EXPECT_EQ(inputs.raw(expected.at("biidefics3_text")).ids,
              ids_of(expected.at("biidefics3_ids")));
    if (query.empty()) {
      EXPECT_THROW(inputs.query(query), Error);
      continue;
    }
    EXPECT_EQ(inputs.query(query).ids, ids_of(expected.at("contract_ids")));
    const ModelInput cut = short_inputs.query(query);
    EXPECT_EQ(cut.ids, ids_of(expected.at("contract_max16_ids")));
    EXPECT_EQ(cut.truncated, expected.at("contract_ids").size() > 16);
  }
}

// What the goldens say of one model, and the model.
struct Reference {
  explicit Reference(const std::string& name)
      : folder(test::goldens() / "models" / (name + "-goldens")),
        config(read_model_config(test::goldens() / "models" / name)),
        tokenizer(Tokenizer::load(test::goldens() / "models" / name)),
        cases(read_json(folder / "cases.json")) {}

  fs::path folder;
  ModelConfig config;
  Tokenizer tokenizer;
  Json cases;
};

void expect_document(const Reference& model, const Json& expected) {
  const Contract contract = default_contract(model.config, expected.at("L"), expected.at("split"));
  const InputBuilder inputs(model.config, model.tokenizer, contract);
  const std::string file = (model.folder / expected.at("file").get<std::string>()).string();
  const Image image = decode_image(as_bytes(read_file(file)), file);
  const ModelInput input = inputs.document(image);
  EXPECT_EQ(input.ids, ids_of(expected.at("ids")));
  EXPECT_EQ(input.images.at(0).rows, expected.at("rows").get<int>());
  EXPECT_EQ(input.images.at(0).columns, expected.at("cols").get<int>());
  EXPECT_EQ(inputs.raw(expected.at("prompt"), {image}).ids, input.ids);
}

void expect_text(const Reference& model, const Json& expected) {
  const Contract contract = default_contract(model.config, model.config.vision.image_size, true);
  const InputBuilder inputs(model.config, model.tokenizer, contract);
  EXPECT_EQ(inputs.raw(expected.at("prompt")).ids, ids_of(expected.at("ids")));
  const bool is_query =
      expected.at("prompt") ==
      "<|im_start|>User: Query: " + expected.at("text").get<std::string>() + "<end_of_utterance>";
  if (is_query) {
    EXPECT_EQ(inputs.query(expected.at("text")).ids, ids_of(expected.at("ids")));
  }
}

TEST(PromptGolden, DocumentsAndQueriesOfEveryModel) {
  test::GoldenSections sections;
  for (const std::string& name : test::golden_models()) {
    if (!sections.has(test::goldens() / "models" / (name + "-goldens") / "cases.json")) continue;
    const Reference model(name);
    for (const Json& expected : model.cases.value("images", Json::array())) {
      SCOPED_TRACE(name + " " + expected.at("file").get<std::string>());
      if (!sections.has(model.folder / expected.at("file").get<std::string>())) continue;
      expect_document(model, expected);
      sections.tested();
    }
    for (const Json& expected : model.cases.value("texts", Json::array())) {
      SCOPED_TRACE(name + " " + expected.at("text").dump());
      expect_text(model, expected);
      sections.tested();
    }
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
