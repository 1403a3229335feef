#pragma once
// The search that shows that a document is gone.

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/forget_plan.h"

namespace recto {

struct ForgetProof {
  int64_t files = 0, bytes = 0, cells = 0, images = 0;  ///< what was searched
  int64_t hashes_found = 0;  ///< ids of the documents and their pages, or their first 16 digits
  int64_t names_found = 0;   ///< file names that no other document's name contains
  int64_t images_found = 0;  ///< images of the pages, and files that are a document itself
  std::vector<std::string> where;        ///< the first places of what was found
  std::vector<std::string> same_images;  ///< pages of other documents with the very same image
  bool holds() const { return hashes_found == 0 && names_found == 0 && images_found == 0; }
};

/// Searches every byte of every file in `directory`, and every text and image of its tables, for
/// the documents of `plan`. `images`: SHA-256 of the forgotten pages' images. Page texts and
/// queries are not searched for file names: another document may speak of the file.
ForgetProof prove_forgotten(const std::filesystem::path& directory, const ForgetPlan& plan,
                            const std::set<std::string>& images);

Json proof_json(const ForgetProof& proof);

}  // namespace recto
