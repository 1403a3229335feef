#pragma once
// Groups of documents and of pages: their names. Each is called after its smallest member, so that
// it does not depend on the order in which members come.

#include <cstddef>
#include <string>

namespace recto {

/// The family whose smallest document id is `document_id`: "family-" and the first 16 digits.
std::string family_name(const std::string& document_id);

/// The group of duplicates whose smallest page id is `page_id` (data/page_id.h): "near-", the first
/// 16 digits of the document, "-" and the page number.
std::string near_group_name(const std::string& page_id);

/// False for groups that are not called after a page: kBlankGroup.
bool is_near_group_name(const std::string& name);

/// The group of all blank pages.
inline constexpr const char* kBlankGroup = "blank";

/// A group of duplicates with pages of so many families is boilerplate: licences, covers, notices.
/// It holds no family together.
inline constexpr size_t kBoilerplateFamilies = 5;

}  // namespace recto
