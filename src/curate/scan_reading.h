#pragma once
// OCR of many pages at a time, and how long it took.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "curate/ocr.h"
#include "data/dataset.h"

namespace recto {

struct ReadingCounts {
  int64_t read = 0;          ///< pages on which OCR found text
  int64_t failed = 0;        ///< pages of which OCR gave up
  int64_t without_pack = 0;  ///< pages of languages whose pack is not installed
  int64_t characters = 0;    ///< code points that OCR read
  double seconds = 0;        ///< of the wall
  double cpu_seconds = 0;    ///< of Tesseract's processes
};

/// find_ocr(). Throws Error(kNotFound) with what to install when it is not there or has no pack.
OcrProgram require_ocr();

/// Reads the JPEG or PNG pictures of `pages`, which recto has encoded itself, each in the language
/// of the same place in `languages` ("" for those that are installed), on `threads` threads, and
/// adds to `counts`. While it runs the process must end no other children, whose time would be
/// counted. Throws Error(kIo) when tesseract cannot be started, Error(kInterrupted).
std::vector<OcrAttempt> read_pages(const OcrProgram& program, std::span<const PageRow> pages,
                                   std::span<const std::string> languages, int threads,
                                   ReadingCounts& counts);

}  // namespace recto
