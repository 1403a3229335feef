#pragma once
// A PDF inside the page worker: the one place where PDFium is called.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "page/pdfium_api.h"
#include "page/reader.h"
#include "page/worker_protocol.h"

namespace recto {

/// Throws Error as Document (reader.h) does. Not thread-safe.
class PdfDocument {
 public:
  /// `bytes` must outlive the document; `name` stands in messages.
  PdfDocument(const PdfiumApi& api, std::span<const std::byte> bytes, std::string name,
              const PageLimits& limits);
  ~PdfDocument();
  PdfDocument(const PdfDocument&) = delete;
  PdfDocument& operator=(const PdfDocument&) = delete;

  /// Number of pages, title, producer and outline.
  OpenAnswer describe() const;

  /// Draws page `number` (from 1) as RGB rows into `pixels`.
  RenderAnswer render(int number, int longest_edge, std::span<uint8_t> pixels);

  PageText text(int number);

 private:
  FpdfPage* page(int number);
  std::string metadata(const char* key) const;
  std::string title_of(FpdfBookmark* bookmark) const;
  int page_of(FpdfBookmark* bookmark) const;
  std::string label(int number) const;
  std::vector<OutlineEntry> outline() const;

  const PdfiumApi& api_;
  const std::string name_;
  const PageLimits limits_;
  FpdfDocument* document_ = nullptr;
  int page_count_ = 0;
  // The page loaded last: render and text of one page parse it once.
  FpdfPage* page_ = nullptr;
  int page_number_ = 0;
};

}  // namespace recto
