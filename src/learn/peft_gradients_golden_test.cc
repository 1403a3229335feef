// Losses and gradients of adapters beside those of the real PEFT.

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "learn/lora.h"
#include "learn/trained_size.h"
#include "learn/training_golden_support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using test::Training;

struct Kind {
  const char* name;
  bool rslora, dora;
  const char* targets;  ///< "" is the text model's seven
};

const std::vector<Kind> kKinds = {{"lora", false, false, ""},
                                  {"rslora", true, false, ""},
                                  {"dora", false, true, ""},
                                  {"rsdora", true, true, ""},
                                  {"dora everywhere", false, true, "all-linear"}};

/// A [rank, in] and B [out, rank] far from where they begin, and lengths that are not the rows'.
Adapter random_adapter(const Kind& kind, const ModelConfig& config) {
  TrainSettings settings;
  settings.lora_targets = kind.targets;
  LoraOptions options;
  options.r = 3;
  options.alpha = 5;
  options.use_rslora = kind.rslora;
  options.use_dora = kind.dora;
  options.target_modules = lora_targets(settings);
  Adapter adapter;
  adapter.config = lora_config(options);
  Random random(7, 0);
  const auto normal = [&](int64_t count, double mean, double deviation) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = static_cast<float>(mean + deviation * random.normal());
    return values;
  };
  const auto shapes = expected_tensors(config);
  for (const std::string& path : match_modules(options.target_modules, config)) {
    const auto& shape = shapes.at(path + ".weight");
    AdapterModule& module = adapter.modules[path];
    module.rank = options.r;
    module.scale = options.alpha / (kind.rslora ? std::sqrt(3.0) : 3.0);
    module.a = normal(options.r * shape[1], 0, 1 / std::sqrt(static_cast<double>(shape[1])));
    module.b = normal(options.r * shape[0], 0, 0.15);
    if (kind.dora) module.magnitude = normal(shape[0], 0.8, 0.1);
  }
  return adapter;
}

void add_inputs(SafetensorsWriter& writer, const std::string& side,
                const std::vector<ModelInput>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ModelInput& input = inputs[i];
    const std::string name = side + std::to_string(i);
    writer.add(name + ".ids", {static_cast<int64_t>(input.ids.size())},
               std::span<const int32_t>(input.ids));
    if (input.images.empty()) continue;
    const Views& views = input.images.front();
    const int64_t tile = views.tile, count = views.count();
    std::vector<float> pixels(static_cast<size_t>(count * 3 * tile * tile));
    normalize_views(views, 0, views.count(), pixels.data());
    writer.add(name + ".pixels", {count, 3, tile, tile}, std::span<const float>(pixels));
  }
}

/// The losses of the adapters in `directory`/KIND under PEFT, which leaves KIND.safetensors.
Json ask_peft(const Training& training, const fs::path& directory) {
  SafetensorsWriter writer;
  add_inputs(writer, "q", training.queries);
  add_inputs(writer, "p", training.positives);
  add_inputs(writer, "n", training.negatives);
  writer.write(directory / "inputs.safetensors");
  const fs::path script = test::source_directory() / "tests/oracles/peft_gradients.py";
  std::string command = fmt::format(
      "{} '{}' '{}' '{}/inputs.safetensors' {}", test::python().string(), script.string(),
      training.golden.directory.string(), directory.string(), training.cases["tau"].get<double>());
  for (const Kind& kind : kKinds) {
    command += fmt::format(" '{0}/{1}' '{0}/{1}.safetensors'", directory.string(), kind.name);
  }
  const auto result = test::run_command(command);
  EXPECT_EQ(result.status, 0) << result.err;
  return result.status == 0 ? parse_json(result.out, "peft") : Json::array();
}

/// The name of a parameter of an adapter without ".weight", which PEFT's layout has in its files
/// and only there.
std::string bare_name(const std::string& name) {
  return name.ends_with(".weight") ? name.substr(0, name.size() - 7) : name;
}

void expect_gradients(RetrieverModel& model, const SafetensorsFile& wanted) {
  size_t compared = 0;
  for (const auto& entry : model->named_parameters()) {
    if (!entry.value().requires_grad()) continue;
    const std::string name = bare_name(entry.key());
    ASSERT_TRUE(wanted.contains(name)) << name;
    EXPECT_LE(test::relative_difference(entry.value().grad(), test::tensor_of(wanted, name)), 1e-4)
        << name;
    ++compared;
  }
  EXPECT_EQ(compared, wanted.tensors().size());
}

TEST(LearnGolden, AdaptersHaveTheGradientsOfPeft) {
  test::GoldenSections sections;
  for (const Training& training : test::trainings("lora_infonce.safetensors", sections)) {
    const ModelConfig& config = training.golden.config;
    TemporaryDirectory directory;
    std::vector<Adapter> adapters;
    for (const Kind& kind : kKinds) {
      adapters.push_back(random_adapter(kind, config));
      write_adapter(adapters.back(), config, Contract::default_for({}, config.text.hidden_size),
                    directory.path() / kind.name);
    }
    const Json losses = ask_peft(training, directory.path());
    ASSERT_EQ(losses.size(), kKinds.size());
    for (size_t i = 0; i < kKinds.size(); ++i) {
      SCOPED_TRACE(kKinds[i].name);
      RetrieverModel model = training.golden.load();
      for (torch::Tensor& parameter : model->parameters()) parameter.set_requires_grad(false);
      model->attach(adapters[i]);
      const torch::Tensor loss = training.loss(model);
      EXPECT_NEAR(loss.item<double>(), losses[i].get<double>(), 2e-4);
      loss.backward();
      expect_gradients(model, SafetensorsFile(directory.path() /
                                              (std::string(kKinds[i].name) + ".safetensors")));
    }
    sections.tested();
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
