#include "engine/cpu_embedder.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"
#include "base/threads.h"
#include "engine/activations.h"
#include "engine/check_input.h"
#include "engine/memory_plan.h"
#include "engine/pooling.h"
#include "engine/sparse_part.h"
#include "engine/spread.h"
#include "engine/text_model.h"
#include "engine/vision_part.h"

namespace recto {
namespace {

// Texts are computed together up to this many tokens: enough to read the weights once for many
// queries, few enough for activations to stay near the core.
constexpr int64_t kGroupTokens = 512;

int64_t token_count(const ModelInput& input) { return static_cast<int64_t>(input.ids.size()); }

/// Rows [first, end) of the inputs whose texts are computed together.
struct Range {
  size_t first;
  size_t end;
};

bool has_unweighed_picture(const ModelInput& input) {
  return input.has_picture() && input.picture_weights.empty();
}

/// The visual tokens of inputs, nothing for one without a picture.
using VisualRows = std::vector<std::span<const float>>;

/// `inputs` cut, in order, where more than `most` tokens would come together.
std::vector<Range> cut(std::span<const ModelInput> inputs, Range all, int64_t most) {
  std::vector<Range> ranges;
  int64_t tokens = 0;
  for (size_t i = all.first; i < all.end; ++i) {
    tokens += token_count(inputs[i]);
    if (ranges.empty() || tokens > most) {
      ranges.push_back({i, i});
      tokens = token_count(inputs[i]);
    }
    ranges.back().end = i + 1;
  }
  return ranges;
}

class CpuEmbedder : public Embedder {
 public:
  CpuEmbedder(std::shared_ptr<const ModelDirectory> model, const EngineOptions& options)
      : model_(std::move(model)), options_(checked(options)), vision_(*model_, options_.threads) {}

  const ModelDirectory& model() const override { return *model_; }

  Matrix embed(std::span<const ModelInput> inputs) override { return outputs(inputs, nullptr); }

  Matrix embed_both(std::span<const ModelInput> inputs,
                    std::vector<SparseVector>& sparse) override {
    check_has_sparse_output(*model_);
    sparse.assign(inputs.size(), {});
    return outputs(inputs, sparse.data());
  }

  void inspect(const ModelInput& input, const ActivationObserver& observer) override {
    check_input(input, config(), Pooling::kLast);  // the text model is shown, whatever pools
    const Team team(options_.threads);
    const WorkspaceLease workspace(workspaces_, options_.threads);
    std::vector<float> features = input.visual_tokens;
    if (input.view_count() > 0) {
      features = inspect_views(input, vision_.tower(), vision_.connector(), *workspace, observer);
    }
    const TextSequence sequence{input.ids, features.empty() ? nullptr : features.data()};
    inspect_text(sequence, text(), *workspace, observer);
  }

 private:
  const ModelConfig& config() const { return model_->config(); }

  static EngineOptions checked(EngineOptions options) {
    if (options.threads == 0) options.threads = available_cores();
    if (options.threads < 1) fail(ErrorCode::kUsage, "{} threads: at least 1", options.threads);
    if (options.batch_tokens < 1) {
      fail(ErrorCode::kUsage, "{} tokens in a batch: at least 1", options.batch_tokens);
    }
    return options;
  }

  /// `sparse` is null, or has an entry for each input.
  Matrix outputs(std::span<const ModelInput> inputs, SparseVector* sparse) {
    const Pooling pooling = model_->contract().pooling;
    for (const ModelInput& input : inputs) check_input(input, config(), pooling);
    const std::vector<Range> batches = cut(inputs, {0, inputs.size()}, options_.batch_tokens);
    check_memory(inputs, batches, sparse != nullptr || from_vocabulary());
    Matrix vectors(static_cast<int64_t>(inputs.size()), model_->contract().vector_width());
    for (const Range& batch : batches) embed_batch(inputs, batch, vectors, sparse);
    return vectors;
  }

  /// Whether vectors are made of the sparse output's weights, without the text model.
  bool from_vocabulary() const { return model_->contract().pooling == Pooling::kVocabulary; }

  const SparsePart& sparse_part() {
    const std::lock_guard lock(sparse_mutex_);
    if (!sparse_) sparse_.emplace(*model_, options_.threads);
    return *sparse_;
  }

  const TextModel& text() {
    if (!text_packed_) {
      const std::lock_guard lock(text_mutex_);
      if (!text_packed_) {
        text_.emplace(config(), model_->contract().causal, model_->weights(), options_.threads);
        text_packed_ = true;
      }
    }
    return *text_;
  }

  /// Refuses a call that would not fit, before it starts.
  void check_memory(std::span<const ModelInput> inputs, const std::vector<Range>& batches,
                    bool with_sparse) const {
    int64_t views = 0;
    int64_t longest = 0;
    bool pictures = false;
    for (const Range& batch : batches) {
      int64_t in_batch = 0;
      for (size_t i = batch.first; i < batch.end; ++i) {
        in_batch += inputs[i].view_count();
        longest = std::max(longest, token_count(inputs[i]));
        pictures = pictures || has_unweighed_picture(inputs[i]);
      }
      views = std::max(views, in_batch);
    }
    const auto threads = static_cast<uint64_t>(options_.threads);
    const int64_t group = std::max(longest, kGroupTokens);
    uint64_t bytes = vision_.memory_for(views);
    if (!from_vocabulary()) {
      bytes += threads * text_workspace_bytes(config(), group, longest);
      if (!text_packed_) bytes += text_weight_bytes(config());
    }
    if (with_sparse && pictures) bytes += sparse_bytes(config(), options_.threads);
    const uint64_t available = available_memory_bytes();
    if (bytes > available) {
      fail(ErrorCode::kLimit,
           "this needs about {} MB of memory and {} MB are free: use fewer threads (now {}) or "
           "fewer tokens in a batch (now {})",
           bytes >> 20, available >> 20, options_.threads, options_.batch_tokens);
    }
  }

  void embed_batch(std::span<const ModelInput> inputs, Range batch, Matrix& vectors,
                   SparseVector* sparse) {
    std::vector<const ModelInput*> pictures;
    for (size_t i = batch.first; i < batch.end; ++i) pictures.push_back(&inputs[i]);
    const std::vector<std::vector<float>> seen = vision_.encode(pictures, workspaces_);
    VisualRows features;
    for (size_t i = 0; i < seen.size(); ++i) {
      const std::vector<float>& known = pictures[i]->visual_tokens;
      features.emplace_back(known.empty() ? seen[i] : known);
    }
    if (from_vocabulary()) return add_up(pictures, batch.first, features, vectors, sparse);
    if (sparse != nullptr) {
      weigh(pictures, features, [&](size_t i, const std::vector<float>& weights) {
        sparse[batch.first + i] = largest_weights(weights, model_->contract().sparse->top_n);
      });
    }
    text();
    const std::vector<Range> groups = cut(inputs, batch, group_tokens(inputs, batch));
    spread(groups.size(), options_.threads, workspaces_, [&](size_t i, Workspace& workspace) {
      std::vector<TextSequence> sequences;
      for (size_t j = groups[i].first; j < groups[i].end; ++j) {
        const std::span<const float> own = features[j - batch.first];
        sequences.push_back({inputs[j].ids, own.empty() ? nullptr : own.data()});
      }
      read(sequences, groups[i].first, workspace, vectors);
    });
  }

  /// Calls `take` with the place and the weights of the vocabulary of each input with pictures.
  void weigh(std::span<const ModelInput* const> inputs, const VisualRows& features,
             const std::function<void(size_t i, const std::vector<float>& weights)>& take) {
    const auto any = [&](bool (*of)(const ModelInput&)) {
      return std::any_of(inputs.begin(), inputs.end(),
                         [&](const auto* input) { return of(*input); });
    };
    if (!any([](const ModelInput& input) { return input.has_picture(); })) return;
    const SparsePart* const part = any(has_unweighed_picture) ? &sparse_part() : nullptr;
    const auto width = static_cast<int64_t>(config().text.hidden_size);
    spread(features.size(), options_.threads, workspaces_, [&](size_t i, Workspace& workspace) {
      if (!inputs[i]->picture_weights.empty()) return take(i, inputs[i]->picture_weights);
      if (features[i].empty()) return;
      const int64_t tokens = std::ssize(features[i]) / width;
      take(i, part->weights(features[i].data(), tokens_by_edge(*inputs[i], tokens), workspace));
    });
  }

  /// Vectors from the vocabulary, and when `sparse` is there the largest weights.
  void add_up(std::span<const ModelInput* const> inputs, size_t first, const VisualRows& features,
              Matrix& vectors, SparseVector* sparse) {
    const int most = model_->contract().sparse->top_n;
    std::vector<SparseVector> pictures(features.size());
    weigh(inputs, features, [&](size_t i, const std::vector<float>& weights) {
      pictures[i] = all_weights(weights);
      if (sparse != nullptr) sparse[first + i] = largest_weights(weights, most);
    });
    for (size_t i = 0; i < features.size(); ++i) {
      const std::span<float> vector = vectors.row(static_cast<int64_t>(first + i));
      dense_of_weights(pictures[i], inputs[i]->words, inputs[i]->has_picture(),
                       *model_->sparse_head(), vector);
      if (model_->contract().normalize) l2_normalize(vector);
    }
  }

  /// Tokens of a group: fewer when that gives every thread one.
  int64_t group_tokens(std::span<const ModelInput> inputs, Range batch) const {
    int64_t tokens = 0;
    for (size_t i = batch.first; i < batch.end; ++i) tokens += token_count(inputs[i]);
    return std::min(kGroupTokens, (tokens + options_.threads - 1) / options_.threads);
  }

  void read(std::span<const TextSequence> sequences, size_t row, Workspace& workspace,
            Matrix& vectors) {
    const float* states = text_->run(sequences, workspace, {});
    for (const TextSequence& sequence : sequences) {
      const auto tokens = static_cast<int64_t>(sequence.ids.size());
      const std::span<float> vector = vectors.row(static_cast<int64_t>(row++));
      pool(model_->contract().pooling, states, tokens, vector);
      if (model_->contract().normalize) l2_normalize(vector);
      states += tokens * text_->hidden();
    }
  }

  std::shared_ptr<const ModelDirectory> model_;
  EngineOptions options_;
  WorkspacePool workspaces_;
  VisionPart vision_;
  std::mutex text_mutex_;
  std::optional<TextModel> text_;
  std::atomic<bool> text_packed_ = false;
  std::mutex sparse_mutex_;
  std::optional<SparsePart> sparse_;
};

}  // namespace

std::unique_ptr<Embedder> make_cpu_embedder(std::shared_ptr<const ModelDirectory> model,
                                            const EngineOptions& options) {
  return std::make_unique<CpuEmbedder>(std::move(model), options);
}

}  // namespace recto
