#include "model/processor_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/tiny_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

const ModelConfig& config() {
  static const ModelConfig parsed = parse_model_config(test::tiny_config(), "tiny");
  return parsed;
}

Json settings() {
  return parse_json(R"({"image_processor_type": "Idefics3ImageProcessor", "do_resize": true,
    "do_rescale": true, "do_normalize": true, "do_image_splitting": true,
    "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 1,
    "rescale_factor": 0.00392156862745098, "size": {"longest_edge": 64},
    "max_image_size": {"longest_edge": 16}})",
                    "settings");
}

void write(const fs::path& directory, const Json& flat, const Json& processor) {
  if (!flat.is_null()) write_file(directory / "preprocessor_config.json", dump_json(flat));
  if (!processor.is_null()) write_file(directory / "processor_config.json", dump_json(processor));
}

TEST(ProcessorConfig, NestedSettingsWinOverFlatOnes) {
  TemporaryDirectory directory;
  Json nested = settings();
  nested["size"]["longest_edge"] = 48;
  nested["do_image_splitting"] = false;
  nested["resample"] = 3;
  write(directory.path(), settings(), {{"image_seq_len", 4}});
  const ProcessorConfig flat = read_processor_config(directory.path(), config());
  EXPECT_EQ(flat.views.longest_edge, 64);
  EXPECT_EQ(flat.views.tile, 16);
  EXPECT_TRUE(flat.views.image_splitting);
  EXPECT_EQ(flat.views.resample, Filter::kLanczos);
  EXPECT_EQ(flat.image_seq_len, 4);
  write(directory.path(), settings(), {{"image_seq_len", 4}, {"image_processor", nested}});
  const ProcessorConfig both = read_processor_config(directory.path(), config());
  EXPECT_EQ(both.views.longest_edge, 48);
  EXPECT_FALSE(both.views.image_splitting);
  EXPECT_EQ(both.views.resample, Filter::kBicubic);
}

TEST(ProcessorConfig, WhatIsWrittenIsReadFromEitherFile) {
  TemporaryDirectory directory;
  ProcessorConfig processor;
  processor.views.longest_edge = 96;
  processor.views.tile = 16;
  processor.views.image_splitting = false;
  processor.views.resample = Filter::kBilinear;
  processor.image_seq_len = 4;
  write_processor_config(directory.path(), processor);
  for (const char* removed : {"", "preprocessor_config.json"}) {
    if (*removed != '\0') fs::remove(directory.path() / removed);
    const ProcessorConfig read = read_processor_config(directory.path(), config());
    EXPECT_EQ(read.views.longest_edge, 96);
    EXPECT_FALSE(read.views.image_splitting);
    EXPECT_EQ(read.views.resample, Filter::kBilinear);
  }
  write_processor_config(directory.path(), processor);
  fs::remove(directory.path() / "processor_config.json");
  EXPECT_EQ(read_processor_config(directory.path(), config()).views.longest_edge, 96);
}

TEST(ProcessorConfig, WhatWouldBeComputedOtherwiseIsRefusedByName) {
  struct Case {
    std::function<void(Json& flat, Json& processor)> change;
    ErrorCode code;
    const char* says;
  };
  const ErrorCode bad = ErrorCode::kBadInput;
  const ErrorCode unsupported = ErrorCode::kUnsupported;
  const ErrorCode mismatch = ErrorCode::kMismatch;
  const std::vector<Case> cases = {
      {[](Json& f, Json&) { f = nullptr; }, ErrorCode::kNotFound, "preprocessor_config.json"},
      {[](Json& f, Json&) { f = Json::array(); }, bad, "no object"},
      {[](Json&, Json& p) { p = Json::array(); }, bad, "no object"},
      {[](Json&, Json& p) { p["image_processor"] = 5; }, bad, "image_processor"},
      {[](Json& f, Json&) { f["image_processor_type"] = "CLIPImageProcessor"; }, unsupported,
       "CLIPImageProcessor"},
      {[](Json& f, Json&) { f["do_resize"] = false; }, unsupported, "do_resize"},
      {[](Json& f, Json&) { f["do_rescale"] = false; }, unsupported, "do_rescale"},
      {[](Json& f, Json&) { f["do_normalize"] = false; }, unsupported, "do_normalize"},
      {[](Json& f, Json&) { f["do_normalize"] = "yes"; }, bad, "do_normalize"},
      {[](Json& f, Json&) { f["image_mean"] = {0.48, 0.45, 0.40}; }, unsupported, "image_mean"},
      {[](Json& f, Json&) { f["image_std"] = {0.5, 0.5}; }, unsupported, "image_std"},
      {[](Json& f, Json&) { f["rescale_factor"] = 1.0; }, unsupported, "rescale_factor"},
      {[](Json& f, Json&) { f["resample"] = 0; }, unsupported, "resample is 0"},
      {[](Json& f, Json&) { f.erase("size"); }, bad, "size is missing"},
      {[](Json& f, Json&) { f.erase("max_image_size"); }, bad, "max_image_size is missing"},
      {[](Json& f, Json&) { f["size"] = {{"height", 64}, {"width", 64}}; }, unsupported,
       "longest_edge"},
      {[](Json& f, Json&) { f["size"]["longest_edge"] = 0; }, bad, "longest_edge is 0"},
      {[](Json& f, Json&) { f["size"]["longest_edge"] = 1 << 20; }, bad, "longest_edge"},
      {[](Json& f, Json&) { f["size"]["longest_edge"] = "64"; }, bad, "longest_edge"},
      {[](Json& f, Json&) { f["max_image_size"]["longest_edge"] = 32; }, mismatch, "image_size"},
      {[](Json&, Json& p) { p["image_seq_len"] = 169; }, mismatch, "image_seq_len is 169"},
  };
  for (const Case& c : cases) {
    TemporaryDirectory directory;
    Json flat = settings();
    Json processor = {{"image_seq_len", 4}};
    c.change(flat, processor);
    write(directory.path(), flat, processor);
    try {
      read_processor_config(directory.path(), config());
      ADD_FAILURE() << "accepted: " << c.says;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), c.code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(c.says));
      EXPECT_THAT(error.what(), HasSubstr(directory.path().string()));
    }
  }
}

TEST(ProcessorConfig, DefaultsAreThoseOfTransformers) {
  TemporaryDirectory directory;
  const Json least = {{"size", {{"longest_edge", 64}}}, {"max_image_size", {{"longest_edge", 16}}}};
  write(directory.path(), least, nullptr);
  const ProcessorConfig read = read_processor_config(directory.path(), config());
  EXPECT_TRUE(read.views.image_splitting);
  EXPECT_EQ(read.views.resample, Filter::kLanczos);
  EXPECT_EQ(read.image_seq_len, config().image_seq_len()) << "never transformers' 169";
}

}  // namespace
}  // namespace recto
