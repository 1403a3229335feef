#include "curate/answer_language.h"

#include "curate/language.h"
#include "curate/query_rules.h"

namespace recto {

namespace {

constexpr double kClearQuery = 0.25;
constexpr double kClearAnswer = 0.5;

}  // namespace

bool is_in_other_language(std::string_view query, std::string_view answer) {
  const LanguageGuess asks = detect_language(query);
  if (asks.confidence < kClearQuery) return false;
  const LanguageGuess says = detect_language(answer);
  return says.confidence >= kClearAnswer && !languages_agree(asks.language, says.language);
}

}  // namespace recto
