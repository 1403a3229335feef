#include "curate/scan_reading.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "curate/text_check.h"
#include "page/decode.h"

namespace recto {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Of all children that have ended.
double children_cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

void read_page(const OcrProgram& program, const PageRow& page, PageReading& reading) {
  const std::string packs = ocr_packs(program, reading.language);
  if (packs.empty()) {
    reading.problem = fmt::format("no OCR for the language {}", reading.language);
    return;
  }
  try {
    reading.text = read_by_ocr(program, decode_image(as_bytes(page.image), page.page_id), packs);
    if (reading.text.text.empty()) reading.problem = "OCR found nothing";
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kIo) throw;
    reading.problem = error.code() == ErrorCode::kLimit ? "OCR exceeded its limits" : "OCR failed";
  }
}

void count(const PageReading& reading, ReadingCounts& counts) {
  if (reading.problem.empty()) {
    ++counts.read;
    counts.characters += count_characters(reading.text.text);
  } else if (reading.problem.starts_with("no OCR")) {
    ++counts.without_pack;
  } else if (reading.problem != "OCR found nothing") {
    ++counts.failed;
  }
}

}  // namespace

OcrProgram require_ocr() {
  std::optional<OcrProgram> program = find_ocr();
  if (!program) fail(ErrorCode::kNotFound, "{}", ocr_missing_message());
  if (ocr_packs(*program, "").empty()) {
    fail(ErrorCode::kNotFound,
         "tesseract has no language pack; install those of your languages (on Debian: apt install "
         "tesseract-ocr-eng tesseract-ocr-deu)");
  }
  return std::move(*program);
}

void read_pages(const OcrProgram& program, std::span<const PageRow> pages,
                std::span<PageReading> readings, int threads, ReadingCounts& counts) {
  RECTO_CHECK(pages.size() == readings.size());
  const auto start = std::chrono::steady_clock::now();
  const double cpu = children_cpu_seconds();
  parallel_for(pages.size(), threads, [&](size_t i) {
    throw_if_interrupted();
    read_page(program, pages[i], readings[i]);
  });
  counts.cpu_seconds += children_cpu_seconds() - cpu;
  counts.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const PageReading& reading : readings) count(reading, counts);
}

}  // namespace recto
