#pragma once
// Text of page pictures by Tesseract, a program of its own that may or may not be installed.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "page/image.h"
#include "page/reader.h"

namespace recto {

struct OcrProgram {
  std::filesystem::path path;
  std::string version;             ///< "5.3.0", as it says itself: for the manifest
  std::vector<std::string> packs;  ///< installed languages by its names ("deu"), sorted
};

struct OcrLimits {
  int max_wall_seconds = 120;  ///< for one page, then the process group is killed
  int max_cpu_seconds = 60;
  uint64_t max_memory_bytes = uint64_t{2} << 30;  ///< address space
};

/// "tesseract" on $PATH, asked for its version and languages ($TESSDATA_PREFIX counts). Nothing
/// when there is none or it does not run. Throws Error(kInterrupted).
std::optional<OcrProgram> find_ocr();

/// Why find_ocr() found nothing, and what to do: for messages.
std::string ocr_missing_message();

/// The packs to read a page of `language` (BCP 47) with: "deu"; for "" the installed ones, English
/// first and at most four, "eng+deu+fra". Empty when the language's pack is not installed.
std::string ocr_packs(const OcrProgram& program, std::string_view language);

/// The Debian package that brings the pack of a language ("tesseract-ocr-chi-sim"), "" for a
/// language that Tesseract has no pack of.
std::string ocr_package(std::string_view language);

/// Reads the text of `image` with `packs` (not empty: "deu", "eng+fra"), in one thread. The words
/// have boxes in fractions of the image; lines end with \n; words divided at a line's end are
/// rejoined in the text. Words that Tesseract itself has no trust in (confidence below 30 of 100)
/// are left out. Throws Error(kLimit) when it takes too long or too much memory, Error(kBadInput)
/// when it fails, Error(kIo) when it cannot be started, Error(kInterrupted).
PageText read_by_ocr(const OcrProgram& program, const Image& image, const std::string& packs,
                     const OcrLimits& limits = {});

/// What became of a page that was to be read.
struct OcrAttempt {
  PageText text;              ///< as read_by_ocr() gives it
  bool without_pack = false;  ///< the pack of its language is not installed
  std::string problem;        ///< why it was not read, for the audit; "" when it was
};

/// read_by_ocr() with ocr_packs() of `language`. What is wrong with the page or its language is
/// told in the attempt. Throws Error(kIo) when Tesseract cannot be started, Error(kInterrupted).
OcrAttempt try_ocr(const OcrProgram& program, const Image& image, const std::string& language);

/// Tesseract's table of words (TSV) as a page of width x height pixels. Rows that are no words, or
/// damaged, are left out.
PageText parse_ocr_table(std::string_view table, int width, int height);

}  // namespace recto
