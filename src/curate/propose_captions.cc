#include "curate/propose_captions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kMinWords = 3;
constexpr int kMinLetters = 12;
constexpr int kMinEastAsianLetters = 18;  // six characters
/// A caption of fewer letters comes with the title of the work whatever its words.
constexpr int kTellingLetters = 30;
constexpr size_t kMaxWords = 30;
constexpr int kMaxSymbolPercent = 12;

/// Of the bytes, in percent: signs of program text.
int symbol_percent(const std::string& text) {
  const auto symbols = std::count_if(text.begin(), text.end(), [](char c) {
    return std::string_view("{}[]<>|\\=_^~#$%&*@/+").find(c) != std::string_view::npos;
  });
  return static_cast<int>(symbols * 100 / std::max<int64_t>(1, std::ssize(text)));
}

/// Why a caption is no query, or null.
const char* refuse(const std::string& text, const FoldedText& words) {
  if (text.empty()) return "where it ends cannot be told";
  const bool enough = words.words() >= kMinWords && words.letters() >= kMinLetters;
  if (!enough && words.letters() < kMinEastAsianLetters) return "short";
  if (words.words() > kMaxWords) return "long";
  if (symbol_percent(text) > kMaxSymbolPercent) return "program text";
  return has_loose_accents(text) ? "letters and accents apart" : nullptr;
}

/// "Overview of it (Title of the work)": few words alone may stand below many figures.
std::string with_title(DocumentText& text, const std::string& caption, const std::string& title,
                       size_t telling_words) {
  std::string query = spell_out_ligatures(caption);
  const FoldedText words = text.fold(query);
  const bool telling = (words.words() >= telling_words && words.letters() >= kTellingLetters) ||
                       is_east_asian(words);
  if (!telling && !title.empty() && !words.contains(text.fold(title))) query += " (" + title + ")";
  return query;
}

}  // namespace

void propose_captions(GeneratorContext& context, CaptionKind kind, const char* candidate_kind,
                      const char* generator, size_t telling_words) {
  std::set<std::pair<std::string, int>> seen;  // by number and page
  const std::string title = work_title(context.document);
  const auto propose = [&](const Caption& caption) {
    const std::string item = context.page_item(caption.page);
    if (const char* reason = refuse(caption.text, context.text.fold(caption.text))) {
      context.audit.drop(item, generator, reason);
    } else {
      context.propose(with_title(context.text, caption.text, title, telling_words), candidate_kind,
                      caption.page);
    }
  };
  for (const Caption& caption : find_captions(context.text, kind)) {
    seen.emplace(caption.number, caption.page);
    propose(caption);
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
