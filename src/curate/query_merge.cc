#include "curate/query_merge.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "curate/folded_text.h"
#include "curate/query_row.h"
#include "curate/query_rules.h"
#include "data/query_text.h"

namespace recto {

namespace {

constexpr const char* kStage = "query";

/// What decides an id: the words, for cross-lingual queries with that.
std::string id_key(std::string_view folded, bool crosses) {
  std::string key(folded);
  if (crosses) key += fmt::format("\n{}", kCrossLingualKind);
  return key;
}

/// All candidates that become one query.
struct Variant {
  QueryRow row;
  std::vector<int32_t> pages;           ///< in order of appearance
  bool crosses = false;                 ///< cross-lingual
  std::map<int32_t, PageRange> within;  ///< by page, where Candidate::within leaves pages out
};

/// All candidates with the same words.
struct Group {
  std::string folded;
  std::vector<std::string_view> families;  ///< distinct, in order of appearance
  std::vector<Variant> variants;
};

/// Why a query is dropped, or nothing.
struct Refusal {
  const char* reason = nullptr;
  double score = 0;
  double threshold = 0;
};

void sort_pages(std::vector<int32_t>& pages) {
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
}

}  // namespace

std::string query_id(std::string_view folded, std::string_view kind) {
  return query_id_of(id_key(folded, kind == kCrossLingualKind));
}

struct QueryMerger::State {
  const Corpus& corpus;
  MergeSettings settings;
  WordTokenizer tokenizer;
  std::vector<Group> groups;
  std::unordered_map<std::string, size_t> places;
  std::unordered_map<int32_t, std::vector<int32_t>> duplicates;  ///< pages by duplicate group
  std::unordered_set<std::string> ids;

  State(const Corpus& of, const MergeSettings& with) : corpus(of), settings(with) {
    for (size_t i = 0; i < corpus.pages.size(); ++i) {
      const int32_t group = corpus.pages[i].group;
      if (group >= 0) duplicates[group].push_back(static_cast<int32_t>(i));
    }
  }

  Group& group_of(const std::string& folded) {
    const auto [found, added] = places.emplace(folded, groups.size());
    if (added) groups.push_back({folded, {}, {}});
    return groups[found->second];
  }

  Variant& variant_of(Group& group, const Candidate& candidate, const CorpusPage& page) const {
    const bool crosses = candidate.kind == kCrossLingualKind;
    for (Variant& variant : group.variants) {
      if (variant.crosses == crosses) return variant;
    }
    group.variants.push_back({query_row(candidate, page), {}, crosses, {}});
    return group.variants.back();
  }

  std::string unique_id(const Group& group, const Variant& variant) {
    const std::string key = id_key(group.folded, variant.crosses);
    std::string id = query_id_of(key);
    // Two of 64 bits that are equal are not to be expected; were they, ids would still differ.
    for (int n = 2; !ids.insert(id).second; ++n) id = query_id_of(fmt::format("{}\n#{}", key, n));
    return id;
  }

  /// Pages that show the same are one. Of a cross-lingual query the most in one language.
  int distinct_pages(const Variant& variant) const {
    std::map<std::string_view, std::set<std::pair<bool, int32_t>>> distinct;
    for (const int32_t i : variant.pages) {
      const CorpusPage& page = corpus.pages[i];
      const std::string_view language = variant.crosses ? std::string_view(page.language) : "";
      distinct[language].insert({page.group >= 0, page.group >= 0 ? page.group : i});
    }
    size_t most = 0;
    for (const auto& [language, pages] : distinct) most = std::max(most, pages.size());
    return static_cast<int>(most);
  }

  /// False when the query of `page` names a heading that `other`, of the same document, does not
  /// stand under.
  bool shares_place(const Variant& variant, int32_t page, int32_t other) const {
    const auto within = variant.within.find(page);
    return within == variant.within.end() ||
           corpus.pages[page].document != corpus.pages[other].document ||
           within->second.holds(corpus.pages[other].number);
  }

  /// True for a page that shows again what an earlier one of its document does under another
  /// heading than the query names: a solution that begins with its exercise.
  bool repeats_earlier(const Variant& variant, int32_t page) const {
    const CorpusPage& own = corpus.pages[page];
    if (own.group < 0) return false;
    const std::vector<int32_t>& same = duplicates.at(own.group);
    return std::any_of(same.begin(), same.end(), [&](int32_t other) {
      return other < page && corpus.pages[other].document == own.document &&
             !shares_place(variant, page, other);
    });
  }

  /// False for pages of documents in two languages: the heading that the query names is another
  /// there, and where it was left untranslated the document asks for its page itself.
  bool shares_language(int32_t page, int32_t other) const {
    return languages_agree(corpus.document_of(page).language, corpus.document_of(other).language);
  }

  /// Adds the duplicates of the answers; false when one is of another family.
  bool add_duplicates(Variant& variant, std::string_view family) const {
    const std::vector<int32_t> own = variant.pages;
    for (const int32_t page : own) {
      const int32_t group = corpus.pages[page].group;
      if (group < 0) continue;
      for (const int32_t other : duplicates.at(group)) {
        if (corpus.document_of(other).family != family) return false;
        if (shares_place(variant, page, other) && shares_language(page, other)) {
          variant.pages.push_back(other);
        }
      }
    }
    sort_pages(variant.pages);
    return true;
  }

  /// True when the pages are in languages that differ: the words may be of any of them.
  bool in_several_languages(const Variant& variant) const {
    const std::string& first = corpus.pages[variant.pages.front()].language;
    return std::any_of(variant.pages.begin(), variant.pages.end(), [&](int32_t page) {
      return !languages_agree(first, corpus.pages[page].language);
    });
  }

  Refusal refuse(const Group& group, Variant& variant) const {
    const auto repeats = [&](int32_t page) { return repeats_earlier(variant, page); };
    variant.pages.erase(std::remove_if(variant.pages.begin(), variant.pages.end(), repeats),
                        variant.pages.end());
    if (variant.pages.empty()) return {"repeats an earlier page under another heading"};
    const auto families = static_cast<int>(group.families.size());
    const int pages = distinct_pages(variant);
    if (families >= settings.generic_families) {
      return {"generic: words of many families", double(families),
              double(settings.generic_families)};
    }
    if (families > 1) return {"ambiguous: words of several families", double(families), 1};
    if (pages > settings.max_pages) {
      return {"ambiguous: words of many pages", double(pages), double(settings.max_pages)};
    }
    if (!add_duplicates(variant, group.families.front())) {
      return {"ambiguous: its page stands in several families"};
    }
    return {};
  }
};

QueryMerger::QueryMerger(const Corpus& corpus, const MergeSettings& settings)
    : state_(std::make_unique<State>(corpus, settings)) {}
QueryMerger::~QueryMerger() = default;

bool QueryMerger::add(int32_t document, const Candidate& candidate) {
  const int32_t page = state_->corpus.find_page(document, candidate.page);
  if (page < 0) return false;
  const FoldedText words(state_->tokenizer, candidate.query);
  if (words.empty()) return false;
  Group& group = state_->group_of(words.joined());
  const std::string_view family = state_->corpus.documents[document].family;
  // Once they are generic there is no need to know all families.
  if (std::ssize(group.families) < state_->settings.generic_families &&
      std::find(group.families.begin(), group.families.end(), family) == group.families.end()) {
    group.families.push_back(family);
  }
  Variant& variant = state_->variant_of(group, candidate, state_->corpus.pages[page]);
  // Words of thousands of pages must not cost a search each; sort_pages() removes the repeats.
  if (variant.pages.empty() || variant.pages.back() != page) variant.pages.push_back(page);
  if (candidate.within != PageRange{}) variant.within.emplace(page, candidate.within);
  return true;
}

std::vector<CorpusQuery> QueryMerger::finish(Audit& audit) {
  std::vector<CorpusQuery> queries;
  for (Group& group : state_->groups) {
    for (Variant& variant : group.variants) {
      std::string id = state_->unique_id(group, variant);
      sort_pages(variant.pages);
      const bool several = variant.pages.size() > 1;
      if (const Refusal refusal = state_->refuse(group, variant); refusal.reason != nullptr) {
        audit.drop(std::move(id), kStage, refusal.reason, refusal.score, refusal.threshold);
        continue;
      }
      audit.keep(id, kStage, several ? "on several pages, all of them answers" : "on one page",
                 state_->distinct_pages(variant), state_->settings.max_pages);
      variant.row.query_id = std::move(id);
      if (!variant.crosses && state_->in_several_languages(variant)) {
        variant.row.language.clear();
      }
      queries.push_back({std::move(variant.row), group.folded, std::move(variant.pages)});
    }
    group = {};
  }
  return queries;
}

}  // namespace recto
