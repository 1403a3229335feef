#include "base/event_file.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

std::string hex(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<uint8_t>(c) >> 4];
    out += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

// Values of RFC 3720, appendix B.4, and the check value of the algorithm.
TEST(Crc32c, HasTheKnownValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(""), 0u);
}

// The right-hand sides were written by the Python package tensorboard 2.21.0.
TEST(EventFile, RecordsAreThoseOfTensorBoard) {
  EXPECT_EQ(hex(version_event(1700000000.25)),
            "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9");
  EXPECT_EQ(hex(scalar_event(1700000001.5, 300, {{"train/loss", 0.5}, {"train/lr", 2e-4}})),
            "3200000000000000241956ec0900006040fc54d94110ac022a240a110a0a747261696e2f6c6f7373150000"
            "003f0a0f0a08747261696e2f6c721517b75139e9857ac5");
  EXPECT_EQ(hex(table_event(1700000000.25, 0, "settings", {{"lr", "0.1"}, {"seed", "7"}})),
            "410000000000000000a9c2ab0900001040fc54d9412a360a340a0873657474696e6773421e080712081202"
            "08021202080242026c724203302e314204736565644201374a080a060a047465787460d56d61");
}

TEST(EventFile, TheTimeOfTheFirstEventIsRead) {
  const std::string file = version_event(1700000000.25) + scalar_event(3, 1, {{"a", 1}});
  EXPECT_EQ(first_event_time(file), 1700000000.25);
  for (const size_t length : {size_t{0}, size_t{5}, size_t{20}}) {
    EXPECT_EQ(first_event_time(file.substr(0, length)), 0) << length;
  }
  EXPECT_EQ(first_event_time(std::string(40, 'x')), 0);
}

}  // namespace
}  // namespace recto
