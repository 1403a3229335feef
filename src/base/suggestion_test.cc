#include "base/suggestion.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

struct Case {
  const char* name;
  const char* meant;  ///< "": nothing near
};

TEST(Suggestion, TheNearestKnownNameIsMeant) {
  const std::vector<std::string> known = {"batch-size",     "batch-tokens", "lr",      "lr-group",
                                          "data",           "temperature",  "infonce", "symmetric",
                                          "distill_cosine", "distill_kl"};
  const Case cases[] = {{"batch-sise", "batch-size"},
                        {"batchsize", "batch-size"},
                        {"batch_size", "batch-size"},
                        {"temprature", "temperature"},
                        {"tempearture", "temperature"},
                        {"rl", "lr"},
                        {"dat", "data"},
                        {"lr-groups", "lr-group"},
                        {"infonc", "infonce"},
                        {"InfoNCE", "infonce"},
                        {"ifnonce", "infonce"},
                        {"simmetrick", "symmetric"},
                        {"distill-cosine", "distill_cosine"},
                        {"distil_kl", "distill_kl"},
                        {"surprise", ""},
                        {"hinge", ""},
                        {"x", ""},
                        {"", ""}};
  for (const Case& c : cases) EXPECT_EQ(nearest_name(c.name, known), c.meant) << c.name;
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), known), "");
}

TEST(Suggestion, NothingIsSaidWhenNothingIsNear) {
  EXPECT_EQ(did_you_mean("lr", {"loss", "lr-min"}), "");
  EXPECT_EQ(did_you_mean("los", {"loss"}), "; did you mean \"loss\"?");
  EXPECT_EQ(did_you_mean("x", {}), "");
}

}  // namespace
}  // namespace recto
