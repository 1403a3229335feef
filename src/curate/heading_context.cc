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
  const Path above = path_above(heading);
  const std::string path = above.text.empty() ? words : above.text + ": " + words;
  if (above.telling) return checked(path);
  const std::string folded = context_.text.fold(path).joined();
  if (title_.empty() || folded.find(title_folded_) != std::string::npos ||
      title_folded_.find(folded) != std::string::npos) {
    return above.text.empty() ? "" : checked(path);
  }
  return checked(path + " (" + title_ + ")");
}

HeadingContext::Path HeadingContext::path_above(const Heading& heading) const {
  const std::vector<OutlineEntry>& outline = context_.document.outline;
  Path path;
  int level = heading.level;
  for (int i = heading.entry - 1; i >= 0 && level > 0 && !path.telling; --i) {
    const OutlineEntry& entry = outline[static_cast<size_t>(i)];
    if (entry.level >= level) continue;
    level = entry.level;
    const std::string title = without_colon(strip_numbering(spell_out_ligatures(entry.title)));
    const FoldedText words = context_.text.fold(title);
    if (words.letters() == 0 || repeated_.count(words.joined()) != 0 ||
        words.joined().find(heading.folded) != std::string::npos) {
      continue;
    }
    path.text = path.text.empty() ? title : title + ": " + path.text;
    path.telling = is_telling_title(words);
  }
  return path;
}

bool HeadingContext::is_telling_title(const FoldedText& words) const {
  return (words.letters() >= kTellingLetters || words.words() >= kTellingWords) &&
         repeated_.count(words.joined()) == 0;
}

std::string HeadingContext::section_above(int page, const FoldedText& part) const {
  const std::string& text = context_.text.folded(page).joined();
  const size_t place = text.find(part.joined());
  const Heading* above = nullptr;
  for (const Heading& heading : context_.headings) {
    // Its last occurrence: the first may be in a running head.
    const bool before =
        heading.page < page || (heading.page == page && text.rfind(heading.folded) < place);
    if (before && (above == nullptr || heading.page >= above->page)) above = &heading;
  }
  if (above == nullptr) return "";
  if (is_telling_title(context_.text.fold(above->query))) return without_colon(above->query);
  const Path path = path_above(*above);
  return path.telling ? path.text : "";
}

std::string HeadingContext::checked(const std::string& query) const {
  return context_.text.fold(query).words() <= kMaxWords ? query : "";
}

std::string without_colon(std::string title) {
  while (title.ends_with(':') || title.ends_with(' ')) title.pop_back();
  return title;
}

}  // namespace recto
