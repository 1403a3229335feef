#include "curate/section_text.h"

#include <algorithm>
#include <array>

namespace recto {

namespace {

/// Two sections of one name that begin with so many bytes alike (folded) are the same text.
constexpr size_t kSameBytes = 40;
/// A section of no more bytes may be a mere reference.
constexpr size_t kMaxReferenceBytes = 160;
/// A section of fewer bytes, folded, has about a sentence.
constexpr size_t kMinSectionBytes = 100;
/// The next page may have so many times the text of the heading's own.
constexpr size_t kMaxNextShare = 2;
/// A chapter of so many pages is mostly elsewhere.
constexpr int kLongChapter = 3;

/// How references begin, folded.
constexpr auto kReferences = std::to_array<std::string_view>(
    {"seesection",   "seechapter",     "seeappendix",    "seealso",       "siehe",
     "voirsection",  "voirchapitre",   "voiraussi",      "voirlasection", "voirlechapitre",
     "veaseseccion", "veaselaseccion", "veasetambien",   "veasecapitulo", "veaseelcapitulo",
     "vedisezione",  "vedilasezione",  "vediilcapitolo", "vedianche",     "vejaaseccao",
     "vejasecao",    "vejaasecao",     "vejatambem",     "ziehoofdstuk",  "zieparagraaf",
     "ziedeel",      "zieook",         "zobaczrozdzia",  "zobacztez"});

/// Folded headings that name no subject, under whatever they stand.
const std::set<std::string_view>& empty_names() {
  static const std::set<std::string_view> names = {"conclusion",
                                                   "conclusions",
                                                   "summary",
                                                   "finalremarks",
                                                   "closingremarks",
                                                   "miscellaneous",
                                                   "miscellanea",
                                                   "misc",
                                                   "other",
                                                   "others",
                                                   "all",
                                                   "everything",
                                                   "acknowledgements",
                                                   "acknowledgments",
                                                   "zusammenfassung",
                                                   "schluss",
                                                   "fazit",
                                                   "schlussfolgerung",
                                                   "schlussbemerkungen",
                                                   "verschiedenes",
                                                   "sonstiges",
                                                   "alles",
                                                   "danksagung",
                                                   "resume",
                                                   "divers",
                                                   "autres",
                                                   "tout",
                                                   "remerciements",
                                                   "conclusiones",
                                                   "resumen",
                                                   "varios",
                                                   "otros",
                                                   "todo",
                                                   "agradecimientos",
                                                   "conclusioni",
                                                   "conclusione",
                                                   "sommario",
                                                   "riepilogo",
                                                   "varie",
                                                   "altro",
                                                   "tutto",
                                                   "ringraziamenti",
                                                   "conclusao",
                                                   "conclusoes",
                                                   "resumo",
                                                   "diversos",
                                                   "outros",
                                                   "tudo",
                                                   "agradecimentos",
                                                   "conclusie",
                                                   "conclusies",
                                                   "besluit",
                                                   "samenvatting",
                                                   "diversen",
                                                   "overige",
                                                   "dankwoord",
                                                   "podsumowanie",
                                                   "wnioski",
                                                   "zakonczenie",
                                                   "rozne",
                                                   "inne",
                                                   "podziekowania",
                                                   "заключение",
                                                   "выводы",
                                                   "разное",
                                                   "結論",
                                                   "まとめ",
                                                   "おわりに",
                                                   "その他",
                                                   "謝辞",
                                                   "结论",
                                                   "總結",
                                                   "总结",
                                                   "其他",
                                                   "其它",
                                                   "致谢",
                                                   "致謝"};
  return names;
}

}  // namespace

SectionText::SectionText(GeneratorContext& context) : context_(context) {
  for (const Heading& heading : context.headings) by_page_[heading.page].push_back(&heading);
  find_repetitions();
}

void SectionText::find_repetitions() {
  std::map<std::string_view, std::set<int>> pages;
  for (const Heading& heading : context_.headings) pages[heading.folded].insert(heading.page);
  std::set<std::string> beginnings;
  for (const auto& [page, headings] : by_page_) {
    for (const Heading* heading : headings) {
      const std::string& text = context_.text.folded(page).joined();
      const size_t place = text.rfind(heading->folded);
      if (pages.at(heading->folded).size() < 2 || place == std::string::npos) continue;
      const std::string beginning = text.substr(place, heading->folded.size() + kSameBytes);
      if (beginning.size() < heading->folded.size() + kSameBytes) continue;
      if (!beginnings.insert(beginning).second) again_.insert(heading->entry);
    }
  }
}

SectionText::Extent SectionText::extent(const Heading& heading) const {
  Extent extent;
  const std::string& text = context_.text.folded(heading.page).joined();
  // Its last occurrence: the first may be in a running head.
  const size_t place = text.rfind(heading.folded);
  if (place == std::string::npos) return extent;
  extent.own = std::string_view(text).substr(place + heading.folded.size());
  for (const Heading* other : by_page_.at(heading.page)) {
    if (other->entry <= heading.entry) continue;
    const size_t end = extent.own.find(other->folded);
    if (end == std::string_view::npos) continue;
    extent.own = extent.own.substr(0, end);
    extent.ends = true;
  }
  if (extent.ends) return extent;
  const std::string& next = context_.text.folded(heading.page + 1).joined();
  extent.next = next.size();
  const auto begin = by_page_.find(heading.page + 1);
  if (begin == by_page_.end()) return extent;
  for (const Heading* other : begin->second) {
    if (other->entry > heading.entry) {
      extent.next = std::min(extent.next, next.find(other->folded));
    }
  }
  return extent;
}

bool SectionText::heads_long_chapter(const Heading& heading) const {
  const std::vector<OutlineEntry>& outline = context_.document.outline;
  const auto entry = static_cast<size_t>(heading.entry);
  if (entry + 1 == outline.size() || outline[entry + 1].level <= heading.level) return false;
  int end = context_.document.page_count + 1;
  for (size_t next = entry + 1; next < outline.size(); ++next) {
    if (outline[next].level > heading.level || outline[next].page < heading.page) continue;
    end = outline[next].page;
    break;
  }
  return end - heading.page >= kLongChapter;
}

const char* SectionText::unanswered(const Heading& heading) const {
  if (empty_names().count(heading.folded) != 0) return "names no subject";
  const FoldedText words = context_.text.fold(heading.query);
  if (begins_at_page_end(words, context_.text.folded(heading.page))) {
    return "at the end of its page, its text is on the next";
  }
  if (heads_long_chapter(heading)) return "a chapter of several pages";
  if (again_.count(heading.entry) != 0) return "repeats a section of the same name";
  const Extent section = extent(heading);
  if (section.own.size() <= kMaxReferenceBytes &&
      std::any_of(kReferences.begin(), kReferences.end(),
                  [&](std::string_view reference) { return section.own.starts_with(reference); })) {
    return "its text is a reference";
  }
  if (section.own.size() * kMaxNextShare < section.next) {
    return "most of its text is on the next page";
  }
  const std::vector<OutlineEntry>& outline = context_.document.outline;
  const auto entry = static_cast<size_t>(heading.entry);
  const bool has_sections = entry + 1 < outline.size() && outline[entry + 1].level > heading.level;
  if (section.ends && !has_sections && section.own.size() < kMinSectionBytes) {
    return "hardly any text before the next heading";
  }
  return nullptr;
}

}  // namespace recto
