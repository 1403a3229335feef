#include "learn/reading_step.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "base/error.h"
#include "base/threads.h"

namespace recto {
namespace {

constexpr int kPartStreams = 44;  // bits of a stream below those that tell parts apart

struct Part {
  torch::Tensor sum;  // with its gradient's graph, until that is taken
  Json each = Json::object();
  std::vector<torch::Tensor> gradients;
};

Part weighted(const ReadingOutput& output, const ReadingLosses& weights) {
  Part part;
  part.sum = torch::zeros({}, output.characters.options());
  const auto add = [&](const char* name, const torch::Tensor& loss, double weight) {
    if (!loss.defined() || weight == 0) return;
    part.each[name] = loss.item<double>();
    part.sum = part.sum + weight * loss;
  };
  add("characters", output.characters, weights.characters);
  add("tokens", output.tokens, weights.tokens);
  add("bag", output.bag, weights.bag);
  add("transcription", output.transcription, weights.transcription);
  return part;
}

/// First and last of part `i` of `parts` of `count` things.
std::pair<size_t, size_t> range_of(size_t i, size_t parts, size_t count) {
  return {i * count / parts, (i + 1) * count / parts};
}

void add_shares(ReadingStepLosses& losses, const Part& part, double share) {
  losses.sum += share * part.sum.item<double>();
  for (const auto& [name, value] : part.each.items()) {
    losses.each[name] = losses.each.value(name, 0.0) + share * value.get<double>();
  }
}

}  // namespace

ReadingStepLosses read_with_gradients(ReadingModel& model, std::span<const ReadingTile> tiles,
                                      const TileShape& shape, const torch::Device& device,
                                      const ReadingStep& step) {
  const auto count = static_cast<size_t>(
      std::clamp<int64_t>(step.parts, 1, static_cast<int64_t>(std::max<size_t>(1, tiles.size()))));
  std::vector<torch::Tensor> parameters;  // that are trained
  for (const torch::Tensor& parameter : model->parameters()) {
    if (parameter.requires_grad()) parameters.push_back(parameter);
  }
  std::vector<Part> parts(count);
  const auto share_of = [&](size_t i) {
    const auto [first, last] = range_of(i, count, tiles.size());
    return static_cast<double>(last - first) / static_cast<double>(tiles.size());
  };
  parallel_for(count, static_cast<int>(count), [&](size_t i) {
    const auto [first, last] = range_of(i, count, tiles.size());
    const auto [transcribed, until] = range_of(i, count, step.transcribed);
    Random order(step.seed, step.stream + (uint64_t{i} << kPartStreams));
    const ReadingBatch batch = ReadingBatch(tiles.subspan(first, last - first), shape).to(device);
    Part part = weighted(model->forward(batch, until - transcribed, order), step.weights);
    part.gradients = torch::autograd::grad({share_of(i) * part.sum}, parameters, {},
                                           /*retain_graph=*/false, /*create_graph=*/false,
                                           /*allow_unused=*/true);
    part.sum = part.sum.detach();
    parts[i] = std::move(part);
  });
  ReadingStepLosses losses;
  for (size_t i = 0; i < count; ++i) {
    add_shares(losses, parts[i], share_of(i));
    for (size_t k = 0; k < parameters.size(); ++k) {
      const torch::Tensor& gradient = parts[i].gradients[k];
      if (!gradient.defined()) continue;
      torch::Tensor& sum = parameters[k].mutable_grad();
      if (sum.defined()) {
        sum.add_(gradient);
      } else {
        sum = gradient;
      }
    }
  }
  return losses;
}

}  // namespace recto
