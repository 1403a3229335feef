#pragma once
// Regular expressions as Python's re reads them, for the patterns in PEFT's files.

#include <memory>
#include <string>

namespace recto {

/// A compiled pattern. Matching takes time polynomial in pattern and text, whatever the pattern.
/// Read: everything ECMAScript and Python share, (?P<name>...), \A, \Z, a leading ']' in a class.
class PythonRegex {
 public:
  /// Throws Error(kBadInput | kUnsupported) naming `where` for a pattern that is no regular
  /// expression, longer than 2000 bytes, or uses what cannot be matched in bounded time or is
  /// Python's own (back-references, lookbehind, inline flags, possessive quantifiers).
  PythonRegex(const std::string& pattern, const std::string& where);
  ~PythonRegex();
  PythonRegex(PythonRegex&&) noexcept;
  PythonRegex& operator=(PythonRegex&&) noexcept;

  /// re.fullmatch
  bool full_match(const std::string& text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace recto
