#pragma once
// Tags of languages (BCP 47), as far as they are compared.

#include <string>
#include <string_view>

namespace recto {

/// "zh" of "zh-Hant", "pt" of "pt_BR", in lower case: for comparing two tags.
std::string primary_language(std::string_view tag);

}  // namespace recto
