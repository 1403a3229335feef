#include "curate/scan_reading.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/stopwatch.h"
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

void count(const OcrAttempt& attempt, ReadingCounts& counts) {
  if (attempt.without_pack) {
    ++counts.without_pack;
  } else if (!attempt.problem.empty()) {
    ++counts.failed;
  } else if (!attempt.text.text.empty()) {
    ++counts.read;
    counts.characters += count_characters(attempt.text.text);
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

std::vector<OcrAttempt> read_pages(const OcrProgram& program, std::span<const PageRow> pages,
                                   std::span<const std::string> languages, int threads,
                                   ReadingCounts& counts) {
  RECTO_CHECK(pages.size() == languages.size());
  std::vector<OcrAttempt> attempts(pages.size());
  const Stopwatch watch;
  const double cpu = children_cpu_seconds();
  parallel_for(pages.size(), threads, [&](size_t i) {
    throw_if_interrupted();
    const Image image = decode_image(as_bytes(pages[i].image), pages[i].page_id);
    attempts[i] = try_ocr(program, image, languages[i]);
  });
  counts.cpu_seconds += children_cpu_seconds() - cpu;
  counts.seconds += watch.seconds();
  for (const OcrAttempt& attempt : attempts) count(attempt, counts);
  return attempts;
}

}  // namespace recto
