#include "curate/captions.h"

#include <algorithm>
#include <array>
#include <map>

#include "curate/function_words.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kMaxCaptionLines = 4;
/// A line is full, so that a caption may go on in the next, from this share of the long lines of
/// its page on; and a line shorter than the other share of them ends a paragraph.
constexpr size_t kFullPercent = 85;
constexpr size_t kShortPercent = 60;
/// Below this share a caption is over even when the next line begins small.
constexpr size_t kSomePercent = 40;

bool begins_small(const std::string& line) {
  return static_cast<unsigned char>(line.front()) > 0x7F
             ? !begins_sentence(line)
             : line.front() >= 'a' && line.front() <= 'z';
}

/// Up to the end of the first sentence that has three words, without its full stop.
std::string first_sentence(std::string text) {
  for (size_t at = text.find(". "); at != std::string::npos; at = text.find(". ", at + 1)) {
    const auto spaces =
        std::count(text.begin(), text.begin() + std::ssize(text.substr(0, at)), ' ');
    const std::string_view rest = std::string_view(text).substr(at + 2);
    if (spaces < 2 || !begins_sentence(rest)) continue;
    text.resize(at);
    break;
  }
  if (text.ends_with("。")) text.resize(text.size() - std::string_view("。").size());
  while (text.ends_with('.') && !text.ends_with("..")) text.pop_back();
  while (text.ends_with(':') || text.ends_with(' ')) text.pop_back();
  return text;
}

/// "Options (continued)": the rest of a figure or table that began on a page before.
bool is_continued(std::string_view text) {
  constexpr auto kMarks = std::to_array<std::string_view>(
      {"(cont", "(suite", "(fortsetzung", "(forts", "(segue", "(vervolg", "(ciąg dalszy", "(cd.",
       "(продолжение", "（続き", "(続き", "（续", "(续", "（續", "(續"});
  const std::string small = lower_case(text);
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](std::string_view mark) { return small.find(mark) != std::string::npos; });
}

/// True when the text ends in "und", "de", "of": it goes on.
bool ends_open(const std::string& text) {
  return is_function_word(std::string_view(text).substr(text.rfind(' ') + 1));
}

class CaptionFinder {
 public:
  CaptionFinder(DocumentText& text, CaptionKind kind) : text_(text), kind_(kind) {
    for (const Caption& caption : find_listed_captions(text, kind)) {
      listed_.emplace(caption.number, caption.text);
    }
  }

  std::vector<Caption> run() {
    std::vector<Caption> captions;
    for (const CuratedPage& page : text_.document().pages) {
      const std::vector<std::string>& lines = text_.lines(page.number);
      const size_t long_size = long_line(lines);
      for (size_t i = 0; i < lines.size(); ++i) {
        const CaptionLabel label = parse_caption_label(lines[i], kind_);
        if (label.number.empty() || !is_caption(label, lines, i, long_size)) continue;
        captions.push_back({label.number, whole(label, lines, i, long_size), page.number});
      }
    }
    return captions;
  }

 private:
  bool is_caption(const CaptionLabel& label, const std::vector<std::string>& lines, size_t i,
                  size_t long_size) const {
    // An entry of a list of figures.
    if (const ContentsLine entry = parse_contents_line(lines[i]); entry.leader) return false;
    if (text_.fold(label.text).empty() || is_continued(label.text)) return false;
    if (label.clear) return true;
    if (!begins_sentence(label.text)) return false;
    if (!label.dotted && listed_.count(label.number) == 0) return false;
    return i == 0 || ends_sentence(lines[i - 1]) ||
           lines[i - 1].size() * 100 < long_size * kShortPercent;
  }

  /// The caption with the lines it goes on in, or "" when it cannot be told where it ends.
  std::string whole(const CaptionLabel& label, const std::vector<std::string>& lines, size_t i,
                    size_t long_size) const {
    if (const std::string title = listed_title(label.number, label.text); !title.empty()) {
      return first_sentence(title);
    }
    std::string text = label.text;
    const size_t end = std::min(lines.size(), i + kMaxCaptionLines);
    for (size_t next = i + 1; next < end; ++next) {
      const size_t percent = lines[next - 1].size() * 100 / std::max<size_t>(1, long_size);
      const bool goes_on = begins_small(lines[next]);
      if (ends_open(text) && goes_on) {
        text += ' ' + lines[next];
        continue;
      }
      const bool over = ends_sentence(text) || first_sentence(text) != text;
      if (over || (percent < kFullPercent && !goes_on)) break;
      if (percent < kSomePercent) break;
      if (percent < kFullPercent || !goes_on) return "";
      text += ' ' + lines[next];
    }
    return ends_open(text) ? "" : first_sentence(fold_spaces(text));
  }

  /// The title that a list gives the number, when it begins as `text` does.
  std::string listed_title(const std::string& number, const std::string& text) const {
    const auto found = listed_.find(number);
    if (found == listed_.end()) return "";
    const bool same = text_.fold(found->second).joined().starts_with(text_.fold(text).joined());
    return same ? found->second : "";
  }

  DocumentText& text_;
  CaptionKind kind_;
  std::map<std::string, std::string> listed_;  ///< titles by number
};

}  // namespace

std::vector<Caption> find_captions(DocumentText& text, CaptionKind kind) {
  return CaptionFinder(text, kind).run();
}

}  // namespace recto
