// Attention over a vector type V (see kernels_impl.h): blocks of 48 queries against blocks of 256
// keys with a running softmax (Milakov and Gimelshein 2018; Dao et al. 2022), so that scores never
// leave the cache. Included by kernels_*.cc inside an unnamed namespace.
// NOLINTBEGIN(misc-definitions-in-headers)

#include "engine/kernels_impl.h"

/// AttentionTask::scratch, by its parts.
struct AttentionScratch {
  float* keys;
  float* values;
  float* queries;
  float* scores;
  float* output;
  float* maximum;
  float* total;
};

/// c[kR, kC registers] (+)= a[kR, depth] b[depth, kC registers]. Rows of `a` lie kBlockStride
/// apart, `b` is a dense panel.
template <class V, int kR, int kC>
void multiply_tile(const float* a, const float* b, int64_t depth, float* c, int64_t c_stride,
                   bool accumulate) {
  typename V::Reg sum[kR][kC];
#pragma GCC unroll 16
  for (int r = 0; r < kR; ++r) {
#pragma GCC unroll 2
    for (int j = 0; j < kC; ++j) {
      sum[r][j] = accumulate ? V::load(c + r * c_stride + j * V::kWidth) : V::zero();
    }
  }
  for (int64_t k = 0; k < depth; ++k, ++a, b += kC * V::kWidth) {
    typename V::Reg column[kC];
#pragma GCC unroll 2
    for (int j = 0; j < kC; ++j) column[j] = V::load(b + j * V::kWidth);
#pragma GCC unroll 16
    for (int r = 0; r < kR; ++r) {
      const auto x = V::set1(a[r * kBlockStride]);
#pragma GCC unroll 2
      for (int j = 0; j < kC; ++j) sum[r][j] = V::fmadd(x, column[j], sum[r][j]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kR; ++r) {
#pragma GCC unroll 2
    for (int j = 0; j < kC; ++j) V::store(c + r * c_stride + j * V::kWidth, sum[r][j]);
  }
}

/// The same for 1 to kR rows.
template <class V, int kR, int kC>
void multiply_rows(int rows, const float* a, const float* b, int64_t depth, float* c,
                   int64_t c_stride, bool accumulate) {
  if (rows == kR) {
    multiply_tile<V, kR, kC>(a, b, depth, c, c_stride, accumulate);
  } else if constexpr (kR > 1) {
    multiply_rows<V, kR - 1, kC>(rows, a, b, depth, c, c_stride, accumulate);
  }
}

/// c (+)= a b for a block of rows and one panel of one or two registers.
template <class V>
void multiply_panel(int64_t rows, const float* a, const float* b, int panel, int64_t depth,
                    float* c, int64_t c_stride, bool accumulate) {
  for (int64_t r = 0; r < rows; r += V::kRows) {
    const int count = static_cast<int>(rows - r < V::kRows ? rows - r : V::kRows);
    const float* from = a + r * kBlockStride;
    float* to = c + r * c_stride;
    if (panel == V::kWidth) {
      multiply_rows<V, V::kRows, 1>(count, from, b, depth, to, c_stride, accumulate);
    } else {
      multiply_rows<V, V::kRows, 2>(count, from, b, depth, to, c_stride, accumulate);
    }
  }
}

/// Asks for the head's part of a row that is needed soon: rows lie pages apart, out of reach of the
/// processor's own prefetching.
inline void prefetch_row(const float* row, int64_t head_dim) {
  for (int64_t k = 0; k < head_dim; k += 16) __builtin_prefetch(row + k);
}
inline constexpr int64_t kPrefetchRows = 8;

/// Keys [tokens, head_dim] into transposed panels of two registers; missing keys are zero.
template <class V>
void pack_keys(const AttentionTask& task, float* panels) {
  constexpr int64_t kPanel = 2 * V::kWidth;
  for (int64_t first = 0; first < task.tokens; first += kPanel) {
    for (int64_t j = 0; j < kPanel; ++j) {
      const bool there = first + j < task.tokens;
      const float* row = task.key + (first + j) * task.stride;
      if (first + j + kPrefetchRows < task.tokens) {
        prefetch_row(row + kPrefetchRows * task.stride, task.head_dim);
      }
      for (int64_t k = 0; k < task.head_dim; ++k) panels[k * kPanel + j] = there ? row[k] : 0.0f;
    }
    panels += task.head_dim * kPanel;
  }
}

/// Width of the value panel that starts at `column`: two registers, or one for a short rest.
template <class V>
int value_panel(int64_t column, int64_t head_dim) {
  return head_dim - column <= V::kWidth ? V::kWidth : 2 * V::kWidth;
}

/// Values [tokens, head_dim] into panels of columns; missing columns are zero.
template <class V>
void pack_values(const AttentionTask& task, float* panels) {
  for (int64_t column = 0; column < task.head_dim;) {
    const int panel = value_panel<V>(column, task.head_dim);
    const int64_t there = task.head_dim - column < panel ? task.head_dim - column : panel;
    for (int64_t t = 0; t < task.tokens; ++t, panels += panel) {
      const float* row = task.value + t * task.stride + column;
      if (t + kPrefetchRows < task.tokens) {
        prefetch_row(row + kPrefetchRows * task.stride, there);
      }
      for (int64_t j = 0; j < there; ++j) panels[j] = row[j];
      for (int64_t j = there; j < panel; ++j) panels[j] = 0.0f;
    }
    column += panel;
  }
}

template <class V>
void load_queries(const AttentionTask& task, const float* query, int64_t rows, float* block) {
  const float scale =
      task.scale * 1.44269504088896341f;  // log2(e): the softmax is in powers of two
  for (int64_t k = 0; k < task.head_dim; k += kKeyBlock) {
    const int64_t count = task.head_dim - k < kKeyBlock ? task.head_dim - k : kKeyBlock;
    for (int64_t r = 0; r < rows; ++r) {
      const float* from = query + r * task.stride + k;
      float* to = block + r * kBlockStride;
      for (int64_t j = 0; j < count; ++j) to[j] = from[j] * scale;
    }
    block += kQueryBlock * kBlockStride;
  }
}

/// Scores of `rows` queries against keys [first, first + keys), first a multiple of kKeyBlock.
template <class V>
void score_block(const AttentionScratch& s, int64_t head_dim, int64_t rows, int64_t first,
                 int64_t keys) {
  constexpr int64_t kPanel = 2 * V::kWidth;
  for (int64_t j = 0; j < keys; j += kPanel) {
    const float* panel = s.keys + (first + j) * head_dim;
    for (int64_t k = 0, piece = 0; k < head_dim; k += kKeyBlock, ++piece) {
      const int64_t depth = head_dim - k < kKeyBlock ? head_dim - k : kKeyBlock;
      multiply_panel<V>(rows, s.queries + piece * kQueryBlock * kBlockStride, panel + k * kPanel,
                        kPanel, depth, s.scores + j, kBlockStride, k > 0);
    }
  }
}

/// scores[0, count) become 2^(score - maximum), those up to `keys` zero; returns the sum.
template <class V>
float powers(float* scores, int64_t count, int64_t keys, float maximum) {
  auto total = V::zero();
  int64_t j = 0;
  for (; j + V::kWidth <= count; j += V::kWidth) {
    const auto e = power_of_two<V>(V::sub(V::load(scores + j), V::set1(maximum)));
    total = V::add(total, e);
    V::store(scores + j, e);
  }
  float sum = V::sum(total);
  for (; j < count; ++j) {
    scores[j] = power_of_two_of<V>(scores[j] - maximum);
    sum += scores[j];
  }
  for (; j < keys; ++j) scores[j] = 0.0f;
  return sum;
}

template <class V>
float largest_of(const float* x, int64_t count, float start) {
  auto best = V::set1(start);
  int64_t j = 0;
  for (; j + V::kWidth <= count; j += V::kWidth) best = V::max(best, V::load(x + j));
  float largest = V::largest(best);
  for (; j < count; ++j) largest = x[j] > largest ? x[j] : largest;
  return largest;
}

/// One row of the running softmax: scores become weights relative to the maximum so far, and what
/// was summed before is rescaled to it.
template <class V>
void soften_row(const AttentionScratch& s, int64_t row, int64_t count, int64_t keys, bool first,
                int64_t output_width) {
  float* scores = s.scores + row * kBlockStride;
  const float before = s.maximum[row];
  const float maximum = largest_of<V>(scores, count, before);
  const float sum = powers<V>(scores, count, keys, maximum);
  if (first) {
    s.total[row] = sum;
  } else if (maximum == before) {
    s.total[row] += sum;
  } else {
    const float factor = power_of_two_of<V>(before - maximum);
    s.total[row] = s.total[row] * factor + sum;
    float* output = s.output + row * output_width;
    for (int64_t j = 0; j < output_width; ++j) output[j] *= factor;
  }
  s.maximum[row] = maximum;
}

/// output (+)= weights times values [first, first + keys).
template <class V>
void weigh_values(const AttentionTask& task, const AttentionScratch& s, int64_t rows, int64_t first,
                  int64_t keys, int64_t output_width) {
  const float* panels = s.values;
  for (int64_t column = 0; column < task.head_dim;) {
    const int panel = value_panel<V>(column, task.head_dim);
    multiply_panel<V>(rows, s.scores, panels + first * panel, panel, keys, s.output + column,
                      output_width, first > 0);
    panels += task.tokens * panel;
    column += panel;
  }
}

/// Rows [first_row, first_row + rows) of one query head.
template <class V>
void attend_block(const AttentionTask& task, const AttentionScratch& s, int head, int64_t first_row,
                  int64_t rows) {
  const int64_t width = round_up(task.head_dim, kMaxPanel);
  const int64_t column = static_cast<int64_t>(head) * task.head_dim;
  load_queries<V>(task, task.query + first_row * task.stride + column, rows, s.queries);
  for (int64_t r = 0; r < rows; ++r) s.maximum[r] = -3.0e38f;
  const int64_t visible = task.causal ? first_row + rows : task.tokens;
  for (int64_t first = 0; first < visible; first += kKeyBlock) {
    const int64_t keys = visible - first < kKeyBlock ? visible - first : kKeyBlock;
    score_block<V>(s, task.head_dim, rows, first, keys);
    for (int64_t r = 0; r < rows; ++r) {
      int64_t count = task.causal ? first_row + r + 1 - first : keys;
      count = count < 0 ? 0 : (count < keys ? count : keys);
      soften_row<V>(s, r, count, keys, first == 0, width);
    }
    weigh_values<V>(task, s, rows, first, keys, width);
  }
  for (int64_t r = 0; r < rows; ++r) {
    const float factor = 1.0f / s.total[r];
    float* to = task.output + (first_row + r) * task.output_stride + column;
    for (int64_t j = 0; j < task.head_dim; ++j) to[j] = s.output[r * width + j] * factor;
  }
}

template <class V>
void attend(const AttentionTask& task) {
  const AttentionLayout at(task.tokens, task.head_dim);
  float* const memory = task.scratch;
  const AttentionScratch scratch = {memory + at.keys,   memory + at.values, memory + at.queries,
                                    memory + at.scores, memory + at.output, memory + at.maximum,
                                    memory + at.total};
  pack_keys<V>(task, scratch.keys);
  pack_values<V>(task, scratch.values);
  for (int head = 0; head < task.query_heads; ++head) {
    for (int64_t row = task.first_query; row < task.end_query; row += kQueryBlock) {
      const int64_t left = task.end_query - row;
      attend_block<V>(task, scratch, head, row, left < kQueryBlock ? left : kQueryBlock);
    }
  }
}

// NOLINTEND(misc-definitions-in-headers)
