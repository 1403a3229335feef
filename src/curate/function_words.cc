#include "curate/function_words.h"

#include <set>

namespace recto {

bool is_function_word(std::string_view word) {
  static const std::set<std::string_view> kWords = {
      // en
      "a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "of", "on", "or", "other",
      "the", "their", "this", "that", "to", "vs", "with", "without",
      // de
      "als", "andere", "anderen", "auf", "aus", "bei", "das", "dem", "den", "der", "des", "die",
      "eine", "einem", "einen", "einer", "eines", "für", "fur", "im", "mit", "nach", "oder", "ohne",
      "sowie", "und", "vom", "von", "zu", "zum", "zur",
      // fr
      "à", "au", "aux", "autre", "autres", "avec", "dans", "de", "du", "en", "et", "le", "les",
      "ou", "par", "partir", "pour", "sans", "sur", "une",
      // es, pt
      "con", "del", "el", "la", "las", "los", "otra", "otras", "otro", "otros", "outra", "outras",
      "outro", "outros", "para", "por", "pelo", "pela", "sem", "sin", "uma", "una", "y", "com",
      "da", "das", "do", "dos", "e", "em", "na", "nas", "no", "nos", "o", "os",
      // it
      "agli", "al", "alla", "alle", "altra", "altri", "altro", "che", "dal", "dalla", "degli",
      "dell", "della", "delle", "dello", "di", "gli", "il", "nei", "nel", "nell", "nella", "per",
      "senza", "sul", "sull", "sulla", "tra",
      // nl, pl
      "een", "het", "met", "naar", "of", "op", "van", "voor", "zonder", "bez", "dla", "i", "lub",
      "oraz", "przez", "w", "z"};
  return kWords.count(word) != 0;
}

}  // namespace recto
