#include "curate/heading_context.h"

#include <algorithm>
#include <utility>

#include "curate/document_headings.h"

namespace recto {

namespace {

constexpr size_t kMaxWords = 25;
constexpr size_t kTellingWords = 3;
constexpr int kTellingLetters = 16;

}  // namespace

HeadingContext::HeadingContext(DocumentText& text, const std::vector<Heading>& headings,
                               std::string title)
    : text_(text),
      headings_(headings),
      outline_(without_appendix_letters(text.document().outline)),
      title_(std::move(title)),
      title_folded_(text.fold(title_).joined()) {
  std::map<std::string, std::set<int>> places;
  for (const Heading& heading : headings) places[heading.folded].insert(heading.page);
  for (const auto& [words, pages] : places) {
    if (pages.size() > 1) repeated_.insert(words);
  }
  for (const OutlineEntry& entry : text.document().outline) {
    places_.push_back({entry.level, entry.page});
  }
  for (const Heading& heading : headings) by_entry_[heading.entry] = &heading;
}

std::string HeadingContext::title_of(int entry) const {
  const auto found = by_entry_.find(entry);
  if (found != by_entry_.end()) return without_colon(found->second->query);
  const std::string& title = outline_[static_cast<size_t>(entry)].title;
  return without_colon(strip_numbering(spell_out_ligatures(title)));
}

ContextQuery HeadingContext::with_context(const Heading& heading) const {
  const std::string words = without_colon(heading.query);
  const Path above = path_above(heading);
  const std::string path = above.text.empty() ? words : above.text + ": " + words;
  const PageRange within =
      above.text.empty() ? PageRange{} : pages_above(places_, static_cast<size_t>(heading.entry));
  std::string titled = with_title(path);
  if (titled == path) return {above.text.empty() ? "" : checked(path), within};
  titled = checked(titled);
  return {titled.empty() && above.telling ? checked(path) : titled, within};
}

std::string HeadingContext::with_title(const std::string& words) const {
  const std::string folded = text_.fold(words).joined();
  const bool is_named = title_.empty() || folded.find(title_folded_) != std::string::npos ||
                        title_folded_.find(folded) != std::string::npos;
  return is_named ? words : words + " (" + title_ + ")";
}

HeadingContext::Path HeadingContext::path_above(const Heading& heading) const {
  const std::vector<OutlineEntry>& outline = text_.document().outline;
  Path path;
  int level = heading.level;
  for (int i = heading.entry - 1; i >= 0 && level > 0 && !path.telling; --i) {
    const OutlineEntry& entry = outline[static_cast<size_t>(i)];
    if (entry.level >= level) continue;
    level = entry.level;
    const std::string title = title_of(i);
    const FoldedText words = text_.fold(title);
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
  const std::string& text = text_.folded(page).joined();
  const size_t place = text.rfind(part.joined());
  const Heading* above = nullptr;
  size_t nearest = 0;
  for (const Heading& heading : headings_) {
    if (heading.page > page || (above != nullptr && heading.page < above->page)) continue;
    size_t own = 0;
    if (heading.page == page) {
      // The last time before the part: the first may be in a running head.
      own = place == std::string::npos || place < heading.folded.size()
                ? std::string::npos
                : text.rfind(heading.folded, place - heading.folded.size());
      if (own == std::string::npos) continue;
      if (above != nullptr && above->page == page && own < nearest) continue;
    }
    above = &heading;
    nearest = own;
  }
  if (above == nullptr || another_may_follow(*above, page)) return "";
  std::string own = without_colon(above->query);
  if (is_telling_title(text_.fold(own))) return own;
  const Path path = path_above(*above);
  return path.telling ? path.text + ": " + own : "";
}

bool HeadingContext::another_may_follow(const Heading& heading, int page) const {
  const std::vector<OutlineEntry>& outline = text_.document().outline;
  for (size_t i = static_cast<size_t>(heading.entry) + 1; i < outline.size(); ++i) {
    if (outline[i].page > page) break;
    if (by_entry_.count(static_cast<int>(i)) == 0) return true;
  }
  return false;
}

std::string HeadingContext::checked(const std::string& query) const {
  return text_.fold(query).words() <= kMaxWords ? query : "";
}

std::string without_colon(std::string title) {
  while (title.ends_with(':') || title.ends_with(' ')) title.pop_back();
  return title;
}

}  // namespace recto
