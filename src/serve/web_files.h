#pragma once
// The search page: the files of web/, compiled in.

#include <span>
#include <string_view>

namespace recto {

struct WebFile {
  std::string_view path;  ///< "/search.js"; "/" for the page itself
  std::string_view content_type;
  std::string_view content;
};

std::span<const WebFile> web_files();

}  // namespace recto
