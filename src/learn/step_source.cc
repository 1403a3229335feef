#include "learn/step_source.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "learn/loss_terms.h"

namespace recto {
namespace {

constexpr uint64_t kEdgeStream = 0x65646765;  // "edge"

size_t queries_with_negatives(const TrainingData& data, const TrainSettings& settings) {
  if (settings.negatives == 0) return 0;
  return static_cast<size_t>(
      std::count_if(data.queries.begin(), data.queries.end(),
                    [](const TrainingData::Query& query) { return !query.negatives.empty(); }));
}

/// Hard negatives that are asked for and not there must not be passed over in silence.
void check_negatives(const TrainingData& data, const TrainSettings& settings) {
  const size_t with = queries_with_negatives(data, settings);
  for (const LossTerm& term : parse_losses(settings.loss)) {
    const bool needed =
        term.kind == LossKind::kBiNegative || term.kind == LossKind::kDistillMarginMse;
    if (!needed || with > 0 || settings.remine_every > 0) continue;
    fail(ErrorCode::kUsage,
         "--loss {} compares a page with hard negatives, but {}; take another loss, or "
         "--remine-every to search some",
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

void check_batches(const BatchSampler& sampler, const TrainingData& data,
                   const TrainSettings& settings) {
  const bool has_negatives = queries_with_negatives(data, settings) > 0 ||
                             (settings.negatives > 0 && settings.remine_every > 0);
  if (sampler.smallest_batch() < 2 && !has_negatives && compares_documents(settings)) {
    fail(ErrorCode::kUsage,
         "a batch of one pair without hard negatives has nothing to tell its page from: raise "
         "--batch-size, or {}{}",
         settings.negatives == 0 ? "--negatives"
                                 : "search hard negatives with --remine-every: the data have none",
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

StepSource::StepSource(const TrainSettings& settings, const ProcessGroup& group)
    : settings_(settings),
      group_(group),
      sources_(settings.data, settings.eval_queries, settings.seed),
      sampler_(train(), {.batch_size = settings.batch_size,
                         .per_source = settings.batches == "per-source",
                         .balance = settings.balance,
                         .seed = settings.seed}),
      negatives_(negatives_of(train())) {
  log_info("{} pairs of {} queries; measured on {} queries and {} pages", train().pairs.size(),
           train().queries.size(), held_out().queries.size(), held_out().pages.size());
  check_batches(sampler_, train(), settings);
  say_mix(sampler_, train());
  check_negatives(train(), settings);
}

int StepSource::longest_edge(int64_t step, size_t page) const {
  const std::vector<int>& edges = settings_.longest_edges;
  if (edges.empty()) return 0;
  const uint64_t of_step =
      Random(Random(settings_.seed, kEdgeStream).next(), static_cast<uint64_t>(step)).next();
  return edges[Random(of_step, page).below(edges.size())];
}

PreparedStep StepSource::prepare(int64_t step, const InputBuilder& builder, const PageSource& pages,
                                 int threads) {
  PreparedStep prepared;
  const std::vector<size_t> pairs = sampler_.batch(step);
  const NegativeChoice choice{.most = settings_.negatives,
                              .sampled = settings_.negatives_choice == "sampled",
                              .seed = settings_.seed};
  prepared.batch =
      make_batch(train(), pairs, choose_negatives(train(), negatives_, pairs, choice, step));
  prepared.own_queries = group_.share(prepared.batch.queries.size());
  prepared.own_pages = group_.share(prepared.batch.pages.size());
  for (const size_t query : part_of(prepared.batch.queries, prepared.own_queries)) {
    prepared.queries.push_back(builder.query(train().queries[query].text));
  }
  std::vector<PageRequest> wanted;
  for (const size_t page : part_of(prepared.batch.pages, prepared.own_pages)) {
    wanted.push_back({&train().pages[page], longest_edge(step, page)});
  }
  prepared.pages = pages.prepare(wanted, threads);
  return prepared;
}

StepIds StepSource::ids(const ContrastiveBatch& batch) const {
  StepIds ids;
  for (const size_t query : batch.queries) ids.queries.push_back(train().queries[query].id);
  for (const size_t page : batch.pages) ids.pages.push_back(train().pages[page].id);
  return ids;
}

}  // namespace recto
