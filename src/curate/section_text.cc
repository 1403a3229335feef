#include "curate/section_text.h"

#include <algorithm>
#include <array>

#include "curate/text_lines.h"

namespace recto {

namespace {

/// Two sections of one name that begin with so many bytes alike (folded) are the same text.
constexpr size_t kSameBytes = 40;
/// An exercise has its text on the page of its heading or one of the next, so many in all.
constexpr int kPagesOfAnExercise = 3;
/// A section of no more bytes may be a mere reference.
constexpr size_t kMaxReferenceBytes = 160;
/// A section of fewer bytes, folded, has a sentence or two.
constexpr size_t kMinSectionBytes = 200;
/// The next page may have so many times the text of the heading's own.
constexpr size_t kMaxNextShare = 2;
/// A chapter of so many pages is mostly elsewhere.
constexpr int kLongChapter = 3;

/// A heading takes no more lines.
constexpr size_t kMaxHeadingLines = 4;
/// One line of so many of an index, or more, ends in a page number.
constexpr int kIndexLines = 3;

/// What the headings of an index have, folded.
constexpr auto kIndexNames = std::to_array<std::string_view>(
    {"index", "indice", "verzeichnis", "sachregister", "indeks", "skorowidz", "register", "索引"});

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
  static const std::set<std::string_view> names = {
      "conclusion", "conclusions", "summary", "finalremarks", "closingremarks", "miscellaneous",
      "miscellanea", "misc", "other", "others", "all", "everything", "acknowledgements",
      "acknowledgments", "zusammenfassung", "schluss", "fazit", "schlussfolgerung",
      "schlussbemerkungen", "verschiedenes", "sonstiges", "alles", "danksagung", "resume", "divers",
      "autres", "tout", "remerciements", "conclusiones", "resumen", "varios", "otros", "todo",
      "agradecimientos", "conclusioni", "conclusione", "sommario", "riepilogo", "varie", "altro",
      "tutto", "ringraziamenti", "conclusao", "conclusoes", "resumo", "diversos", "outros", "tudo",
      "agradecimentos", "conclusie", "conclusies", "besluit", "samenvatting", "diversen", "overige",
      "dankwoord", "podsumowanie", "wnioski", "zakonczenie", "rozne", "inne", "podziekowania",
      "заключение", "выводы", "разное", "結論", "まとめ", "おわりに", "その他", "謝辞", "结论",
      "總結", "总结", "其他", "其它", "致谢", "致謝",
      // The credits of a translation.
      "translation", "translations", "translators", "traduction", "traductions", "traducteurs",
      "ubersetzung", "ubersetzer", "traduccion", "traductores", "traducion", "traducao",
      "tradutores", "traduzione", "traduttori", "vertaling", "vertalers", "tlumaczenie", "tlumacze",
      "перевод", "翻訳", "翻訳者", "翻译", "翻譯"};
  return names;
}

}  // namespace

SectionText::SectionText(DocumentText& text, const std::vector<Heading>& headings) : text_(text) {
  for (const Heading& heading : headings) by_page_[heading.page].push_back(&heading);
  find_repetitions();
}

std::string_view SectionText::beginning(const Heading& heading) const {
  const std::string_view text = text_.folded(heading.page).joined();
  const size_t place = text.rfind(heading.folded);
  if (place == std::string_view::npos) return {};
  const std::string_view own = text.substr(place + heading.folded.size());
  return own.size() < kSameBytes ? std::string_view() : own.substr(0, kSameBytes);
}

bool SectionText::stands_from(int page, std::string_view beginning, int end) const {
  for (int i = page; i < std::min(end, page + kPagesOfAnExercise); ++i) {
    if (text_.folded(i).joined().find(beginning) != std::string::npos) return true;
  }
  return false;
}

void SectionText::find_repetitions() {
  std::map<std::string_view, std::set<int>> pages;  // of each name, so far
  for (const auto& [page, headings] : by_page_) {
    for (const Heading* heading : headings) {
      std::set<int>& before = pages[heading->folded];
      const std::string_view own = before.empty() ? std::string_view() : beginning(*heading);
      if (!own.empty() && std::any_of(before.begin(), before.end(), [&](int earlier) {
            return stands_from(earlier, own, page);
          })) {
        again_.insert(heading->entry);
      }
    }
    for (const Heading* heading : headings) pages[heading->folded].insert(page);
  }
}

SectionText::Extent SectionText::extent(const Heading& heading) const {
  Extent extent;
  const std::string& text = text_.folded(heading.page).joined();
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
  const std::string& next = text_.folded(heading.page + 1).joined();
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

const std::vector<std::string>& SectionText::folded_lines(int page) const {
  const auto [found, is_new] = lines_.try_emplace(page);
  if (is_new) {
    for (const std::string& line : text_.lines(page)) {
      found->second.push_back(text_.fold(strip_numbering(spell_out_ligatures(line))).joined());
    }
  }
  return found->second;
}

bool SectionText::begins_line(const Heading& heading) const {
  const size_t slash = heading.query.rfind('/');
  const bool is_function =
      slash != std::string::npos && slash + 1 < heading.query.size() &&
      heading.query.find_first_not_of("0123456789", slash + 1) == std::string::npos &&
      heading.query.find(' ') == std::string::npos;
  if (is_function) {
    const std::string name = heading.query.substr(0, slash);
    const std::vector<std::string>& lines = text_.lines(heading.page);
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      const size_t bracket = line.find('(');
      return bracket != std::string::npos && line.substr(0, bracket).ends_with(name);
    });
  }
  // With the letter of an appendix, too.
  const std::string& title = text_.document().outline[static_cast<size_t>(heading.entry)].title;
  return begins_line(heading.folded, heading.page) ||
         begins_line(text_.fold(title).joined(), heading.page);
}

size_t SectionText::end_of(const std::string& folded, int page, size_t first) const {
  const std::vector<std::string>& lines = folded_lines(page);
  std::string text;
  const size_t end = std::min(lines.size(), first + kMaxHeadingLines);
  for (size_t i = first; i < end && folded.starts_with(text); ++i) {
    text += lines[i];
    if (text.starts_with(folded)) return i + 1;
  }
  return 0;
}

bool SectionText::begins_line(const std::string& folded, int page) const {
  for (size_t first = 0; first < folded_lines(page).size(); ++first) {
    if (end_of(folded, page, first) != 0) return true;
  }
  return false;
}

std::string SectionText::lines_below(const Heading& heading, size_t count) const {
  const std::vector<std::string>& lines = text_.lines(heading.page);
  const auto end_of_any = [&](size_t line) {
    const std::vector<const Heading*>& all = by_page_.at(heading.page);
    return std::any_of(all.begin(), all.end(), [&](const Heading* other) {
      return other->entry > heading.entry && end_of(other->folded, heading.page, line) != 0;
    });
  };
  // The last place: the first may be in a running head.
  size_t begin = 0;
  for (size_t line = 0; line < lines.size(); ++line) {
    begin = std::max(begin, end_of(heading.folded, heading.page, line));
  }
  std::string below;
  if (begin == 0) return below;
  for (size_t i = begin; i < std::min(lines.size(), begin + count) && !end_of_any(i); ++i) {
    below += lines[i] + '\n';
  }
  return below;
}

bool SectionText::is_index(const Heading& heading) const {
  if (std::none_of(kIndexNames.begin(), kIndexNames.end(), [&](std::string_view name) {
        return heading.folded.find(name) != std::string::npos;
      })) {
    return false;
  }
  const std::vector<std::string>& lines = text_.lines(heading.page);
  return count_contents_lines(lines) * kIndexLines >= std::ssize(lines);
}

bool SectionText::has_sections(const Heading& heading) const {
  const std::vector<OutlineEntry>& outline = text_.document().outline;
  const size_t next = static_cast<size_t>(heading.entry) + 1;
  return next < outline.size() && outline[next].level > heading.level;
}

bool SectionText::heads_long_chapter(const Heading& heading) const {
  if (!has_sections(heading)) return false;
  const std::vector<OutlineEntry>& outline = text_.document().outline;
  int end = text_.document().page_count + 1;
  for (size_t next = static_cast<size_t>(heading.entry) + 1; next < outline.size(); ++next) {
    if (outline[next].level > heading.level || outline[next].page < heading.page) continue;
    end = outline[next].page;
    break;
  }
  return end - heading.page >= kLongChapter;
}

const char* SectionText::unanswered(const Heading& heading) const {
  if (empty_names().count(heading.folded) != 0) return "names no subject";
  if (!begins_line(heading)) return "mentioned in a line that begins otherwise";
  if (is_index(heading)) return "an index";
  const FoldedText words = text_.fold(heading.query);
  if (begins_at_page_end(words, text_.folded(heading.page))) {
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
  if (section.ends && !has_sections(heading) && section.own.size() < kMinSectionBytes) {
    return "hardly any text before the next heading";
  }
  return nullptr;
}

}  // namespace recto
