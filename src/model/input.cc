#include "model/input.h"

#include <algorithm>

#include "base/error.h"
#include "model/sparse_text.h"
#include "model/unicode_class.h"

namespace recto {
namespace {

constexpr const char* kImage = "<image>";
constexpr const char* kAroundImage = "<fake_token_around_image>";
constexpr const char* kQuery = "{query}";
constexpr const char* kText = "{text}";

void refuse_blank(const std::string& text, const char* what) {
  if (is_blank(text)) fail(ErrorCode::kBadInput, "the {} is empty", what);
}

// What stands before and behind a placeholder.
struct Halves {
  std::string before;
  std::string after;
};

Halves split_at(const std::string& prompt, const char* placeholder) {
  const size_t at = prompt.find(placeholder);
  RECTO_CHECK(at != std::string::npos);
  return {prompt.substr(0, at), prompt.substr(at + std::string(placeholder).size())};
}

int32_t single_token(const Tokenizer& tokenizer, const std::string& text) {
  const std::vector<int32_t> ids = tokenizer.encode(text);
  if (ids.size() != 1) {
    fail(ErrorCode::kMismatch,
         "the tokenizer has no token {}, which the prompts need: it cuts it into {} ids; use the "
         "tokenizer.json that belongs to the model",
         text, ids.size());
  }
  return ids[0];
}

void check_room(const Tokenizer& tokenizer, const std::string& prompt, const char* placeholder,
                int max_tokens) {
  const Halves halves = split_at(prompt, placeholder);
  const size_t needed =
      tokenizer.encode(halves.before).size() + tokenizer.encode(halves.after).size();
  if (needed >= static_cast<size_t>(max_tokens)) {
    fail(ErrorCode::kMismatch,
         "contract: max_query_tokens is {}, but the prompt around {} has {} ids already",
         max_tokens, placeholder, needed);
  }
}

size_t count_of(const std::vector<int32_t>& ids, int32_t id) {
  return static_cast<size_t>(std::count(ids.begin(), ids.end(), id));
}

// Drops ids[limit..] and appends `tail`.
void cut(std::vector<int32_t>& ids, size_t limit, const std::vector<int32_t>& tail) {
  ids.resize(std::min(ids.size(), limit));
  ids.insert(ids.end(), tail.begin(), tail.end());
}

}  // namespace

int ModelInput::view_count() const {
  int count = 0;
  for (const Views& views : images) count += views.count();
  return count;
}

std::vector<std::vector<TokenRun>> tokens_by_edge(const ModelInput& input, int64_t tokens) {
  if (tokens == 0) return {};
  int64_t views = 0, second_views = 0;
  for (const Tiling& tiling : input.tilings) {
    views += tiling.views();
    second_views += tiling.second_views();
  }
  if (second_views == 0) return {{{0, tokens}}};
  std::vector<std::vector<TokenRun>> edges(2);
  const int64_t per_view = tokens / views;
  int64_t next = 0;
  const auto add = [&](size_t edge, int64_t count) {
    if (count > 0) edges[edge].push_back({next * per_view, count * per_view});
    next += count;
  };
  for (const Tiling& tiling : input.tilings) {
    add(0, tiling.first_views());
    add(1, tiling.second_views());
    add(0, 1);
  }
  return edges;
}

InputBuilder::InputBuilder(const ModelConfig& config, const Tokenizer& tokenizer,
                           const Contract& contract)
    : config_(config), tokenizer_(tokenizer), contract_(contract) {
  if (tokenizer.vocab_size() > config.text.vocab_size) {
    fail(ErrorCode::kMismatch,
         "the tokenizer has ids up to {}, but config.json: text_config.vocab_size is {}; use the "
         "tokenizer.json that belongs to the model",
         tokenizer.vocab_size() - 1, config.text.vocab_size);
  }
  const int32_t image = single_token(tokenizer, kImage);
  if (image != config.image_token_id) {
    fail(ErrorCode::kMismatch,
         "{} is token {} of the tokenizer, but config.json: image_token_id is {}", kImage, image,
         config.image_token_id);
  }
  single_token(tokenizer, kAroundImage);
  single_token(tokenizer, contract.terminal_token);
  if (contract.views.tile != config.vision.image_size) {
    fail(ErrorCode::kMismatch,
         "contract: tile is {} pixels, but config.json: vision_config.image_size is {}",
         contract.views.tile, config.vision.image_size);
  }
  check_room(tokenizer, contract.query_prompt, kQuery, contract.max_query_tokens);
  check_room(tokenizer, contract.passage_prompt, kText, contract.max_query_tokens);
}

ModelInput InputBuilder::document(const Image& image) const {
  Views views = make_views(image, contract_.views);
  ModelInput input = document(static_cast<const Tiling&>(views));
  input.images.push_back(std::move(views));
  check_image_tokens(input);
  return input;
}

ModelInput InputBuilder::document(const Tiling& tiling) const {
  ModelInput input;
  input.ids = tokenizer_.encode(expand_one_image(contract_.document_prompt, tiling));
  input.tilings = {tiling};
  return input;
}

ModelInput InputBuilder::document(const Image& image, const std::string& text) const {
  if (is_blank(text)) return document(image);
  return with_words(from_image(contract_.document_text_prompt, image, kText, text), text,
                    /*query=*/false);
}

ModelInput InputBuilder::query(const std::string& query) const {
  refuse_blank(query, "query");
  return with_words(from_text(contract_.query_prompt, kQuery, query), query, /*query=*/true);
}

ModelInput InputBuilder::query(const std::string& query, const Image& image) const {
  refuse_blank(query, "query");
  return with_words(from_image(contract_.query_image_prompt, image, kQuery, query), query,
                    /*query=*/true);
}

ModelInput InputBuilder::passage(const std::string& text) const {
  refuse_blank(text, "passage");
  return with_words(from_text(contract_.passage_prompt, kText, text), text, /*query=*/false);
}

ModelInput InputBuilder::raw(const std::string& text) const {
  ModelInput input;
  input.ids = tokenizer_.encode(text);
  return input;
}

ModelInput InputBuilder::raw(const std::string& text, const std::vector<Image>& images) const {
  ModelInput input;
  std::string expanded;
  size_t done = 0;
  size_t found = 0;
  for (size_t at = text.find(kImage); at != std::string::npos; at = text.find(kImage, done)) {
    if (found < images.size()) {
      const Views& views = input.images.emplace_back(make_views(images[found], contract_.views));
      input.tilings.push_back(views);
      expanded += text.substr(done, at - done) + expand_image_token(views, config_.image_seq_len());
    }
    ++found;
    done = at + std::string(kImage).size();
  }
  if (found != images.size()) {
    fail(ErrorCode::kBadInput, "the text has {} {} times, but there are {} images", kImage, found,
         images.size());
  }
  input.ids = tokenizer_.encode(expanded + text.substr(done));
  check_image_tokens(input);
  return input;
}

ModelInput InputBuilder::from_text(const std::string& prompt, const char* placeholder,
                                   const std::string& text) const {
  const Halves halves = split_at(prompt, placeholder);
  const auto limit = static_cast<size_t>(contract_.max_query_tokens);
  ModelInput input;
  input.ids = tokenizer_.encode(halves.before, text, halves.after);
  if (input.ids.size() > limit) {
    const std::vector<int32_t> tail = tokenizer_.encode(halves.after);
    input.ids = tokenizer_.encode(halves.before, text, "");
    cut(input.ids, limit - tail.size(), tail);
    input.truncated = true;
  }
  return input;
}

ModelInput InputBuilder::from_image(const std::string& prompt, const Image& image,
                                    const char* placeholder, const std::string& text) const {
  ModelInput input;
  input.images.push_back(make_views(image, contract_.views));
  input.tilings = {input.images[0]};
  const Halves halves = split_at(expand_one_image(prompt, input.images[0]), placeholder);
  const std::vector<int32_t> before = tokenizer_.encode(halves.before);
  input.ids = tokenizer_.encode(halves.before, text, "");
  // The text's ids begin where the two differ: a space at the end of `before` joins its first word.
  const auto differ =
      std::mismatch(before.begin(), before.end(), input.ids.begin(), input.ids.end()).second;
  const size_t limit = static_cast<size_t>(differ - input.ids.begin()) +
                       static_cast<size_t>(contract_.max_query_tokens);
  if (input.ids.size() > limit) {
    cut(input.ids, limit, tokenizer_.encode(halves.after));
    input.truncated = true;
  } else {
    input.ids = tokenizer_.encode(halves.before, text, halves.after);
  }
  check_image_tokens(input);
  return input;
}

ModelInput InputBuilder::with_words(ModelInput input, const std::string& text, bool query) const {
  if (contract_.pooling != Pooling::kVocabulary) return input;
  input.words = sparse_text(tokenizer_, text, query ? 1 : contract_.sparse->gain);
  input.truncated = false;  // the whole text counts
  return input;
}

std::string InputBuilder::expand_one_image(const std::string& prompt, const Tiling& tiling) const {
  const Halves halves = split_at(prompt, kImage);
  return halves.before + expand_image_token(tiling, config_.image_seq_len()) + halves.after;
}

void InputBuilder::check_image_tokens(const ModelInput& input) const {
  const size_t found = count_of(input.ids, config_.image_token_id);
  const size_t wanted =
      static_cast<size_t>(input.view_count()) * static_cast<size_t>(config_.image_seq_len());
  if (found != wanted) {
    fail(ErrorCode::kMismatch,
         "{} image tokens stand in the ids, but {} views of {} tokens each were made; is the "
         "tokenizer the model's own?",
         found, input.view_count(), config_.image_seq_len());
  }
}

std::string expand_image_token(const Tiling& tiling, int image_seq_len) {
  std::string image_tokens;
  for (int i = 0; i < image_seq_len; ++i) image_tokens += kImage;
  std::string text;
  const auto add_tiles = [&](int rows, int columns) {
    for (int row = 1; row <= rows; ++row) {
      for (int column = 1; column <= columns; ++column) {
        text += fmt::format("{}<row_{}_col_{}>{}", kAroundImage, row, column, image_tokens);
      }
      text += '\n';
    }
  };
  add_tiles(tiling.rows, tiling.columns);
  add_tiles(tiling.second_rows, tiling.second_columns);
  // The block of the global view brings a line break of its own: two stand before it.
  if (!text.empty()) text += '\n';
  return text + kAroundImage + "<global-img>" + image_tokens + kAroundImage;
}

}  // namespace recto
