#pragma once
// What the tests of page/reader.h share.

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "page/reader.h"

namespace recto::test {

/// How an action ended: the name of an error's code ("none" without one) and its message.
struct Outcome {
  std::string code;
  std::string message;
};

inline Outcome outcome(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error_code_name(error.code()), error.what()};
  }
  return {"none", ""};
}

/// Writes documents into a directory of its own.
class Reader : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& content) const {
    write_file(directory_.path() / name, content);
    return directory_.path() / name;
  }
  Outcome opening(const std::string& name, const std::string& content,
                  const PageLimits& limits = {}) const {
    const std::filesystem::path path = file(name, content);
    const Outcome result = outcome([&] { Document(path, limits).render(1, 100); });
    return result;
  }
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

}  // namespace recto::test
