#pragma once
// Golden sets differ: another one may have other models, and lack files that this one has.

#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <string>

namespace recto::test {

/// Counts the parts of the golden set that a test compared, and says why it passed over others.
/// A part that is missing ends neither the test nor the loop over the rest; only a test that found
/// nothing at all to compare is skipped.
class GoldenSections {
 public:
  /// Something was compared.
  void tested() { ++tested_; }

  /// A part is passed over; prints the reason.
  void skip(const std::string& reason) {
    std::cout << "not tested: " << reason << "\n";
    reasons_ += "\n" + reason;
  }

  /// Whether `path` is there; passes over it when it is not.
  bool has(const std::filesystem::path& path) {
    if (std::filesystem::exists(path)) return true;
    skip(path.string() + " is not in this set");
    return false;
  }

  /// The last line of a test: skips it when nothing was compared.
  void finish() const {
    if (tested_ == 0) GTEST_SKIP() << "nothing to compare in this set of golden files" << reasons_;
  }

 private:
  int tested_ = 0;
  std::string reasons_;
};

}  // namespace recto::test
