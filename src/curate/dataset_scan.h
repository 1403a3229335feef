#pragma once
// What a dataset would look like had its documents been printed and scanned: the same pages,
// queries and answers, with pictures of a scanner (page/scan.h) and no text layer.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "curate/scan_reading.h"
#include "page/reader.h"

namespace recto {

struct ScanOptions {
  std::vector<std::string> splits;  ///< whose pages are scanned; empty for all
  bool ocr = false;                 ///< Tesseract reads the scanned pages; else they have no text
  int longest_edge = 0;             ///< of a scanned picture in pixels; 0 keeps sizes
  uint64_t seed = 0;
  int jpeg_quality = 60;  ///< 1..100
  int threads = 1;        ///< pages at a time
  PageLimits limits;
};

struct ScanReport {
  std::string dataset;      ///< id of the dataset that was scanned
  int64_t pages = 0;        ///< scanned
  int64_t other_pages = 0;  ///< of other splits: as they were
  double seconds = 0;       ///< of scanning, without OCR
  std::string ocr;          ///< "tesseract 5.3.0", "" when nothing was read
  ReadingCounts reading;    ///< of OCR
};

/// Writes the scan of the dataset in `directory` as the new dataset `output`. Ids, queries, qrels,
/// negatives, documents, splits and near-duplicate groups stay; text, words and boxes of a scanned
/// page are gone, or are what OCR reads off the stored picture, with the pack of the page's
/// language where that is sure, else of its document's. Each scanned page has a row in the audit
/// (stage "scan"; score: its skew in degrees). Files that are no tables are not copied: report.html
/// shows pages as they were. Pages are held a few at a time; the same dataset and options give the
/// same bytes, whatever `threads` is. Throws Error(kUsage) for a split there is not and an output
/// that exists, Error(kNotFound) when OCR is asked for and tesseract or every pack is missing,
/// Error(kBadInput) for a picture that is missing or cannot be decoded, what read_manifest_of() and
/// Dataset::open throw, Error(kIo | kInterrupted); then there is no output.
ScanReport scan_dataset(const std::filesystem::path& directory, const std::filesystem::path& output,
                        const ScanOptions& options);

Json report_json(const ScanReport& report);
/// Lines for people.
std::string describe(const ScanReport& report);

}  // namespace recto
