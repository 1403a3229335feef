#pragma once
// Requests of many clients through one model: what waits is put together into batches.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "model/embedder.h"
#include "serve/metrics.h"

namespace recto {

/// Of the inputs of a request, in order.
struct QueuedVectors {
  Matrix dense;                      ///< [inputs, width], full width
  std::vector<SparseVector> sparse;  ///< as Embedder::embed_both() gives them; empty if unwanted
};

/// A thread that embeds batches of at most a number of tokens. Each waiting request gives a batch
/// one input in turn, so that a small request does not wait for the whole of a large one; an error
/// in a batch ends the request whose input makes it, and no other. Thread-safe.
class EmbedQueue {
 public:
  /// All must outlive the queue.
  EmbedQueue(Embedder& embedder, int64_t batch_tokens, ServerMetrics& metrics);
  /// Nothing may wait in embed() any more.
  ~EmbedQueue();
  EmbedQueue(const EmbedQueue&) = delete;
  EmbedQueue& operator=(const EmbedQueue&) = delete;

  /// Waits its turn. Throws what the embedder does.
  QueuedVectors embed(std::vector<ModelInput> inputs, bool sparse);

 private:
  struct Request;
  struct Place {
    Request* request;
    size_t input;
  };

  void run();
  /// Called with the lock held.
  std::vector<Place> next_batch();
  void embed_batch(std::span<const Place> places);
  /// The inputs of `places`, all of them again one by one after an error.
  void embed_inputs(std::span<const Place> places, std::span<const ModelInput> inputs);
  void run_model(std::span<const Place> places, std::span<const ModelInput> inputs);
  void finish(std::span<const Place> places, const std::exception_ptr& error);

  Embedder& embedder_;
  const int64_t batch_tokens_;
  ServerMetrics& metrics_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable finished_;
  std::deque<Request*> waiting_;  ///< with inputs that are in no batch yet, next in turn first
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace recto
