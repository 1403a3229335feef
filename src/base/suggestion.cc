#include "base/suggestion.h"

#include <algorithm>

namespace recto {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// Optimal string alignment distance.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before, above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, substituted});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = above;
    above = row;
  }
  return above[b.size()];
}

}  // namespace

std::string nearest_name(const std::string& found, const std::vector<std::string>& known) {
  std::string nearest;
  size_t least = 0;
  for (const std::string& name : known) {
    const size_t edits = distance(lower(found), lower(name));
    const size_t most = std::max<size_t>(1, name.size() / 3);
    if (edits > most || (!nearest.empty() && edits >= least)) continue;
    nearest = name;
    least = edits;
  }
  return nearest;
}

std::string did_you_mean(const std::string& found, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(found, known);
  return nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?";
}

}  // namespace recto
