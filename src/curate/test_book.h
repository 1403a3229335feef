#pragma once
// Small PDFs with text and an outline, for the tests of this room.

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "page/test_pdf.h"

namespace recto::test {

struct BookEntry {
  std::string title;
  int page;  ///< from 1
};

/// Forty words of no language that stand on no other page, at places of their own: pages with few
/// words and one picture would be duplicates.
inline std::string filler(const std::string& of) {
  std::string content;
  auto state = static_cast<uint32_t>(std::hash<std::string>{}(of));
  const auto next = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
  for (int line = 0; line < 8; ++line) {
    std::string words;
    for (int word = 0; word < 5; ++word) {
      for (int letter = 0; letter < 7; ++letter) words += static_cast<char>('a' + next() % 26);
      words += ' ';
    }
    content += text_at(72 + static_cast<int>(next() % 200), 640 - 70 * line, words);
  }
  return content;
}

/// A PDF with a page for each text and an outline.
inline std::string book(const std::vector<std::string>& texts,
                        const std::vector<BookEntry>& outline, const std::string& title = "") {
  PdfBuilder pdf;
  std::vector<int> pages;
  for (const std::string& text : texts)
    pages.push_back(pdf.add_page(text_at(72, 700, text) + filler(text)));
  const int root = pdf.reserve();
  std::vector<int> items;
  for (size_t i = 0; i < outline.size(); ++i) items.push_back(pdf.reserve());
  for (size_t i = 0; i < outline.size(); ++i) {
    std::string body = fmt::format("<< /Title ({}) /Parent {} 0 R /Dest [{} 0 R /Fit]",
                                   outline[i].title, root, pages[outline[i].page - 1]);
    if (i > 0) body += fmt::format(" /Prev {} 0 R", items[i - 1]);
    if (i + 1 < items.size()) body += fmt::format(" /Next {} 0 R", items[i + 1]);
    pdf.set(items[i], body + " >>");
  }
  if (!items.empty()) {
    pdf.set(root, fmt::format("<< /Type /Outlines /First {} 0 R /Last {} 0 R /Count {} >>",
                              items.front(), items.back(), items.size()));
    pdf.set_catalog_entries(fmt::format("/Outlines {} 0 R", root));
  }
  if (!title.empty()) {
    const int info = pdf.add(fmt::format("<< /Title ({}) /Producer (by hand) >>", title));
    pdf.set_trailer_entries(fmt::format("/Info {} 0 R", info));
  }
  return pdf.finish();
}

}  // namespace recto::test
