#pragma once
// Small PDFs made by hand, for the tests of this room.

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace recto::test {

/// Objects with their cross-reference table. Object 1 is the catalog, object 2 the root of the
/// pages and object 3 the font Helvetica; the others are numbered as they are added.
class PdfBuilder {
 public:
  PdfBuilder() : objects_(3) {
    objects_[2] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
  }

  int add(std::string body) {
    objects_.push_back(std::move(body));
    return static_cast<int>(objects_.size());
  }
  int add_stream(const std::string& content, const std::string& entries = "") {
    return add(fmt::format("<< /Length {} {} >>\nstream\n{}\nendstream", content.size(), entries,
                           content));
  }
  /// A number for an object that refers to itself; set() fills it in.
  int reserve() { return add("null"); }
  void set(int number, std::string body) {
    objects_[static_cast<size_t>(number - 1)] = std::move(body);
  }

  /// A page of width x height points; `entries` go into its dictionary, `resources` into that of
  /// its resources.
  int add_page(const std::string& content, double width = 612, double height = 792,
               const std::string& entries = "", const std::string& resources = "") {
    const int stream = add_stream(content);
    pages_.push_back(
        add(fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] "
                        "/Contents {} 0 R /Resources << /Font << /F1 3 0 R >> {} >> {} >>",
                        width, height, stream, resources, entries)));
    return pages_.back();
  }
  /// A reference to no page at all, where a page should be.
  void add_missing_page() { pages_.push_back(9999); }

  void set_catalog_entries(std::string entries) { catalog_ = std::move(entries); }
  void set_trailer_entries(std::string entries) { trailer_ = std::move(entries); }

  std::string finish() {
    std::string kids;
    for (const int page : pages_) kids += fmt::format("{} 0 R ", page);
    objects_[0] = "<< /Type /Catalog /Pages 2 0 R " + catalog_ + " >>";
    if (objects_[1].empty()) {
      objects_[1] = fmt::format("<< /Type /Pages /Kids [{}] /Count {} >>", kids, pages_.size());
    }
    std::string file = "%PDF-1.7\n";
    std::string table;
    for (size_t i = 0; i < objects_.size(); ++i) {
      table += fmt::format("{:010} 00000 n \n", file.size());
      file += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects_[i]);
    }
    const size_t start = file.size();
    return file + fmt::format(
                      "xref\n0 {}\n0000000000 65535 f \n{}trailer\n<< /Size {} /Root 1 0 R "
                      "{} >>\nstartxref\n{}\n%%EOF\n",
                      objects_.size() + 1, table, objects_.size() + 1, trailer_, start);
  }

 private:
  std::vector<std::string> objects_;
  std::vector<int> pages_;
  std::string catalog_;
  std::string trailer_;
};

/// Content that writes `text` in 12 points with its baseline starting at (x, y).
inline std::string text_at(double x, double y, const std::string& text) {
  return fmt::format("BT /F1 12 Tf {} {} Td ({}) Tj ET\n", x, y, text);
}

/// One page per text.
inline std::string simple_pdf(const std::vector<std::string>& texts) {
  PdfBuilder pdf;
  for (const std::string& text : texts) pdf.add_page(text_at(72, 720, text));
  return pdf.finish();
}

/// Resources of a page whose content "/X0 Do" draws 20^7 times nothing much: days of work.
inline std::string endless_resources(PdfBuilder& pdf) {
  constexpr int kLevels = 7;
  constexpr int kCalls = 20;
  std::string calls;
  for (int i = 0; i < kCalls; ++i) calls += "/X0 Do ";
  std::string content = "0 0 m 9 9 l S";
  std::string resources;
  for (int level = 0; level < kLevels; ++level) {
    const int form =
        pdf.add_stream(content, fmt::format("/Type /XObject /Subtype /Form /BBox [0 0 612 792] "
                                            "/Resources << {} >>",
                                            resources));
    resources = fmt::format("/XObject << /X0 {} 0 R >>", form);
    content = calls;
  }
  return resources;
}

}  // namespace recto::test
