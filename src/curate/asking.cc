#include "curate/asking.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "curate/text_lines.h"

namespace recto {

namespace {

using Words = std::set<std::string_view>;

/// Words that ask wherever they stand, in lower case. Words that ask in one language and are common
/// in another ("come", "do", "no") are in first_words().
const Words& asking_words() {
  static const Words words = {
      // English
      "how", "what", "what's", "what’s", "why", "where", "where's", "when", "who", "who's", "whom",
      "whose", "which",
      // French
      "comment", "pourquoi", "où", "quand", "quel", "quelle", "quels", "quelles", "combien",
      "lequel", "laquelle", "lesquels", "lesquelles", "quoi", "qui", "faut-il", "est-ce",
      "existe-t-il", "y-a-t-il",
      // German
      "wie", "warum", "wieso", "weshalb", "wer", "wen", "wem", "wessen", "wo", "woher", "wohin",
      "wann", "womit", "wozu", "wofür", "worin", "wodurch", "wieviel", "wieviele", "welche",
      "welcher", "welches", "welchen", "welchem",
      // Spanish, Portuguese, Galician
      "cómo", "qué", "cuál", "cuáles", "cuándo", "cuánto", "cuántos", "cuánta", "cuántas", "dónde",
      "quién", "quiénes", "quê", "qual", "quais", "quando", "quanto", "quantos", "quantas", "onde",
      "quem", "porquê", "ónde", "cales",
      // Italian
      "perché", "perchè", "chi", "cosa", "cos'è", "cos’è", "dove", "dov'è", "quale", "quali",
      "quanti", "quante", "qual'è",
      // Dutch
      "hoe", "wat", "waarom", "waar", "wanneer", "welk", "welke", "waarmee", "waarvoor", "hoeveel",
      // Polish and Russian
      "jak", "dlaczego", "gdzie", "kiedy", "kto", "który", "która", "które", "czy", "czym", "ile",
      "jaki", "jaka", "jakie", "как", "что", "почему", "зачем", "где", "когда", "кто", "какой",
      "какая", "какие", "какое", "сколько", "можно", "ли"};
  return words;
}

/// Words with which a question begins, or who asks speaks of himself.
const Words& first_words() {
  static const Words words = {
      // English
      "can", "could", "should", "may", "must", "shall", "will", "would", "is", "are", "was", "were",
      "does", "do", "did", "has", "have", "isn't", "aren't", "doesn't", "i", "i'm", "i've", "my",
      "we", "if",
      // French
      "puis-je", "peut-on", "dois-je", "doit-on", "je", "j'ai", "mon", "ma", "mes", "peut-il", "y",
      "a-t-il",
      // German
      "was", "kann", "können", "darf", "soll", "sollte", "muss", "gibt", "ist", "sind", "hat",
      "haben", "wird", "werden", "funktioniert", "läuft", "geht", "ich", "mein", "meine", "wenn",
      // Spanish, Portuguese, Italian
      "puedo", "se", "puede", "hay", "es", "está", "debo", "mi", "posso", "pode", "há", "existe",
      "devo", "o", "por", "como", "come", "che", "c'è", "ci", "si", "può", "esiste", "ho", "mio",
      // Dutch and Polish
      "kan", "moet", "mag", "is", "zijn", "heeft", "ik", "mijn", "wie", "co", "mam", "można",
      "mogę", "nie"};
  return words;
}

/// Those a text asks: behind one of first_words().
const Words& readers() {
  static const Words words = {"you",   "your",  "you'd", "sie", "ihr", "ihre", "du", "vous",
                              "votre", "usted", "você",  "tu",  "u",   "je",   "jij"};
  return words;
}

/// Of Chinese and Japanese questions.
constexpr auto kAskingCharacters = std::to_array<std::string_view>(
    {"什么", "什麼", "甚麼", "哪",   "如何",   "怎",     "为何",   "為何",       "谁",
     "誰",   "吗",   "嗎",   "何",   "多少",   "是否",   "どこ",   "なぜ",       "どう",
     "どの", "どれ", "いつ", "だれ", "どんな", "ますか", "ですか", "でしょうか", "いくつ"});

/// Between spaces, without quotation marks and what stands at their ends.
std::vector<std::string> words_of(std::string_view question) {
  constexpr std::string_view kAround = "\"'.,;:!?()[]";
  std::vector<std::string> words;
  std::string text = lower_case(fold_spaces(question));
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    std::string_view word = std::string_view(text).substr(at, end - at);
    at = end + 1;
    for (const std::string_view mark : {"¿", "«", "»", "„", "“", "”"}) {
      if (word.starts_with(mark)) word.remove_prefix(mark.size());
      if (word.ends_with(mark)) word.remove_suffix(mark.size());
    }
    const size_t first = word.find_first_not_of(kAround);
    if (first == std::string_view::npos) continue;
    words.emplace_back(word.substr(first, word.find_last_not_of(kAround) + 1 - first));
  }
  return words;
}

}  // namespace

bool asks_something(std::string_view question) {
  if (std::any_of(kAskingCharacters.begin(), kAskingCharacters.end(), [&](std::string_view one) {
        return question.find(one) != std::string_view::npos;
      })) {
    return true;
  }
  const std::vector<std::string> words = words_of(question);
  if (words.size() < 2) return false;
  const auto asks = [](const std::string& word) {
    const size_t apostrophe = word.find('\'');
    // "qu'est-ce", "l'où", "d'où".
    return asking_words().count(word) != 0 || word.starts_with("qu'") || word.starts_with("qu’") ||
           (apostrophe != std::string::npos &&
            asking_words().count(std::string_view(word).substr(apostrophe + 1)) != 0);
  };
  if (std::any_of(words.begin(), words.end(), asks)) return true;
  return first_words().count(words[0]) != 0 && readers().count(words[1]) == 0;
}

}  // namespace recto
