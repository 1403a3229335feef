// Whatever a text layer or Tesseract may say of a page.

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/utf8.h"
#include "curate/language.h"
#include "curate/ocr.h"
#include "curate/page_class.h"
#include "curate/text_check.h"
#include "curate/word_grams.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace recto;
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const int width = 1 + data[0];
  const int height = 1 + data[1];
  const PageText page = parse_ocr_table(text, width, height);
  for (const Word& word : page.words) {
    RECTO_CHECK(is_valid_utf8(word.text) && word.left >= 0 && word.right <= 1);
    RECTO_CHECK(word.top >= 0 && word.bottom <= 1 && word.left <= word.right);
  }
  const GrayImage thumbnail{width, height,
                            std::vector<uint8_t>(static_cast<size_t>(width * height), data[0])};
  const PageMeasures measures = measure_page(thumbnail, page);
  classify_page(measures, data[0], data[1]);
  RECTO_CHECK(measures.table >= 0 && measures.table <= 1 && measures.graphic <= 1);
  RECTO_CHECK(check_text(text).score >= 0);
  const LanguageGuess guess = detect_language(text);
  RECTO_CHECK(guess.confidence >= 0 && guess.confidence <= 1);
  RECTO_CHECK(guess.language.empty() == (guess.confidence == 0));
  RECTO_CHECK(static_cast<size_t>(count_words(text)) <= text.size());
  const auto grams = word_grams(text);
  RECTO_CHECK(grams.empty() || jaccard(grams, grams) == 1);
  return 0;
}
