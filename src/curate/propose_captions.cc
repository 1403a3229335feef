#include "curate/propose_captions.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "curate/loose_accents.h"

namespace recto {

namespace {

constexpr size_t kMinWords = 3;
constexpr int kMinLetters = 12;
constexpr int kMinEastAsianLetters = 18;  // six characters
/// A caption of fewer letters comes with the title of the work whatever its words.
constexpr int kTellingLetters = 30;
/// One of fewer words also with the heading it stands under.
constexpr size_t kWordsWithoutSection = 5;
constexpr size_t kMaxWords = 30;
constexpr int kMaxSymbolPercent = 12;

/// Of the bytes, in percent: signs of program text.
int symbol_percent(const std::string& text) {
  const auto symbols = std::count_if(text.begin(), text.end(), [](char c) {
    return std::string_view("{}[]<>|\\=_^~#$%&*@/+").find(c) != std::string_view::npos;
  });
  return static_cast<int>(symbols * 100 / std::max<int64_t>(1, std::ssize(text)));
}

/// "Situation 2": one of several that the number alone tells apart.
bool ends_in_bare_number(const std::string& text) {
  const size_t space = text.rfind(' ');
  return space != std::string::npos &&
         text.find_first_not_of("0123456789", space + 1) == std::string::npos;
}

/// Why a caption is no query, or null.
const char* refuse(const std::string& text, const FoldedText& words) {
  if (text.empty()) return "where it ends cannot be told";
  const bool enough = words.words() >= kMinWords && words.letters() >= kMinLetters;
  if (!enough && words.letters() < kMinEastAsianLetters) return "short";
  if (words.words() > kMaxWords) return "long";
  if (ends_in_bare_number(text)) return "told apart by a number alone";
  if (symbol_percent(text) > kMaxSymbolPercent) return "program text";
  return has_loose_accents(text) ? "letters and accents apart" : nullptr;
}

class CaptionQueries {
 public:
  CaptionQueries(GeneratorContext& context, size_t telling_words)
      : context_(context),
        around_(context.parts.around),
        title_(context.parts.title),
        telling_words_(telling_words) {}

  /// "Section: photo of it (Title of the work)": few words alone may stand below many figures.
  std::string query(const Caption& caption) const {
    std::string query = spell_out_ligatures(caption.text);
    const FoldedText words = context_.text.fold(query);
    if (is_telling(words)) return query;
    if (words.words() < kWordsWithoutSection) {
      const std::string section = around_.section_above(caption.page, words);
      const bool repeats = context_.text.fold(section).contains(words);
      if (!section.empty() && !repeats) query = section + ": " + query;
    }
    const FoldedText so_far = context_.text.fold(query);
    if (title_.empty() || so_far.contains(context_.text.fold(title_))) return query;
    return query + " (" + title_ + ")";
  }

 private:
  bool is_telling(const FoldedText& words) const {
    return (words.words() >= telling_words_ && words.letters() >= kTellingLetters) ||
           is_east_asian(words);
  }

  GeneratorContext& context_;
  const HeadingContext& around_;
  const std::string& title_;
  size_t telling_words_;
};

}  // namespace

void propose_captions(GeneratorContext& context, CaptionKind kind, const char* candidate_kind,
                      const char* generator, size_t telling_words) {
  std::set<std::pair<std::string, int>> seen;  // by number and page
  const CaptionQueries queries(context, telling_words);
  const auto propose = [&](const Caption& caption) {
    const std::string item = context.page_item(caption.page);
    if (const char* reason = refuse(caption.text, context.text.fold(caption.text))) {
      context.audit.drop(item, generator, reason);
    } else {
      context.propose(queries.query(caption), candidate_kind, caption.page);
    }
  };
  const std::vector<Caption> captions = find_captions(context.text, kind);
  std::map<std::string, std::set<std::string>> numbers;  // by folded text
  for (const Caption& caption : captions) {
    numbers[context.text.fold(caption.text).joined()].insert(caption.number);
  }
  for (const Caption& caption : captions) {
    seen.emplace(caption.number, caption.page);
    const FoldedText words = context.text.fold(caption.text);
    if (!words.empty() && numbers[words.joined()].size() > 1) {
      context.audit.drop(context.page_item(caption.page), generator,
                         "the text of several captions");
    } else if (kind == CaptionKind::kTable &&
               begins_at_page_end(words, context.text.folded(caption.page))) {
      context.audit.drop(context.page_item(caption.page), generator,
                         "at the end of its page, its table is on the next");
    } else {
      propose(caption);
    }
  }
  for (const Caption& caption : find_listed_captions(context.text, kind)) {
    if (caption.page == 0) {
      context.audit.drop(context.document.document_id, generator,
                         "listed, but not on the page named nor beside it");
    } else if (seen.count({caption.number, caption.page}) == 0) {
      propose(caption);
    }
  }
}

}  // namespace recto
