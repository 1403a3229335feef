#include "page/font_library.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/list_files.h"
#include "base/log.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMaxFontBytes = 2 << 20;
constexpr double kCovered = 0.98;
constexpr size_t kWordsAsked = 600;

bool is_font(const fs::path& path) { return has_ending(path, {".ttf", ".otf"}); }

/// Fonts of keys and of ornate first letters have the characters, but nobody writes text in them.
bool is_for_text(const FontFace& face) {
  return face.family.find("Keyboard") == std::string::npos &&
         face.family.find("Initials") == std::string::npos;
}

std::vector<fs::path> fonts_below(const std::string& folder) {
  if (!is_folder(folder)) {
    fail(ErrorCode::kNotFound, "--fonts {}: this is a file; a folder of fonts is wanted", folder);
  }
  return list_files_below(folder, {.wanted = is_font});
}

bool covers(const FontFace& face, const std::vector<std::string>& words) {
  const size_t asked = std::min(words.size(), kWordsAsked);
  const auto covered = std::count_if(words.begin(), words.begin() + static_cast<ptrdiff_t>(asked),
                                     [&](const std::string& word) { return face.covers(word); });
  return static_cast<double>(covered) >= kCovered * static_cast<double>(asked);
}

}  // namespace

const FontFace& FontFamily::face(bool bold, bool italic) const {
  const auto distance = [&](const FontFace& face) {
    return 2 * static_cast<int>(face.bold != bold) + static_cast<int>(face.italic != italic);
  };
  return *std::min_element(faces.begin(), faces.end(), [&](const FontFace& a, const FontFace& b) {
    return distance(a) < distance(b);
  });
}

FontLibrary::FontLibrary(const std::vector<std::string>& folders) {
  std::map<std::string, FontFamily> families;
  for (const std::string& folder : folders) {
    for (const fs::path& path : fonts_below(folder)) {
      throw_if_interrupted();
      try {
        FontFace face = read_font_face(read_file(path, kMaxFontBytes), path.string());
        if (!is_for_text(face)) continue;
        if (face.family == path.string()) face.family = path.stem().string();
        FontFamily& family = families[face.family];
        if (family.faces.empty()) family.folder = path.parent_path().string();
        family.faces.push_back(std::move(face));
      } catch (const Error& error) {
        log_warning("left out: {}", error.what());
      }
    }
  }
  if (families.empty()) {
    fail(ErrorCode::kNotFound,
         "there is no font (.ttf, .otf) that can be used below {}; fetch some with "
         "scripts/fetch_debian_fonts DIR fonts-liberation fonts-dejavu-core, or install packages "
         "of fonts and name /usr/share/fonts",
         fmt::join(folders, ", "));
  }
  std::map<std::string, int> in_folder;
  for (const auto& [name, family] : families) ++in_folder[family.folder];
  for (auto& [name, family] : families) {
    shares_.push_back(1.0 / in_folder[family.folder]);
    families_.push_back(std::move(family));
  }
}

const FontFamily* FontLibrary::draw(const std::vector<std::string>& words, Random& random) const {
  // Drawn one after the other in proportion to their shares (Efraimidis and Spirakis 2006).
  std::vector<std::pair<double, const FontFamily*>> order;
  order.reserve(families_.size());
  for (size_t i = 0; i < families_.size(); ++i) {
    order.emplace_back(std::log1p(-random.uniform()) / shares_[i], &families_[i]);
  }
  std::sort(order.begin(), order.end(), std::greater<>());
  for (const auto& [key, family] : order) {
    if (covers(family->face(false, false), words)) return family;
  }
  return nullptr;
}

}  // namespace recto
