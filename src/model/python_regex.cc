#include "model/python_regex.h"

#include <regex>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace recto {
namespace {

constexpr size_t kMaxPattern = 2000;

// Rewrites what Python spells otherwise than ECMAScript.
class Translator {
 public:
  Translator(std::string_view pattern, const std::string& where)
      : pattern_(pattern), where_(where) {}

  std::string run() {
    while (position_ < pattern_.size()) step();
    return out_;
  }

 private:
  void step() {
    if (pattern_[position_] == '\\') return escape();
    if (in_class_) {
      if (pattern_[position_] == ']') in_class_ = false;
      return copy(1);
    }
    if (pattern_[position_] == '[') return open_class();
    if (at("(?P<")) return named_group();
    if (at("++") || at("*+") || at("?+") || at("}+")) {
      fail(ErrorCode::kUnsupported,
           "{}: the pattern \"{}\" has a possessive quantifier, which recto does not read", where_,
           pattern_);
    }
    copy(1);
  }

  bool at(std::string_view text) const { return pattern_.substr(position_, text.size()) == text; }

  void copy(size_t count) {
    out_ += pattern_.substr(position_, count);
    position_ += count;
  }

  void escape() {
    if (!in_class_ && (at("\\A") || at("\\Z"))) {
      out_ += pattern_[position_ + 1] == 'A' ? '^' : '$';
      position_ += 2;
    } else {
      copy(2);
    }
  }

  // Python takes a ']' at the start of a class as a member of it.
  void open_class() {
    in_class_ = true;
    copy(at("[^") ? 2 : 1);
    if (at("]")) {
      out_ += "\\]";
      ++position_;
    }
  }

  void named_group() {
    const size_t end = pattern_.find('>', position_);
    if (end == std::string_view::npos) {
      fail(ErrorCode::kBadInput, "{}: \"{}\" is no regular expression: a group name does not end",
           where_, pattern_);
    }
    out_ += '(';
    position_ = end + 1;
  }

  std::string_view pattern_;
  const std::string& where_;
  std::string out_;
  size_t position_ = 0;
  bool in_class_ = false;
};

}  // namespace

struct PythonRegex::Impl {
  std::regex regex;
};

// libstdc++'s polynomial mode runs all alternatives at once instead of backtracking.
PythonRegex::PythonRegex(const std::string& pattern, const std::string& where) {
  if (pattern.size() > kMaxPattern) {
    fail(ErrorCode::kBadInput, "{}: the pattern has {} bytes, more than the limit of {}", where,
         pattern.size(), kMaxPattern);
  }
  const std::string translated = Translator(pattern, where).run();
  try {
    impl_ = std::make_unique<Impl>(Impl{std::regex(
        translated, std::regex_constants::ECMAScript | std::regex_constants::__polynomial)});
  } catch (const std::regex_error& error) {
    fail(ErrorCode::kBadInput, "{}: \"{}\" is no regular expression that recto reads: {}", where,
         pattern, error.what());
  }
}

PythonRegex::~PythonRegex() = default;
PythonRegex::PythonRegex(PythonRegex&&) noexcept = default;
PythonRegex& PythonRegex::operator=(PythonRegex&&) noexcept = default;

bool PythonRegex::full_match(const std::string& text) const {
  return std::regex_match(text, impl_->regex);
}

}  // namespace recto
