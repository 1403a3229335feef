#include "serve/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recto {
namespace {

using ::testing::HasSubstr;

TEST(ServerMetrics, CountsAndTimesAsPrometheusReadsThem) {
  ServerMetrics metrics;
  metrics.count_request("embed");
  metrics.count_request("embed");
  metrics.count_success("embed", 0.03);
  metrics.count_failure("embed", 413);
  metrics.observe(ServerMetrics::Distribution::kBatchInputs, 3);
  metrics.observe(ServerMetrics::Distribution::kBatchInputs, 1e9);
  metrics.add_queued(5);
  metrics.add_queued(-2);
  const std::string text = metrics.text({{"recto_index_pages", 7}});
  for (const char* line :
       {"# TYPE te_request_count counter\nte_request_count{method=\"embed\"} 2\n",
        "te_request_success{method=\"embed\"} 1\n",
        "te_request_failure{method=\"embed\",status=\"413\"} 1\n",
        "# TYPE te_request_duration histogram\n",
        "te_request_duration_bucket{method=\"embed\",le=\"0.02\"} 0\n",
        "te_request_duration_bucket{method=\"embed\",le=\"0.05\"} 1\n",
        "te_request_duration_bucket{method=\"embed\",le=\"+Inf\"} 1\n",
        "te_request_duration_sum{method=\"embed\"} 0.03\n",
        "te_batch_next_size_bucket{le=\"2\"} 0\n", "te_batch_next_size_bucket{le=\"4\"} 1\n",
        "te_batch_next_size_bucket{le=\"16384\"} 1\n", "te_batch_next_size_bucket{le=\"+Inf\"} 2\n",
        "te_batch_next_size_count 2\n", "te_queue_size 3\n", "recto_index_pages 7\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace recto
