#pragma once
// A candidate for tests of what becomes of candidates.

#include <string>

#include "curate/document.h"

namespace recto {

inline Candidate candidate(const std::string& query, int page,
                           const std::string& kind = "heading") {
  Candidate out;
  out.query = query;
  out.kind = kind;
  out.method = "outline";
  out.version = "2";
  out.page = page;
  return out;
}

}  // namespace recto
