#include <algorithm>
#include <optional>
#include <set>

#include "curate/captions.h"
#include "curate/headings.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kMaxEntryLines = 3;
/// Of the lines of a page, in percent, that must be entries for the list to go on there.
constexpr int kMinEntryShare = 30;

using Names = std::set<std::string_view>;

/// Headings of such lists, folded.
const Names& list_names(CaptionKind kind) {
  static const Names figures = {"listoffigures",
                                "figures",
                                "listofillustrations",
                                "abbildungsverzeichnis",
                                "abbildungen",
                                "listedesfigures",
                                "tabledesfigures",
                                "tabledesillustrations",
                                "indicedefiguras",
                                "listadefiguras",
                                "indicedeilustraciones",
                                "elencodellefigure",
                                "indicedellefigure",
                                "listafigur",
                                "lijstvanfiguren",
                                "lijstvanafbeeldingen",
                                "spisrysunkow",
                                "списокрисунков",
                                "списокиллюстрации",
                                "図目次",
                                "图目录",
                                "插图目录",
                                "插圖目錄",
                                "圖目錄"};
  static const Names tables = {"listoftables",
                               "tables",
                               "tabellenverzeichnis",
                               "tabellen",
                               "listedestableaux",
                               "indicedetablas",
                               "listadetablas",
                               "indicedecuadros",
                               "elencodelletabelle",
                               "indicedelletabelle",
                               "listadetabelas",
                               "indicedetabelas",
                               "lijstvantabellen",
                               "spistabel",
                               "spistablic",
                               "списоктаблиц",
                               "表目次",
                               "表格目录",
                               "表目录",
                               "表目錄"};
  return kind == CaptionKind::kFigure ? figures : tables;
}

class ListReader {
 public:
  ListReader(DocumentText& text, CaptionKind kind) : text_(text), kind_(kind) {}

  std::vector<Caption> run() {
    for (const CuratedPage& page : text_.document().pages) read_page(page.number);
    for (size_t i = 0; i < captions_.size(); ++i) {
      captions_[i].page = find_page(captions_[i].text, labels_[i]);
    }
    return std::move(captions_);
  }

 private:
  void read_page(int page) {
    const std::vector<std::string>& lines = text_.lines(page);
    if (!inside_ && std::none_of(lines.begin(), lines.end(),
                                 [&](const std::string& line) { return is_name(line, kind_); })) {
      return;
    }
    int entries = 0;
    for (size_t i = 0; i < lines.size();) {
      if (is_name(lines[i], CaptionKind::kFigure) || is_name(lines[i], CaptionKind::kTable)) {
        inside_ = is_name(lines[i++], kind_);
        continue;
      }
      const size_t used = inside_ ? read_entry(lines, i) : 0;
      entries += static_cast<int>(used);
      i += std::max<size_t>(used, 1);
    }
    if (entries > 0) list_pages_.insert(page);
    inside_ = inside_ && entries * 100 >= std::ssize(lines) * kMinEntryShare;
  }

  bool is_name(const std::string& line, CaptionKind kind) {
    constexpr size_t kMaxNameBytes = 80;
    return line.size() <= kMaxNameBytes && list_names(kind).count(text_.fold(line).joined()) != 0;
  }

  /// Lines that the entry takes, 0 when none begins here. One begins with a number or a label.
  size_t read_entry(const std::vector<std::string>& lines, size_t first) {
    const CaptionLabel label = parse_caption_label(lines[first], kind_);
    std::string text = label.number.empty() ? lines[first] : label.number + ' ' + label.text;
    if (text[0] < '0' || (text[0] > '9' && (text[0] < 'A' || text[0] > 'Z'))) return 0;
    const std::string number = text.substr(0, text.find_first_of(" :"));
    if (strip_numbering(text).size() == text.size()) return 0;
    for (size_t used = 1; used <= kMaxEntryLines && first + used <= lines.size(); ++used) {
      const ContentsLine entry = parse_contents_line(text);
      if (!entry.label.empty()) {
        const std::string title = strip_numbering(entry.text);
        captions_.push_back({number.substr(0, number.find_last_not_of('.') + 1), title, 0});
        labels_.push_back(entry.label);
        return used;
      }
      if (first + used < lines.size()) text += ' ' + lines[first + used];
    }
    return 0;
  }

  int find_page(const std::string& title, const std::string& label) {
    const int target = text_.page_labelled(label);
    if (target == 0) return 0;
    const FoldedText words = text_.fold(title);
    for (const int page : {target, target + 1, target - 1}) {
      if (list_pages_.count(page) == 0 && text_.folded(page).contains(words)) return page;
    }
    return 0;
  }

  DocumentText& text_;
  CaptionKind kind_;
  bool inside_ = false;
  std::vector<Caption> captions_;
  std::vector<std::string> labels_;  ///< printed numbers of their pages
  std::set<int> list_pages_;
};

}  // namespace

std::vector<Caption> find_listed_captions(DocumentText& text, CaptionKind kind) {
  return ListReader(text, kind).run();
}

}  // namespace recto
