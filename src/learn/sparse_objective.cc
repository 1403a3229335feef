#include "learn/sparse_objective.h"

#include <algorithm>
#include <numeric>

#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"
#include "learn/prefetch.h"
#include "model/sparse_text.h"

namespace recto {
namespace {

constexpr size_t kIdfPages = 512;
constexpr size_t kPagesAtOnce = 8;
constexpr uint64_t kIdfStream = 0x696466;  // "idf"

/// Up to kIdfPages places among `count`, drawn without repetition, in rising order.
std::vector<size_t> drawn_places(size_t count, uint64_t seed) {
  std::vector<size_t> places(count);
  std::iota(places.begin(), places.end(), size_t{0});
  Random random(seed, kIdfStream);
  const size_t kept = std::min(count, kIdfPages);
  for (size_t i = 0; i < kept; ++i) std::swap(places[i], places[i + random.below(count - i)]);
  places.resize(kept);
  std::sort(places.begin(), places.end());
  return places;
}

torch::Tensor unit_rows(const torch::Tensor& rows) {
  return rows / rows.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace

torch::Tensor sparse_text_rows(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                               int64_t vocabulary, int gain) {
  torch::Tensor rows = torch::zeros({static_cast<int64_t>(texts.size()), vocabulary});
  int64_t row = 0;
  for (const std::string& text : texts) {
    put_into_row(rows, row++, sparse_text(tokenizer, text, gain));
  }
  return rows;
}

torch::Tensor expected_frequencies(const torch::Tensor& weights, int gain) {
  return -torch::expm1(-torch::expm1(weights) / gain).sum(0);
}

torch::Tensor inverse_frequencies(const torch::Tensor& frequencies, int64_t rows) {
  return torch::log(static_cast<double>(rows + 1) / (frequencies + 1));
}

SparseObjective::SparseObjective(const TrainSettings& settings, const Tokenizer& tokenizer,
                                 const TrainingData& data, int64_t vocabulary, int gain)
    : settings_(settings),
      tokenizer_(tokenizer),
      data_(data),
      vocabulary_(vocabulary),
      gain_(gain) {}

void SparseObjective::measure_idf(RetrieverModel& model, const PageSource& source, int threads,
                                  ProcessGroup& group) {
  const torch::NoGradGuard no_grad;
  const std::vector<size_t> drawn = drawn_places(data_.pages.size(), settings_.seed);
  std::vector<TrainingData::Page> pages;
  for (const size_t place : drawn) pages.push_back(data_.pages[place]);
  const auto own = part_of(pages, group.share(pages.size()));
  Prefetcher<std::vector<PreparedPage>> prepared(
      (own.size() + kPagesAtOnce - 1) / kPagesAtOnce, 2, [&](size_t some) {
        const size_t first = some * kPagesAtOnce;
        const auto part = own.subspan(first, std::min(kPagesAtOnce, own.size() - first));
        return source.prepare(requests(part), threads);
      });
  // One row a page: processes have different numbers of them, and the sum must not depend on that.
  std::vector<torch::Tensor> rows = {torch::zeros({0, vocabulary_})};
  Progress progress("idf", own.size());
  while (auto ready = prepared.next()) {
    throw_if_interrupted();
    source.complete(*ready);
    std::vector<Sequence> sequences;
    for (const PreparedPage& page : *ready) {
      sequences.push_back(page.sequence());
    }
    rows.push_back(model->sparse_rows(sequences).to(torch::kCPU));
    progress.advance(ready->size());
  }
  torch::Tensor all = group.gather(torch::cat(rows, 0), pages.size());
  std::vector<std::string> passages;
  for (const TrainingData::Page& page : pages) passages.push_back(page.passage);
  all = all + sparse_text_rows(tokenizer_, passages, vocabulary_, gain_);
  idf_ = inverse_frequencies(expected_frequencies(all, gain_), all.size(0)).to(model->device());
}

torch::Tensor SparseObjective::with_texts(const torch::Tensor& weights,
                                          const ContrastiveBatch& batch) const {
  std::vector<std::string> queries, passages;
  for (const size_t query : batch.queries) queries.push_back(data_.queries[query].text);
  for (const size_t page : batch.pages) passages.push_back(data_.pages[page].passage);
  const torch::Tensor texts =
      torch::cat({sparse_text_rows(tokenizer_, queries, vocabulary_),
                  sparse_text_rows(tokenizer_, passages, vocabulary_, gain_)},
                 0);
  return weights + texts.to(weights.device());
}

SparseLoss SparseObjective::loss(const torch::Tensor& weights, const ContrastiveBatch& batch,
                                 LossInput masks) const {
  RECTO_CHECK(idf_.defined());
  const torch::Tensor all = with_texts(weights, batch);
  const auto queries = static_cast<int64_t>(batch.queries.size());
  const torch::Tensor pages = all.slice(0, queries);
  const torch::Tensor lengths = pages.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
  set_vectors(masks,
              torch::cat({unit_rows(all.slice(0, 0, queries) * idf_), pages / lengths.sqrt()}, 0),
              batch);
  masks.temperature = settings_.sparse_temperature;
  masks.learned_temperature = torch::Tensor();
  const torch::Tensor infonce = loss_value(LossKind::kInfoNce, masks);
  const torch::Tensor flops = pages.mean(0).square().sum();
  SparseLoss loss;
  loss.total = infonce + settings_.sparse_flops * flops;
  loss.infonce = infonce.item<double>();
  loss.flops = flops.item<double>();
  return loss;
}

}  // namespace recto
