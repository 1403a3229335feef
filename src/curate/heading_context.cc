#include "curate/heading_context.h"

#include <map>
#include <utility>

namespace recto {

namespace {

constexpr size_t kMaxWords = 25;
constexpr size_t kTellingWords = 3;
constexpr int kTellingLetters = 16;

}  // namespace

HeadingContext::HeadingContext(GeneratorContext& context)
    : context_(context),
      title_(work_title(context.document)),
      title_folded_(context.text.fold(title_).joined()) {
  std::map<std::string, std::set<int>> places;
  for (const Heading& heading : context.headings) places[heading.folded].insert(heading.page);
  for (const auto& [words, pages] : places) {
    if (pages.size() > 1) repeated_.insert(words);
  }
}

std::string HeadingContext::with_context(const Heading& heading) const {
  const std::string words = without_colon(heading.query);
  const std::string parent = telling_parent(heading);
  if (!parent.empty()) return checked(parent + ": " + words);
  if (title_.empty() || heading.folded.find(title_folded_) != std::string::npos ||
      title_folded_.find(heading.folded) != std::string::npos) {
    return "";
  }
  return checked(words + " (" + title_ + ")");
}

std::string HeadingContext::telling_parent(const Heading& heading) const {
  const std::vector<OutlineEntry>& outline = context_.document.outline;
  int level = heading.level;
  for (int i = heading.entry - 1; i >= 0 && level > 0; --i) {
    const OutlineEntry& entry = outline[static_cast<size_t>(i)];
    if (entry.level >= level) continue;
    level = entry.level;
    std::string title = strip_numbering(spell_out_ligatures(entry.title));
    const FoldedText words = context_.text.fold(title);
    const bool telling = words.letters() >= kTellingLetters || words.words() >= kTellingWords;
    if (telling && repeated_.count(words.joined()) == 0 &&
        words.joined().find(heading.folded) == std::string::npos) {
      return without_colon(std::move(title));
    }
  }
  return "";
}

std::string HeadingContext::checked(const std::string& query) const {
  return context_.text.fold(query).words() <= kMaxWords ? query : "";
}

std::string without_colon(std::string title) {
  while (title.ends_with(':') || title.ends_with(' ')) title.pop_back();
  return title;
}

}  // namespace recto
