#include "engine/cpu_embedder.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "engine/activations.h"
#include "engine/connector.h"
#include "engine/memory_plan.h"
#include "engine/pooling.h"
#include "engine/team.h"
#include "engine/text_model.h"
#include "engine/vision_tower.h"
#include "engine/workspace_pool.h"

namespace recto {
namespace {

// Texts are computed together up to this many tokens: enough to read the weights once for many
// queries, few enough for activations to stay near the core.
constexpr int64_t kGroupTokens = 512;

int64_t token_count(const ModelInput& input) { return static_cast<int64_t>(input.ids.size()); }

/// A tile of a mini-batch and where its visual tokens go.
struct Tile {
  const uint8_t* pixels;
  float* features;
};

/// Rows [first, end) of the inputs whose texts are computed together.
struct Range {
  size_t first;
  size_t end;
};

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
      : model_(std::move(model)), options_(options) {
    if (options_.threads == 0) options_.threads = available_cores();
    if (options_.threads < 1) fail(ErrorCode::kUsage, "{} threads: at least 1", options.threads);
    if (options_.batch_tokens < 1) {
      fail(ErrorCode::kUsage, "{} tokens in a batch: at least 1", options.batch_tokens);
    }
  }

  const ModelDirectory& model() const override { return *model_; }

  Matrix embed(std::span<const ModelInput> inputs) override {
    for (const ModelInput& input : inputs) check_input(input, config());
    const std::vector<Range> batches = cut(inputs, {0, inputs.size()}, options_.batch_tokens);
    check_memory(inputs, batches);
    Matrix vectors(static_cast<int64_t>(inputs.size()), config().text.hidden_size);
    for (const Range& batch : batches) embed_batch(inputs, batch, vectors);
    return vectors;
  }

  void inspect(const ModelInput& input, const ActivationObserver& observer) override {
    check_input(input, config());
    const Team team(options_.threads);
    const WorkspaceLease workspace(workspaces_, options_.threads);
    std::vector<float> features;
    if (input.view_count() > 0) {
      features = inspect_views(input, vision(), connector(), *workspace, observer);
    }
    const TextSequence sequence{input.ids, features.empty() ? nullptr : features.data()};
    inspect_text(sequence, text(), *workspace, observer);
  }

 private:
  const ModelConfig& config() const { return model_->config(); }

  // A packing that throws (damaged weights, no memory) is tried again by the next caller. Not with
  // std::call_once, which thread sanitizers hang in after an exception.
  const VisionTower& vision() {
    if (!vision_packed_) {
      const std::lock_guard lock(vision_mutex_);
      if (!vision_packed_) {
        vision_.emplace(config().vision, model_->contract().position_ids, model_->weights(),
                        options_.threads);
        connector_.emplace(config(), model_->weights(), options_.threads);
        vision_packed_ = true;
      }
    }
    return *vision_;
  }
  const Connector& connector() {
    vision();
    return *connector_;
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
  void check_memory(std::span<const ModelInput> inputs, const std::vector<Range>& batches) const {
    int64_t views = 0;
    int64_t longest = 0;
    for (const Range& batch : batches) {
      int64_t in_batch = 0;
      for (size_t i = batch.first; i < batch.end; ++i) {
        in_batch += inputs[i].view_count();
        longest = std::max(longest, token_count(inputs[i]));
      }
      views = std::max(views, in_batch);
    }
    const auto threads = static_cast<uint64_t>(options_.threads);
    const int64_t group = std::max(longest, kGroupTokens);
    uint64_t bytes =
        feature_bytes(config(), views) + threads * text_workspace_bytes(config(), group, longest);
    if (!text_packed_) bytes += text_weight_bytes(config());
    if (views > 0) bytes += threads * vision_workspace_bytes(config());
    if (views > 0 && !vision_packed_) bytes += vision_weight_bytes(config());
    const uint64_t available = available_memory_bytes();
    if (bytes > available) {
      fail(ErrorCode::kLimit,
           "this needs about {} MB of memory and {} MB are free: use fewer threads (now {}) or "
           "fewer tokens in a batch (now {})",
           bytes >> 20, available >> 20, options_.threads, options_.batch_tokens);
    }
  }

  /// Calls body(i, workspace) for i in [0, count), side by side; threads that are left over work
  /// inside the items.
  template <typename Body>
  void spread(size_t count, const Body& body) {
    const int workers = static_cast<int>(
        std::min(std::max<size_t>(count, 1), static_cast<size_t>(options_.threads)));
    const int inside = options_.threads / workers;
    parallel_for(count, workers, [&](size_t i) {
      throw_if_interrupted();
      const Team team(inside);
      const WorkspaceLease workspace(workspaces_, inside);
      body(i, *workspace);
    });
  }

  void embed_batch(std::span<const ModelInput> inputs, Range batch, Matrix& vectors) {
    std::vector<std::vector<float>> features(batch.end - batch.first);
    std::vector<Tile> tiles;
    for (size_t i = batch.first; i < batch.end; ++i) {
      add_tiles(inputs[i], features[i - batch.first], tiles);
    }
    if (!tiles.empty()) {
      vision();
      spread(tiles.size(), [&](size_t i, Workspace& workspace) { see(tiles[i], workspace); });
    }
    text();
    const std::vector<Range> groups = cut(inputs, batch, group_tokens(inputs, batch));
    spread(groups.size(), [&](size_t i, Workspace& workspace) {
      std::vector<TextSequence> sequences;
      for (size_t j = groups[i].first; j < groups[i].end; ++j) {
        const std::vector<float>& own = features[j - batch.first];
        sequences.push_back({inputs[j].ids, own.empty() ? nullptr : own.data()});
      }
      read(sequences, groups[i].first, workspace, vectors);
    });
  }

  /// Tokens of a group: fewer when that gives every thread one.
  int64_t group_tokens(std::span<const ModelInput> inputs, Range batch) const {
    int64_t tokens = 0;
    for (size_t i = batch.first; i < batch.end; ++i) tokens += token_count(inputs[i]);
    return std::min(kGroupTokens, (tokens + options_.threads - 1) / options_.threads);
  }

  void add_tiles(const ModelInput& input, std::vector<float>& features,
                 std::vector<Tile>& tiles) const {
    const int64_t tokens = config().image_seq_len();
    const int64_t width = config().text.hidden_size;
    features.resize(static_cast<size_t>(input.view_count() * tokens * width));
    float* to = features.data();
    for (const Views& views : input.images) {
      const size_t tile = views.pixels.size() / static_cast<size_t>(views.count());
      for (int i = 0; i < views.count(); ++i, to += tokens * width) {
        tiles.push_back({views.pixels.data() + static_cast<size_t>(i) * tile, to});
      }
    }
  }

  void see(const Tile& tile, Workspace& workspace) {
    vision_->embed(tile.pixels, workspace, {});
    for (int i = 0; i < vision_->layers(); ++i) vision_->layer(i, workspace, {});
    vision_->finish(workspace, {});
    connector_->project(workspace.normed.data(), tile.features, workspace, {});
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
  std::mutex vision_mutex_, text_mutex_;
  std::optional<VisionTower> vision_;
  std::optional<Connector> connector_;
  std::optional<TextModel> text_;
  std::atomic<bool> vision_packed_ = false;
  std::atomic<bool> text_packed_ = false;
};

}  // namespace

std::unique_ptr<Embedder> make_cpu_embedder(std::shared_ptr<const ModelDirectory> model,
                                            const EngineOptions& options) {
  return std::make_unique<CpuEmbedder>(std::move(model), options);
}

}  // namespace recto
