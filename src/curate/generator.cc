#include "curate/generator.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "base/interrupt.h"
#include "curate/generator_context.h"

namespace recto {

namespace {

struct Generator {
  GeneratorInfo info;
  void (*run)(GeneratorContext&);
};

const std::vector<Generator>& all() {
  static const std::vector<Generator> generators = {
      {{kOutlineGenerator, "9", "heading",
        "headings of the outline that stand on their page; unspecific ones with the heading above "
        "them or the work's title",
        true},
       generate_outline},
      {{kQuestionGenerator, "6", "question", "headings that ask a question, in the outline or text",
        true},
       generate_questions},
      {{kCaptionGenerator, "3", "caption", "captions of figures, and lists of figures", true},
       generate_captions},
      {{kTableGenerator, "3", "table", "titles of tables, and lists of tables", true},
       generate_tables},
      {{kIndexGenerator, "2", "index", "terms of a back-of-book index that stand on their page",
        true},
       generate_index_terms},
      {{kSentenceGenerator, "1", "sentence", "the sentence of a page with the rarest words", false},
       generate_sentences}};
  return generators;
}

void check_names(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    const bool known = std::any_of(all().begin(), all().end(), [&](const Generator& generator) {
      return generator.info.name == name;
    });
    if (known) continue;
    std::string list;
    for (const Generator& generator : all()) {
      list += fmt::format("{}{}", list.empty() ? "" : ", ", generator.info.name);
    }
    fail(ErrorCode::kUsage, "\"{}\" is no generator of queries; there are {}", name, list);
  }
}

/// Leaves the first of several with the same words on the same page, and none on a page that was
/// not rendered or that lists what is elsewhere.
void remove_repetitions(GeneratorContext& context) {
  std::unordered_set<std::string> seen;
  std::vector<Candidate> kept;
  for (Candidate& candidate : context.out) {
    if (context.document.page(candidate.page) == nullptr) continue;
    if (context.parts.contents_pages.count(candidate.page) != 0) {
      context.audit.drop(context.page_item(candidate.page), candidate.method,
                         "on a page that lists headings");
      continue;
    }
    const std::string folded = context.text.fold(candidate.query).joined();
    if (!seen.insert(fmt::format("{} {}", candidate.page, folded)).second) continue;
    kept.push_back(std::move(candidate));
  }
  context.out = std::move(kept);
}

}  // namespace

const std::vector<GeneratorInfo>& generators() {
  static const std::vector<GeneratorInfo> infos = [] {
    std::vector<GeneratorInfo> list;
    for (const Generator& generator : all()) list.push_back(generator.info);
    return list;
  }();
  return infos;
}

std::set<std::string> default_generators() {
  std::set<std::string> names;
  for (const GeneratorInfo& info : generators()) {
    if (info.on_by_default) names.emplace(info.name);
  }
  return names;
}

std::vector<Candidate> generate(DocumentParts& parts, const GeneratorSettings& settings,
                                Audit& audit) {
  check_names(settings.on);
  std::vector<Candidate> candidates;
  GeneratorContext context{parts, settings, audit, candidates};
  for (const Generator& generator : all()) {
    if (settings.on.count(std::string(generator.info.name)) == 0) continue;
    throw_if_interrupted();
    const size_t before = candidates.size();
    generator.run(context);
    for (size_t i = before; i < candidates.size(); ++i) {
      candidates[i].method = generator.info.name;
      candidates[i].version = generator.info.version;
    }
  }
  remove_repetitions(context);
  return candidates;
}

}  // namespace recto
