// Losses, gradients and optimiser steps against the reference values.

#include <gtest/gtest.h>

#include "learn/learn_golden_support.h"
#include "learn/losses.h"
#include "learn/optimizer.h"
#include "learn/schedule.h"

namespace recto {
namespace {

using test::GoldenModel;

constexpr double kLoss = 1e-5;

torch::Tensor leaf(const torch::Tensor& values) { return values.clone().requires_grad_(); }

LossInput loss_input(const torch::Tensor& q, const torch::Tensor& p, const torch::Tensor& n,
                     double temperature, int64_t offset = 0) {
  LossInput input;
  input.queries = q;
  input.positives = p;
  input.temperature = temperature;
  input.offset = offset;
  if (n.defined()) {
    const int64_t each = n.dim() == 3 ? n.size(1) : 1;
    input.negatives = n.reshape({-1, n.size(-1)});
    input.negative_rows = torch::arange(p.size(0)).repeat_interleave(each);
  }
  return input;
}

void expect_gradient(const torch::Tensor& vectors, const torch::Tensor& want,
                     const std::string& what) {
  const torch::Tensor got = vectors.grad().defined() ? vectors.grad() : torch::zeros_like(vectors);
  const double scale = std::max(1.0, want.abs().max().item<double>());
  EXPECT_LE(test::largest_difference(got, want), kLoss * scale) << what;
}

TEST(LearnGolden, LossesOnRandomVectors) {
  const std::filesystem::path folder = test::goldens() / "train";
  for (const char* name : {"losses_random.json", "losses_random.safetensors"}) {
    if (!std::filesystem::exists(folder / name)) GTEST_SKIP() << name << " is not in this set";
  }
  const Json json = read_json(folder / "losses_random.json");
  const SafetensorsFile file(folder / "losses_random.safetensors");
  ASSERT_FALSE(json["cases"].empty());
  for (const Json& c : json["cases"]) {
    const std::string id = std::to_string(c["case"].get<int>()) + ".";
    SCOPED_TRACE("case " + id);
    const bool negatives = c["negatives"].get<int>() > 0;
    const torch::Tensor q = leaf(test::tensor_of(file, id + "q"));
    const torch::Tensor p = leaf(test::tensor_of(file, id + "p"));
    const torch::Tensor n = negatives ? leaf(test::tensor_of(file, id + "n")) : torch::Tensor();
    const LossInput input = loss_input(q, p, n, c["tau"], c["offset"].get<int64_t>());
    const torch::Tensor loss = contrastive_loss(LossKind::kInfoNce, input);
    EXPECT_NEAR(loss.item<double>(), c["infonce"].get<double>(),
                kLoss * std::max(1.0, loss.item<double>()));
    loss.backward();
    expect_gradient(q, test::tensor_of(file, id + "dq"), "dq");
    expect_gradient(p, test::tensor_of(file, id + "dp"), "dp");
    if (negatives) expect_gradient(n, test::tensor_of(file, id + "dn"), "dn");
    const auto expect_value = [&](const char* key, const torch::Tensor& value) {
      const double want = c[key];
      EXPECT_NEAR(value.item<double>(), want, kLoss * std::max(1.0, want)) << key;
    };
    if (c.contains("binegce")) {
      expect_value("binegce", contrastive_loss(LossKind::kBiNegative, input));
    }
    if (c.contains("symmetric")) {
      expect_value("symmetric", contrastive_loss(LossKind::kSymmetric, input));
    }
    if (c.contains("mrl")) {
      expect_value("mrl", matryoshka_loss(LossKind::kInfoNce, input,
                                          c.at("mrl_dims").get<std::vector<int>>()));
    }
  }
}

/// A section of train/: the model, its batch, and what is expected.
struct Training {
  GoldenModel golden;
  std::filesystem::path folder;
  Json cases;
  std::vector<ModelInput> queries, positives, negatives;

  explicit Training(const std::string& name)
      : golden(name),
        folder(test::goldens() / "train" / name),
        cases(read_json(folder / "cases.json")) {
    for (const Json& query : cases["queries"]) queries.push_back(test::text_input(query["ids"]));
    for (const Json& page : cases["pages"]) {
      (page["side"] == "p" ? positives : negatives).push_back(test::input_of(folder, page));
    }
  }

  torch::Tensor loss(RetrieverModel& model) const {
    return contrastive_loss(
        LossKind::kInfoNce,
        loss_input(test::vectors_of(model, queries), test::vectors_of(model, positives),
                   test::vectors_of(model, negatives), cases["tau"]));
  }
};

/// Whether the set has every page that train/NAME/cases.json names.
bool has_pages(const std::filesystem::path& folder, test::GoldenSections& sections) {
  const Json cases = read_json(folder / "cases.json");
  for (const Json& page : cases.at("pages")) {
    if (!sections.has(folder / page.at("file").get<std::string>())) return false;
  }
  return true;
}

/// The sections of train/ that have the file `needed`, their model and their pages.
std::vector<Training> trainings(const std::string& needed, test::GoldenSections& sections) {
  std::vector<Training> all;
  for (const std::string& name : test::golden_folders("train", sections)) {
    const std::filesystem::path folder = test::goldens() / "train" / name;
    if (sections.has(folder / needed) && has_pages(folder, sections)) all.emplace_back(name);
  }
  return all;
}

TEST(LearnGolden, LossesOnModelVectors) {
  test::GoldenSections sections;
  for (const Training& training : trainings("embeddings_and_loss_grads.safetensors", sections)) {
    const SafetensorsFile file(training.folder / "embeddings_and_loss_grads.safetensors");
    const Json& losses = training.cases["losses"];
    const double tau = training.cases["tau"];
    const std::string at_tau = "_tau" + dump_json(training.cases["tau"]);
    const auto check = [&](const std::string& name, LossKind kind, double temperature,
                           const std::string& mask, bool matryoshka) {
      if (!losses.contains(name) || !file.contains(name + ".dunit.q")) {
        return sections.skip(training.folder.string() + " has no " + name);
      }
      SCOPED_TRACE(name);
      sections.tested();
      const torch::Tensor q = leaf(test::tensor_of(file, "unit.q"));
      const torch::Tensor p = leaf(test::tensor_of(file, "unit.p"));
      const torch::Tensor n = leaf(test::tensor_of(file, "unit.n"));
      LossInput input = loss_input(q, p, n, temperature);
      if (!mask.empty()) {
        const TensorView& view = file.at(mask);
        input.mask =
            torch::from_blob(const_cast<std::byte*>(view.bytes.data()), view.shape, torch::kBool)
                .clone();
      }
      const torch::Tensor loss =
          matryoshka
              ? matryoshka_loss(kind, input, training.cases["mrl_dims"].get<std::vector<int>>())
              : contrastive_loss(kind, input);
      const double want = losses[name];
      EXPECT_NEAR(loss.item<double>(), want, kLoss * std::max(1.0, want));
      loss.backward();
      expect_gradient(q, test::tensor_of(file, name + ".dunit.q"), "dq");
      expect_gradient(p, test::tensor_of(file, name + ".dunit.p"), "dp");
      expect_gradient(n, test::tensor_of(file, name + ".dunit.n"), "dn");
    };
    check("infonce" + at_tau, LossKind::kInfoNce, tau, "", false);
    check("infonce_tau1", LossKind::kInfoNce, 1, "", false);
    check("symmetric" + at_tau, LossKind::kSymmetric, tau, "", false);
    check("masked_infonce" + at_tau, LossKind::kInfoNce, tau, "mask", false);
    check("binegce" + at_tau, LossKind::kBiNegative, tau, "", false);
    check("mrl" + at_tau, LossKind::kInfoNce, tau, "", true);
  }
  sections.finish();
}

TEST(LearnGolden, GradientOfEveryParameter) {
  test::GoldenSections sections;
  for (const Training& training : trainings("grads_full_infonce.safetensors", sections)) {
    RetrieverModel model = training.golden.load();
    const torch::Tensor loss = training.loss(model);
    const std::string name = "infonce_tau" + dump_json(training.cases["tau"]);
    EXPECT_NEAR(loss.item<double>(), training.cases["losses"][name].get<double>(), 2e-4);
    loss.backward();
    const SafetensorsFile want(training.folder / "grads_full_infonce.safetensors");
    size_t compared = 0;
    for (const auto& entry : model->named_parameters()) {
      if (entry.key().find("vision_model") == 0 &&
          entry.key().find("k_proj.bias") != std::string::npos) {
        continue;  // mathematically zero: rounding noise only
      }
      ASSERT_TRUE(want.contains(entry.key())) << entry.key();
      ASSERT_TRUE(entry.value().grad().defined()) << entry.key();
      EXPECT_LE(test::relative_difference(entry.value().grad(), test::tensor_of(want, entry.key())),
                1e-4)
          << entry.key();
      ++compared;
    }
    EXPECT_EQ(compared + static_cast<size_t>(training.golden.config.vision.num_hidden_layers),
              want.tensors().size());
    sections.tested();
  }
  sections.finish();
}

/// The adapters that lora_infonce.safetensors starts from, put on the model; only they are trained.
void attach_initial(RetrieverModel& model, const Training& training, const SafetensorsFile& file) {
  for (torch::Tensor& parameter : model->parameters()) parameter.set_requires_grad(false);
  const Json& lora = training.cases["lora"];
  const int rank = lora["r"];
  const torch::NoGradGuard no_grad;
  for (auto& [path, linear] : model->linears()) {
    const std::string a = "init." + path + ".lora_A.weight";
    if (!file.contains(a)) continue;
    linear->attach({rank, lora["alpha"].get<double>() / rank, 0, false});
    linear->lora_a->weight.copy_(test::tensor_of(file, a));
    linear->lora_b->weight.copy_(test::tensor_of(file, "init." + path + ".lora_B.weight"));
  }
}

std::vector<NamedParameter> trained_parameters(RetrieverModel& model) {
  std::vector<NamedParameter> trained;
  for (const auto& entry : model->named_parameters()) {
    if (entry.value().requires_grad()) trained.push_back({entry.key(), entry.value()});
  }
  return trained;
}

TEST(LearnGolden, GradientOfEveryAdapter) {
  test::GoldenSections sections;
  for (const Training& training : trainings("lora_infonce.safetensors", sections)) {
    const SafetensorsFile file(training.folder / "lora_infonce.safetensors");
    RetrieverModel model = training.golden.load();
    attach_initial(model, training, file);
    training.loss(model).backward();
    const std::vector<NamedParameter> trained = trained_parameters(model);
    int64_t count = 0;
    for (const NamedParameter& parameter : trained) {
      EXPECT_LE(test::relative_difference(parameter.value.grad(),
                                          test::tensor_of(file, "grad." + parameter.name)),
                1e-4)
          << parameter.name;
      count += parameter.value.numel();
    }
    EXPECT_EQ(count, training.cases["lora"]["trainable"].get<int64_t>());
    sections.tested();
  }
  sections.finish();
}

/// Runs the steps of `log` and compares losses, norms and learning rates.
void run_steps(RetrieverModel& model, const Training& training, const Json& log) {
  const Json& settings = training.cases["adamw"];
  AdamW optimizer(trained_parameters(model), {settings["betas"][0], settings["betas"][1],
                                              settings["eps"], settings["weight_decay"]});
  const int steps = static_cast<int>(log.size()) - 1;
  for (int step = 0; step < steps; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const Json& want = log[static_cast<size_t>(step)];
    const double rate = settings["lr"].get<double>() *
                        schedule_factor(static_cast<double>(step) / steps, 2.0 / steps);
    EXPECT_NEAR(rate, want["lr"].get<double>(), 1e-12);
    optimizer.zero_gradients();
    const torch::Tensor loss = training.loss(model);
    EXPECT_NEAR(loss.item<double>(), want["loss"].get<double>(), 2e-4);
    loss.backward();
    const double norm = optimizer.clip_gradients(settings["clip"]);
    const double want_norm = want["grad_norm_before_clip"];
    EXPECT_NEAR(norm, want_norm, 1e-3 * want_norm);
    optimizer.step(rate);
  }
  const torch::NoGradGuard no_grad;
  EXPECT_NEAR(training.loss(model).item<double>(), log.back()["loss_after"].get<double>(), 2e-4);
}

void expect_parameters(RetrieverModel& model, const SafetensorsFile& want,
                       const Json& sensitivity) {
  const auto parameters = model->named_parameters();
  for (const auto& [name, view] : want.tensors()) {
    ASSERT_NE(parameters.find(name), nullptr) << name;
    const double rounding = sensitivity.contains(name) ? sensitivity[name].get<double>() : 0;
    EXPECT_LE(test::largest_difference(parameters[name], to_tensor(view)),
              std::max(5e-5, 10 * rounding))
        << name;
  }
}

TEST(LearnGolden, AdamWOnEveryParameter) {
  test::GoldenSections sections;
  for (const Training& training : trainings("adamw_full_final_params.safetensors", sections)) {
    sections.tested();
    RetrieverModel model = training.golden.load();
    const Json& full = training.cases["adamw"]["full"];
    run_steps(model, training, full["log"]);
    expect_parameters(model,
                      SafetensorsFile(training.folder / "adamw_full_final_params.safetensors"),
                      full["rounding_sensitivity"]["kept_params_max_abs_diff"]);
    const auto parameters = model->named_parameters();
    for (const auto& [name, sums] : full["checksums"].items()) {
      if (name.find("k_proj.bias") != std::string::npos) continue;
      const double want = sums["l2"];
      EXPECT_NEAR(parameters[name].norm().item<double>(), want, 1e-4 * std::max(1.0, want)) << name;
    }
  }
  sections.finish();
}

TEST(LearnGolden, AdamWOnAdapters) {
  test::GoldenSections sections;
  for (const Training& training : trainings("adamw_lora_final_params.safetensors", sections)) {
    if (!sections.has(training.folder / "lora_infonce.safetensors")) continue;
    sections.tested();
    RetrieverModel model = training.golden.load();
    attach_initial(model, training, SafetensorsFile(training.folder / "lora_infonce.safetensors"));
    run_steps(model, training, training.cases["adamw"]["lora"]["log"]);
    expect_parameters(model,
                      SafetensorsFile(training.folder / "adamw_lora_final_params.safetensors"),
                      Json::object());
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
