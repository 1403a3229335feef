// Every loss against the reference values, with its gradients.

#include <gtest/gtest.h>

#include "learn/guide.h"
#include "learn/learn_golden_support.h"
#include "learn/objective.h"

namespace recto {
namespace {

namespace fs = std::filesystem;

constexpr double kTolerance = 1e-5;

/// Leaves of a loss: queries, positives, negatives [m, d] or, where the file has several for each
/// query, [B, each, d].
struct Vectors {
  torch::Tensor q, p, n;

  Vectors(const SafetensorsFile& file, const std::string& prefix)
      : q(leaf(file, prefix + "q")), p(leaf(file, prefix + "p")), n(leaf(file, prefix + "n")) {}

  static torch::Tensor leaf(const SafetensorsFile& file, const std::string& name) {
    if (!file.contains(name)) return {};
    return test::tensor_of(file, name).clone().requires_grad_();
  }

  LossInput input(double temperature, int64_t offset = 0) const {
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

  /// The gradients, against `prefix` + q, p, n of `file`.
  void expect_gradients(const SafetensorsFile& file, const std::string& prefix) const {
    expect_gradient(q, file, prefix + "q");
    expect_gradient(p, file, prefix + "p");
    if (n.defined()) expect_gradient(n, file, prefix + "n");
  }

 private:
  static void expect_gradient(const torch::Tensor& vectors, const SafetensorsFile& file,
                              const std::string& name) {
    const torch::Tensor want = test::tensor_of(file, name);
    const torch::Tensor got =
        vectors.grad().defined() ? vectors.grad() : torch::zeros_like(vectors);
    const double scale = std::max(1.0, want.abs().max().item<double>());
    EXPECT_LE(test::largest_difference(got, want), kTolerance * scale) << name;
  }
};

void expect_value(const torch::Tensor& got, double want, const std::string& name) {
  EXPECT_NEAR(got.item<double>(), want, kTolerance * std::max(1.0, std::abs(want))) << name;
}

torch::Tensor bool_tensor(const SafetensorsFile& file, const std::string& name) {
  const TensorView& view = file.at(name);
  return torch::from_blob(const_cast<std::byte*>(view.bytes.data()), view.shape, torch::kBool)
      .clone();
}

Objective over(LossKind kind, const std::vector<int>& dimensions = {}) {
  return {{{kind, 1}}, dimensions, {}};
}

TEST(LearnGolden, LossesOnRandomVectors) {
  const fs::path folder = test::goldens() / "train";
  for (const char* name : {"losses_random.json", "losses_random.safetensors"}) {
    if (!fs::exists(folder / name)) GTEST_SKIP() << name << " is not in this set";
  }
  const Json json = read_json(folder / "losses_random.json");
  const SafetensorsFile file(folder / "losses_random.safetensors");
  ASSERT_FALSE(json["cases"].empty());
  for (const Json& c : json["cases"]) {
    const std::string id = std::to_string(c["case"].get<int>()) + ".";
    SCOPED_TRACE("case " + id);
    const Vectors vectors(file, id);
    ASSERT_EQ(vectors.n.defined(), c["negatives"].get<int>() > 0);
    const LossInput input = vectors.input(c["tau"], c["offset"].get<int64_t>());
    const torch::Tensor loss = loss_value(LossKind::kInfoNce, input);
    expect_value(loss, c["infonce"], "infonce");
    loss.backward();
    vectors.expect_gradients(file, id + "d");
    const auto check = [&](const char* key, const Objective& objective) {
      if (c.contains(key)) expect_value(evaluate_objective(objective, input).total, c[key], key);
    };
    check("binegce", over(LossKind::kBiNegative));
    check("symmetric", over(LossKind::kSymmetric));
    if (c.contains("mrl")) {
      check("mrl", over(LossKind::kInfoNce, c.at("mrl_dims").get<std::vector<int>>()));
    }
  }
}

/// train/NAME with its losses on the vectors of a model.
struct ModelLosses {
  fs::path folder;
  Json cases;
  SafetensorsFile file;

  explicit ModelLosses(const fs::path& path)
      : folder(path),
        cases(read_json(path / "cases.json")),
        file(path / "embeddings_and_loss_grads.safetensors") {}

  /// "0.02", as the names of losses have it.
  std::string tau() const { return dump_json(cases["tau"]); }
};

using Change = std::function<void(LossInput&)>;

/// Value and gradients of cases["losses"][name], if the set has it.
void check_loss(const ModelLosses& golden, test::GoldenSections& sections, const std::string& name,
                const Objective& objective, double temperature, const Change& change = {}) {
  const Json& losses = golden.cases["losses"];
  if (!losses.contains(name) || !golden.file.contains(name + ".dunit.q")) {
    return sections.skip(golden.folder.string() + " has no " + name);
  }
  SCOPED_TRACE(name);
  sections.tested();
  const Vectors vectors(golden.file, "unit.");
  LossInput input = vectors.input(temperature);
  if (change) change(input);
  const ObjectiveValue value = evaluate_objective(objective, input);
  expect_value(value.total, losses[name], name);
  value.total.backward();
  vectors.expect_gradients(golden.file, name + ".dunit.");
}

void check_contrastive(const ModelLosses& golden, test::GoldenSections& sections) {
  const double tau = golden.cases["tau"];
  const std::string at = "_tau" + golden.tau();
  check_loss(golden, sections, "infonce" + at, over(LossKind::kInfoNce), tau);
  check_loss(golden, sections, "infonce_tau1", over(LossKind::kInfoNce), 1);
  check_loss(golden, sections, "symmetric" + at, over(LossKind::kSymmetric), tau);
  check_loss(golden, sections, "binegce" + at, over(LossKind::kBiNegative), tau);
  check_loss(golden, sections, "mrl" + at,
             over(LossKind::kInfoNce, golden.cases["mrl_dims"].get<std::vector<int>>()), tau);
  check_loss(golden, sections, "masked_infonce" + at, over(LossKind::kInfoNce), tau,
             [&](LossInput& input) { input.mask = bool_tensor(golden.file, "mask"); });
  check_loss(golden, sections, "infonce" + at, over(LossKind::kInfoNce), 7,
             [&](LossInput& input) { input.learned_temperature = torch::tensor(tau); });
}

/// The guide's scores make the mask of the set, and the mask its loss.
void check_guided(const ModelLosses& golden, test::GoldenSections& sections) {
  struct Type {
    const char* name;
    bool relative;
  };
  for (const Type& type : {Type{"abs", false}, Type{"rel", true}}) {
    const std::string mask = fmt::format("guide_mask_{}_0.05", type.name);
    if (!golden.file.contains("guide_scores") || !golden.file.contains(mask)) {
      sections.skip(golden.folder.string() + " has no " + mask);
      continue;
    }
    const torch::Tensor found =
        guided_mask(test::tensor_of(golden.file, "guide_scores"), {0.05, type.relative});
    EXPECT_TRUE(found.equal(bool_tensor(golden.file, mask))) << mask;
    check_loss(golden, sections, fmt::format("guide_{}_infonce_tau{}", type.name, golden.tau()),
               over(LossKind::kInfoNce), golden.cases["tau"],
               [&](LossInput& input) { input.mask = found; });
  }
}

/// Targets for queries alone: documents have no vector.
void teach_queries(LossInput& input, const torch::Tensor& vectors) {
  const int64_t documents = input.positives.size(0) + input.negatives.size(0);
  input.teacher.vectors = torch::cat({vectors, torch::zeros({documents, vectors.size(1)})}, 0);
  input.teacher.has_vector = torch::arange(vectors.size(0) + documents) < vectors.size(0);
}

/// The set's MarginMSE takes column 0 for the own positive and column `pairs` for the negative.
torch::Tensor margin_scores(const torch::Tensor& teacher) {
  const int64_t pairs = teacher.size(0);
  torch::Tensor scores = torch::zeros({pairs, 2 * pairs});
  for (int64_t i = 0; i < pairs; ++i) {
    scores[i][i] = teacher[i][0];
    scores[i][pairs + i] = teacher[i][pairs];
  }
  return scores;
}

void check_distillation(const ModelLosses& golden, test::GoldenSections& sections) {
  if (!golden.file.contains("teacher_scores") || !golden.file.contains("teacher_query_vectors")) {
    return sections.skip(golden.folder.string() + " has no teacher");
  }
  const torch::Tensor scores = test::tensor_of(golden.file, "teacher_scores");
  const Json& kl = golden.cases["kl"];
  check_loss(golden, sections,
             fmt::format("kl_distill_taut{}_tau{}", dump_json(kl["tau_teacher"]),
                         dump_json(kl["tau_student"])),
             over(LossKind::kDistillKl), kl["tau_student"], [&](LossInput& input) {
               input.teacher.scores = scores;
               input.teacher.temperature = kl["tau_teacher"];
             });
  check_loss(golden, sections, "margin_mse", over(LossKind::kDistillMarginMse), 3,
             [&](LossInput& input) { input.teacher.scores = margin_scores(scores); });
  check_loss(golden, sections, "cosine_distill", over(LossKind::kDistillCosine), 3,
             [&](LossInput& input) {
               teach_queries(input, test::tensor_of(golden.file, "teacher_query_vectors"));
             });
}

/// A weighted sum has the weighted sums of the values and of the gradients.
void check_combination(const ModelLosses& golden, test::GoldenSections& sections) {
  const std::string infonce = "infonce_tau" + golden.tau(), margin = "margin_mse";
  if (!golden.file.contains(infonce + ".dunit.q") || !golden.file.contains(margin + ".dunit.q")) {
    return sections.skip(golden.folder.string() + " has no losses to combine");
  }
  sections.tested();
  const Vectors vectors(golden.file, "unit.");
  LossInput input = vectors.input(golden.cases["tau"]);
  input.teacher.scores = margin_scores(test::tensor_of(golden.file, "teacher_scores"));
  const Objective objective{{{LossKind::kInfoNce, 0.5}, {LossKind::kDistillMarginMse, 3}}, {}, {}};
  const ObjectiveValue value = evaluate_objective(objective, input);
  const Json& losses = golden.cases["losses"];
  const double want_infonce = losses[infonce], want_margin = losses[margin];
  EXPECT_NEAR(value.terms.at(0), want_infonce, kTolerance * std::max(1.0, want_infonce));
  EXPECT_NEAR(value.terms.at(1), want_margin, kTolerance);
  expect_value(value.total, 0.5 * want_infonce + 3 * want_margin, "combined");
  value.total.backward();
  const auto want = [&](const char* side) {
    return 0.5 * test::tensor_of(golden.file, infonce + ".dunit." + side) +
           3 * test::tensor_of(golden.file, margin + ".dunit." + side);
  };
  EXPECT_LE(test::relative_difference(vectors.q.grad(), want("q")), kTolerance);
  EXPECT_LE(test::relative_difference(vectors.p.grad(), want("p")), kTolerance);
  EXPECT_LE(test::relative_difference(vectors.n.grad(), want("n")), kTolerance);
}

TEST(LearnGolden, LossesOnModelVectors) {
  test::GoldenSections sections;
  for (const std::string& name : test::golden_folders("train", sections)) {
    const fs::path folder = test::goldens() / "train" / name;
    if (!sections.has(folder / "embeddings_and_loss_grads.safetensors")) continue;
    const ModelLosses golden(folder);
    check_contrastive(golden, sections);
    check_guided(golden, sections);
    check_distillation(golden, sections);
    check_combination(golden, sections);
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
