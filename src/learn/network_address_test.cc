#include "learn/network_address.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "learn/train_test_support.h"

namespace recto {
namespace {

using test::error_of;

TEST(NetworkAddress, TowardsThisMachineIsALoopback) {
  EXPECT_EQ(address_towards("127.0.0.1", 29500), "127.0.0.1");
  EXPECT_TRUE(is_loopback(address_towards("localhost", 29500)));
  EXPECT_EQ(address_of_interface("lo"), "127.0.0.1");
}

TEST(NetworkAddress, WhatOnlyTheMachineItselfReaches) {
  for (const char* address : {"127.0.0.1", "127.0.1.1", "::1"}) EXPECT_TRUE(is_loopback(address));
  for (const char* address : {"10.0.0.1", "192.168.127.1", "fe80::1", "1270::1"}) {
    EXPECT_FALSE(is_loopback(address)) << address;
  }
}

TEST(NetworkAddress, SaysWhyNothingIsReached) {
  EXPECT_EQ(why_unreachable("127.0.0.1", 1), "Connection refused");
  EXPECT_NE(why_unreachable("no.such.host.invalid", 1), "");
  const Error name = error_of([] { address_towards("no.such.host.invalid", 1); });
  EXPECT_NE(std::string(name.what()).find("MASTER_ADDR no.such.host.invalid"), std::string::npos);
  const Error interface = error_of([] { address_of_interface("nonsense0"); });
  EXPECT_EQ(interface.code(), ErrorCode::kUsage);
  EXPECT_NE(std::string(interface.what()).find("\"nonsense0\", but"), std::string::npos);
  EXPECT_NE(std::string(interface.what()).find("lo"), std::string::npos);
}

}  // namespace
}  // namespace recto
