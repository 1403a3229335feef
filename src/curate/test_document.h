#pragma once
// Documents made by hand, for the tests of this room.

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "curate/document.h"
#include "curate/generator.h"

namespace recto::test {

/// A document whose pages have the texts, in English, numbered from 1, without labels.
inline CuratedDocument document_of(const std::vector<std::string>& texts,
                                   std::vector<OutlineEntry> outline = {}) {
  CuratedDocument document;
  document.document_id = "doc";
  document.language = "en";
  document.page_count = static_cast<int>(texts.size());
  document.outline = std::move(outline);
  for (const std::string& text : texts) {
    CuratedPage page;
    page.number = static_cast<int>(document.pages.size()) + 1;
    page.text = text;
    page.text_source = text.empty() ? "none" : "text_layer";
    page.language = "en";
    std::istringstream words(text);
    for (std::string word; words >> word;) ++page.words;
    page.characters = static_cast<int>(text.size());
    document.pages.push_back(std::move(page));
  }
  return document;
}

/// generate() of a document alone.
inline std::vector<Candidate> generate_for(const CuratedDocument& document,
                                           const GeneratorSettings& settings, Audit& audit) {
  DocumentParts parts(document, audit);
  return generate(parts, settings, audit);
}

}  // namespace recto::test
