#include "data/group_names.h"

#include <algorithm>
#include <string_view>

namespace recto {

namespace {

/// Digits of a hash that tell documents apart.
constexpr size_t kDigits = 16;
constexpr std::string_view kNear = "near-";

}  // namespace

std::string family_name(const std::string& document_id) {
  return "family-" + document_id.substr(0, kDigits);
}

std::string near_group_name(const std::string& page_id) {
  const size_t dash = std::min(page_id.rfind('-'), page_id.size());
  return std::string(kNear) + page_id.substr(0, std::min(dash, kDigits)) + page_id.substr(dash);
}

bool is_near_group_name(const std::string& name) { return name.starts_with(kNear); }

}  // namespace recto
