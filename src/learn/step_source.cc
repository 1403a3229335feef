#include "learn/step_source.h"

#include "base/error.h"
#include "base/log.h"

namespace recto {
namespace {

/// Hard negatives that are asked for and not there must not be passed over in silence.
void check_negatives(const TrainingData& data, const TrainSettings& settings) {
  size_t with = 0;
  for (const TrainingData::Query& query : data.queries) with += query.negatives.empty() ? 0 : 1;
  if (settings.negatives == 0) with = 0;
  if (settings.loss == "binegative" && with == 0) {
    fail(ErrorCode::kUsage,
         "--loss binegative compares a page with hard negatives, but {}; take --loss infonce, or "
         "mine negatives first",
         settings.negatives == 0 ? "--negatives is 0" : "the dataset has none");
  }
  log_info("{} of {} queries have hard negatives; at most {} each are used", with,
           data.queries.size(), settings.negatives);
}

}  // namespace

StepSource::StepSource(const TrainSettings& settings)
    : settings_(settings), dataset_(Dataset::open(settings.data)) {
  train_ = load_training_data(*dataset_, "train");
  if (settings.eval_queries > 0) {
    held_out_ = hold_out(*dataset_, train_, settings.eval_queries, settings.seed);
  }
  log_info("{} pairs of {} queries; held out: {} queries on {} pages", train_.pairs.size(),
           train_.queries.size(), held_out_.queries.size(), held_out_.pages.size());
  sampler_.emplace(train_.pairs.size(), settings.batch_size, settings.seed);
  if (batch_size() < 2 && settings.negatives == 0) {
    fail(ErrorCode::kUsage,
         "a batch of one pair without hard negatives has nothing to tell its page from: raise "
         "--batch-size or --negatives");
  }
  check_negatives(train_, settings);
}

PreparedStep StepSource::prepare(int64_t step, const InputBuilder& builder, const PageSource& pages,
                                 int threads) {
  PreparedStep prepared;
  prepared.batch = make_batch(train_, sampler_->batch(step), settings_.negatives);
  for (const size_t query : prepared.batch.queries) {
    prepared.queries.push_back(builder.query(train_.queries[query].text));
  }
  std::vector<TrainingData::Page> wanted;
  for (const size_t page : prepared.batch.pages) wanted.push_back(train_.pages[page]);
  prepared.pages = pages.prepare(wanted, threads);
  return prepared;
}

}  // namespace recto
