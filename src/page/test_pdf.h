#pragma once
// Small PDFs made by hand, for the tests of this room.

#include <fmt/format.h>

#include <cstdint>
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

/// simple_pdf({text}) of a document that asks for endless scripts and a program to be run: when it
/// is opened, printed, saved and closed, when its page is shown, when a field is calculated and
/// when a link is followed.
inline std::string scripted_pdf(const std::string& text) {
  PdfBuilder pdf;
  const int program = pdf.add("<< /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) >> >>");
  const int script = pdf.add(fmt::format(
      "<< /S /JavaScript /Next {} 0 R "
      "/JS (this.getField\\(\"f\"\\).value = \"done\"; app.launchURL\\(\"http://127.0.0.1:1/\"\\); "
      "while \\(true\\) {{}}) >>",
      program));
  const int field =
      pdf.add(fmt::format("<< /Type /Annot /Subtype /Widget /FT /Tx /T (f) /F 2 /Rect [0 0 9 9] "
                          "/AA << /C {0} 0 R /F {0} 0 R /E {0} 0 R /PO {0} 0 R /PV {0} 0 R >> >>",
                          script));
  const int link = pdf.add(fmt::format(
      "<< /Type /Annot /Subtype /Link /Rect [0 0 612 792] /Border [0 0 0] /A {} 0 R >>", script));
  pdf.add_page(text_at(72, 720, text), 612, 792,
               fmt::format("/AA << /O {0} 0 R /C {0} 0 R >> /Annots [{1} 0 R {2} 0 R]", script,
                           field, link));
  pdf.set_catalog_entries(fmt::format(
      "/OpenAction {0} 0 R /AA << /WC {0} 0 R /WS {0} 0 R /DS {0} 0 R /WP {0} 0 R /DP {0} 0 R >> "
      "/Names << /JavaScript << /Names [(f) {0} 0 R] >> >> "
      "/AcroForm << /Fields [{1} 0 R] /CO [{1} 0 R] >>",
      script, field));
  return pdf.finish();
}

/// simple_pdf({text}) with a file attached under each of `names`, to the document and to the page.
inline std::string pdf_with_attachments(const std::string& text,
                                        const std::vector<std::string>& names,
                                        const std::string& content) {
  PdfBuilder pdf;
  const int file = pdf.add_stream(content, "/Type /EmbeddedFile /Subtype /application#2Fpdf");
  std::string attached;
  std::string annotations;
  for (const std::string& name : names) {
    const int specification = pdf.add(fmt::format(
        "<< /Type /Filespec /F ({0}) /UF ({0}) /EF << /F {1} 0 R /UF {1} 0 R >> >>", name, file));
    attached += fmt::format("({}) {} 0 R ", name, specification);
    annotations +=
        fmt::format("<< /Type /Annot /Subtype /FileAttachment /F 2 /Rect [0 0 9 9] /FS {} 0 R >> ",
                    specification);
  }
  pdf.add_page(text_at(72, 720, text), 612, 792, fmt::format("/Annots [{}]", annotations));
  pdf.set_catalog_entries(fmt::format(
      "/PageMode /UseAttachments /Names << /EmbeddedFiles << /Names [{}] >> >>", attached));
  return pdf.finish();
}

/// A tree of pages with `levels` levels whose nodes name the one below `kids` times: one page, as
/// kids^levels pages.
inline std::string pdf_of_many_pages(int kids, int levels) {
  PdfBuilder pdf;
  int below = pdf.add("<< /Type /Page /MediaBox [0 0 99 99] >>");
  int64_t count = 1;
  for (int level = 0; level < levels; ++level) {
    std::string list;
    for (int kid = 0; kid < kids; ++kid) list += fmt::format("{} 0 R ", below);
    count *= kids;
    const std::string node = fmt::format("<< /Type /Pages /Count {} /Kids [{}] >>", count, list);
    if (level + 1 == levels) {
      pdf.set(2, node);
    } else {
      below = pdf.add(node);
    }
  }
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
