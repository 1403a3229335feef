#include "learn/packed_attention.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

#include "learn/layers.h"

namespace recto {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows of a run, [sequences, length, width].
Tensor part(const Tensor& rows, const PackRun& run) {
  return rows.narrow(0, run.first_row, run.sequences * run.length)
      .view({run.sequences, run.length, rows.size(1)});
}

/// Of a run, [sequences, heads, length, d].
Tensor heads_of(const Tensor& rows, const PackRun& run, int64_t heads) {
  return part(rows, run).view({run.sequences, run.length, heads, -1}).transpose(1, 2);
}

/// Each key head as often as query heads read it, [sequences, heads, length, d].
Tensor repeated_heads(const Tensor& rows, const PackRun& run, const AttentionHeads& heads) {
  return heads_of(rows, run, heads.keys).repeat_interleave(heads.queries / heads.keys, 1);
}

/// Adds up what repeated_heads() repeated, and puts it at the rows of the run.
void sum_heads(const Tensor& d, const PackRun& run, const AttentionHeads& heads, Tensor& rows) {
  Tensor out = heads_of(rows, run, heads.keys);
  at::sum_out(out, d.unflatten(1, {heads.keys, heads.queries / heads.keys}), 2);
}

/// torch's flash attention, whose repeated keys and values are not kept, nor its result twice.
class PackedAttention : public torch::autograd::Function<PackedAttention> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        const std::vector<PackRun>* runs, const AttentionHeads& heads) {
    Tensor mixed = torch::empty_like(q);
    variable_list saved = {q, k, v, mixed};
    for (const PackRun& run : *runs) {
      const auto [out, log_sum] = at::_scaled_dot_product_flash_attention_for_cpu(
          heads_of(q, run, heads.queries), repeated_heads(k, run, heads),
          repeated_heads(v, run, heads), 0, heads.causal);
      heads_of(mixed, run, heads.queries).copy_(out);
      saved.push_back(log_sum);
    }
    context->save_for_backward(saved);
    context->saved_data["heads"] = std::vector<int64_t>{heads.queries, heads.keys, heads.causal};
    std::vector<int64_t> numbers;
    for (const PackRun& run : *runs) {
      numbers.insert(numbers.end(), {run.first_row, run.sequences, run.length});
    }
    context->saved_data["runs"] = std::move(numbers);
    return mixed;
  }

  static variable_list backward(AutogradContext* context, const variable_list& d) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &mixed = saved[3];
    const std::vector<int64_t> kinds = context->saved_data["heads"].toIntVector();
    const AttentionHeads heads{kinds[0], kinds[1], kinds[2] != 0};
    const std::vector<int64_t> runs = context->saved_data["runs"].toIntVector();
    const Tensor dy = d[0].contiguous();
    Tensor dq = torch::empty_like(q), dk = torch::empty_like(k), dv = torch::empty_like(v);
    for (size_t i = 0; 3 * i < runs.size(); ++i) {
      const PackRun run{runs[3 * i], runs[3 * i + 1], runs[3 * i + 2]};
      const auto [own_dq, own_dk, own_dv] =
          at::_scaled_dot_product_flash_attention_for_cpu_backward(
              heads_of(dy, run, heads.queries), heads_of(q, run, heads.queries),
              repeated_heads(k, run, heads), repeated_heads(v, run, heads),
              heads_of(mixed, run, heads.queries), saved[4 + i], 0, heads.causal);
      heads_of(dq, run, heads.queries).copy_(own_dq);
      sum_heads(own_dk, run, heads, dk);
      sum_heads(own_dv, run, heads, dv);
    }
    return {dq, dk, dv, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor packed_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                        const std::vector<PackRun>& runs, const AttentionHeads& heads) {
  if (q.is_cpu() && q.scalar_type() == torch::kFloat32 &&
      !at::autocast::is_autocast_enabled(at::kCPU)) {
    return PackedAttention::apply(q, k, v, &runs, heads);
  }
  variable_list mixed;
  for (const PackRun& run : runs) {
    mixed.push_back(
        attention(part(q, run), part(k, run), part(v, run), heads.queries, heads.keys, heads.causal)
            .flatten(0, 1));
  }
  return mixed.size() == 1 ? mixed[0] : torch::cat(mixed, 0);
}

}  // namespace recto
