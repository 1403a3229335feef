#pragma once
// The fonts of some folders, by family.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "page/font_face.h"

namespace recto {

/// Faces of one family; at least one.
struct FontFamily {
  std::string folder;  ///< of its first face
  std::vector<FontFace> faces;

  /// The face of that style, else the nearest there is.
  const FontFace& face(bool bold, bool italic) const;
};

/// Immutable once made; may be used by several threads.
class FontLibrary {
 public:
  /// Reads every .ttf and .otf below `folders`. A file that cannot be read or has more than 2 MB is
  /// said on stderr and left out; fonts of keys and initials are left out, too. Throws
  /// Error(kNotFound) when no font is left.
  explicit FontLibrary(const std::vector<std::string>& folders);

  const std::vector<FontFamily>& families() const { return families_; }
  /// A family whose regular face has the characters of nearly all of `words` (98 %); null when
  /// there is none. Each folder is drawn as often as the others, however many families it has.
  const FontFamily* draw(const std::vector<std::string>& words, Random& random) const;

 private:
  std::vector<FontFamily> families_;
  std::vector<double> shares_;  ///< of each family: 1 / families of its folder
};

}  // namespace recto
