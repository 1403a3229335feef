#include "learn/reading_model.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "learn/character_classes.h"
#include "learn/fresh_parameters.h"
#include "learn/retriever_model.h"
#include "model/input.h"

namespace recto {
namespace {

constexpr int kMarkersPerRow = 6;  // <row_r_col_c>, r and c from 1 to 6
constexpr int kMarkers = 4;        // rows and columns that pages have

PassContext plain(Precision precision) {
  PassContext context;
  context.precision = precision;
  return context;
}

void fill_ones(torch::Tensor values) {
  const torch::NoGradGuard no_grad;
  values.fill_(1);
}

torch::Tensor integers(const std::vector<int64_t>& values) {
  return torch::tensor(values, torch::kInt64);
}

bool is_head(const std::string& name) {
  return name.rfind("bag_", 0) == 0 || name.rfind("character_head.", 0) == 0 ||
         name.rfind("token_head.", 0) == 0;
}

bool is_layer_matrix(const std::string& name, const torch::Tensor& value) {
  return value.dim() == 2 && name.find(".layers.") != std::string::npos;
}

int32_t required_token(const Tokenizer& tokenizer, const char* token) {
  const auto id = tokenizer.find(token);
  if (!id) {
    fail(ErrorCode::kMismatch, "the tokenizer has no token {}, which a page's tiles need", token);
  }
  return *id;
}

std::string expanded_prompt(int visual_tokens) {
  std::string prompt = kTranscriptionPrompt;
  const std::string image = "<image>";
  return prompt.replace(prompt.find(image), image.size(), expand_image_token({}, visual_tokens));
}

}  // namespace

ReadingBatch::ReadingBatch(std::span<const ReadingTile> of, const TileShape& shape) {
  const auto count = static_cast<int64_t>(of.size());
  const int64_t side = shape.tile;
  torch::Tensor bytes = torch::empty({count, 3, side, side}, torch::kUInt8);
  torch::Tensor classes = torch::empty({count, shape.patches() * shape.slots()}, torch::kUInt8);
  std::vector<int64_t> patches, blocks, ids;
  for (int64_t i = 0; i < count; ++i) {
    const ReadingTile& tile = of[static_cast<size_t>(i)];
    tiles.push_back(&tile);
    std::copy(tile.pixels.begin(), tile.pixels.end(), bytes[i].data_ptr<uint8_t>());
    std::copy(tile.slots.begin(), tile.slots.end(), classes[i].data_ptr<uint8_t>());
    for (const ReadingTile::Token& token : tile.tokens) {
      patches.push_back(i * shape.patches() + token.patch);
      blocks.push_back(i * shape.visual_tokens() + token.visual_token);
      ids.push_back(token.id);
    }
  }
  pixels = bytes.to(torch::kFloat32).div_(127.5).sub_(1);
  slots = classes.to(torch::kInt64).flatten();
  token_patch = integers(patches);
  token_block = integers(blocks);
  token_id = integers(ids);
}

ReadingBatch ReadingBatch::to(const torch::Device& device) const {
  ReadingBatch batch = *this;
  for (torch::Tensor* values :
       {&batch.pixels, &batch.slots, &batch.token_patch, &batch.token_block, &batch.token_id}) {
    *values = values->to(device);
  }
  return batch;
}

/// What the towers make of tiles.
struct ReadingModelImpl::Seen {
  torch::Tensor tapped;   // as patches, after tap_ layers
  torch::Tensor patches;  // [tiles, patches, vision width]
  torch::Tensor visual;   // [tiles, visual tokens, text width]
};

ReadingModelImpl::ReadingModelImpl(const ModelDirectory& directory, const TileShape& shape,
                                   uint64_t seed, Precision precision)
    : shape_(shape),
      config_(directory.config()),
      precision_(precision),
      tap_((2 * config_.vision.num_hidden_layers + 2) / 3) {
  vision_ = register_module("vision_model",
                            VisionTower(config_.vision, directory.contract().position_ids));
  connector_ = register_module("connector", Connector(config_));
  text_ = register_module("text_model", TextModel(config_.text, directory.contract().causal));
  {
    const torch::NoGradGuard no_grad;
    for (const auto& entry : named_parameters()) {
      entry.value().copy_(to_tensor(directory.weights().at(entry.key())));
    }
  }
  token_table_ = text_->named_parameters()["embed_tokens.weight"];
  const int64_t width = config_.vision.hidden_size, text_width = config_.text.hidden_size;
  const int64_t classes = static_cast<int64_t>(shape.slots()) * character_class_count();
  character_head_ =
      register_module("character_head", Linear("character_head", width, classes, true));
  token_head_ = register_module("token_head", Linear("token_head", width, text_width, true));
  bag_norm_ = register_module("bag_norm", RmsNorm("bag_norm", text_width, kSparseNormEpsilon));
  bag_bias_ = register_parameter("bag_bias", torch::zeros({config_.text.vocab_size}));
  draw_fresh(character_head_->weight, seed, 1);
  draw_fresh(token_head_->weight, seed, 2);
  fill_ones(bag_norm_->weight);
  const Tokenizer& tokenizer = directory.tokenizer();
  prompt_ = tokenizer.encode(expanded_prompt(shape.visual_tokens()));
  const int32_t global = required_token(tokenizer, "<global-img>");
  marker_ =
      static_cast<size_t>(std::find(prompt_.begin(), prompt_.end(), global) - prompt_.begin());
  RECTO_CHECK(marker_ < prompt_.size());
  first_marker_ = required_token(tokenizer, "<row_1_col_1>");
  end_ = required_token(tokenizer, directory.contract().terminal_token.c_str());
}

void ReadingModelImpl::centre_embeddings() {
  if (!token_table_.requires_grad()) return;
  const torch::NoGradGuard no_grad;
  token_table_.sub_(token_table_.mean(0, /*keepdim=*/true));
}

ReadingModelImpl::Seen ReadingModelImpl::see(const torch::Tensor& pixels) {
  const PassContext context = plain(precision_);
  Seen seen;
  std::tie(seen.tapped, seen.patches) = vision_->forward_tapped(pixels, tap_, context);
  seen.visual = connector_(seen.patches, context);
  return seen;
}

/// Tied to the embeddings: [rows, text width] -> [rows, vocabulary], fp32.
torch::Tensor ReadingModelImpl::token_logits(const torch::Tensor& states) {
  const PrecisionScope scope(precision_, states.device());
  return torch::linear(states, token_table_).to(torch::kFloat32);
}

torch::Tensor ReadingModelImpl::character_loss(const ReadingBatch& batch,
                                               const torch::Tensor& logits, double count) {
  torch::Tensor weight = torch::ones({logits.size(1)}, logits.options());
  weight[0] = kBlankWeight;
  return torch::cross_entropy_loss(logits, batch.slots, weight, at::Reduction::Sum) / count;
}

/// -mean over the visual tokens that have text of the mean log-probability of its tokens.
torch::Tensor ReadingModelImpl::bag_loss(const ReadingBatch& batch, const torch::Tensor& visual,
                                         double count) {
  const torch::Tensor normed = bag_norm_(visual.flatten(0, 1), plain(precision_));
  const torch::Tensor all = torch::log_softmax(token_logits(normed) + bag_bias_, 1);
  const torch::Tensor ones = torch::ones({batch.token_id.size(0)}, all.options());
  const torch::Tensor tokens =
      torch::zeros({all.size(0)}, all.options()).index_add_(0, batch.token_block, ones);
  const torch::Tensor own = all.index({batch.token_block, batch.token_id});
  return -(own / tokens.index_select(0, batch.token_block)).sum() / count;
}

std::vector<int32_t> ReadingModelImpl::prompt(int row, int column) const {
  std::vector<int32_t> ids = prompt_;
  if (row > 0) ids[marker_] = first_marker_ + kMarkersPerRow * (row - 1) + column - 1;
  return ids;
}

torch::Tensor ReadingModelImpl::read(const std::vector<std::vector<int32_t>>& sequences,
                                     const torch::Tensor& visual) {
  const auto count = static_cast<int64_t>(sequences.size());
  const auto length = static_cast<int64_t>(sequences.front().size());
  std::vector<int64_t> ids, image_rows;
  for (const std::vector<int32_t>& sequence : sequences) {
    for (const int32_t id : sequence) {
      if (id == config_.image_token_id) image_rows.push_back(static_cast<int64_t>(ids.size()));
      ids.push_back(id);
    }
  }
  const torch::Device device = visual.device();
  torch::Tensor x = text_->embed(integers(ids).to(device));
  x = x.index_copy(0, integers(image_rows).to(device), visual.flatten(0, 1));
  const PackLayout layout{{{0, count, length}}, count * length, length};
  return text_(x, layout, plain(precision_)).view({count, length, x.size(1)});
}

torch::Tensor ReadingModelImpl::transcription_loss(const ReadingBatch& batch,
                                                   const torch::Tensor& visual,
                                                   std::span<const size_t> transcribed,
                                                   double count, Random& order) {
  std::vector<std::vector<int32_t>> sequences;
  std::vector<int64_t> kept, places, answers;
  size_t longest = 0;
  for (const size_t i : transcribed) {
    const std::vector<int32_t>& text = batch.tiles[i]->text;
    const bool global = order.below(2) == 0;
    const int row = 1 + static_cast<int>(order.below(kMarkers));
    const int column = 1 + static_cast<int>(order.below(kMarkers));
    std::vector<int32_t> sequence = prompt(global ? 0 : row, column);
    sequence.insert(sequence.end(), text.begin(), text.end());
    longest = std::max(longest, sequence.size());
    sequences.push_back(std::move(sequence));
    kept.push_back(static_cast<int64_t>(i));
  }
  for (size_t i = 0; i < sequences.size(); ++i) {
    const auto row = static_cast<int64_t>(i * longest);
    for (size_t k = prompt_.size(); k <= sequences[i].size(); ++k) {
      places.push_back(row + static_cast<int64_t>(k) - 1);
      answers.push_back(k < sequences[i].size() ? sequences[i][k] : end_);
    }
    sequences[i].resize(longest, end_);  // nothing before it sees what is behind
  }
  const torch::Device device = visual.device();
  const torch::Tensor hidden = read(sequences, visual.index_select(0, integers(kept).to(device)));
  const torch::Tensor states = hidden.flatten(0, 1).index_select(0, integers(places).to(device));
  return torch::cross_entropy_loss(token_logits(states), integers(answers).to(device), {},
                                   at::Reduction::Sum) /
         count;
}

ReadingOutput ReadingModelImpl::forward(const ReadingBatch& batch,
                                        std::span<const size_t> transcribed,
                                        const ReadingCounts& counts, Random& order) {
  const PassContext context = plain(precision_);
  const Seen seen = see(batch.pixels);
  ReadingOutput output;
  torch::Tensor characters, tokens;
  {
    const PrecisionScope scope(precision_, batch.pixels.device());
    characters = character_head_(seen.tapped, context).to(torch::kFloat32);
    const torch::Tensor rows = seen.patches.flatten(0, 1).index_select(0, batch.token_patch);
    tokens = token_head_(rows, context);
  }
  characters = characters.view({-1, character_class_count()});
  output.characters = character_loss(batch, characters, counts.slots);
  output.character_classes = characters.detach().argmax(1);
  if (batch.token_id.size(0) > 0) {
    const torch::Tensor logits = token_logits(tokens);
    output.tokens =
        torch::cross_entropy_loss(logits, batch.token_id, {}, at::Reduction::Sum) / counts.tokens;
    output.token_ids = logits.detach().argmax(1);
    output.bag = bag_loss(batch, seen.visual, counts.blocks);
  } else {
    output.tokens = output.bag = torch::zeros({}, characters.options());
    output.token_ids = torch::zeros_like(batch.token_id);
  }
  if (!transcribed.empty()) {
    output.transcription =
        transcription_loss(batch, seen.visual, transcribed, counts.answers, order);
  }
  return output;
}

std::vector<std::vector<int32_t>> ReadingModelImpl::transcribe(const ReadingBatch& batch,
                                                               int most) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor visual = see(batch.pixels).visual;
  std::vector<std::vector<int32_t>> sequences(batch.tiles.size(), prompt(0, 0));
  std::vector<std::vector<int32_t>> texts(batch.tiles.size());
  std::vector<bool> ended(batch.tiles.size(), false);
  for (int k = 0; k < most; ++k) {
    const torch::Tensor hidden = read(sequences, visual);
    const torch::Tensor next = token_logits(hidden.select(1, hidden.size(1) - 1)).argmax(1);
    for (size_t i = 0; i < sequences.size(); ++i) {
      const auto id = static_cast<int32_t>(next[static_cast<int64_t>(i)].item<int64_t>());
      ended[i] = ended[i] || id == end_;
      if (!ended[i]) texts[i].push_back(id);
      // An image token would ask for a picture.
      sequences[i].push_back(id == config_.image_token_id ? end_ : id);
    }
    if (std::find(ended.begin(), ended.end(), false) == ended.end()) break;
  }
  return texts;
}

std::vector<NamedParameter> ReadingModelImpl::matrices() const {
  std::vector<NamedParameter> found;
  for (const auto& entry : named_parameters()) {
    if (!entry.value().requires_grad()) continue;
    if (is_layer_matrix(entry.key(), entry.value())) found.push_back({entry.key(), entry.value()});
  }
  return found;
}

std::vector<NamedParameter> ReadingModelImpl::others() const {
  std::vector<NamedParameter> found;
  for (const auto& entry : named_parameters()) {
    if (!entry.value().requires_grad()) continue;
    if (is_layer_matrix(entry.key(), entry.value())) continue;
    found.push_back({entry.key(), entry.value(), entry.value().dim() > 1});
  }
  return found;
}

std::vector<NamedParameter> ReadingModelImpl::heads() const {
  std::vector<NamedParameter> found;
  for (const auto& entry : named_parameters()) {
    if (is_head(entry.key())) found.push_back({entry.key(), entry.value()});
  }
  return found;
}

SparseHead ReadingModelImpl::sparse_head() const {
  SparseHead head = plain_sparse_head(config_);
  const auto copy = [](const torch::Tensor& from, std::vector<float>& to) {
    const torch::Tensor values = from.detach().to(torch::kCPU).contiguous();
    std::copy_n(values.data_ptr<float>(), values.numel(), to.begin());
  };
  copy(bag_norm_->weight, head.norm);
  copy(bag_bias_, head.bias);
  return head;
}

int64_t ReadingModelImpl::parameter_count() const {
  int64_t count = 0;
  for (const auto& entry : named_parameters()) {
    const bool trained = entry.value().requires_grad();
    if (trained && !is_head(entry.key())) count += entry.value().numel();
  }
  return count;
}

}  // namespace recto
