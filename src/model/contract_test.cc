#include "model/contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/file.h"
#include "support/errors.h"
#include "support/support.h"

namespace recto {
namespace {

using ::testing::HasSubstr;

ViewSettings a4_views() {
  ViewSettings views;
  views.longest_edge = 2048;
  views.tile = 512;
  return views;
}

Json valid() { return Contract::default_for(a4_views(), 576).to_json(); }

TEST(Contract, SurvivesJson) {
  Contract contract = Contract::default_for(a4_views(), 576);
  contract.base_model = "HuggingFaceTB/SmolVLM-256M-Instruct";
  contract.weights_sha256 = std::string(64, 'a');
  contract.pooling = Pooling::kMean;
  contract.causal = false;
  contract.dimensions = {576, 256, 64};
  contract.normalize = false;
  contract.views.image_splitting = false;
  contract.views.resample = Filter::kBicubic;
  contract.views.resample_order = ResampleOrder::kPillow13;
  contract.position_ids = PositionIds::kHf455Fp32;
  const Contract read = Contract::from_json(contract.to_json(), "retriever.json");
  EXPECT_EQ(read.to_json(), contract.to_json());
  EXPECT_EQ(read.hash(), contract.hash());
}

TEST(Contract, AnAdapterStandsInItOnlyWhenThereIsOne) {
  Contract contract = Contract::default_for(a4_views(), 576);
  EXPECT_FALSE(contract.to_json().contains("adapter"));
  const std::string hash = contract.hash();
  contract.adapter = "adapter";
  EXPECT_NE(contract.hash(), hash);
  EXPECT_EQ(Contract::from_json(contract.to_json(), "retriever.json").adapter, "adapter");
  for (const char* bad : {"..", ".", "/etc", "a/b"}) {
    Json json = contract.to_json();
    json["adapter"] = bad;
    try {
      Contract::from_json(json, "retriever.json");
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("retriever.json: adapter: the name of a folder"));
    }
  }
}

// A model without a sparse output keeps the hash it had before there was any
// (ExampleOfTheDocumentation).
TEST(Contract, ASparseOutputStandsInItOnlyWhenThereIsOne) {
  Contract contract = Contract::default_for(a4_views(), 576);
  EXPECT_EQ(contract.to_json()["outputs"], Json::array({"dense"}));
  EXPECT_FALSE(contract.to_json().contains("sparse"));
  contract.sparse = SparseOutput{.saturation = 6, .top_n = 99, .weights_sha256 = ""};
  const Json json = contract.to_json();
  EXPECT_EQ(json["outputs"], Json::array({"dense", "sparse"}));
  const Contract read = Contract::from_json(json, "retriever.json");
  ASSERT_TRUE(read.sparse.has_value());
  EXPECT_EQ(read.to_json(), json);
  const std::vector<std::pair<const char*, Json>> changes = {
      {"saturation", 8}, {"top_n", 100}, {"weights_sha256", std::string(64, 'b')}};
  for (const auto& [field, value] : changes) {
    Json other = json;
    other["sparse"][field] = value;
    EXPECT_NE(Contract::from_json(other, "x").hash(), contract.hash()) << field;
  }
}

// One that was written before there were gain and candidates keeps its hash.
TEST(Contract, GainAndCandidatesStandInItOnlyWhenTheySaySomething) {
  Contract contract = Contract::default_for(a4_views(), 576);
  contract.sparse = SparseOutput{.saturation = 6, .top_n = 99, .weights_sha256 = ""};
  const Json plain = contract.to_json();
  EXPECT_FALSE(plain["sparse"].contains("gain"));
  EXPECT_FALSE(plain["sparse"].contains("candidates"));
  EXPECT_EQ(contract.hash(), "73771353ce92e5e71e2513985cef8f7b8dcb6166857581d8110af3a29131433d");
  Json said = plain;
  said["sparse"]["gain"] = 1;
  EXPECT_EQ(Contract::from_json(said, "x").to_json(), plain);
  struct Case {
    int gain, candidates;
  };
  for (const Case& c : {Case{16, 0}, Case{1, 24}, Case{1024, 1}}) {
    contract.sparse->gain = c.gain;
    contract.sparse->candidates = c.candidates;
    const Contract read = Contract::from_json(contract.to_json(), "x");
    EXPECT_EQ(read.sparse->gain, c.gain);
    EXPECT_EQ(read.sparse->candidates, c.candidates);
    EXPECT_EQ(read.hash(), contract.hash());
    EXPECT_NE(read.hash(), Contract::from_json(plain, "x").hash());
  }
}

struct Spoiled {
  const char* message;
  std::function<void(Json&)> spoil;
  ErrorCode code = ErrorCode::kBadInput;
};

/// Each of `cases` makes of `json` what is refused with its message, naming the file.
void expect_refused(const Json& json, const std::vector<Spoiled>& cases) {
  for (const Spoiled& one : cases) {
    Json spoiled = json;
    one.spoil(spoiled);
    const std::string error =
        test::error_of([&] { Contract::from_json(spoiled, "retriever.json"); }, one.code);
    EXPECT_THAT(error, HasSubstr(one.message));
    EXPECT_THAT(error, HasSubstr("retriever.json"));
  }
}

TEST(Contract, ASecondEdgeStandsInItOnlyWhereThereIsOne) {
  Contract contract = Contract::default_for(a4_views(), 576);
  const Json plain = contract.to_json();
  EXPECT_FALSE(plain.contains("second_edge"));
  EXPECT_EQ(Contract::from_json(plain, "x").views.second_edge, 0);
  contract.views.second_edge = 1408;
  const Json said = contract.to_json();
  EXPECT_EQ(Contract::from_json(said, "x").views.second_edge, 1408);
  EXPECT_NE(contract.hash(), Contract::from_json(plain, "x").hash());
  const std::vector<Spoiled> cases = {
      {"second_edge: 0 is wanted from 1", [](Json& json) { json["second_edge"] = 0; }},
      {"second_edge", [](Json& json) { json["second_edge"] = "1408"; }},
      {"image_splitting", [](Json& json) { json["image_splitting"] = false; }},
      {"1408 is the longest edge as well", [](Json& json) { json["longest_edge"] = 1408; }},
  };
  expect_refused(said, cases);
}

TEST(Contract, VectorsFromTheVocabularyWantASparseOutput) {
  Contract contract = Contract::default_for(a4_views(), 576);
  contract.pooling = Pooling::kVocabulary;
  contract.dimensions = {320, 64};
  contract.passage_prompt = "{text}";
  const auto read = [&] { return Contract::from_json(contract.to_json(), "retriever.json"); };
  EXPECT_THAT(test::error_of(read, ErrorCode::kBadInput),
              HasSubstr("retriever.json: pooling: \"vocabulary\" is wanted with a sparse output"));
  contract.sparse.emplace();
  EXPECT_EQ(contract.to_json()["pooling"], "vocabulary");
  EXPECT_EQ(read().pooling, Pooling::kVocabulary);
  EXPECT_EQ(read().vector_width(), 320);
  EXPECT_EQ(read().hash(), contract.hash());
}

TEST(Contract, ASparseOutputThatCannotBeMeantIsRefused) {
  Contract contract = Contract::default_for(a4_views(), 576);
  contract.sparse.emplace();
  const std::vector<Spoiled> cases = {
      {"the key \"sparse\" is missing", [](Json& json) { json.erase("sparse"); }},
      {"the field \"sparse\" is unknown", [](Json& json) { json["outputs"] = {"dense"}; }},
      {"sparse: an object", [](Json& json) { json["sparse"] = 1; }},
      {"kind: \"splade\" is not supported", [](Json& json) { json["sparse"]["kind"] = "splade"; },
       ErrorCode::kUnsupported},
      {"tap: \"text\" is not supported", [](Json& json) { json["sparse"]["tap"] = "text"; },
       ErrorCode::kUnsupported},
      {"saturation: 0 is wanted from 1", [](Json& json) { json["sparse"]["saturation"] = 0; }},
      {"gain: 0 is wanted from 1", [](Json& json) { json["sparse"]["gain"] = 0; }},
      {"gain: 1025 is wanted from 1", [](Json& json) { json["sparse"]["gain"] = 1025; }},
      {"gain: ", [](Json& json) { json["sparse"]["gain"] = 1.5; }},
      {"candidates: 0 is wanted from 1", [](Json& json) { json["sparse"]["candidates"] = 0; }},
      {"candidates: ", [](Json& json) { json["sparse"]["candidates"] = "all"; }},
      {"top_n: -1 is wanted from 1", [](Json& json) { json["sparse"]["top_n"] = -1; }},
      {"weights_sha256: 64", [](Json& json) { json["sparse"]["weights_sha256"] = "x"; }},
      {"the field \"more\" is unknown", [](Json& json) { json["sparse"]["more"] = 1; }},
  };
  expect_refused(contract.to_json(), cases);
}

TEST(Contract, EveryFieldIsInTheHash) {
  const std::string hash = Contract::default_for(a4_views(), 576).hash();
  const std::vector<std::pair<const char*, Json>> changes = {
      {"base_model", "other"},
      {"weights_sha256", std::string(64, '0')},
      {"document_prompt", "<image><end_of_utterance>"},
      {"document_text_prompt", "<image>{text}<end_of_utterance>"},
      {"query_prompt", "{query}<end_of_utterance>"},
      {"query_image_prompt", "<image>{query}<end_of_utterance>"},
      {"passage_prompt", "{text}<end_of_utterance>"},
      {"terminal_token", "_utterance>"},
      {"max_query_tokens", 16},
      {"pooling", "mean"},
      {"attention", "bidirectional"},
      {"dimensions", {576, 64}},
      {"normalize", false},
      {"longest_edge", 1024},
      {"tile", 384},
      {"image_splitting", false},
      {"resample", "bicubic"},
      {"resample_order", "pillow13"},
      {"position_ids", "hf-4.55-fp32"},
  };
  for (const auto& [field, value] : changes) {
    Json json = valid();
    ASSERT_TRUE(json.contains(field)) << field;
    json[field] = value;
    EXPECT_NE(Contract::from_json(json, "x").hash(), hash) << field;
  }
  EXPECT_EQ(valid().size(), changes.size() + 2) << "format_version and outputs have one value only";
}

TEST(Contract, RefusesAMissingFieldByName) {
  const Json complete = valid();
  for (const auto& item : complete.items()) {
    Json json = complete;
    json.erase(item.key());
    try {
      Contract::from_json(json, "retriever.json");
      ADD_FAILURE() << item.key() << " may be missing";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.what(), HasSubstr("retriever.json"));
      EXPECT_THAT(error.what(), HasSubstr("\"" + item.key() + "\""));
    }
  }
}

TEST(Contract, RefusesAnIllTypedFieldByName) {
  const Json complete = valid();
  for (const auto& item : complete.items()) {
    for (const Json& wrong : {Json(nullptr), Json(3.5), Json::object(), Json::array({nullptr})}) {
      Json json = complete;
      json[item.key()] = wrong;
      try {
        Contract::from_json(json, "retriever.json");
        ADD_FAILURE() << item.key() << " may be " << wrong;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kBadInput) << error.what();
        EXPECT_THAT(error.what(), HasSubstr("retriever.json: " + item.key()));
      }
    }
  }
}

TEST(Contract, RefusesValuesThatCannotBeMeant) {
  struct Case {
    const char* field;
    Json value;
    const char* message;
  };
  const Case cases[] = {
      {"surprise", 1, "the field \"surprise\" is unknown"},
      {"format_version", 2, "version 2 is not supported"},
      {"weights_sha256", "abc", "64 lower-case hexadecimal digits"},
      {"weights_sha256", std::string(64, 'A'), "64 lower-case hexadecimal digits"},
      {"document_prompt", "no image<end_of_utterance>", "<image> is wanted once"},
      {"document_prompt", "<image><image><end_of_utterance>", "stands in it 2 times"},
      {"document_prompt", "<image>{query}<end_of_utterance>", "{query} is wanted nowhere"},
      {"document_text_prompt", "<image><end_of_utterance>", "{text} is wanted once"},
      {"query_prompt", "Query:<end_of_utterance>", "{query} is wanted once"},
      {"query_prompt", "{query}<image><end_of_utterance>", "<image> is wanted nowhere"},
      {"query_image_prompt", "{query}<end_of_utterance>", "<image> is wanted once"},
      {"passage_prompt", "{query}<end_of_utterance>", "{query} is wanted nowhere"},
      {"passage_prompt", "{text}", "end with the terminal token <end_of_utterance>"},
      {"terminal_token", "", "a token is wanted"},
      {"max_query_tokens", 1, "from 2 to"},
      {"max_query_tokens", -512, "from 2 to"},
      {"max_query_tokens", 5000000000, "out of range"},
      {"pooling", "cls", "\"cls\" is unknown; wanted is one of \"last\", \"mean\", \"vocabulary\""},
      {"outputs", Json::array({"sparse"}), "wanted is [\"dense\"]"},
      {"outputs", Json::array(), "wanted is [\"dense\"]"},
      {"attention", "full", "wanted is one of \"causal\", \"bidirectional\""},
      {"dimensions", Json::array(), "at least one"},
      {"dimensions", {576, 576}, "strictly descending"},
      {"dimensions", {64, 576}, "strictly descending"},
      {"dimensions", {576, 0}, "positive"},
      {"longest_edge", 0, "from 1 to"},
      {"tile", -1, "from 1 to"},
      {"resample", "nearest", "wanted is one of \"lanczos\""},
      {"resample_order", "vertical_first", "wanted is one of \"horizontal_first\", \"pillow13\""},
      {"position_ids", "legacy", "wanted is one of \"identity\", \"hf-4.55-fp32\""},
  };
  for (const Case& c : cases) {
    Json json = valid();
    json[c.field] = c.value;
    try {
      Contract::from_json(json, "retriever.json");
      ADD_FAILURE() << c.field << " may be " << c.value;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(c.message));
      EXPECT_THAT(error.what(), HasSubstr(c.field));
    }
  }
  EXPECT_THROW(Contract::from_json(Json::array(), "retriever.json"), Error);
}

// A mean over the tokens needs no terminal one at the end.
TEST(Contract, MeanPoolingTakesAnyEnding) {
  Json json = valid();
  json["pooling"] = "mean";
  json["passage_prompt"] = "{text}";
  EXPECT_EQ(Contract::from_json(json, "x").passage_prompt, "{text}");
}

// The example of docs/formats/contract.md is the default for the 256M model and has the hash that
// stands below it.
TEST(Contract, ExampleOfTheDocumentation) {
  const std::string text = read_file(test::source_directory() / "docs" / "formats" / "contract.md");
  const size_t begin = text.find("```json\n") + 8;
  const Json example = parse_json(text.substr(begin, text.find("```", begin) - begin), "example");
  const Contract contract = Contract::from_json(example, "example");
  Contract expected = Contract::default_for(a4_views(), 576);
  expected.base_model = contract.base_model;
  EXPECT_EQ(contract.to_json(), expected.to_json());
  EXPECT_EQ(contract.hash(), "90cb0cc79b116189ba407e943b8ab2c6e86ee2f0073d7ce29be37100de192f53");
  EXPECT_THAT(text, HasSubstr(contract.hash()));
}

}  // namespace
}  // namespace recto
