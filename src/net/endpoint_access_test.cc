#include "net/endpoint_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/errors.h"

namespace recto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(EndpointUrl, KnowsWhereOthersCanRead) {
  for (const char* safe : {"https://host/v1", "http://localhost:1", "http://127.0.0.1/v1",
                           "http://[::1]:8000", "no address"}) {
    EXPECT_FALSE(is_open_to_others(safe)) << safe;
  }
  for (const char* open : {"http://host/v1", "http://10.0.0.1:8000", "http://localhost.evil/"}) {
    EXPECT_TRUE(is_open_to_others(open)) << open;
  }
}

TEST(ApiKey, ComesFromTheEnvironmentAndShowsNowhere) {
  ::unsetenv("RECTO_API_KEY");
  ::unsetenv("OPENAI_API_KEY");
  EXPECT_TRUE(ApiKey::from_environment().empty());
  ::setenv("OPENAI_API_KEY", "second", 1);
  EXPECT_EQ(ApiKey::from_environment().header(), "Authorization: Bearer second");
  ::setenv("RECTO_API_KEY", " first\n", 1);
  EXPECT_EQ(ApiKey::from_environment().header(), "Authorization: Bearer first");
  EXPECT_EQ(ApiKey::from_environment().redact("a first and first"), "a [API key] and [API key]");
  ::setenv("RECTO_API_KEY", "hunter2\r\nHost: evil", 1);
  const std::string message = test::error_of([] { ApiKey::from_environment(); }, ErrorCode::kUsage);
  EXPECT_THAT(message, HasSubstr("RECTO_API_KEY"));
  EXPECT_THAT(message, Not(HasSubstr("hunter2")));
  ::unsetenv("RECTO_API_KEY");
  ::unsetenv("OPENAI_API_KEY");
}

}  // namespace
}  // namespace recto
