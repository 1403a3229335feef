#include "serve/metrics.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace recto {
namespace {

constexpr std::array kSeconds = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,  0.2,
                                 0.5,   1.0,   2.0,   5.0,  10.0, 20.0, 50.0, 100.0};
constexpr std::array kSizes = {1.0,   2.0,   4.0,    8.0,    16.0,   32.0,   64.0,   128.0,
                               256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0};

struct DistributionName {
  const char* name;
  const char* help;
  std::span<const double> bounds;
};

DistributionName name_of(ServerMetrics::Distribution what) {
  using enum ServerMetrics::Distribution;
  switch (what) {
    case kPreparing:
      return {"te_embed_tokenization_duration", "Seconds to decode, cut and tokenise", kSeconds};
    case kQueue:
      return {"te_embed_queue_duration", "Seconds inputs waited for the model", kSeconds};
    case kInference:
      return {"te_embed_inference_duration", "Seconds of a batch in the model", kSeconds};
    case kBatchInputs:
      return {"te_batch_next_size", "Inputs of a batch", kSizes};
    case kBatchTokens:
      return {"te_batch_next_tokens", "Tokens of a batch", kSizes};
    default:
      return {"recto_search_duration", "Seconds to rank the pages of the index", kSeconds};
  }
}

void head(std::string& out, const std::string& name, const char* type, const char* help) {
  out += fmt::format("# HELP {} {}.\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

void ServerMetrics::Histogram::add(std::span<const double> bounds, double value) {
  counts.resize(bounds.size() + 1);
  for (size_t i = 0; i < bounds.size(); ++i) counts[i] += value <= bounds[i] ? 1 : 0;
  ++counts.back();
  sum += value;
}

void ServerMetrics::count_request(const std::string& api) {
  const std::lock_guard lock(mutex_);
  ++requests_[api];
}

void ServerMetrics::count_success(const std::string& api, double seconds) {
  const std::lock_guard lock(mutex_);
  ++successes_[api];
  durations_[api].add(kSeconds, seconds);
}

void ServerMetrics::count_failure(const std::string& api, int status) {
  const std::lock_guard lock(mutex_);
  ++failures_[{api, status}];
}

void ServerMetrics::observe(Distribution what, double value) {
  const std::lock_guard lock(mutex_);
  distributions_[what].add(name_of(what).bounds, value);
}

void ServerMetrics::add_queued(int inputs) {
  const std::lock_guard lock(mutex_);
  queued_ += inputs;
}

void ServerMetrics::append(std::string& out, const std::string& name, const std::string& labels,
                           std::span<const double> bounds, const Histogram& histogram) {
  const std::string more = labels.empty() ? "" : labels + ",";
  for (size_t i = 0; i < bounds.size(); ++i) {
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, more, bounds[i], histogram.counts[i]);
  }
  out += fmt::format("{}_bucket{{{}le=\"+Inf\"}} {}\n", name, more, histogram.counts.back());
  const std::string braced = labels.empty() ? "" : "{" + labels + "}";
  out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, braced, histogram.sum, name, braced,
                     histogram.counts.back());
}

std::string ServerMetrics::text(const std::map<std::string, double>& gauges) const {
  const std::lock_guard lock(mutex_);
  std::string out;
  head(out, "te_request_count", "counter", "Requests let in");
  for (const auto& [api, count] : requests_) {
    out += fmt::format("te_request_count{{method=\"{}\"}} {}\n", api, count);
  }
  head(out, "te_request_success", "counter", "Requests answered with what they asked for");
  for (const auto& [api, count] : successes_) {
    out += fmt::format("te_request_success{{method=\"{}\"}} {}\n", api, count);
  }
  head(out, "te_request_failure", "counter", "Requests answered with an error, by its status");
  for (const auto& [key, count] : failures_) {
    out += fmt::format("te_request_failure{{method=\"{}\",status=\"{}\"}} {}\n", key.first,
                       key.second, count);
  }
  head(out, "te_request_duration", "histogram", "Seconds from a whole request to its answer");
  for (const auto& [api, histogram] : durations_) {
    append(out, "te_request_duration", fmt::format("method=\"{}\"", api), kSeconds, histogram);
  }
  for (const auto& [what, histogram] : distributions_) {
    const DistributionName name = name_of(what);
    head(out, name.name, "histogram", name.help);
    append(out, name.name, "", name.bounds, histogram);
  }
  head(out, "te_queue_size", "gauge", "Inputs that wait for the model or are in it");
  out += fmt::format("te_queue_size {}\n", queued_);
  for (const auto& [name, value] : gauges) out += fmt::format("{} {}\n", name, value);
  return out;
}

}  // namespace recto
