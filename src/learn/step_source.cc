#include "learn/step_source.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "learn/loss_terms.h"

namespace recto {
namespace {

/// Hard negatives that are asked for and not there must not be passed over in silence.
void check_negatives(const TrainingData& data, const TrainSettings& settings) {
  size_t with = 0;
  for (const TrainingData::Query& query : data.queries) with += query.negatives.empty() ? 0 : 1;
  if (settings.negatives == 0) with = 0;
  for (const LossTerm& term : parse_losses(settings.loss)) {
    const bool needed =
        term.kind == LossKind::kBiNegative || term.kind == LossKind::kDistillMarginMse;
    if (!needed || with > 0) continue;
    fail(ErrorCode::kUsage,
         "--loss {} compares a page with hard negatives, but {}; take another loss, or mine "
         "negatives first",
         loss_name(term.kind),
         settings.negatives == 0 ? "--negatives is 0" : "the dataset has none");
  }
  log_info("{} of {} queries have hard negatives; at most {} each are used", with,
           data.queries.size(), settings.negatives);
}

/// Whether a loss sets documents against each other (distill_cosine looks at one at a time).
bool compares_documents(const TrainSettings& settings) {
  const std::vector<LossTerm> terms = parse_losses(settings.loss);
  return std::any_of(terms.begin(), terms.end(),
                     [](const LossTerm& term) { return term.kind != LossKind::kDistillCosine; });
}

void check_batches(const BatchSampler& sampler, const TrainSettings& settings) {
  if (sampler.smallest_batch() < 2 && settings.negatives == 0 && compares_documents(settings)) {
    fail(ErrorCode::kUsage,
         "a batch of one pair without hard negatives has nothing to tell its page from: raise "
         "--batch-size or --negatives{}",
         sampler.batch_size() > 1 ? ", or take --batches mixed: a source has a single pair" : "");
  }
  if (sampler.smallest_batch() < static_cast<size_t>(settings.batch_size)) {
    log_warning("--batch-size is {}, but there are {} pairs{}; batches are as small as that",
                settings.batch_size, sampler.smallest_batch(),
                sampler.smallest_batch() < sampler.batch_size() ? " of a source" : "");
  }
}

/// What is drawn how often, and how often it cannot be helped that rivals meet.
void say_mix(BatchSampler& sampler, const TrainingData& data) {
  if (sampler.groups().size() > 1) {
    for (const MixGroup& group : sampler.groups()) {
      log_info("{}, {}: {} pairs, {:.1f} % of the draws", data.sources[group.source].name,
               group.language.empty() ? "language unknown" : group.language, group.pairs.size(),
               100 * group.share);
    }
  }
  if (const size_t shared = sampler.shared(0); shared > 0) {
    log_info(
        "{} pairs of an epoch meet one of the same page, near-duplicates or query in their batch, "
        "since there are too many of them",
        shared);
  }
}

}  // namespace

StepSource::StepSource(const TrainSettings& settings)
    : settings_(settings),
      sources_(settings.data, settings.eval_queries, settings.seed),
      sampler_(train(), {.batch_size = settings.batch_size,
                         .per_source = settings.batches == "per-source",
                         .balance = settings.balance,
                         .seed = settings.seed}) {
  log_info("{} pairs of {} queries; measured on {} queries and {} pages", train().pairs.size(),
           train().queries.size(), held_out().queries.size(), held_out().pages.size());
  check_batches(sampler_, settings);
  say_mix(sampler_, train());
  check_negatives(train(), settings);
}

PreparedStep StepSource::prepare(int64_t step, const InputBuilder& builder, const PageSource& pages,
                                 int threads) {
  PreparedStep prepared;
  prepared.batch = make_batch(train(), sampler_.batch(step), settings_.negatives);
  for (const size_t query : prepared.batch.queries) {
    prepared.queries.push_back(builder.query(train().queries[query].text));
  }
  std::vector<PageRequest> wanted;
  for (const size_t page : prepared.batch.pages) wanted.push_back({&train().pages[page]});
  prepared.pages = pages.prepare(wanted, threads);
  return prepared;
}

}  // namespace recto
