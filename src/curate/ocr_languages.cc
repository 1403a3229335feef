#include <algorithm>
#include <array>
#include <utility>

#include "base/language_tag.h"
#include "curate/language.h"
#include "curate/ocr.h"

namespace recto {
namespace {

constexpr size_t kMaxPacks = 4;

// Primary subtag of BCP 47 and Tesseract's pack (github.com/tesseract-ocr/tessdata).
constexpr std::pair<std::string_view, std::string_view> kPacks[] = {
    {"af", "afr"}, {"am", "amh"}, {"ar", "ara"},  {"as", "asm"}, {"az", "aze"},    {"be", "bel"},
    {"bg", "bul"}, {"bn", "ben"}, {"bo", "bod"},  {"br", "bre"}, {"bs", "bos"},    {"ca", "cat"},
    {"cs", "ces"}, {"cy", "cym"}, {"da", "dan"},  {"de", "deu"}, {"dv", "div"},    {"dz", "dzo"},
    {"el", "ell"}, {"en", "eng"}, {"eo", "epo"},  {"es", "spa"}, {"et", "est"},    {"eu", "eus"},
    {"fa", "fas"}, {"fi", "fin"}, {"fil", "fil"}, {"fo", "fao"}, {"fr", "fra"},    {"fy", "fry"},
    {"ga", "gle"}, {"gd", "gla"}, {"gl", "glg"},  {"gu", "guj"}, {"he", "heb"},    {"hi", "hin"},
    {"hr", "hrv"}, {"ht", "hat"}, {"hu", "hun"},  {"hy", "hye"}, {"id", "ind"},    {"is", "isl"},
    {"it", "ita"}, {"iu", "iku"}, {"ja", "jpn"},  {"jv", "jav"}, {"ka", "kat"},    {"kk", "kaz"},
    {"km", "khm"}, {"kn", "kan"}, {"ko", "kor"},  {"ky", "kir"}, {"la", "lat"},    {"lb", "ltz"},
    {"lo", "lao"}, {"lt", "lit"}, {"lv", "lav"},  {"mi", "mri"}, {"mk", "mkd"},    {"ml", "mal"},
    {"mn", "mon"}, {"mr", "mar"}, {"ms", "msa"},  {"mt", "mlt"}, {"my", "mya"},    {"nb", "nor"},
    {"ne", "nep"}, {"nl", "nld"}, {"nn", "nor"},  {"no", "nor"}, {"oc", "oci"},    {"or", "ori"},
    {"pa", "pan"}, {"pl", "pol"}, {"ps", "pus"},  {"pt", "por"}, {"qu", "que"},    {"ro", "ron"},
    {"ru", "rus"}, {"sa", "san"}, {"sd", "snd"},  {"si", "sin"}, {"sk", "slk"},    {"sl", "slv"},
    {"sq", "sqi"}, {"sr", "srp"}, {"su", "sun"},  {"sv", "swe"}, {"sw", "swa"},    {"syr", "syr"},
    {"ta", "tam"}, {"te", "tel"}, {"tg", "tgk"},  {"th", "tha"}, {"ti", "tir"},    {"tl", "fil"},
    {"to", "ton"}, {"tr", "tur"}, {"tt", "tat"},  {"ug", "uig"}, {"uk", "ukr"},    {"ur", "urd"},
    {"uz", "uzb"}, {"vi", "vie"}, {"yi", "yid"},  {"yo", "yor"}, {"zh", "chi_sim"}};

bool has_subtag(std::string_view tag, std::string_view subtag) {
  const size_t found = tag.find(subtag);
  if (found == std::string_view::npos || found == 0) return false;
  const size_t end = found + subtag.size();
  const auto divides = [](char c) { return c == '-' || c == '_'; };
  return divides(tag[found - 1]) && (end == tag.size() || divides(tag[end]));
}

/// "" for a language without a pack.
std::string pack_of(std::string_view tag) {
  const std::string primary = primary_language(tag);
  if (primary == "zh" && (has_subtag(tag, "Hant") || has_subtag(tag, "TW") ||
                          has_subtag(tag, "HK") || has_subtag(tag, "MO"))) {
    return "chi_tra";
  }
  if (primary == "sr" && has_subtag(tag, "Latn")) return "srp_latn";
  const auto* found = std::find_if(std::begin(kPacks), std::end(kPacks),
                                   [&](const auto& pair) { return pair.first == primary; });
  return found == std::end(kPacks) ? "" : std::string(found->second);
}

bool is_installed(const OcrProgram& program, std::string_view pack) {
  return std::find(program.packs.begin(), program.packs.end(), pack) != program.packs.end();
}

}  // namespace

std::string ocr_packs(const OcrProgram& program, std::string_view language) {
  if (!language.empty()) {
    std::string pack = pack_of(language);
    return is_installed(program, pack) ? pack : "";
  }
  std::string packs = is_installed(program, "eng") ? "eng" : "";
  size_t count = packs.empty() ? 0 : 1;
  for (const std::string& pack : program.packs) {
    // Orientation and equations are no languages.
    if (pack == "osd" || pack == "equ" || pack == "eng" || count == kMaxPacks) continue;
    packs += (packs.empty() ? "" : "+") + pack;
    ++count;
  }
  return packs;
}

std::string ocr_package(std::string_view language) {
  std::string pack = pack_of(language);
  if (pack.empty()) return "";
  std::replace(pack.begin(), pack.end(), '_', '-');
  return "tesseract-ocr-" + pack;
}

}  // namespace recto
