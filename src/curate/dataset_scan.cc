#include "curate/dataset_scan.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "base/threads.h"
#include "data/dataset.h"
#include "data/dataset_id.h"
#include "data/dataset_rewrite.h"
#include "page/decode.h"
#include "page/encode.h"
#include "page/fit.h"
#include "page/image_bytes.h"
#include "page/perceptual_hash.h"
#include "page/scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kStage = "scan";
constexpr double kSureLanguage = 0.5;  // confidence of a page's language

void check_splits(const Dataset& dataset, const std::vector<std::string>& splits) {
  const std::vector<std::string> known = dataset.splits();
  for (const std::string& split : splits) {
    if (std::find(known.begin(), known.end(), split) != known.end()) continue;
    fail(ErrorCode::kUsage, "{} has no split \"{}\"; it has {}", dataset.path().string(), split,
         fmt::join(known, ", "));
  }
}

double rate(int64_t pages, double seconds) {
  return seconds > 0 ? static_cast<double>(pages) / seconds : 0;
}

class Scan {
 public:
  Scan(const Dataset& dataset, const ScanOptions& options, std::optional<OcrProgram> program)
      : dataset_(dataset),
        options_(options),
        program_(std::move(program)),
        progress_("scan", count_pages()) {
    report_.dataset = dataset_id(dataset.manifest());
    if (program_) report_.ocr = "tesseract " + program_->version;
  }

  ScanReport write(const fs::path& to) {
    DatasetWriter writer(to);
    RewriteRules rules;
    rules.document = [&](const std::string&, DocumentRow& row) {
      languages_[row.document_id] = row.language;
      return true;
    };
    rules.pages = [&](const std::string& split, std::vector<PageRow>& rows) { scan(split, rows); };
    rewrite_tables(dataset_.path(), rules, writer);
    for (const AuditRow& row : audit_) writer.add("audit", row);
    writer.finish(manifest(), with_change(card_body_of(dataset_.path()), card_line()));
    return std::move(report_);
  }

 private:
  bool is_chosen(const std::string& split) const {
    const auto& chosen = options_.splits;
    return chosen.empty() || std::find(chosen.begin(), chosen.end(), split) != chosen.end();
  }

  uint64_t count_pages() const {
    uint64_t pages = 0;
    for (const std::string& split : dataset_.splits()) {
      if (is_chosen(split)) pages += dataset_.pages(split).size();
    }
    return pages;
  }

  /// Pages of other splits stay as they are.
  void scan(const std::string& split, std::vector<PageRow>& rows) {
    if (!is_chosen(split)) {
      report_.other_pages += std::ssize(rows);
      return;
    }
    std::vector<double> skews(rows.size());
    const Stopwatch watch;
    parallel_for(rows.size(), options_.threads, [&](size_t i) {
      throw_if_interrupted();
      skews[i] = scan_page(rows[i]);
      if (!program_) progress_.advance();
    });
    report_.seconds += watch.seconds();
    std::vector<OcrAttempt> readings(rows.size());
    if (program_) {
      std::vector<std::string> languages;
      languages.reserve(rows.size());
      for (const PageRow& row : rows) languages.push_back(language_of(row));
      readings = read_pages(*program_, rows, languages, options_.threads, report_.reading);
      progress_.advance(rows.size());
    }
    for (size_t i = 0; i < rows.size(); ++i) set_text(rows[i], std::move(readings[i]), skews[i]);
    report_.pages += std::ssize(rows);
  }

  /// The picture of a page and what is known of it; gives its skew.
  double scan_page(PageRow& row) const {
    const std::string name = "page " + row.page_id;
    if (row.image.empty()) fail(ErrorCode::kBadInput, "{} has no picture to scan", name);
    Image image = read_image_bytes(row.image, name, options_.limits);
    if (options_.longest_edge > 0) image = fit(std::move(image), options_.longest_edge);
    Random random = scan_random(options_.seed, row.page_id);
    const ScanLook look = draw_scan_look(random);
    row.image = encode_jpeg(scanned(image, look, random), options_.jpeg_quality);
    row.width = image.width;
    row.height = image.height;
    // Of what is stored: the noise of an empty page is not what its JPEG has.
    row.perceptual_hash = hash_text(perceptual_hash(decode_image(as_bytes(row.image), name)));
    return look.skew_degrees;
  }

  std::string language_of(const PageRow& row) const {
    if (!row.language.empty() && row.language_confidence >= kSureLanguage) return row.language;
    const auto found = languages_.find(row.document_id);
    return found == languages_.end() ? "" : found->second;
  }

  void set_text(PageRow& row, OcrAttempt&& reading, double skew) {
    row.text = std::move(reading.text.text);
    row.text_source = row.text.empty() ? "none" : "ocr";
    row.words.clear();
    row.word_boxes.clear();
    for (Word& word : reading.text.words) {
      row.words.push_back(std::move(word.text));
      row.word_boxes.insert(row.word_boxes.end(), {word.left, word.top, word.right, word.bottom});
    }
    std::string what = "scanned";
    if (program_) {
      if (reading.problem.empty() && row.text.empty()) reading.problem = "OCR found nothing";
      what += reading.problem.empty() ? ", read by OCR" : ", without text: " + reading.problem;
    }
    audit_.push_back({row.page_id, kStage, "kept", std::move(what), skew, kMostSkew});
  }

  std::string ocr_name() const {
    return program_ ? fmt::format("{} {}", program_->version, fmt::join(program_->packs, " "))
                    : "off";
  }

  Json manifest() const {
    Json manifest = dataset_.manifest();
    manifest.erase("run_sha256");  // no run of recto curate makes this
    manifest["scanned"].push_back({{"dataset", report_.dataset},
                                   {"pages", report_.pages},
                                   {"splits", options_.splits},
                                   {"seed", options_.seed},
                                   {"longest_edge", options_.longest_edge},
                                   {"jpeg_quality", options_.jpeg_quality},
                                   {"most_skew_degrees", kMostSkew},
                                   {"tesseract", ocr_name()}});
    return manifest;
  }

  std::string card_line() const {
    return fmt::format(
        "The pictures of {} pages ({}) are those of the dataset {} as if printed and scanned "
        "(`recto dataset scan`: seed {}, JPEG quality {}, longest edge {}); their text {}. What is "
        "said above of pictures and text is from before.",
        report_.pages,
        options_.splits.empty() ? "all splits"
                                : fmt::format("split {}", fmt::join(options_.splits, ", ")),
        report_.dataset, options_.seed, options_.jpeg_quality,
        options_.longest_edge == 0 ? "kept" : fmt::format("{}", options_.longest_edge),
        program_ ? "was read by Tesseract " + ocr_name() : "is left out");
  }

  const Dataset& dataset_;
  const ScanOptions& options_;
  const std::optional<OcrProgram> program_;
  Progress progress_;
  ScanReport report_;
  std::unordered_map<std::string, std::string> languages_;  ///< by document
  std::vector<AuditRow> audit_;
};

}  // namespace

ScanReport scan_dataset(const fs::path& directory, const fs::path& output,
                        const ScanOptions& options) {
  read_manifest_of(directory);
  const Dataset dataset = Dataset::open(directory);
  check_splits(dataset, options.splits);
  std::optional<OcrProgram> program;
  if (options.ocr) program = require_ocr();
  StagedDirectory staged(output);
  ScanReport report = Scan(dataset, options, std::move(program)).write(staged.path());
  staged.commit();
  return report;
}

Json report_json(const ScanReport& report) {
  Json json = {{"dataset", report.dataset},
               {"pages", report.pages},
               {"other_pages", report.other_pages},
               {"seconds", report.seconds},
               {"pages_per_second", rate(report.pages, report.seconds)},
               {"ocr", Json()}};
  if (report.ocr.empty()) return json;
  json["ocr"] = {{"program", report.ocr},
                 {"read", report.reading.read},
                 {"failed", report.reading.failed},
                 {"without_pack", report.reading.without_pack},
                 {"characters", report.reading.characters},
                 {"seconds", report.reading.seconds},
                 {"cpu_seconds", report.reading.cpu_seconds},
                 {"pages_per_second", rate(report.pages, report.reading.seconds)},
                 {"pages_per_cpu_second", rate(report.pages, report.reading.cpu_seconds)}};
  return json;
}

std::string describe(const ScanReport& report) {
  std::string out = fmt::format("{} pages scanned, {:.1f} a second", report.pages,
                                rate(report.pages, report.seconds));
  if (report.other_pages > 0) out += fmt::format("; {} of other splits kept", report.other_pages);
  if (report.ocr.empty()) return out + "; without text\n";
  return out +
         fmt::format(
             "\n{} read {} characters on {} of {} pages: {:.2f} pages a second, {:.2f} a "
             "second of processor time; {} pages failed, {} are of a language without a pack\n",
             report.ocr, report.reading.characters, report.reading.read, report.pages,
             rate(report.pages, report.reading.seconds),
             rate(report.pages, report.reading.cpu_seconds), report.reading.failed,
             report.reading.without_pack);
}

}  // namespace recto
