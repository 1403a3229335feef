#pragma once
// OCR of many pages at a time, and how long it took.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "curate/ocr.h"
#include "data/dataset.h"

namespace recto {

/// What became of a page: its text is set, unless `problem` says why it has none.
struct PageReading {
  std::string language;  ///< whose pack is wanted; "" for those that are installed
  std::string problem;   ///< "OCR found nothing", "OCR failed", ...
  PageText text;
};

struct ReadingCounts {
  int64_t read = 0;
  int64_t failed = 0;
  int64_t without_pack = 0;
  int64_t characters = 0;  ///< code points
  double seconds = 0;      ///< of the wall
  double cpu_seconds = 0;  ///< of Tesseract's processes
};

/// find_ocr(). Throws Error(kNotFound) with what to install when it is not there or has no pack.
OcrProgram require_ocr();

/// Reads the JPEG or PNG pictures of `pages`, which recto has encoded itself, into `readings` (one
/// for each page, with its language set), on `threads` threads, and adds to `counts`. While it runs
/// the process must end no other children, whose time would be counted. Throws Error(kIo) when
/// tesseract cannot be started, Error(kInterrupted).
void read_pages(const OcrProgram& program, std::span<const PageRow> pages,
                std::span<PageReading> readings, int threads, ReadingCounts& counts);

}  // namespace recto
