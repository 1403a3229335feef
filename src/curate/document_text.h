#pragma once
// The words of one document as the generators of queries look them up: where they stand, on how
// many pages, and which page bears a printed number.

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "curate/document.h"
#include "curate/folded_text.h"

namespace recto {

/// Reads `document`, which must outlive it; folds pages and counts words when first asked. Of a
/// page the first 256 KiB and 2,000 lines count: more is no page for people, and would cost the
/// time of thousands. Not thread-safe.
class DocumentText {
 public:
  explicit DocumentText(const CuratedDocument& document);

  const CuratedDocument& document() const { return document_; }
  WordTokenizer& tokenizer() { return tokenizer_; }
  FoldedText fold(std::string_view text) { return {tokenizer_, text}; }

  /// Of page `number` from 1; empty for a page that is not there.
  const FoldedText& folded(int number);
  const std::vector<std::string>& lines(int number);

  /// Pages that hold the word (as WordTokenizer cuts it), ascending.
  const std::vector<int>& pages_with_word(const std::string& word);
  /// Pages that hold the words of `text` one after another, ascending; at most `limit` of them.
  std::vector<int> pages_with(std::string_view text, size_t limit);

  /// The page with the printed number `label`, 0 when none or more than one has it. Where most
  /// pages show a number in their first or last line, these count; else the PDF's page labels;
  /// else, without any labels, the places of the pages.
  int page_labelled(const std::string& label);

 private:
  std::string_view text_of(const CuratedPage& page) const;
  void index_words();
  void index_labels();
  /// Page number less printed number, where most pages agree on one.
  bool find_printed_offset(int& offset);

  const CuratedDocument& document_;
  WordTokenizer tokenizer_;
  std::map<int, FoldedText> folded_;
  std::map<int, std::vector<std::string>> lines_;
  std::unordered_map<std::string, std::vector<int>> postings_;
  std::map<std::string, int> labels_;  ///< 0 for a label of several pages
  bool words_indexed_ = false;
  bool labels_indexed_ = false;
};

}  // namespace recto
