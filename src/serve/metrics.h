#pragma once
// Counts and times of a server, as Prometheus reads them. The names that Text Embeddings Inference
// has too are its own, so that dashboards made for it go on working.

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace recto {

/// Thread-safe.
class ServerMetrics {
 public:
  /// A request that was let in; `api` is the name of its route ("openai_embeddings").
  void count_request(const std::string& api);
  /// How it ended. `seconds` from its body to its answer.
  void count_success(const std::string& api, double seconds);
  void count_failure(const std::string& api, int status);

  /// Times of the parts of a request and sizes of batches.
  enum class Distribution {
    kPreparing,    ///< te_embed_tokenization_duration: decoding, cutting, tokenising
    kQueue,        ///< te_embed_queue_duration
    kInference,    ///< te_embed_inference_duration
    kBatchInputs,  ///< te_batch_next_size
    kBatchTokens,  ///< te_batch_next_tokens
    kSearch,       ///< recto_search_duration: the ranking alone
  };
  void observe(Distribution what, double value);

  /// Inputs that wait or are in hand.
  void add_queued(int inputs);

  /// The text of GET /metrics; `gauges` are further lines' names and values.
  std::string text(const std::map<std::string, double>& gauges) const;

 private:
  struct Histogram {
    std::vector<uint64_t> counts;  ///< of values up to each bound, then of all
    double sum = 0;
    void add(std::span<const double> bounds, double value);
  };
  static void append(std::string& out, const std::string& name, const std::string& labels,
                     std::span<const double> bounds, const Histogram& histogram);

  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> requests_, successes_;
  std::map<std::pair<std::string, int>, uint64_t> failures_;
  std::map<std::string, Histogram> durations_;
  std::map<Distribution, Histogram> distributions_;
  int queued_ = 0;
};

}  // namespace recto
