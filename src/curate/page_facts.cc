#include "curate/page_facts.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "curate/language.h"
#include "curate/page_class.h"
#include "curate/page_layout.h"
#include "curate/text_check.h"
#include "curate/word_grams.h"

namespace recto {

namespace {

constexpr const char* kStage = "text";

FoundText without_text(PageText layer) {
  PageText none;
  none.label = std::move(layer.label);
  return {std::move(none), "none"};
}

FoundText as_it_is(PageText layer) {
  std::string source = layer.text.empty() ? "none" : "text_layer";
  return {std::move(layer), std::move(source)};
}

}  // namespace

PageView::PageView(const Image& of, int number, int page_count)
    : image(of),
      gray(reduce_to_gray(of)),
      thumbnail(gray_thumbnail(gray)),
      number(number),
      page_count(page_count) {}

FoundText find_text(const PageView& view, PageText layer, const OcrProgram* program,
                    const std::string& language, const std::string& page_id, Audit& audit) {
  const std::string reason = ocr_reason(layer.text, ink_share(view.thumbnail));
  if (reason.empty()) return as_it_is(std::move(layer));
  const bool broken = check_text(layer.text).broken();
  const auto give_up = [&](const std::string& why) {
    audit.drop(page_id, kStage, fmt::format("{}, and {}", reason, why));
    return broken ? without_text(std::move(layer)) : as_it_is(std::move(layer));
  };
  if (program == nullptr) return give_up("no OCR");
  OcrAttempt attempt = try_ocr(*program, view.image, language);
  if (!attempt.problem.empty()) return give_up(attempt.problem);
  // A few characters of a text layer are worth more than nothing.
  if (count_characters(attempt.text.text) <= (broken ? 0 : count_characters(layer.text))) {
    return give_up("OCR found no more");
  }
  attempt.text.label = layer.label;
  audit.keep(page_id, kStage, fmt::format("{}: read by OCR", reason));
  return {std::move(attempt.text), "ocr"};
}

CuratedPage describe_page(const PageView& view, const FoundText& found, const std::string& hint) {
  const PageMeasures measures = measure_page(view.thumbnail, found.text);
  CuratedPage page;
  page.number = view.number;
  page.label = found.text.label;
  page.text = found.text.text;
  page.text_source = found.source;
  const LanguageGuess guess = detect_language(found.text.text, hint);
  page.language = guess.language;
  page.language_confidence = guess.confidence;
  page.content_class = classify_page(measures, view.number, view.page_count);
  page.ink = measures.ink;
  page.characters = measures.characters;
  page.words = count_words(found.text.text);
  page.hash = perceptual_hash(view.gray);
  return page;
}

}  // namespace recto
