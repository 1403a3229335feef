// The part of RetrieverService that makes vectors.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "engine/check_input.h"
#include "model/sparse_text.h"
#include "serve/retriever_service.h"

namespace recto {
namespace {

/// Pictures of a request that are decoded and wait for the model together.
constexpr size_t kPicturesAtOnce = 4;

/// What goes wrong in the model is not the client's doing, unless it is too large.
template <typename Action>
auto in_the_model(const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kLimit || error.code() == ErrorCode::kInterrupted) throw;
    throw Error(ErrorCode::kInternal, error.what());
  }
}

bool has_picture(const EmbedItem& item) { return !item.image_bytes.empty(); }

}  // namespace

/// In the order of the items.
struct RetrieverService::Vectors {
  Matrix dense;                      ///< [items, width]; of texts 0 where sparse ones are wanted
  std::vector<SparseVector> sparse;  ///< where they are wanted
  int64_t tokens = 0;
  int64_t pictures = 0;

  void take(size_t item, const QueuedVectors& from, size_t row) {
    const auto values = from.dense.row(static_cast<int64_t>(row));
    std::copy(values.begin(), values.end(), dense.row(static_cast<int64_t>(item)).begin());
    if (!sparse.empty()) sparse[item] = from.sparse[row];
  }
};

ModelInput RetrieverService::prepare(const EmbedItem& item, bool cut_long_texts) {
  const Stopwatch watch;
  const InputBuilder& inputs = model_.inputs();
  ModelInput input;
  try {
    if (has_picture(item)) {
      const Image image = read_image(item.image_bytes, "its image", settings_.pictures);
      input = picture_input(inputs, item, image);
    } else {
      input = item.query ? inputs.query(*item.query) : inputs.passage(*item.passage);
    }
    check_input(input, model_.config(), model_.contract().pooling);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", item.where, error.what()));
  }
  if (input.truncated && !cut_long_texts) {
    fail(ErrorCode::kBadInput,
         "{}: the text has more than the {} tokens this model takes; send a shorter one, or ask "
         "for it to be cut with \"truncate\"",
         item.where, model_.contract().max_query_tokens);
  }
  metrics_.observe(ServerMetrics::Distribution::kPreparing, watch.seconds());
  return input;
}

void RetrieverService::check(const EmbeddingRequest& request) const {
  const Contract& contract = model_.contract();
  if (!request.model.empty() && request.model != settings_.model_name) {
    fail(ErrorCode::kNotFound, "model: \"{}\" is not served here; \"{}\" is",
         request.model.substr(0, 100), settings_.model_name);
  }
  try {
    truncate_dimensions(Matrix(0, contract.vector_width()),
                        request.dimensions.value_or(contract.vector_width()), contract);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("dimensions: {}", error.what()));
  }
}

void RetrieverService::embed_texts(const EmbeddingRequest& request, bool sparse, Vectors& out) {
  std::vector<size_t> places;
  std::vector<ModelInput> inputs;
  for (size_t i = 0; i < request.items.size(); ++i) {
    const EmbedItem& item = request.items[i];
    if (has_picture(item)) continue;
    ModelInput input = prepare(item, request.cut_long_texts);
    out.tokens += std::ssize(input.ids);
    if (sparse) {
      const int gain = item.query ? 1 : model_.contract().sparse->gain;
      out.sparse[i] =
          sparse_text(model_.tokenizer(), item.query ? *item.query : *item.passage, gain);
      continue;
    }
    places.push_back(i);
    inputs.push_back(std::move(input));
  }
  if (places.empty()) return;
  const QueuedVectors made =
      in_the_model([&] { return texts_.embed(std::move(inputs), /*sparse=*/false); });
  for (size_t row = 0; row < places.size(); ++row) out.take(places[row], made, row);
}

void RetrieverService::embed_pictures(const EmbeddingRequest& request, bool sparse, Vectors& out) {
  std::vector<size_t> places;
  for (size_t i = 0; i < request.items.size(); ++i) {
    if (has_picture(request.items[i])) places.push_back(i);
  }
  out.pictures = std::ssize(places);
  for (size_t first = 0; first < places.size(); first += kPicturesAtOnce) {
    const size_t count = std::min(kPicturesAtOnce, places.size() - first);
    picture_places_.acquire();
    const struct Release {
      std::counting_semaphore<>& places;
      ~Release() { places.release(); }
    } release{picture_places_};
    std::vector<ModelInput> inputs;
    for (size_t i = first; i < first + count; ++i) {
      inputs.push_back(prepare(request.items[places[i]], request.cut_long_texts));
      out.tokens += std::ssize(inputs.back().ids);
    }
    const QueuedVectors made =
        in_the_model([&] { return pictures_.embed(std::move(inputs), sparse); });
    for (size_t row = 0; row < count; ++row) out.take(places[first + row], made, row);
  }
}

RetrieverService::Vectors RetrieverService::embed(const EmbeddingRequest& request, bool sparse) {
  check(request);
  if (sparse) check_has_sparse_output(model_);
  const Contract& contract = model_.contract();
  Vectors out;
  out.dense = Matrix(std::ssize(request.items), contract.vector_width());
  if (sparse) out.sparse.resize(request.items.size());
  embed_texts(request, sparse, out);
  embed_pictures(request, sparse, out);
  if (!sparse && request.dimensions) {
    out.dense = truncate_dimensions(out.dense, *request.dimensions, contract);
  }
  return out;
}

HttpResponse RetrieverService::openai_embeddings(const HttpRequest& request) {
  const EmbeddingRequest wanted =
      parse_openai_request(parse_body(request.body, settings_.limits), settings_.limits);
  const Vectors vectors = embed(wanted, /*sparse=*/false);
  Json data = Json::array();
  for (int64_t i = 0; i < vectors.dense.rows; ++i) {
    data.push_back({{"object", "embedding"},
                    {"index", i},
                    {"embedding", encode_vector(vectors.dense.row(i), wanted.encodings.front())}});
  }
  return {.body = dump_json(
              {{"object", "list"},
               {"data", std::move(data)},
               {"model", settings_.model_name},
               {"usage", {{"prompt_tokens", vectors.tokens}, {"total_tokens", vectors.tokens}}}})};
}

HttpResponse RetrieverService::cohere_embed(const HttpRequest& request) {
  const EmbeddingRequest wanted =
      parse_cohere_request(parse_body(request.body, settings_.limits), settings_.limits);
  const Vectors vectors = embed(wanted, /*sparse=*/false);
  Json embeddings = Json::object();
  for (const VectorEncoding encoding : wanted.encodings) {
    Json list = Json::array();
    for (int64_t i = 0; i < vectors.dense.rows; ++i) {
      list.push_back(encode_vector(vectors.dense.row(i), encoding));
    }
    embeddings[vector_encoding_name(encoding)] = std::move(list);
  }
  return {.body =
              dump_json({{"id", fmt::format("recto-{}", ++answered_)},
                         {"response_type", "embeddings_by_type"},
                         {"embeddings", std::move(embeddings)},
                         {"meta",
                          {{"api_version", {{"version", "2"}}},
                           {"billed_units",
                            {{"input_tokens", vectors.tokens}, {"images", vectors.pictures}}}}}})};
}

HttpResponse RetrieverService::tei_embed(const HttpRequest& request) {
  const Vectors vectors =
      embed(parse_tei_request(parse_body(request.body, settings_.limits), settings_.limits),
            /*sparse=*/false);
  Json list = Json::array();
  for (int64_t i = 0; i < vectors.dense.rows; ++i) {
    list.push_back(encode_vector(vectors.dense.row(i), VectorEncoding::kFloat));
  }
  return {.body = dump_json(list)};
}

HttpResponse RetrieverService::tei_embed_sparse(const HttpRequest& request) {
  const Vectors vectors =
      embed(parse_tei_request(parse_body(request.body, settings_.limits), settings_.limits),
            /*sparse=*/true);
  Json list = Json::array();
  for (const SparseVector& vector : vectors.sparse) {
    Json entries = Json::array();
    for (size_t i = 0; i < vector.ids.size(); ++i) {
      entries.push_back({{"index", vector.ids[i]}, {"value", vector.weights[i]}});
    }
    list.push_back(std::move(entries));
  }
  return {.body = dump_json(list)};
}

}  // namespace recto
