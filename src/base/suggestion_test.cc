#include "base/suggestion.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

struct Case {
  const char* name;
  const char* meant;  ///< "": nothing near
};

TEST(Suggestion, TheNearestKnownNameIsMeant) {
  const std::vector<std::string> known = {"batch-size", "batch-tokens", "lr",
                                          "lr-group",   "data",         "temperature"};
  const Case cases[] = {{"batch-sise", "batch-size"},
                        {"batchsize", "batch-size"},
                        {"batch_size", "batch-size"},
                        {"temprature", "temperature"},
                        {"tempearture", "temperature"},
                        {"rl", "lr"},
                        {"dat", "data"},
                        {"lr-groups", "lr-group"},
                        {"surprise", ""},
                        {"x", ""},
                        {"", ""}};
  for (const Case& c : cases) {
    const std::string wanted =
        *c.meant == '\0' ? "" : std::string(" (did you mean \"") + c.meant + "\"?)";
    EXPECT_EQ(suggestion(c.name, known), wanted) << c.name;
  }
  EXPECT_EQ(suggestion(std::string(100'000, 'a'), known), "");
  EXPECT_EQ(suggestion("lr", {}), "");
}

}  // namespace
}  // namespace recto
