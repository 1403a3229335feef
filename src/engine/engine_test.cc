// Parts of the engine, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/mapped_pages.h"
#include "base/random.h"
#include "engine/buffer.h"
#include "engine/connector.h"
#include "engine/cpu_embedder.h"
#include "engine/gemm_selftest.h"
#include "engine/linear.h"
#include "engine/matmul.h"
#include "engine/memory_plan.h"
#include "engine/pooling.h"
#include "engine/position_ids.h"
#include "engine/rope.h"
#include "engine/team.h"
#include "engine/vision_tower.h"
#include "model/model_directory.h"
#include "model/views.h"
#include "support/support.h"

namespace recto {
namespace {

using testing::HasSubstr;

std::vector<float> normal_values(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

ErrorCode code_of(const std::function<void()>& action, std::string* message = nullptr) {
  try {
    action();
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    return error.code();
  }
  ADD_FAILURE() << "no error";
  return ErrorCode::kInternal;
}

TensorView view(std::vector<int64_t> shape, std::span<const float> values) {
  return {DType::kF32, std::move(shape), std::as_bytes(values)};
}

/// gelu in its tanh form.
double gelu(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

struct ProductCase {
  int64_t rows, outputs, inputs;
  bool bias;
  Epilogue epilogue;
  int threads;
};

TEST(Matmul, EveryEpilogueMatchesTheFormulaAndIsNoReferenceImplementation) {
  const std::vector<ProductCase> cases = {
      {8, 48, 32, false, Epilogue::kStore, 1},    {64, 96, 48, true, Epilogue::kGeluTanh, 1},
      {1, 64, 128, false, Epilogue::kAdd, 1},     {37, 33, 17, true, Epilogue::kAdd, 2},
      {256, 576, 768, true, Epilogue::kStore, 1}, {16, 288, 80, false, Epilogue::kStore, 2}};
  for (const ProductCase& c : cases) {
    const Team team(c.threads);
    const std::vector<float> source = normal_values(c.rows * c.inputs, 1);
    const std::vector<float> weights = normal_values(c.outputs * c.inputs, 2);
    const std::vector<float> bias = normal_values(c.outputs, 3);
    const std::vector<float> before = normal_values(c.rows * c.outputs, 4);
    std::vector<PlacedTensor> biases;
    if (c.bias) biases = {{view({c.outputs}, bias), "bias"}};
    Linear linear({{view({c.outputs, c.inputs}, weights), "weights"}}, biases);
    Linear* const all[] = {&linear};
    const Buffer packed = pack_linears(all, c.threads);
    std::vector<float> found = before;
    FloatBuffer scratch;
    linear.apply(source.data(), c.rows, found.data(), c.epilogue, c.threads, scratch);
    for (int64_t r = 0; r < c.rows; ++r) {
      for (int64_t o = 0; o < c.outputs; ++o) {
        double wanted = c.bias ? bias[o] : 0;
        for (int64_t i = 0; i < c.inputs; ++i) {
          wanted += static_cast<double>(source[r * c.inputs + i]) * weights[o * c.inputs + i];
        }
        if (c.epilogue == Epilogue::kGeluTanh) wanted = gelu(wanted);
        if (c.epilogue == Epilogue::kAdd) wanted += before[r * c.outputs + o];
        ASSERT_NEAR(found[r * c.outputs + o], wanted, 1e-4) << r << "," << o;
      }
    }
    const auto compiled = matmul_for({c.rows, c.outputs, c.inputs, c.bias, c.epilogue, c.threads});
    EXPECT_THAT(compiled->implementation, testing::Not(testing::StartsWith("ref")));
  }
}

TEST(Matmul, BucketsHoldTheirRowsAndWasteLittle) {
  for (int64_t rows = 1; rows < 20000; ++rows) {
    const int64_t bucket = bucket_rows(rows);
    ASSERT_GE(bucket, rows);
    ASSERT_LE(bucket, std::max(rows + 7, rows + rows / 8)) << rows;
  }
}

TEST(Buffer, IsZeroAndGrows) {
  FloatBuffer buffer;
  for (const int64_t count : {1, 5000, 3000000}) {
    float* const data = buffer.reserve(count);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 64, 0U);
    EXPECT_EQ(data[0], 0.0f);
    EXPECT_EQ(data[count - 1], 0.0f);
    data[0] = 1.0f;
  }
  EXPECT_EQ(buffer.reserve(5)[0], 1.0f);
  EXPECT_EQ(code_of([] { Buffer(size_t{1} << 60); }), ErrorCode::kLimit);
}

TEST(Buffer, ReleasesFilePagesAndLeavesOtherMemoryAlone) {
  const TemporaryDirectory directory;
  const std::string content(1 << 16, 'x');
  write_file(directory.path() / "file", content);
  const MappedFile mapped(directory.path() / "file");
  release_mapped_pages(mapped.bytes());
  EXPECT_EQ(as_text(mapped.bytes()), content);

  std::vector<std::byte> heap(1 << 20, std::byte{7});
  release_mapped_pages(heap);
  EXPECT_EQ(std::count(heap.begin(), heap.end(), std::byte{7}), 1 << 20);
}

TEST(PixelShuffle, IndexOfEveryElement) {
  const int side = 9;
  const int scale = 3;
  const int64_t hidden = 2;
  std::vector<float> x(side * side * hidden);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  std::vector<float> out(x.size());
  pixel_shuffle(x.data(), side, scale, hidden, out.data());
  for (int h = 0; h < side / scale; ++h) {
    for (int w = 0; w < side / scale; ++w) {
      for (int j = 0; j < scale; ++j) {
        for (int k = 0; k < scale; ++k) {
          for (int e = 0; e < hidden; ++e) {
            const auto to = ((h * (side / scale) + w) * scale * scale + j * scale + k) * hidden + e;
            const auto from = ((h * scale + j) * side + w * scale + k) * hidden + e;
            EXPECT_EQ(out[static_cast<size_t>(to)], x[static_cast<size_t>(from)]);
          }
        }
      }
    }
  }
}

TEST(UnfoldPatches, OrderIsChannelRowColumnAndTheRestIsDropped) {
  // A tile of 7 with patches of 3: two by two patches, the seventh row and column unused.
  std::vector<uint8_t> pixels(3 * 7 * 7);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i);
  std::vector<float> out(4 * 27);
  unfold_patches(pixels.data(), 7, 3, out.data());
  for (int patch = 0; patch < 4; ++patch) {
    for (int i = 0; i < 27; ++i) {
      const int y = patch / 2 * 3 + i % 9 / 3;
      const int x = patch % 2 * 3 + i % 3;
      EXPECT_EQ(out[static_cast<size_t>(patch * 27 + i)],
                normalize_table()[pixels[static_cast<size_t>(i / 9 * 49 + y * 7 + x)]]);
    }
  }
}

TEST(PositionIds, LegacyIdsAreShiftedByOne) {
  const std::vector<int32_t> ids = patch_position_ids(PositionIds::kHf455Fp32, 32);
  for (int i = 0; i < 32; ++i) EXPECT_EQ(ids[static_cast<size_t>(i)], std::max(0, i - 1));
  EXPECT_EQ(ids[5 * 32 + 7], 4 * 32 + 6);
  EXPECT_EQ(patch_position_ids(PositionIds::kIdentity, 3),
            (std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(RopeTable, FarPositionsKeepTheirPrecision) {
  RopeTable rope(273768.0, 64);
  rope.reserve(16384);
  for (const int64_t position : {0, 1, 1000, 16383}) {
    for (int64_t i = 0; i < 32; ++i) {
      const double angle =
          static_cast<double>(position) * std::pow(273768.0, -2.0 * static_cast<double>(i) / 64);
      // An fp32 angle of thousands of radians is off by up to half a unit in its last place.
      const double slack = 1e-6 + 2.5e-7 * angle;
      EXPECT_NEAR(rope.cosine(position)[i], std::cos(angle), slack);
      EXPECT_NEAR(rope.sine(position)[i], std::sin(angle), slack);
    }
  }
}

TEST(Pooling, LastMeanAndUnitLength) {
  const std::vector<float> states = {1, 2, 3, 4, 8, 0};
  std::vector<float> out(2);
  pool(Pooling::kLast, states.data(), 3, out);
  EXPECT_EQ(out, (std::vector<float>{8, 0}));
  pool(Pooling::kMean, states.data(), 3, out);
  EXPECT_EQ(out, (std::vector<float>{4, 2}));
  std::vector<float> vector = {3, 4};
  l2_normalize(vector);
  EXPECT_FLOAT_EQ(vector[0], 0.6f);
  EXPECT_FLOAT_EQ(vector[1], 0.8f);
  std::vector<float> zero = {0, 0};
  l2_normalize(zero);
  EXPECT_EQ(zero, (std::vector<float>{0, 0}));
}

TEST(GemmSelftest, ReportsARate) {
  const GemmSize small{64, 128, 128};
  for (const int threads : {1, 2}) {
    const GemmSelfTest result = gemm_selftest(threads, 0.01, small);
    EXPECT_EQ(result.threads, threads);
    EXPECT_GT(result.gflops, 0.1);
    EXPECT_FALSE(result.implementation.empty());
  }
  EXPECT_EQ(code_of([] { gemm_selftest(0); }), ErrorCode::kUsage);
}

class EngineErrors : public testing::Test {
 protected:
  std::shared_ptr<const ModelDirectory> model_ =
      ModelDirectory::open(test::goldens() / "models" / test::golden_models()[0]);
  const ModelConfig& config() const { return model_->config(); }

  ModelInput text(int tokens) const {
    ModelInput input;
    const int32_t id = config().image_token_id == 0 ? 1 : 0;
    input.ids.assign(static_cast<size_t>(tokens), id);
    return input;
  }
  ModelInput page(int image_tokens, int tile, size_t bytes) const {
    ModelInput input = text(3);
    input.ids.insert(input.ids.end(), static_cast<size_t>(image_tokens), config().image_token_id);
    Views views;
    views.tile = tile;
    views.pixels.resize(bytes);
    input.images.push_back(views);
    return input;
  }
};

TEST_F(EngineErrors, InputsThatDoNotFitTheModelAreNamedWithTheirNumbers) {
  const auto engine = make_cpu_embedder(model_, {.threads = 1});
  const int tile = config().vision.image_size;
  const int tokens = config().image_seq_len();
  const size_t bytes = static_cast<size_t>(3) * tile * tile;
  ModelInput outside = text(4);
  outside.ids[2] = config().text.vocab_size;
  ModelInput negative = text(4);
  negative.ids[1] = -5;
  struct Case {
    ModelInput input;
    ErrorCode code;
    std::string says;
  };
  const std::vector<Case> cases = {
      {text(0), ErrorCode::kBadInput, "no tokens"},
      {outside, ErrorCode::kBadInput, std::to_string(config().text.vocab_size)},
      {negative, ErrorCode::kBadInput, "token 1 has the id -5"},
      {text(config().text.max_position_embeddings + 1), ErrorCode::kLimit,
       std::to_string(config().text.max_position_embeddings)},
      {page(tokens - 1, tile, bytes), ErrorCode::kBadInput,
       std::to_string(tokens - 1) + " image tokens"},
      {page(tokens, tile + 1, bytes), ErrorCode::kBadInput, "pixels, but the vision tower takes"},
      {page(tokens, tile, bytes - 1), ErrorCode::kBadInput, std::to_string(bytes)},
      {page(0, tile, bytes), ErrorCode::kBadInput, "0 image tokens"},
  };
  for (const Case& c : cases) {
    std::string message;
    EXPECT_EQ(code_of([&] { engine->embed({&c.input, 1}); }, &message), c.code) << message;
    EXPECT_THAT(message, HasSubstr(c.says));
    EXPECT_EQ(code_of([&] { engine->inspect(c.input, [](auto&&...) {}); }), c.code);
  }
}

TEST_F(EngineErrors, SenselessOptionsAreUsageErrors) {
  EXPECT_EQ(code_of([&] { make_cpu_embedder(model_, {.threads = -1}); }), ErrorCode::kUsage);
  EXPECT_EQ(code_of([&] { make_cpu_embedder(model_, {.batch_tokens = 0}); }), ErrorCode::kUsage);
}

TEST_F(EngineErrors, MoreMemoryThanThereIsIsRefusedBeforeTheWorkStarts) {
  const auto engine = make_cpu_embedder(model_, {.threads = 1 << 30});
  const ModelInput input = text(5);
  std::string message;
  EXPECT_EQ(code_of([&] { engine->embed({&input, 1}); }, &message), ErrorCode::kLimit);
  EXPECT_THAT(message, HasSubstr("MB are free: use fewer threads"));
}

TEST_F(EngineErrors, NoInputsGiveNoRows) {
  const Matrix none = make_cpu_embedder(model_)->embed({});
  EXPECT_EQ(none.rows, 0);
  EXPECT_EQ(none.columns, config().text.hidden_size);
}

TEST_F(EngineErrors, SeveralCallersAtOnceGetTheSameVectors) {
  const auto engine = make_cpu_embedder(model_, {.threads = 2});
  const int tile = config().vision.image_size;
  std::vector<ModelInput> inputs = {
      text(5), page(config().image_seq_len(), tile, static_cast<size_t>(3) * tile * tile), text(9)};
  std::vector<Matrix> results(4);
  std::vector<std::thread> callers;
  for (Matrix& result : results) {
    callers.emplace_back([&] { result = engine->embed(inputs); });
  }
  for (std::thread& caller : callers) caller.join();
  for (const Matrix& result : results) EXPECT_EQ(result.values, results[0].values);
}

TEST(MemoryPlan, CountsThePackedWeightsOfThePublishedSizes) {
  // 256M [spec: component sums of the published checkpoint]; norms and biases are not packed.
  ModelConfig config;
  config.scale_factor = 4;
  config.vision = {768, 3072, 12, 12, 512, 16, 1e-6};
  config.text.hidden_size = 576;
  config.text.intermediate_size = 1536;
  config.text.num_hidden_layers = 30;
  config.text.num_attention_heads = 9;
  config.text.num_key_value_heads = 3;
  config.text.head_dim = 64;
  const double vision = 4.0 * (86433024 + 7077888);
  EXPECT_NEAR(static_cast<double>(vision_weight_bytes(config)), vision, 0.01 * vision);
  const double text = 4.0 * (134588736 - 49280 * 576);
  EXPECT_NEAR(static_cast<double>(text_weight_bytes(config)), text, 0.01 * text);
  EXPECT_EQ(feature_bytes(config, 13), 13U * 64 * 576 * 4);
  EXPECT_GT(text_workspace_bytes(config, 2000, 100), text_workspace_bytes(config, 1000, 100));
}

}  // namespace
}  // namespace recto
