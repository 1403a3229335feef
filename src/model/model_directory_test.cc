#include "model/model_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "model/model_write.h"
#include "model/safetensors.h"
#include "model/smollm2_tokenizer.h"
#include "support/errors.h"
#include "support/sparse_model.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A copy of a golden model that a test may spoil.
class ModelCopy {
 public:
  explicit ModelCopy(const std::string& name) : path_(directory_.path() / "model") {
    fs::copy(test::goldens() / "models" / name, path_, fs::copy_options::recursive);
  }
  const fs::path& path() const { return path_; }
  fs::path other(const char* name) const { return directory_.path() / name; }

  void change(const char* file, const std::function<void(Json&)>& edit) const {
    Json json = read_json(path_ / file);
    edit(json);
    write_file(path_ / file, dump_json(json));
  }

 private:
  TemporaryDirectory directory_;
  fs::path path_;
};

std::string message_of(const fs::path& path, ErrorCode code, bool verify = false) {
  try {
    ModelDirectory::open(path, {}, {}, verify);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

void write_contract_of(const ModelCopy& copy, const std::function<void(Contract&)>& edit) {
  Contract contract = ModelDirectory::open(copy.path())->contract();
  edit(contract);
  write_file(copy.path() / "retriever.json", dump_json(contract.to_json()));
}

TEST(ModelDirectory, WithoutAContractTheDefaultOneIsTakenAndSaid) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    const ModelCopy copy(name);
    ::testing::internal::CaptureStderr();
    const auto model = ModelDirectory::open(copy.path());
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("default contract"));
    EXPECT_FALSE(model->has_own_contract());
    EXPECT_EQ(model->contract().dimensions, std::vector<int>{model->config().text.hidden_size});
    EXPECT_EQ(model->contract().views.tile, model->config().vision.image_size);
    EXPECT_EQ(model->contract().weights_sha256, model->weights().sha256());
    EXPECT_FALSE(model->inputs().query("what is it").ids.empty());
  }
}

TEST(ModelDirectory, TheSameFilesAnywhereHaveTheSameContract) {
  const ModelCopy first(test::golden_models().front());
  const ModelCopy second(test::golden_models().front());
  const std::string hash = ModelDirectory::open(first.path())->contract().hash();
  EXPECT_EQ(ModelDirectory::open(second.path())->contract().hash(), hash);
  EXPECT_EQ(ModelDirectory::open(first.path() / ".")->contract().hash(), hash);
  EXPECT_EQ(ModelDirectory::open(first.path(), {}, {}, true)->contract().hash(), hash);
}

TEST(ModelDirectory, ItsOwnContractIsFollowed) {
  const ModelCopy copy(test::golden_models().front());
  int edge = 0;
  write_contract_of(copy, [&](Contract& contract) {
    edge = contract.views.longest_edge += 8;
    contract.pooling = Pooling::kMean;
  });
  ::testing::internal::CaptureStderr();
  const auto model = ModelDirectory::open(copy.path(), {}, {}, true);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("disagree"));
  EXPECT_TRUE(model->has_own_contract());
  EXPECT_EQ(model->contract().pooling, Pooling::kMean);
  EXPECT_EQ(model->contract().views.longest_edge, edge);
}

TEST(ModelDirectory, OverridesMakeAnotherContract) {
  const ModelCopy copy(test::golden_models().front());
  const auto plain = ModelDirectory::open(copy.path());
  std::set<std::string> hashes = {plain->contract().hash()};
  ContractOverrides edge, splitting, ids, order;
  edge.longest_edge = plain->contract().views.longest_edge + 8;
  splitting.image_splitting = !plain->contract().views.image_splitting;
  ids.position_ids = PositionIds::kHf455Fp32;
  order.resample_order = ResampleOrder::kPillow13;
  for (const ContractOverrides& overrides : {edge, splitting, ids, order}) {
    const auto model = ModelDirectory::open(copy.path(), overrides);
    EXPECT_TRUE(hashes.insert(model->contract().hash()).second);
  }
  for (const int bad : {0, -5, 4097}) {
    edge.longest_edge = bad;
    try {
      ModelDirectory::open(copy.path(), edge);
      ADD_FAILURE() << bad << " accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
    }
  }
}

TEST(ModelDirectory, ASecondEdgeGoesWithTilesAlone) {
  const ModelCopy copy(test::golden_models().front());
  const auto edge_of = [&](std::optional<int> second, std::optional<bool> splitting) {
    return ModelDirectory::open(copy.path(), {.second_edge = second, .image_splitting = splitting})
        ->contract()
        .views.second_edge;
  };
  EXPECT_EQ(edge_of(96, true), 96);
  test::add_second_edge(copy.path(), 120);
  EXPECT_EQ(edge_of({}, {}), 120);
  EXPECT_EQ(edge_of(0, {}), 0);
  EXPECT_EQ(edge_of({}, false), 0) << "goes with the tiles";
  const std::pair<std::optional<int>, std::string> refused[] = {
      {96, copy.path().string() + ": a second edge (96)"}, {-1, "0 to 4096"}, {4097, "0 to 4096"}};
  for (const auto& [second, message] : refused) {
    EXPECT_THAT(test::error_of([&] { edge_of(second, false); }, ErrorCode::kUsage),
                ::testing::HasSubstr(message));
  }
  const int longest = ModelDirectory::open(copy.path())->contract().views.longest_edge;
  EXPECT_THAT(test::error_of([&] { edge_of(longest, true); }, ErrorCode::kUsage),
              ::testing::HasSubstr("the same tiles twice"));
}

TEST(ModelDirectory, PartsThatDisagreeAreRefusedByName) {
  const ModelCopy copy(test::golden_models().front());
  write_contract_of(copy, [](Contract& contract) { contract.dimensions.front() += 1; });
  EXPECT_THAT(message_of(copy.path(), ErrorCode::kMismatch), HasSubstr("dimensions"));
  fs::remove(copy.path() / "retriever.json");
  write_contract_of(copy, [](Contract& contract) { contract.views.tile += 1; });
  EXPECT_THAT(message_of(copy.path(), ErrorCode::kMismatch), HasSubstr("tile"));
  fs::remove(copy.path() / "retriever.json");
  copy.change("processor_config.json", [](Json& json) { json["image_seq_len"] = 169; });
  EXPECT_THAT(message_of(copy.path(), ErrorCode::kMismatch), HasSubstr("169"));
}

TEST(ModelDirectory, ForeignWeightsAreFoundWhenVerified) {
  const ModelCopy copy(test::golden_models().front());
  write_contract_of(copy,
                    [](Contract& contract) { contract.weights_sha256 = std::string(64, '0'); });
  EXPECT_NO_THROW(ModelDirectory::open(copy.path()));
  EXPECT_THAT(message_of(copy.path(), ErrorCode::kMismatch, true), HasSubstr(std::string(64, '0')));
}

TEST(ModelDirectory, WeightsNewerThanTheirContractAreVerified) {
  for (const std::string& name : test::golden_models()) {  // one file, and shards
    const ModelCopy copy(name);
    write_contract_of(copy, [](Contract&) {});
    fs::path weights;
    for (const auto& entry : fs::directory_iterator(copy.path())) {
      if (entry.path().extension() == ".safetensors") weights = entry.path();
    }
    const auto written = fs::last_write_time(copy.path() / "retriever.json");
    fs::last_write_time(weights, written + std::chrono::seconds(1));
    EXPECT_NO_THROW(ModelDirectory::open(copy.path())) << "copied later, but the same";

    std::string content = read_file(weights);
    content[content.size() - 3] = static_cast<char>(content[content.size() - 3] ^ 1);
    write_file(weights, content);
    fs::last_write_time(weights, written);
    EXPECT_NO_THROW(ModelDirectory::open(copy.path())) << "trusted";
    fs::last_write_time(weights, written + std::chrono::seconds(1));
    EXPECT_THAT(message_of(copy.path(), ErrorCode::kMismatch), HasSubstr("have SHA-256"));
  }
}

TEST(ModelDirectory, MissingFilesAndStrangeContractsAreNamed) {
  EXPECT_THAT(message_of("/nonexistent/model", ErrorCode::kNotFound),
              HasSubstr("/nonexistent/model"));
  for (const char* file : {"config.json", "tokenizer.json"}) {
    const ModelCopy copy(test::golden_models().front());
    fs::remove(copy.path() / file);
    EXPECT_THAT(message_of(copy.path(), ErrorCode::kNotFound), HasSubstr(file));
  }
  const ModelCopy copy(test::golden_models().front());
  write_file(copy.path() / "retriever.json", "{\"format_version\": 1, ");
  EXPECT_THAT(message_of(copy.path(), ErrorCode::kBadInput), HasSubstr("retriever.json"));
}

TEST(ModelDirectory, AnotherVocabularyIsRefused) {
  const ModelCopy copy(test::golden_models().front());
  const int image = ModelDirectory::open(copy.path())->config().image_token_id;
  const int size = image == 598 ? 700 : 600;  // <image> is the last but one
  write_file(copy.path() / "tokenizer.json", dump_json(truncated_smollm2_tokenizer(size)));
  EXPECT_THAT(message_of(copy.path(), ErrorCode::kMismatch), HasSubstr("token"));
}

/// A small LoRA adapter of the model, written with the contract `edit` makes of the model's.
void write_adapter_of(const fs::path& model_path, const fs::path& directory,
                      const std::function<void(Contract&)>& edit = {}) {
  const auto model = ModelDirectory::open(model_path);
  LoraOptions options{.r = 1, .alpha = 2};
  options.target_modules = "text_model\\.layers\\.0\\.self_attn\\.v_proj";
  const auto& shape = model->weights().at("text_model.layers.0.self_attn.v_proj.weight").shape;
  Adapter adapter;
  adapter.config = lora_config(options);
  adapter.modules["text_model.layers.0.self_attn.v_proj"] = {
      1,
      2,
      std::vector<float>(static_cast<size_t>(shape[1]), 0.01f),
      std::vector<float>(static_cast<size_t>(shape[0]), 0.02f),
      {}};
  Contract contract = model->contract();
  contract.weights_sha256 = adapted_weights_sha256(contract.weights_sha256, adapter);
  if (edit) edit(contract);
  write_adapter(adapter, model->config(), contract, directory);
}

TEST(ModelDirectory, TheContractOfAnAdapterIsFollowed) {
  const ModelCopy copy(test::golden_models().front());
  write_adapter_of(copy.path(), copy.other("adapter"),
                   [](Contract& contract) { contract.pooling = Pooling::kMean; });
  const auto adapted = ModelDirectory::open(copy.path(), {}, copy.other("adapter"));
  EXPECT_EQ(adapted->contract().pooling, Pooling::kMean);
  EXPECT_EQ(ModelDirectory::open(copy.path())->contract().pooling, Pooling::kLast);
  const auto apart = ModelDirectory::open_unmerged(copy.path(), {}, copy.other("adapter"));
  EXPECT_EQ(apart->contract().hash(), adapted->contract().hash());
  EXPECT_EQ(apart->weights().sha256(), apart->base_weights_sha256());
  Weights merged = apart->weights();
  merge_adapter(merged, *apart->adapter());
  EXPECT_EQ(merged.sha256(), adapted->weights().sha256());
  EXPECT_NE(merged.sha256(), apart->weights().sha256());
}

TEST(ModelDirectory, AnAdapterOfAnotherBaseIsRefused) {
  const ModelCopy copy(test::golden_models().front());
  write_adapter_of(copy.path(), copy.other("adapter"), [](Contract& contract) {
    contract.weights_sha256 = std::string(64, '7');
    contract.base_model = "the-right-one";
  });
  try {
    ModelDirectory::open(copy.path(), {}, copy.other("adapter"));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMismatch);
    EXPECT_THAT(error.what(), HasSubstr("was trained on another base model"));
    EXPECT_THAT(error.what(), HasSubstr("the-right-one"));
  }
}

TEST(ModelDirectory, AnAdapterThatIsKeptApartIsMergedOnOpening) {
  const ModelCopy copy(test::golden_models().front());
  write_adapter_of(copy.path(), copy.path() / "adapter");
  const auto named = ModelDirectory::open(copy.path(), {}, copy.path() / "adapter");
  EXPECT_FALSE(named->has_own_adapter());
  write_contract_of(copy, [](Contract& contract) { contract.adapter = "adapter"; });
  const auto own = ModelDirectory::open(copy.path(), {}, {}, /*verify_weights=*/true);
  EXPECT_TRUE(own->has_own_adapter());
  EXPECT_EQ(own->contract().hash(), named->contract().hash());
  EXPECT_EQ(own->contract().adapter, "");
  EXPECT_EQ(own->weights().sha256(), named->weights().sha256());
  EXPECT_NE(own->weights().sha256(), own->base_weights_sha256());
  fs::remove_all(copy.path() / "adapter");
  EXPECT_THAT(message_of(copy.path(), ErrorCode::kNotFound), HasSubstr("adapter_config.json"));
}

TEST(ModelDirectory, AnAdapterDirectoryAloneIsExplained) {
  TemporaryDirectory directory;
  write_file(directory.path() / "adapter_config.json", "{}");
  EXPECT_THAT(message_of(directory.path(), ErrorCode::kUsage), HasSubstr("base model"));
}

std::vector<float> rounded(const std::vector<float>& values, DType dtype) {
  std::vector<std::byte> bytes(values.size() * dtype_size(dtype));
  from_float(values, dtype, bytes);
  return to_float(TensorView{dtype, {static_cast<int64_t>(values.size())}, bytes});
}

TEST(WriteModelDirectory, WritesWhatOpensAsTheSameModel) {
  for (const std::string& name : test::golden_models()) {
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
      SCOPED_TRACE(name + " " + dtype_name(dtype));
      const ModelCopy copy(name);
      const auto from = ModelDirectory::open(copy.path());
      Contract contract = from->contract();
      contract.base_model = "base";
      contract.views.longest_edge = contract.views.tile;
      write_model_directory(*from, from->weights(), dtype, contract, copy.other("out"));

      const auto to = ModelDirectory::open(copy.other("out"), {}, {}, true);
      EXPECT_TRUE(to->has_own_contract());
      contract.weights_sha256 = to->weights().sha256();
      EXPECT_EQ(to->contract().to_json(), contract.to_json());
      EXPECT_EQ(to->config().dtype, dtype);
      ASSERT_EQ(to->weights().tensors().size(), from->weights().tensors().size());
      for (const auto& [tensor, view] : from->weights().tensors()) {
        EXPECT_EQ(to->weights().at(tensor).dtype, dtype);
        EXPECT_EQ(to_float(to->weights().at(tensor)), rounded(to_float(view), dtype)) << tensor;
      }
      EXPECT_EQ(to->tokenizer().encode("Größe 12"), from->tokenizer().encode("Größe 12"));
    }
  }
}

TEST(WriteModelDirectory, ChangesStandInPlaceOfTheTensorsTheyName) {
  const ModelCopy copy(test::golden_models().front());
  write_adapter_of(copy.path(), copy.other("adapter"));
  const auto merged = ModelDirectory::open(copy.path(), {}, copy.other("adapter"));
  const auto apart = ModelDirectory::open_unmerged(copy.path(), {}, copy.other("adapter"));
  const TensorChanges changes = merged_layers(apart->weights(), *apart->adapter());
  for (const std::optional<DType> dtype : {std::optional<DType>(), {DType::kF32}, {DType::kBF16}}) {
    const fs::path at_once = copy.other("at once"), one_by_one = copy.other("one by one");
    write_model_directory(*merged, merged->weights(), dtype, merged->contract(), at_once);
    write_changed_model_directory(*apart, apart->weights(), changes, dtype, apart->contract(),
                                  apart->sparse_head(), one_by_one);
    for (const char* file : {"model.safetensors", "retriever.json", "config.json"}) {
      EXPECT_EQ(read_file(one_by_one / file), read_file(at_once / file)) << file;
    }
    fs::remove_all(at_once);
    fs::remove_all(one_by_one);
  }
}

TEST(WriteModelDirectory, FilesSayTheSameInEveryPlace) {
  const ModelCopy copy(test::golden_models().front());
  const auto from = ModelDirectory::open(copy.path());
  const fs::path out = copy.other("out");
  write_model_directory(*from, from->weights(), DType::kF32, from->contract(), out);
  for (const char* file : {"config.json", "model.safetensors", "preprocessor_config.json",
                           "processor_config.json", "tokenizer.json", "tokenizer_config.json",
                           "special_tokens_map.json", "chat_template.jinja", "retriever.json"}) {
    EXPECT_TRUE(fs::exists(out / file)) << file;
  }
  Json flat = read_json(out / "preprocessor_config.json");
  const Json processor = read_json(out / "processor_config.json");
  EXPECT_EQ(flat["processor_class"], "Idefics3Processor");
  flat.erase("processor_class");
  EXPECT_EQ(flat, processor["image_processor"]);
  EXPECT_EQ(processor["image_seq_len"], from->config().image_seq_len());
  EXPECT_EQ(read_json(out / "tokenizer_config.json")["tokenizer_class"], "PreTrainedTokenizerFast");
  EXPECT_EQ(read_file(out / "chat_template.jinja"), read_file(copy.path() / "chat_template.jinja"));
}

// The layout follows the weights: with a head that of ...ForConditionalGeneration, else the bare.
TEST(WriteModelDirectory, NamesFollowTheArchitecture) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    const ModelCopy copy(name);
    const auto from = ModelDirectory::open(copy.path());
    const fs::path out = copy.other("out");
    write_model_directory(*from, from->weights(), DType::kBF16, from->contract(), out);
    const bool head_file = from->weights().contains("lm_head.weight");
    const bool head_class =
        head_file || (from->config().tie_word_embeddings &&
                      from->config().architecture.ends_with("ForConditionalGeneration"));
    const SafetensorsFile file(out / "model.safetensors");
    EXPECT_EQ(file.contains("lm_head.weight"), head_file);
    EXPECT_EQ(file.contains("model.text_model.norm.weight"), head_class);
    EXPECT_EQ(file.contains("text_model.norm.weight"), !head_class);
    const std::string architecture = read_json(out / "config.json")["architectures"][0];
    EXPECT_EQ(architecture.ends_with("ForConditionalGeneration"), head_class) << architecture;
  }
}

TEST(WriteModelDirectory, NeverOverAnotherAndNeverHalf) {
  const ModelCopy copy(test::golden_models().front());
  const auto from = ModelDirectory::open(copy.path());
  EXPECT_THROW(
      write_model_directory(*from, from->weights(), DType::kF32, from->contract(), copy.path()),
      Error);
  Contract wrong = from->contract();
  wrong.dimensions.front() += 1;
  EXPECT_THROW(write_model_directory(*from, from->weights(), DType::kF32, wrong, copy.other("out")),
               Error);
  EXPECT_THROW(write_model_directory(*from, from->weights(), DType::kI32, from->contract(),
                                     copy.other("out")),
               Error);
  EXPECT_FALSE(fs::exists(copy.other("out")));
  EXPECT_EQ(std::distance(fs::directory_iterator(copy.path().parent_path()), {}), 1)
      << "something was left beside the model";
}

}  // namespace
}  // namespace recto
