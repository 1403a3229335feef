#include "base/language_tag.h"

#include <gtest/gtest.h>

#include <utility>

namespace recto {
namespace {

TEST(LanguageTag, PrimarySubtags) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""}, {"de", "de"}, {"zh-Hant", "zh"}, {"pt_BR", "pt"}, {"EN-us", "en"}};
  for (const auto& [tag, primary] : cases) EXPECT_EQ(primary_language(tag), primary);
}

}  // namespace
}  // namespace recto
