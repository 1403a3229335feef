#include "base/base64.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

// RFC 4648, section 10.
TEST(Base64, BytesAndBack) {
  struct Case {
    const char* bytes;
    const char* text;
  };
  for (const Case& c :
       {Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
        Case{"foob", "Zm9vYg=="}, Case{"foobar", "Zm9vYmFy"}, Case{"\xFB\xFF\xBF", "+/+/"}}) {
    EXPECT_EQ(base64(c.bytes), c.text);
    EXPECT_EQ(base64_bytes(c.text), c.bytes) << c.text;
  }
}

TEST(Base64, WhatIsNoBase64) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "====", "Zm9v\n", "Zm 9",
                           "Zg==Zg==", "Zh==", "Zm9=", "_-_-", "=m9v", "Z=9v"}) {
    EXPECT_FALSE(base64_bytes(text)) << text;
  }
}

}  // namespace
}  // namespace recto
