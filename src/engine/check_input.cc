#include "engine/check_input.h"

#include <algorithm>

#include "base/error.h"

namespace recto {
namespace {

int64_t image_tokens(const ModelInput& input, const ModelConfig& config) {
  return std::count(input.ids.begin(), input.ids.end(), config.image_token_id);
}

void check_views(const ModelInput& input, const ModelConfig& config) {
  for (const Views& views : input.images) {
    if (views.tile != config.vision.image_size) {
      fail(ErrorCode::kBadInput, "a view has {} x {} pixels, but the vision tower takes {} x {}",
           views.tile, views.tile, config.vision.image_size, config.vision.image_size);
    }
    const auto wanted = static_cast<size_t>(views.count()) * 3 * static_cast<size_t>(views.tile) *
                        static_cast<size_t>(views.tile);
    if (views.pixels.size() != wanted) {
      fail(ErrorCode::kBadInput, "{} views of {} x {} pixels have {} bytes instead of {}",
           views.count(), views.tile, views.tile, views.pixels.size(), wanted);
    }
  }
  const int64_t tokens = image_tokens(input, config);
  const int64_t wanted = static_cast<int64_t>(input.view_count()) * config.image_seq_len();
  if (tokens != wanted) {
    fail(ErrorCode::kBadInput,
         "the input has {} image tokens (id {}) but {} views of {} tokens each, which is {}: the "
         "prompt and the image do not belong together",
         tokens, config.image_token_id, input.view_count(), config.image_seq_len(), wanted);
  }
}

void check_visual_tokens(const ModelInput& input, const ModelConfig& config) {
  if (!input.images.empty()) {
    fail(ErrorCode::kBadInput,
         "the input has {} images and visual tokens as well: one of the two is wanted",
         input.images.size());
  }
  const int64_t wanted = image_tokens(input, config) * config.text.hidden_size;
  if (std::ssize(input.visual_tokens) != wanted) {
    fail(ErrorCode::kBadInput,
         "the input has {} image tokens of {} numbers each, which is {}, but its visual tokens are "
         "{} numbers: the prompt and the picture do not belong together",
         image_tokens(input, config), config.text.hidden_size, wanted, input.visual_tokens.size());
  }
}

void check_picture_weights(const ModelInput& input, const ModelConfig& config) {
  if (!input.images.empty() || !input.visual_tokens.empty()) {
    fail(ErrorCode::kBadInput,
         "the input has weights of a picture, and its views or visual tokens as well: one of them "
         "is wanted");
  }
  if (image_tokens(input, config) == 0) {
    fail(
        ErrorCode::kBadInput,
        "the input has weights of a picture, but no image token: the prompt and the picture do not "
        "belong together");
  }
  if (std::ssize(input.picture_weights) != config.text.vocab_size) {
    fail(ErrorCode::kBadInput,
         "the input has {} weights of a picture; one for each of the {} tokens of the vocabulary "
         "is wanted",
         input.picture_weights.size(), config.text.vocab_size);
  }
}

void check_tilings(const ModelInput& input, const ModelConfig& config) {
  if (input.tilings.empty()) return;
  int64_t views = 0;
  for (const Tiling& tiling : input.tilings) views += tiling.views();
  const int64_t tokens = image_tokens(input, config), wanted = views * config.image_seq_len();
  if (tokens == wanted) return;
  fail(ErrorCode::kBadInput,
       "the input has {} image tokens, but its pictures are cut into {} views of {} tokens each, "
       "which is {}: the prompt and the picture do not belong together",
       tokens, views, config.image_seq_len(), wanted);
}

}  // namespace

void check_input(const ModelInput& input, const ModelConfig& config) {
  if (input.ids.empty()) fail(ErrorCode::kBadInput, "the input has no tokens");
  for (size_t i = 0; i < input.ids.size(); ++i) {
    if (input.ids[i] < 0 || input.ids[i] >= config.text.vocab_size) {
      fail(ErrorCode::kBadInput, "token {} has the id {}, outside the model's vocabulary of {}", i,
           input.ids[i], config.text.vocab_size);
    }
  }
  if (input.ids.size() > static_cast<size_t>(config.text.max_position_embeddings)) {
    fail(ErrorCode::kLimit,
         "the input has {} tokens, but the model takes at most {}: shorten the text, or lower the "
         "longest or the second edge of the image",
         input.ids.size(), config.text.max_position_embeddings);
  }
  if (!input.picture_weights.empty()) {
    check_picture_weights(input, config);
  } else if (!input.visual_tokens.empty()) {
    check_visual_tokens(input, config);
  } else {
    check_views(input, config);
  }
  check_tilings(input, config);
}

void check_input(const ModelInput& input, const ModelConfig& config, Pooling pooling) {
  check_input(input, config);
  if (input.picture_weights.empty() || pooling == Pooling::kVocabulary) return;
  fail(ErrorCode::kBadInput,
       "the input has weights of a picture where its views or visual tokens are wanted");
}

}  // namespace recto
