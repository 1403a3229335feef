#pragma once
// What a run with a frozen vision tower did about the features of pages. Without torch.

#include <cstdint>

#include "base/json.h"

namespace recto {

struct FeatureCounts {
  int64_t from_store = 0;    ///< different pages read from the store
  int64_t computed = 0;      ///< pages
  int64_t vision_views = 0;  ///< that went through the vision tower, for whatever reason

  Json to_json() const {
    return {{"from_store", from_store}, {"computed", computed}, {"vision_views", vision_views}};
  }
};

}  // namespace recto
