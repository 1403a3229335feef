#include "learn/reading_step.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "base/threads.h"

namespace recto {
namespace {

constexpr int kPartStreams = 44;  // bits of a stream below those that tell parts apart

/// Tiles [first, last) of a batch, and what comes of them.
struct Part {
  size_t first = 0, last = 0;
  torch::Tensor sum;
  Json each = Json::object();
  std::vector<torch::Tensor> gradients;  // none when nothing is learned from these tiles
};

void weigh(const ReadingOutput& output, const ReadingLosses& weights, Part& part) {
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
}

std::vector<Part> cut(size_t tiles, int parts) {
  const size_t count = std::clamp(static_cast<size_t>(std::max(1, parts)), size_t{1}, tiles);
  std::vector<Part> all(count);
  for (size_t i = 0; i < count; ++i) {
    all[i].first = i * tiles / count;
    all[i].last = (i + 1) * tiles / count;
  }
  return all;
}

/// Those of `places` that are in `part`, from its first tile on.
std::vector<size_t> places_in(const Part& part, const std::vector<size_t>& places) {
  std::vector<size_t> own;
  for (const size_t place : places) {
    if (place >= part.first && place < part.last) own.push_back(place - part.first);
  }
  return own;
}

std::vector<torch::Tensor> trained(ReadingModel& model) {
  std::vector<torch::Tensor> parameters;
  for (const torch::Tensor& parameter : model->parameters()) {
    if (parameter.requires_grad()) parameters.push_back(parameter);
  }
  return parameters;
}

void add_gradients(const std::vector<Part>& parts, const std::vector<torch::Tensor>& parameters) {
  for (const Part& part : parts) {
    for (size_t k = 0; k < part.gradients.size(); ++k) {
      if (!part.gradients[k].defined()) continue;
      torch::Tensor& sum = parameters[k].mutable_grad();
      sum = sum.defined() ? sum + part.gradients[k] : part.gradients[k];
    }
  }
}

}  // namespace

ReadingStepLosses read_with_gradients(ReadingModel& model, std::span<const ReadingTile> tiles,
                                      const TileShape& shape, const torch::Device& device,
                                      const ReadingStep& step) {
  const std::vector<torch::Tensor> parameters = trained(model);
  const std::vector<size_t> transcribed = shortest_texts(tiles, step.transcribed);
  const ReadingCounts counts = count_answers(tiles, transcribed);
  std::vector<Part> parts = cut(tiles.size(), step.parts);
  parallel_for(parts.size(), static_cast<int>(parts.size()), [&](size_t i) {
    Part& part = parts[i];
    Random order(step.seed, step.stream + (uint64_t{i} << kPartStreams));
    const auto own = tiles.subspan(part.first, part.last - part.first);
    const ReadingBatch batch = ReadingBatch(own, shape).to(device);
    weigh(model->forward(batch, places_in(part, transcribed), counts, order), step.weights, part);
    if (!part.sum.requires_grad()) return;
    part.gradients = torch::autograd::grad({part.sum}, parameters, {}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
    part.sum = part.sum.detach();
  });
  add_gradients(parts, parameters);
  ReadingStepLosses losses;
  for (const Part& part : parts) {
    losses.sum += part.sum.item<double>();
    for (const auto& [name, value] : part.each.items()) {
      losses.each[name] = losses.each.value(name, 0.0) + value.get<double>();
    }
  }
  return losses;
}

}  // namespace recto
