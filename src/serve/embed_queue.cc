#include "serve/embed_queue.h"

#include <algorithm>
#include <utility>

#include "base/stopwatch.h"

namespace recto {

struct EmbedQueue::Request {
  std::vector<ModelInput> inputs;  ///< those in a batch are moved from
  bool sparse = false;
  QueuedVectors vectors;
  size_t next = 0;  ///< first input that is in no batch yet
  size_t done = 0;
  std::exception_ptr error;
  Stopwatch waited = Stopwatch();

  /// After an error what is in a batch is waited for, and nothing else.
  bool is_finished() const { return error ? done == next : done == inputs.size(); }
};

EmbedQueue::EmbedQueue(Embedder& embedder, int64_t batch_tokens, ServerMetrics& metrics)
    : embedder_(embedder),
      batch_tokens_(batch_tokens),
      metrics_(metrics),
      thread_([this] { run(); }) {}

EmbedQueue::~EmbedQueue() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  arrived_.notify_all();
  thread_.join();
}

QueuedVectors EmbedQueue::embed(std::vector<ModelInput> inputs, bool sparse) {
  const int64_t width = embedder_.model().contract().dimensions.front();
  const size_t count = inputs.size();
  Request request{.inputs = std::move(inputs), .sparse = sparse};
  request.vectors.dense = Matrix(static_cast<int64_t>(count), width);
  if (sparse) request.vectors.sparse.resize(count);
  std::unique_lock lock(mutex_);
  if (count > 0) waiting_.push_back(&request);
  metrics_.add_queued(static_cast<int>(count));
  arrived_.notify_one();
  finished_.wait(lock, [&] { return request.is_finished(); });
  lock.unlock();
  metrics_.add_queued(-static_cast<int>(count));
  if (request.error) std::rethrow_exception(request.error);
  return std::move(request.vectors);
}

void EmbedQueue::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::vector<Place> batch = next_batch();
    lock.unlock();
    embed_batch(batch);
    lock.lock();
  }
}

std::vector<EmbedQueue::Place> EmbedQueue::next_batch() {
  std::vector<Place> batch;
  int64_t tokens = 0;
  while (!waiting_.empty()) {
    Request* request = waiting_.front();
    const auto more = static_cast<int64_t>(request->inputs[request->next].ids.size());
    if (!batch.empty() && tokens + more > batch_tokens_) break;
    tokens += more;
    if (request->next == 0) {
      metrics_.observe(ServerMetrics::Distribution::kQueue, request->waited.seconds());
    }
    batch.push_back({request, request->next++});
    waiting_.pop_front();
    if (request->next < request->inputs.size()) waiting_.push_back(request);
  }
  metrics_.observe(ServerMetrics::Distribution::kBatchInputs, static_cast<double>(batch.size()));
  metrics_.observe(ServerMetrics::Distribution::kBatchTokens, static_cast<double>(tokens));
  return batch;
}

void EmbedQueue::embed_batch(std::span<const Place> places) {
  std::vector<ModelInput> inputs;
  inputs.reserve(places.size());
  for (const Place& place : places) inputs.push_back(std::move(place.request->inputs[place.input]));
  embed_inputs(places, inputs);
}

void EmbedQueue::embed_inputs(std::span<const Place> places, std::span<const ModelInput> inputs) {
  std::exception_ptr error;
  try {
    run_model(places, inputs);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error || places.size() == 1) return finish(places, error);
  for (size_t i = 0; i < places.size(); ++i)
    embed_inputs(places.subspan(i, 1), inputs.subspan(i, 1));
}

void EmbedQueue::run_model(std::span<const Place> places, std::span<const ModelInput> inputs) {
  const bool sparse = std::any_of(places.begin(), places.end(),
                                  [](const Place& place) { return place.request->sparse; });
  const Stopwatch watch;
  std::vector<SparseVector> found;
  const Matrix dense = sparse ? embedder_.embed_both(inputs, found) : embedder_.embed(inputs);
  metrics_.observe(ServerMetrics::Distribution::kInference, watch.seconds());
  for (size_t i = 0; i < places.size(); ++i) {
    QueuedVectors& vectors = places[i].request->vectors;
    const auto row = dense.row(static_cast<int64_t>(i));
    std::copy(row.begin(), row.end(),
              vectors.dense.row(static_cast<int64_t>(places[i].input)).begin());
    if (places[i].request->sparse) vectors.sparse[places[i].input] = std::move(found[i]);
  }
}

void EmbedQueue::finish(std::span<const Place> places, const std::exception_ptr& error) {
  const std::lock_guard lock(mutex_);
  for (const Place& place : places) {
    ++place.request->done;
    if (!error) continue;
    place.request->error = error;
    std::erase(waiting_, place.request);
  }
  finished_.notify_all();
}

}  // namespace recto
