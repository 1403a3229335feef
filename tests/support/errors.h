#pragma once
// What an action throws.

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/error.h"

namespace recto::test {

/// The message of the Error that `action` must throw with this code.
inline std::string error_of(const std::function<void()>& action, ErrorCode code) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

}  // namespace recto::test
