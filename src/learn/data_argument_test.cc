#include "learn/data_argument.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "learn/train_test_support.h"

namespace recto {
namespace {

using test::error_of;
using testing::HasSubstr;

TEST(DataArgumentTest, AWeightStandsBehindTheLastColon) {
  const TemporaryDirectory directory;
  const std::string plain = (directory.path() / "data").string();
  const std::string colons = (directory.path() / "a:7").string();
  make_directories(plain);
  make_directories(colons);
  const struct {
    std::string text, path;
    double weight;
  } cases[] = {
      {plain, plain, 1},           {plain + ":2", plain, 2},      {plain + ":0.25", plain, 0.25},
      {plain + ":1e1", plain, 10}, {colons, colons, 1},           {colons + ":3", colons, 3},
      {"gone", "gone", 1},         {"gone:then", "gone:then", 1}, {"gone:5", "gone", 5},
  };
  for (const auto& c : cases) {
    const DataArgument argument = parse_data_argument(c.text);
    EXPECT_EQ(argument.path, c.path) << c.text;
    EXPECT_EQ(argument.weight, c.weight) << c.text;
  }
}

TEST(DataArgumentTest, WhatCannotBeMeantIsNamed) {
  const TemporaryDirectory directory;
  const std::string data = directory.path();
  for (const char* weight : {"0", "-1", "nan", "inf", "much", ""}) {
    const Error error = error_of([&] { parse_data_argument(data + ":" + weight); });
    EXPECT_EQ(error.code(), ErrorCode::kUsage) << weight;
    EXPECT_THAT(error.what(), HasSubstr("--data " + data + ":" + weight)) << weight;
    EXPECT_THAT(error.what(), HasSubstr("a number above 0 is wanted")) << weight;
  }
  EXPECT_THAT(error_of([] { parse_data_argument(""); }).what(), HasSubstr("names no dataset"));
  EXPECT_THAT(error_of([] { parse_data_arguments({}); }).what(), HasSubstr("--data is wanted"));
  const Error twice = error_of([&] { parse_data_arguments({data, data + "/.:2"}); });
  EXPECT_THAT(twice.what(), HasSubstr("is given twice"));
}

}  // namespace
}  // namespace recto
