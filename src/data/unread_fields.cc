#include "data/unread_fields.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "base/json.h"
#include "base/log.h"
#include "base/suggestion.h"

namespace recto {
namespace {

constexpr size_t kMostSaid = 8;

bool is_id_or_score(const std::string& name) {
  const size_t separator = name.find_last_of("_-");  // npos + 1 is 0
  const std::string_view last = std::string_view(name).substr(separator + 1);
  return last == "id" || last == "ids" || last == "score" || last == "scores";
}

}  // namespace

UnreadFields::UnreadFields(std::vector<std::string> known) : known_(std::move(known)) {}

void UnreadFields::see(const std::string& name, const std::string& where) {
  if (more_ || std::find(known_.begin(), known_.end(), name) != known_.end()) return;
  const auto is_it = [&](const auto& field) { return field.first == name; };
  if (std::any_of(found_.begin(), found_.end(), is_it) || is_id_or_score(name)) return;
  more_ = found_.size() == kMostSaid;
  if (!more_) found_.emplace_back(name, where);
}

void UnreadFields::warn(const std::string& file, const std::string& what) const {
  if (found_.empty()) return;
  std::vector<std::string> said;
  said.reserve(found_.size());
  for (const auto& [name, where] : found_) {
    std::vector<std::string> notes;
    if (!where.empty()) notes.push_back(where);
    const std::string meant = nearest_name(name, known_);
    if (!meant.empty()) notes.push_back("did you mean \"" + meant + "\"?");
    const std::string note = fmt::format("{}", fmt::join(notes, "; "));
    said.push_back(dump_json(name) + (note.empty() ? "" : " (" + note + ")"));
  }
  log_warning("{}: {} that are not read: {}{}; known are {}", file, what, fmt::join(said, ", "),
              more_ ? ", and more" : "", fmt::join(known_, ", "));
}

}  // namespace recto
