#include "curate/cross_lingual.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/language_tag.h"
#include "curate/generator_context.h"
#include "curate/outline_alignment.h"
#include "data/query_text.h"

namespace recto {

namespace {

constexpr size_t kMinEntries = 10;
/// A heading of fewer words or letters comes with what it stands under: for a page that has none of
/// its words there is nothing else to go by.
constexpr size_t kTellingWords = 8;
constexpr int kTellingLetters = 42;

bool is_telling_abroad(const HeadingContext& around, const Heading& heading,
                       const FoldedText& words) {
  if (around.is_repeated(heading)) return false;
  if (is_question(heading.query)) return is_telling_question(words);
  return words.words() >= kTellingWords && words.letters() >= kTellingLetters;
}

/// The heading as it asks for the page of a translation, "" when it says too little.
std::string query_abroad(const HeadingContext& around, const Heading& heading,
                         const FoldedText& words) {
  if (is_telling_abroad(around, heading, words)) return around.with_title(heading.query);
  ContextQuery path = around.with_context(heading);
  if ((is_introduction(heading) || around.is_repeated(heading)) && path.within == PageRange{}) {
    return "";
  }
  return path.text.empty() && is_telling(words) ? heading.query : path.text;
}

std::vector<OutlinePlace> places_of(const TranslatedWork& work) {
  std::vector<OutlinePlace> places;
  places.reserve(work.outline.size());
  for (const TranslatedHeading& heading : work.outline) {
    places.push_back({heading.level, heading.outline_page});
  }
  return places;
}

std::vector<int> levels_of(const TranslatedWork& work) {
  std::vector<int> levels;
  levels.reserve(work.outline.size());
  for (const TranslatedHeading& heading : work.outline) levels.push_back(heading.level);
  return levels;
}

/// "pt-BR" and "pt" are one language: a heading in the one asks for nothing foreign in the other.
bool may_be_translations(const TranslatedWork& a, const TranslatedWork& b) {
  const bool same_work = (!a.name_key.empty() && a.name_key == b.name_key) ||
                         (!a.family.empty() && a.family == b.family);
  return same_work && !a.language.empty() && !b.language.empty() &&
         primary_language(a.language) != primary_language(b.language) &&
         a.outline.size() >= kMinEntries && b.outline.size() >= kMinEntries;
}

struct Translation {
  size_t first;
  size_t second;
  OutlineAlignment alignment;
};

/// Positions by name key and by family, so that only documents that share one are compared.
std::vector<Translation> find_all(const std::vector<TranslatedWork>& works,
                                  const CrossLingualSettings& settings) {
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t i = 0; i < works.size(); ++i) {
    if (!works[i].name_key.empty()) groups["name " + works[i].name_key].push_back(i);
    if (!works[i].family.empty()) groups["family " + works[i].family].push_back(i);
  }
  std::set<std::pair<size_t, size_t>> pairs;
  for (const auto& [key, members] : groups) {
    for (size_t a = 0; a < members.size(); ++a) {
      for (size_t b = a + 1; b < members.size(); ++b) {
        if (may_be_translations(works[members[a]], works[members[b]])) {
          pairs.emplace(members[a], members[b]);
        }
      }
    }
  }
  std::vector<Translation> translations;
  for (const auto& [first, second] : pairs) {
    throw_if_interrupted();
    OutlineAlignment alignment = align_outlines(levels_of(works[first]), levels_of(works[second]));
    if (alignment.agreement >= settings.min_agreement) {
      translations.push_back({first, second, std::move(alignment)});
    }
  }
  return translations;
}

/// Who may ask for one heading: a heading of another document.
struct Asker {
  size_t work;
  size_t entry;
};

class CrossLingual {
 public:
  CrossLingual(const std::vector<TranslatedWork>& works, const CrossLingualSettings& settings,
               Audit& audit)
      : works_(works),
        settings_(settings),
        audit_(audit),
        askers_(works.size()),
        counts_(works.size()) {
    for (size_t i = 0; i < works.size(); ++i) {
      askers_[i].resize(works[i].outline.size());
      places_.push_back(places_of(works[i]));
      for (const TranslatedHeading& heading : works[i].outline) ++counts_[i][heading.folded];
    }
    for (const Translation& found : find_all(works, settings)) {
      for (const auto& [a, b] : found.alignment.pairs) {
        askers_[found.first][a].push_back({found.second, b});
        askers_[found.second][b].push_back({found.first, a});
      }
    }
  }

  std::vector<CrossLingualCandidate> run() {
    for (size_t work = 0; work < works_.size(); ++work) {
      for (size_t entry = 0; entry < askers_[work].size(); ++entry) ask_for(work, entry);
    }
    return std::move(out_);
  }

 private:
  const TranslatedHeading& heading(const Asker& asker) const {
    return works_[asker.work].outline[asker.entry];
  }

  void ask_for(size_t work, size_t entry) {
    const TranslatedHeading& target = works_[work].outline[entry];
    if (target.page == 0 || askers_[work][entry].empty()) return;
    std::vector<Asker> fit;
    for (const Asker& asker : askers_[work][entry]) {
      if (heading(asker).query.empty()) continue;
      if (const char* reason = refuse(asker, work, entry)) {
        drop(work, entry, asker, reason);
      } else {
        fit.push_back(asker);
      }
    }
    // Each entry begins with another language, so that all ask equally often.
    const auto wanted = settings_.languages_per_heading == 0
                            ? fit.size()
                            : static_cast<size_t>(settings_.languages_per_heading);
    std::set<std::string> languages;
    for (size_t i = 0; i < fit.size() && languages.size() < wanted; ++i) {
      const Asker& asker = fit[(entry + work + i) % fit.size()];
      if (!languages.insert(primary_language(works_[asker.work].language)).second) continue;
      add(work, entry, asker);
    }
  }

  /// Why the asker's heading is no query for this one, or null.
  const char* refuse(const Asker& asker, size_t work, size_t entry) const {
    const TranslatedHeading& query = heading(asker);
    if (query.folded == works_[work].outline[entry].folded) return "the same in both languages";
    if (counts_[asker.work].at(query.folded) > 1) return "repeated in its own outline";
    for (const Asker& third : askers_[asker.work][asker.entry]) {
      if (heading(third).folded == query.folded) return "untranslated";
    }
    return nullptr;
  }

  void drop(size_t work, size_t entry, const Asker& asker, const char* reason) {
    audit_.drop(fmt::format("{}#outline-{}", works_[work].document_id, entry + 1),
                kCrossLingualGenerator,
                fmt::format("{} ({})", reason, works_[asker.work].language));
  }

  void add(size_t work, size_t entry, const Asker& asker) {
    const TranslatedHeading& target = works_[work].outline[entry];
    Candidate candidate;
    candidate.query = heading(asker).query;
    candidate.kind = kCrossLingualKind;
    candidate.method = kCrossLingualGenerator;
    candidate.version = std::string(kCrossLingualVersion);
    candidate.language = works_[asker.work].language;
    candidate.page = target.page;
    candidate.section = target.folded;
    candidate.outline_entry = static_cast<int>(entry);
    candidate.within = pages_above(places_[work], entry);
    out_.push_back({work, std::move(candidate)});
  }

  const std::vector<TranslatedWork>& works_;
  const CrossLingualSettings& settings_;
  Audit& audit_;
  std::vector<std::vector<std::vector<Asker>>> askers_;       ///< by work and entry
  std::vector<std::unordered_map<std::string, int>> counts_;  ///< folded headings by work
  std::vector<std::vector<OutlinePlace>> places_;             ///< by work
  std::vector<CrossLingualCandidate> out_;
};

}  // namespace

std::vector<TranslatedHeading> translated_headings(DocumentParts& parts) {
  std::vector<TranslatedHeading> outline;
  outline.reserve(parts.document.outline.size());
  for (const OutlineEntry& entry : parts.document.outline) {
    outline.push_back({entry.level, 0, "", "", entry.page});
  }
  for (const Heading& heading : parts.headings) {
    const FoldedText folded = parts.text.fold(heading.query);
    if (parts.contents_pages.count(heading.page) != 0) continue;
    if (parts.section_text.unanswered(heading) != nullptr) continue;
    TranslatedHeading& entry = outline[static_cast<size_t>(heading.entry)];
    entry.page = heading.page;
    entry.folded = heading.folded;
    entry.query = query_abroad(parts.around, heading, folded);
  }
  return outline;
}

std::vector<std::pair<size_t, size_t>> find_translations(const std::vector<TranslatedWork>& works,
                                                         const CrossLingualSettings& settings) {
  std::vector<std::pair<size_t, size_t>> pairs;
  for (const Translation& found : find_all(works, settings)) {
    pairs.emplace_back(found.first, found.second);
  }
  return pairs;
}

std::vector<CrossLingualCandidate> cross_lingual_queries(const std::vector<TranslatedWork>& works,
                                                         const CrossLingualSettings& settings,
                                                         Audit& audit) {
  return CrossLingual(works, settings, audit).run();
}

}  // namespace recto
