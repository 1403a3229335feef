#include "learn/remining.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "base/log.h"
#include "learn/data_vectors.h"
#include "learn/train_data_settings.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFile = "negatives.parquet";

Matrix to_matrix(const torch::Tensor& vectors) {
  const torch::Tensor values = vectors.contiguous();
  Matrix matrix(values.size(0), values.size(1));
  std::copy_n(values.data_ptr<float>(), values.numel(), matrix.values.begin());
  return matrix;
}

MiningSettings mining_settings(const TrainSettings& settings, int threads) {
  const RankRange ranks = parse_ranks(settings.remine_ranks);
  MiningSettings mining;
  // What is sampled from is everything the rules leave.
  mining.per_query = settings.negatives_choice == "best" ? settings.negatives : ranks.last;
  mining.first_rank = ranks.first;
  mining.last_rank = ranks.last;
  mining.max_ratio = settings.remine_ratio;
  mining.max_score = settings.remine_max_score;
  mining.threads = threads;
  return mining;
}

struct Counts {
  int64_t queries = 0;    // that have negatives
  int64_t negatives = 0;  // of all of them
  int64_t fresh = 0;      // that the query had not before
};

Counts count(const NegativeLists& now, const NegativeLists& before) {
  Counts counts;
  for (size_t q = 0; q < now.size(); ++q) {
    counts.queries += now[q].empty() ? 0 : 1;
    counts.negatives += std::ssize(now[q]);
    for (const size_t page : now[q]) {
      counts.fresh += std::find(before[q].begin(), before[q].end(), page) == before[q].end();
    }
  }
  return counts;
}

/// The step, then the length of each list and what is in it.
std::vector<int64_t> to_numbers(const MinedNegatives& mined) {
  std::vector<int64_t> numbers{mined.step};
  for (const std::vector<size_t>& list : mined.lists) {
    numbers.push_back(std::ssize(list));
    numbers.insert(numbers.end(), list.begin(), list.end());
  }
  return numbers;
}

MinedNegatives from_numbers(const std::vector<int64_t>& numbers) {
  MinedNegatives mined{numbers.front(), {}};
  for (size_t next = 1; next < numbers.size();) {
    const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(next) + 1;
    mined.lists.emplace_back(first, first + numbers[next]);
    next += static_cast<size_t>(numbers[next]) + 1;
  }
  return mined;
}

}  // namespace

Remining::Remining(const TrainSettings& settings, const TrainingData& data,
                   const InputBuilder& builder, const PageSource& source, int threads,
                   ProcessGroup& group)
    : settings_(settings),
      data_(data),
      builder_(builder),
      source_(source),
      threads_(threads),
      group_(group),
      of_data_(negatives_of(data)) {
  data_has_some_ = std::any_of(of_data_.begin(), of_data_.end(),
                               [](const std::vector<size_t>& list) { return !list.empty(); });
  if (settings.remine_every > 0) miner_.emplace(data, mining_settings(settings, threads));
}

bool Remining::due(int64_t step) const {
  if (!miner_ || step % settings_.remine_every != 0) return false;
  if (mined_ && mined_->step == step) return false;
  return step > 0 || !data_has_some_;
}

int64_t Remining::next(int64_t step) const {
  if (!miner_) return std::numeric_limits<int64_t>::max();
  return (step / settings_.remine_every + 1) * settings_.remine_every;
}

void Remining::mine(RetrieverModel& model, int64_t step, TrainingWatch& watch) {
  const auto start = std::chrono::steady_clock::now();
  watch.measuring();
  const Matrix pages = to_matrix(
      page_vectors(model, data_.pages, source_, threads_, "pages to mine negatives", group_));
  const Matrix queries = to_matrix(query_vectors(model, data_.queries, builder_, group_));
  const NegativeLists before = negatives();
  // Machines may differ in the last bit of a score, but a step must be the same everywhere.
  if (group_.is_first()) mined_ = MinedNegatives{step, miner_->mine(queries, pages)};
  share();
  const Counts counts = count(negatives(), before);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  log_info("step {}: {} of {} queries have hard negatives, {} of {} are new; mined in {:.1f} s",
           step, counts.queries, data_.queries.size(), counts.fresh, counts.negatives,
           took.count());
  watch.mined(
      step + 1,
      {{"queries", counts.queries}, {"negatives", counts.negatives}, {"new", counts.fresh}});
}

void Remining::share() {
  if (group_.size() == 1 || !miner_) return;
  std::vector<int64_t> numbers;
  if (group_.is_first() && mined_) numbers = to_numbers(*mined_);
  numbers = group_.broadcast(numbers);
  if (!group_.is_first() && !numbers.empty()) mined_ = from_numbers(numbers);
}

void Remining::save(const fs::path& checkpoint) const {
  if (mined_) write_mined_negatives(checkpoint / kFile, data_, *mined_);
}

void Remining::restore(const fs::path& checkpoint) {
  mined_.reset();
  if (fs::exists(checkpoint / kFile)) mined_ = read_mined_negatives(checkpoint / kFile, data_);
}

}  // namespace recto
