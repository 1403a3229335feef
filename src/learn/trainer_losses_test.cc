// Training runs with every loss, with teachers and guides, and what is said of bad ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/table.h"
#include "learn/loss_terms.h"
#include "learn/train_test_support.h"
#include "learn/trainer.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::metrics_of;
using testing::HasSubstr;

class TrainerLossesTest : public test::SmallTrainingTest {
 protected:
  TrainSettings settings(const std::string& loss, const std::string& name = "out") const {
    TrainSettings settings = test::quick_settings(data(), output(name));
    settings.loss = {loss};
    settings.max_steps = 2;
    return settings;
  }

  /// A table of made-up vectors of all queries and pages of the dataset; `seed` tells tables apart.
  std::string table(int dimensions, uint64_t seed = 5) const {
    std::vector<std::string> ids = query_ids();
    for (const PageRow& row : Dataset::open(data()).pages("train")) ids.push_back(row.page_id);
    Matrix vectors(std::ssize(ids), dimensions);
    Random random(seed, 0);
    for (float& value : vectors.values) value = static_cast<float>(random.below(2001)) - 1000;
    return write(fmt::format("{}-{}.parquet", dimensions, seed), ids, vectors);
  }
  std::vector<std::string> query_ids() const {
    std::vector<std::string> ids;
    for (const QueryRow& row : Dataset::open(data()).queries("train")) ids.push_back(row.query_id);
    return ids;
  }
  std::string write(const std::string& name, const std::vector<std::string>& ids,
                    const Matrix& vectors) const {
    const fs::path file = directory_.path() / name;
    write_embeddings(file, ids, vectors, "");
    return file.string();
  }

  static int width() { return read_model_config(test::any_model()).text.hidden_size; }
};

TEST_F(TrainerLossesTest, EveryTermIsInTheMetrics) {
  TrainSettings all =
      settings("infonce:0.5,symmetric,binegative,distill_cosine:2,distill_kl,distill_margin_mse:3");
  all.dimensions = {width(), width() / 2};
  all.dimension_weights = {1, 0.5};
  all.teacher = {table(width())};
  all.guide = {table(6)};
  all.guide_margin = 0.1;
  all.mask_same_document = true;
  EXPECT_EQ(train(all).steps, 2);
  const std::vector<Json> lines = metrics_of(output());
  ASSERT_EQ(lines.size(), 2u);
  for (const Json& line : lines) {
    const Json& terms = line.at("terms");
    EXPECT_EQ(terms.size(), 6u);
    const double sum =
        0.5 * terms["infonce"].get<double>() + terms["symmetric"].get<double>() +
        terms["binegative"].get<double>() + 2 * terms["distill_cosine"].get<double>() +
        terms["distill_kl"].get<double>() + 3 * terms["distill_margin_mse"].get<double>();
    EXPECT_NEAR(line["loss"].get<double>(), sum, 1e-4 * sum);
    EXPECT_GT(line["masked"].get<int>(), 0);
    EXPECT_FALSE(line.contains("temperature"));
  }
  const Json run = read_json(output() / "train.json").at("run");
  EXPECT_EQ(run["loss"], losses_text(parse_losses(all.loss)));
  EXPECT_EQ(run["guide_sha256"].get<std::string>().size(), 64u);
  EXPECT_FALSE(run.contains("guide"));
}

TEST_F(TrainerLossesTest, DistillationMovesTheVectorsTowardsTheTeachers) {
  TrainSettings distill = settings("distill_cosine");
  Matrix one_direction(std::ssize(query_ids()), width());
  for (int64_t i = 0; i < one_direction.rows; ++i) one_direction.row(i)[3] = 1;
  distill.teacher = {write("queries.safetensors", query_ids(), one_direction)};
  distill.method = "full";
  distill.lora_r.reset();
  distill.lr = 1e-3;
  distill.max_steps = 20;
  std::vector<double> losses;
  train(distill, [&](int64_t, double loss) { losses.push_back(loss); });
  EXPECT_LT(losses.back(), 0.5 * losses.front());
}

TEST_F(TrainerLossesTest, ATemperatureIsLearnedAndResumed) {
  const auto with_temperature = [&](const std::string& name) {
    TrainSettings learned = settings("infonce", name);
    learned.learn_temperature = true;
    learned.temperature = 0.1;
    learned.lr = 0.01;
    learned.weight_decay = 0.5;
    learned.max_steps = 6;
    learned.checkpoint_every = 3;
    return learned;
  };
  train(with_temperature("whole"));
  TrainSettings broken = with_temperature("broken");
  error_of([&] {
    train(broken, [](int64_t step, double) {
      if (step == 5) fail(ErrorCode::kIo, "the power went out");
    });
  });
  broken.resume = true;
  train(broken);
  EXPECT_EQ(read_file(output("broken") / "model.safetensors"),
            read_file(output("whole") / "model.safetensors"));
  const std::vector<Json> lines = metrics_of(output("whole")),
                          resumed = metrics_of(output("broken"));
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_NEAR(lines[0]["temperature"].get<double>(), 0.1, 1e-7);
  EXPECT_GT(std::abs(lines[5]["temperature"].get<double>() - 0.1), 1e-4);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(lines[i]["temperature"], resumed[i]["temperature"]) << i;
  }
  const Json end = read_json(output("whole") / "train.json")["learned_temperature"];
  EXPECT_EQ(end, read_json(output("broken") / "train.json")["learned_temperature"]);
  EXPECT_NE(end, lines[5]["temperature"]);  // that was before the last step
}

TEST_F(TrainerLossesTest, ResumingWithAnotherTableIsRefused) {
  for (const char* option : {"guide", "teacher"}) {
    SCOPED_TRACE(option);
    const bool guided = std::string(option) == "guide";
    TrainSettings first = settings(guided ? "infonce" : "distill_kl", option);
    (guided ? first.guide : first.teacher) = {table(6, 1)};
    first.checkpoint_every = 1;
    error_of([&] { train(first, [](int64_t, double) { fail(ErrorCode::kIo, "stop"); }); });
    TrainSettings other = first;
    other.resume = true;
    (guided ? other.guide : other.teacher) = {table(6, 2)};
    const Error error = error_of([&] { train(other); });
    EXPECT_EQ(error.code(), ErrorCode::kMismatch);
    EXPECT_THAT(error.what(), HasSubstr(std::string(option) + "_sha256 = "));
    first.resume = true;
    EXPECT_EQ(train(first).steps, 2);
  }
}

TEST_F(TrainerLossesTest, ALossWithNothingToCompareIsSaidOnce) {
  test::write_small_dataset(directory_.path() / "one", {.families = 1});
  TrainSettings trivial = settings("infonce");
  trivial.data = {directory_.path() / "one"};
  trivial.mask_same_document = true;
  testing::internal::CaptureStderr();
  train(trivial);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("step 1: infonce has nothing to compare among 6 queries"));
  EXPECT_THAT(said, testing::Not(HasSubstr("step 2: infonce has nothing")));
  EXPECT_THAT(said, HasSubstr("6 of 6 hard negatives show what a page that answers their query "
                              "shows, or are of its document; they are masked"));
  const std::vector<Json> lines = metrics_of(output());
  EXPECT_EQ(lines[0],
            (Json{{"step", 1}, {"warning", "nothing_to_compare"}, {"losses", {"infonce"}}}));
  EXPECT_EQ(lines[1]["loss"], 0.0);
}

struct BadLoss {
  const char* name;
  std::function<void(TrainSettings&, const TrainerLossesTest&)> change;
  ErrorCode code;
  const char* message;
};

class BadLossTest : public TrainerLossesTest, public testing::WithParamInterface<BadLoss> {
 public:
  static std::string table_of(const TrainerLossesTest& test, int dimensions) {
    return static_cast<const BadLossTest&>(test).table(dimensions);
  }
};

TEST_P(BadLossTest, IsRefusedBeforeAnythingIsWritten) {
  TrainSettings bad = settings("infonce");
  GetParam().change(bad, *this);
  const Error error = error_of([&] { train(bad); });
  EXPECT_EQ(error.code(), GetParam().code) << error.what();
  EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  EXPECT_FALSE(fs::exists(output()));
}

using S = TrainSettings;
using T = TrainerLossesTest;

INSTANTIATE_TEST_SUITE_P(
    All, BadLossTest,
    testing::Values(
        BadLoss{"name", [](S& s, const T&) { s.loss = {"infonc"}; }, ErrorCode::kUsage,
                "did you mean \"infonce\"?"},
        BadLoss{"weight", [](S& s, const T&) { s.loss = {"infonce:0"}; }, ErrorCode::kUsage,
                "a number above 0 is wanted"},
        BadLoss{"temperature", [](S& s, const T&) { s.temperature = 0; }, ErrorCode::kUsage,
                "--temperature is 0"},
        BadLoss{"learned_temperature",
                [](S& s, const T&) {
                  s.learn_temperature = true;
                  s.temperature = 2;
                },
                ErrorCode::kUsage, "keeps it between 0.005 and 1"},
        BadLoss{"teacher_temperature", [](S& s, const T&) { s.teacher_temperature = -1; },
                ErrorCode::kUsage, "--teacher-temperature is -1"},
        BadLoss{"no_teacher", [](S& s, const T&) { s.loss = {"infonce", "distill_kl:2"}; },
                ErrorCode::kUsage, "--loss distill_kl learns from a teacher"},
        BadLoss{"idle_teacher", [](S& s, const T& t) { s.teacher = {BadLossTest::table_of(t, 6)}; },
                ErrorCode::kUsage, "--teacher is given, but --loss infonce learns from none"},
        BadLoss{"teacher_width",
                [](S& s, const T& t) {
                  s.loss = {"distill_cosine"};
                  s.teacher = {BadLossTest::table_of(t, 6)};
                },
                ErrorCode::kMismatch, "the teacher's have 6 dimensions where the model's have"},
        BadLoss{"teacher_gone",
                [](S& s, const T&) {
                  s.loss = {"distill_kl"};
                  s.teacher = {"gone.safetensors"};
                },
                ErrorCode::kNotFound, "gone.safetensors"},
        BadLoss{"teacher_ending",
                [](S& s, const T&) {
                  s.loss = {"distill_kl"};
                  s.teacher = {"teacher.csv"};
                },
                ErrorCode::kUsage, "teacher.csv: a table of vectors ends in"},
        BadLoss{"guide_margin_type", [](S& s, const T&) { s.guide_margin_type = "relativ"; },
                ErrorCode::kUsage, "did you mean \"relative\"?"},
        BadLoss{"guide_margin", [](S& s, const T&) { s.guide_margin = 0.1; }, ErrorCode::kUsage,
                "no table of a guide"},
        BadLoss{"idle_margin_type", [](S& s, const T&) { s.guide_margin_type = "relative"; },
                ErrorCode::kUsage, "--guide-margin-type is given, but no table of a guide"},
        BadLoss{"idle_teacher_temperature", [](S& s, const T&) { s.teacher_temperature = 0.1; },
                ErrorCode::kUsage, "--teacher-temperature divides"},
        BadLoss{"dimension_weights", [](S& s, const T&) { s.dimension_weights = {1, 2}; },
                ErrorCode::kUsage, "--dimension-weights has 2 numbers and --dimensions 1"},
        BadLoss{"binegative",
                [](S& s, const T&) {
                  s.loss = {"infonce,binegative"};
                  s.negatives = 0;
                },
                ErrorCode::kUsage, "--loss binegative compares a page with hard negatives"},
        BadLoss{"margin_mse",
                [](S& s, const T& t) {
                  s.loss = {"distill_margin_mse"};
                  s.teacher = {BadLossTest::table_of(t, 6)};
                  s.negatives = 0;
                },
                ErrorCode::kUsage, "but --negatives is 0"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace recto
