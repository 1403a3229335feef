// Queries may be what a language model answered: any text at all.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "curate/query_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const recto::QueryRules rules;
  const std::string text = recto::replace_invalid_utf8({reinterpret_cast<const char*>(data), size});
  rules.check({text, "main", "en", 1, "en", 1});
  rules.check({{reinterpret_cast<const char*>(data), size}, "main"});
  return 0;
}
