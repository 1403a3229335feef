#include "engine/attention.h"

#include <algorithm>
#include <cmath>

#include "engine/attention_layout.h"
#include "engine/kernels.h"
#include "engine/team.h"

namespace recto {

void attention(const AttentionShape& shape, const float* qkv, int64_t tokens, float* output,
               Workspace& workspace) {
  // A unit of work is a key/value head and a range of queries. With one thread a head's keys and
  // values are packed once; more threads than heads share a head and pack it once each.
  const double pairs = static_cast<double>(tokens) * static_cast<double>(tokens);
  const int threads =
      worthwhile_threads(workspace.threads, 4 * pairs * static_cast<double>(shape.output_row()));
  const int64_t blocks = (tokens + kQueryBlock - 1) / kQueryBlock;
  const int64_t wanted = threads <= 1 ? 1 : (2 * threads + shape.kv_heads - 1) / shape.kv_heads;
  const int64_t parts = std::min(wanted, blocks);
  const int64_t part_rows = (blocks + parts - 1) / parts * kQueryBlock;
  const int64_t scratch = round_up(attention_scratch_floats(tokens, shape.head_dim), 16);
  float* const memory = workspace.attention.reserve(scratch * std::max(1, threads));
  const int group = shape.heads / shape.kv_heads;
  const int64_t dim = shape.head_dim;

  team_for(threads, shape.kv_heads * parts, [&](int64_t unit) {
    const int64_t head = unit / parts;
    AttentionTask task;
    task.first_query = unit % parts * part_rows;
    task.end_query = std::min(tokens, task.first_query + part_rows);
    if (task.first_query >= task.end_query) return;
    task.query = qkv + head * group * dim;
    task.key = qkv + (shape.heads + head) * dim;
    task.value = qkv + (shape.heads + shape.kv_heads + head) * dim;
    task.stride = shape.row();
    task.output = output + head * group * dim;
    task.output_stride = shape.output_row();
    task.tokens = tokens;
    task.query_heads = group;
    task.head_dim = shape.head_dim;
    task.causal = shape.causal;
    task.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(dim)));
    task.scratch = memory + team_index() * scratch;
    kernels().attend(task);
  });
}

}  // namespace recto
