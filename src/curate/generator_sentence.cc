// The most specific sentences of each page as queries.

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "base/interrupt.h"
#include "curate/generator_context.h"
#include "curate/loose_accents.h"
#include "curate/sentences.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kMinWords = 6;
constexpr size_t kMaxWords = 25;
constexpr int kMinEastAsianLetters = 36;  // twelve characters
constexpr int kMaxEastAsianLetters = 180;
constexpr unsigned char kFirstEastAsian = 0xE3;  // in UTF-8
constexpr size_t kRarestWords = 4;
/// Of the bytes, in percent: letters and spaces of running text.
constexpr int kMinTextPercent = 92;
/// A page is worth a sentence when it has as many words, and the sentence when its rarest words
/// stand on few other pages.
constexpr int kMinPageWords = 80;
constexpr int kMinPageCharacters = 400;

/// Beginnings that lean on the sentence before or on the page, in lower case.
constexpr auto kLeaning = std::to_array<std::string_view>(
    {"this ",    "these ",      "that ",     "those ",    "it ",     "its ",      "they ",
     "he ",      "she ",        "we ",       "you ",      "i ",      "here ",     "there ",
     "such ",    "then ",       "thus ",     "hence ",    "however", "therefore", "moreover",
     "also ",    "but ",        "and ",      "or ",       "so ",     "note ",     "see ",
     "in this ", "for example", "otherwise", "similarly", "finally", "first ",    "second ",
     "next ",    "again ",      "dies",      "das ",      "es ",     "sie ",      "er ",
     "wir ",     "hier ",       "damit ",    "dabei ",    "dann ",   "dazu ",     "siehe ",
     "aber ",    "und ",        "auch ",     "ce ",       "cet ",    "cette ",    "ces ",
     "c'est",    "c’est",       "cela ",     "il ",       "elle ",   "ils ",      "elles ",
     "nous ",    "vous ",       "ici ",      "voir ",     "mais ",   "et ",       "donc ",
     "este ",    "esta ",       "esto ",     "estos ",    "estas ",  "eso ",      "aquí ",
     "véase ",   "pero ",       "y ",        "questo ",   "questa ", "questi ",   "qui ",
     "quindi ",  "isto ",       "isso ",     "aqui ",     "ten ",    "ta "});
/// Anywhere in it: what points at something beside the sentence.
constexpr auto kPointing = std::to_array<std::string_view>(
    {" above",      " below",    " following", " previous", " this ",     " these ",
     " section ",   " chapter ", " figure ",   " table ",   " page ",     " oben",
     " unten",      " folgende", " abschnitt", " kapitel",  " tabelle",   " ci-dessus",
     " ci-dessous", " suivant",  " section",   " chapitre", " siguiente", " anterior",
     " capítulo",   " seguente", " capitolo",  " poniżej"});

bool is_running_text(const std::string& sentence) {
  const auto text = std::count_if(sentence.begin(), sentence.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return std::isalpha(u) != 0 || u > 0x7F || c == ' ';
  });
  return text * 100 >= std::ssize(sentence) * kMinTextPercent;
}

bool leans(const std::string& sentence) {
  const std::string small = lower_case(sentence);
  const auto begins = [&](std::string_view words) { return small.starts_with(words); };
  const auto has = [&](std::string_view words) { return small.find(words) != std::string::npos; };
  return std::any_of(kLeaning.begin(), kLeaning.end(), begins) ||
         std::any_of(kPointing.begin(), kPointing.end(), has);
}

class SentenceGenerator {
 public:
  explicit SentenceGenerator(GeneratorContext& context) : context_(context) {}

  void run() {
    for (const CuratedPage& page : context_.document.pages) {
      throw_if_interrupted();
      if (page.words >= kMinPageWords || page.characters >= kMinPageCharacters) read_page(page);
    }
  }

 private:
  struct Scored {
    double score;
    std::string sentence;
  };

  void read_page(const CuratedPage& page) {
    const auto most = static_cast<size_t>(context_.settings.sentences_per_page);
    std::vector<Scored> best;  // the highest score first, of equal ones the first on the page
    for (std::string& sentence : split_sentences(context_.text.lines(page.number))) {
      if (!is_running_text(sentence) || leans(sentence) || has_loose_accents(sentence)) continue;
      const double score = rarity(sentence);
      const double least = best.size() < most ? 0 : best.back().score;
      const auto same = [&](const Scored& other) { return other.sentence == sentence; };
      if (score <= least || std::any_of(best.begin(), best.end(), same)) continue;
      if (!is_unique(sentence)) continue;
      const auto lower = [](double value, const Scored& other) { return value > other.score; };
      best.insert(std::upper_bound(best.begin(), best.end(), score, lower),
                  {score, std::move(sentence)});
      if (best.size() > most) best.pop_back();
    }
    if (best.empty()) {
      context_.audit.drop(context_.page_item(page.number), kSentenceGenerator,
                          "no whole sentence that stands alone");
    }
    for (const Scored& one : best) {
      context_.propose(spell_out_ligatures(one.sentence), "sentence", page.number);
    }
  }

  /// The mean over the rarest words; 0 for a sentence of too few or too many.
  double rarity(const std::string& sentence) {
    const std::vector<std::string> words = context_.text.tokenizer().words(sentence);
    const int letters = context_.text.fold(sentence).letters();
    const bool east_asian = static_cast<unsigned char>(sentence.front()) >= kFirstEastAsian;
    if (east_asian && (letters < kMinEastAsianLetters || letters > kMaxEastAsianLetters)) return 0;
    if (!east_asian && (words.size() < kMinWords || words.size() > kMaxWords)) return 0;
    const std::set<std::string> distinct(words.begin(), words.end());
    std::vector<double> values;
    values.reserve(distinct.size());
    for (const std::string& word : distinct) values.push_back(rarity_of(word));
    std::sort(values.rbegin(), values.rend());
    values.resize(std::min(values.size(), kRarestWords));
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(kRarestWords);
  }

  double rarity_of(const std::string& word) {
    if (context_.settings.rarity) return context_.settings.rarity(word);
    const auto pages = static_cast<double>(context_.document.pages.size());
    const auto with = static_cast<double>(context_.text.pages_with_word(word).size());
    return std::log((pages + 1) / (with + 1));
  }

  /// Boilerplate stands on several pages.
  bool is_unique(const std::string& sentence) {
    return context_.text.pages_with(sentence, 2).size() == 1;
  }

  GeneratorContext& context_;
};

}  // namespace

void generate_sentences(GeneratorContext& context) { SentenceGenerator(context).run(); }

}  // namespace recto
