#include "learn/parameter_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "learn/train_test_support.h"

namespace recto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<NamedParameter> parameters() {
  std::vector<NamedParameter> all;
  for (const char* name :
       {"vision_model.encoder.layers.0.layer_norm1.weight",
        "vision_model.encoder.layers.0.layer_norm1.bias",
        "vision_model.encoder.layers.0.mlp.fc1.bias", "vision_model.post_layernorm.weight",
        "text_model.layers.0.mlp.up_proj.weight", "text_model.layers.0.input_layernorm.weight",
        "text_model.norm.weight"}) {
    all.push_back({name, torch::ones({2}).requires_grad_()});
  }
  return all;
}

class ParameterGroups : public testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::kWarning); }
};

TEST_F(ParameterGroups, TheLastPatternThatMatchesDecides) {
  const auto groups = group_parameters(parameters(), {".*=0.5", "text_model\\..*=2"}, {});
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].lr_factor, 0.5);
  EXPECT_THAT(groups[0].members, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(groups[1].lr_factor, 2);
  EXPECT_THAT(groups[1].members, ElementsAre(4, 5, 6));
  EXPECT_TRUE(groups[0].decays && groups[1].decays);
}

struct DecayCase {
  std::vector<std::string> patterns;
  std::vector<size_t> without;
};

TEST_F(ParameterGroups, PatternsAndWordsForWhatDoesNotDecay) {
  const DecayCase cases[] = {{{}, {}},
                             {{"norms"}, {0, 1, 3, 5, 6}},
                             {{"biases"}, {1, 2}},
                             {{"norms", "biases"}, {0, 1, 2, 3, 5, 6}},
                             {{"text_model\\.norm\\.weight"}, {6}}};
  for (const DecayCase& c : cases) {
    std::vector<size_t> without;
    for (const ParameterGroup& group : group_parameters(parameters(), {}, c.patterns)) {
      if (!group.decays) without = group.members;
    }
    EXPECT_EQ(without, c.without);
  }
}

struct BadGroups {
  std::vector<std::string> lr_groups, no_decay;
  const char* message;
};

TEST_F(ParameterGroups, WhatDecidesNothingIsAnError) {
  const BadGroups cases[] = {
      {{"vision=2"}, {}, "--lr-group vision matches none of the 7 parameters"},
      {{}, {"vision"}, "--no-decay vision matches none of the 7 parameters"},
      {{"text_model\\..*=2", ".*=3"}, {}, "a later --lr-group matches all of its parameters"},
      {{"text_model\\..*"}, {}, "PATTERN=FACTOR is wanted"},
      {{"=2"}, {}, "PATTERN=FACTOR is wanted"},
      {{".*=fast"}, {}, "\"fast\" is no factor"},
      {{".*=-1"}, {}, "\"-1\" is no factor"},
      {{".*=inf"}, {}, "\"inf\" is no factor"},
      {{".*=0"}, {}, "--freeze"},
      {{"((=1"}, {}, "--lr-group"},
      {{}, {"(("}, "--no-decay"}};
  for (const BadGroups& c : cases) {
    const Error error =
        test::error_of([&] { group_parameters(parameters(), c.lr_groups, c.no_decay); });
    EXPECT_THAT(error.what(), HasSubstr(c.message));
  }
}

TEST_F(ParameterGroups, WhatDoesNotDecayByItselfNeedsNoPattern) {
  std::vector<NamedParameter> all = parameters();
  all.push_back({"log_temperature", torch::ones({1}).requires_grad_(), /*decays=*/false});
  const auto groups = group_parameters(all, {"log_temperature=10"}, {});
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_TRUE(groups[0].decays);
  EXPECT_FALSE(groups[1].decays);
  EXPECT_THAT(groups[1].members, ElementsAre(7));
  EXPECT_EQ(groups[1].lr_factor, 10);
}

TEST_F(ParameterGroups, WithoutGroupsWhatDoesNotDecayIsLeftAlone) {
  torch::Tensor value = torch::ones({1}), other = torch::ones({1});
  AdamW optimizer({{"other", other}, {"log_temperature", value, /*decays=*/false}},
                  {.weight_decay = 0.5});
  value.mutable_grad() = torch::ones({1});
  other.mutable_grad() = torch::ones({1});
  optimizer.step(0.01);
  EXPECT_NEAR(value.item<double>(), 1 - 0.01, 1e-6);
  EXPECT_NEAR(other.item<double>(), 1 - 0.005 - 0.01, 1e-6);
}

/// One step of AdamW on parameters and gradients of one: the first step moves each parameter by
/// the learning rate, after the decay.
TEST_F(ParameterGroups, AreSteppedByTheirOwnRateAndDecay) {
  std::vector<NamedParameter> all = parameters();
  const auto groups = group_parameters(all, {"text_model\\..*=3"}, {"norms"});
  AdamW optimizer(all, {.weight_decay = 0.5}, groups);
  for (NamedParameter& parameter : all) parameter.value.mutable_grad() = torch::ones({2});
  optimizer.step(0.01);
  EXPECT_EQ(optimizer.largest_lr_factor(), 3);
  const double wanted[] = {1 - 0.01,         1 - 0.01, 1 - 0.005 - 0.01, 1 - 0.01,
                           1 - 0.015 - 0.03, 1 - 0.03, 1 - 0.03};
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_NEAR(all[i].value[0].item<double>(), wanted[i], 1e-6) << all[i].name;
  }
}

}  // namespace
}  // namespace recto
