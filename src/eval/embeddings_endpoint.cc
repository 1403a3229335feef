#include "eval/embeddings_endpoint.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <thread>
#include <utility>

#include "base/base64.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stopwatch.h"
#include "base/threads.h"
#include "model/unicode_class.h"
#include "net/endpoint_connection.h"

namespace recto {
namespace {

constexpr size_t kMaxAnswerBytes = 64 << 20;
constexpr size_t kTextsOfARequest = 16;
constexpr size_t kPagesOfAPass = 64;  ///< held in memory at a time

/// Waits, and ends early with Error(kInterrupted).
void wait_seconds(double seconds) {
  constexpr auto kStep = std::chrono::milliseconds(100);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    throw_if_interrupted();
    std::this_thread::sleep_for(kStep);
  }
}

bool may_go_right_later(const HttpReply& reply) {
  return !reply.problem.empty() || reply.status == 408 || reply.status == 429 ||
         reply.status >= 500;
}

std::string said(const HttpReply& reply) {
  constexpr size_t kMost = 300;
  return reply.problem.empty()
             ? fmt::format("HTTP {}: {}", reply.status, reply.body.substr(0, kMost))
             : reply.problem;
}

std::string data_url(const std::string& image) {
  const bool png = image.starts_with("\x89PNG");
  return fmt::format("data:image/{};base64,{}", png ? "png" : "jpeg", base64(image));
}

Json image_part(const std::string& image) {
  return {{"type", "image_url"}, {"image_url", {{"url", data_url(image)}}}};
}

std::vector<float> vector_of(const Json& values, const std::string& where) {
  std::vector<double> numbers;
  internal::json_read(values, where, numbers);
  std::vector<float> out;
  out.reserve(numbers.size());
  float squares = 0;
  for (const double number : numbers) {
    out.push_back(static_cast<float>(number));
    squares += out.back() * out.back();
  }
  if (!std::isfinite(squares) || squares <= 0) {
    fail(ErrorCode::kBadInput, "{}: a vector that is 0 or not finite", where);
  }
  for (float& value : out) value /= std::sqrt(squares);
  return out;
}

/// {"data": [{"index": 0, "embedding": [...]}, ...]}, in any order.
std::vector<std::vector<float>> openai_vectors(const Json& answer, const std::string& where) {
  const Json data = answer.is_object() ? answer.value("data", Json()) : Json();
  if (!data.is_array()) internal::json_type_error(data, where + ": data", "a list");
  std::vector<std::vector<float>> out(data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    const std::string item = fmt::format("{}: data[{}]", where, i);
    const auto index = json_optional<int64_t>(data[i], "index", item, static_cast<int64_t>(i));
    if (index < 0 || index >= std::ssize(out) || !out[index].empty()) {
      fail(ErrorCode::kBadInput, "{}: index {} is out of range or there twice", item, index);
    }
    out[index] = vector_of(data[i].value("embedding", Json()), item + ".embedding");
  }
  return out;
}

/// {"embeddings": {"float": [[...], ...]}}.
std::vector<std::vector<float>> cohere_vectors(const Json& answer, const std::string& where) {
  const Json embeddings = answer.is_object() ? answer.value("embeddings", Json()) : Json();
  const Json list = embeddings.is_object() ? embeddings.value("float", Json()) : Json();
  if (!list.is_array()) internal::json_type_error(list, where + ": embeddings.float", "a list");
  std::vector<std::vector<float>> out;
  out.reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    out.push_back(vector_of(list[i], fmt::format("{}: embeddings.float[{}]", where, i)));
  }
  return out;
}

/// Rows of one width. Throws Error(kBadInput) for vectors of another length than the first. One
/// that is empty, of a page with nothing to ask for, becomes 0.
void append_rows(Matrix& matrix, std::vector<std::vector<float>> rows, const std::string& where) {
  const auto known =
      std::find_if(rows.begin(), rows.end(), [](const auto& row) { return !row.empty(); });
  const auto width = static_cast<size_t>(known == rows.end() ? matrix.columns : std::ssize(*known));
  for (auto& row : rows) {
    if (row.empty()) row.resize(width);
    if (matrix.rows == 0) matrix.columns = std::ssize(row);
    if (std::ssize(row) != matrix.columns) {
      fail(ErrorCode::kBadInput, "{}: a vector of {} dimensions after others of {}", where,
           row.size(), matrix.columns);
    }
    matrix.values.insert(matrix.values.end(), row.begin(), row.end());
    ++matrix.rows;
  }
}

}  // namespace

EmbeddingsApi parse_embeddings_api(const std::string& name) {
  if (name == "openai") return EmbeddingsApi::kOpenAi;
  if (name == "cohere") return EmbeddingsApi::kCohere;
  fail(ErrorCode::kUsage, "no embeddings API is called \"{}\"; openai or cohere", name);
}

Json texts_request(const EmbeddingsEndpoint& endpoint, const std::vector<std::string>& texts,
                   TextsAre what) {
  if (endpoint.api == EmbeddingsApi::kCohere) {
    return {{"model", endpoint.connection.model},
            {"texts", texts},
            {"input_type", what == TextsAre::kQueries ? "search_query" : "search_document"},
            {"embedding_types", {"float"}}};
  }
  return {{"model", endpoint.connection.model}, {"input", texts}, {"encoding_format", "float"}};
}

Json page_request(const EmbeddingsEndpoint& endpoint, const std::string& image) {
  Json content = Json::array({image_part(image)});
  if (!endpoint.page_prompt.empty()) {
    content.push_back({{"type", "text"}, {"text", endpoint.page_prompt}});
  }
  if (endpoint.api == EmbeddingsApi::kCohere) {
    return {{"model", endpoint.connection.model},
            {"inputs", Json::array({{{"content", content}}})},
            {"input_type", "search_document"},
            {"embedding_types", {"float"}}};
  }
  return {{"model", endpoint.connection.model},
          {"messages", Json::array({{{"role", "user"}, {"content", content}}})},
          {"encoding_format", "float"}};
}

std::vector<std::vector<float>> parse_embeddings(EmbeddingsApi api, const std::string& body,
                                                 size_t expected, const std::string& where) {
  const Json answer = parse_json(body, where);
  auto out =
      api == EmbeddingsApi::kCohere ? cohere_vectors(answer, where) : openai_vectors(answer, where);
  if (out.size() != expected) {
    fail(ErrorCode::kBadInput, "{}: {} vectors; {} were asked for", where, out.size(), expected);
  }
  return out;
}

EndpointEmbedder::EndpointEmbedder(EmbeddingsEndpoint endpoint) : endpoint_(std::move(endpoint)) {
  const bool cohere = endpoint_.api == EmbeddingsApi::kCohere;
  url_ = endpoint_url(endpoint_.connection.url, cohere ? "/v2" : "/v1",
                      cohere ? "/embed" : "/embeddings", "--embeddings-endpoint");
  if (endpoint_.connection.model.empty()) {
    fail(ErrorCode::kUsage, "--embeddings-endpoint needs --embeddings-model NAME");
  }
}

std::vector<std::vector<float>> EndpointEmbedder::ask(const Json& request, size_t expected) const {
  const EndpointAccess& access = endpoint_.connection;
  EndpointConnection connection(url_, access, ApiKey::from_environment(), kMaxAnswerBytes);
  const std::string body = dump_json(request);
  for (int attempt = 0;; ++attempt) {
    const HttpReply reply = connection.post(body, throw_if_interrupted);
    if (reply.problem.empty() && reply.status == 200) {
      return parse_embeddings(endpoint_.api, reply.body, expected, url_);
    }
    if (attempt >= access.retries || !may_go_right_later(reply)) {
      fail(ErrorCode::kIo, "{}: {}", url_, said(reply));
    }
    const double backoff =
        std::min(access.first_backoff * std::exp2(attempt), access.longest_backoff);
    log_info("{}: {}; trying again", url_, said(reply));
    wait_seconds(std::max(backoff, std::min(reply.retry_after, access.longest_retry_after)));
  }
}

std::vector<std::vector<float>> EndpointEmbedder::ask_texts(const std::vector<std::string>& texts,
                                                            TextsAre what) const {
  const size_t requests = (texts.size() + kTextsOfARequest - 1) / kTextsOfARequest;
  std::vector<std::vector<std::vector<float>>> answers(requests);
  parallel_for(requests, endpoint_.connection.parallel_requests, [&](size_t r) {
    const auto begin = texts.begin() + static_cast<std::ptrdiff_t>(r * kTextsOfARequest);
    const auto count = std::min<std::ptrdiff_t>(kTextsOfARequest, texts.end() - begin);
    answers[r] =
        ask(texts_request(endpoint_, {begin, begin + count}, what), static_cast<size_t>(count));
  });
  std::vector<std::vector<float>> out;
  for (auto& answer : answers) std::move(answer.begin(), answer.end(), std::back_inserter(out));
  return out;
}

std::vector<std::vector<float>> EndpointEmbedder::ask_pages(
    const std::vector<PageRow>& pages) const {
  std::vector<std::vector<float>> vectors(pages.size());
  std::vector<size_t> pictures;
  std::vector<size_t> without;
  std::vector<std::string> texts;
  for (size_t i = 0; i < pages.size(); ++i) {
    if (!pages[i].image.empty()) {
      pictures.push_back(i);
    } else if (!is_blank(pages[i].text)) {
      without.push_back(i);
      texts.push_back(pages[i].text);
    }
  }
  parallel_for(pictures.size(), endpoint_.connection.parallel_requests, [&](size_t i) {
    vectors[pictures[i]] = ask(page_request(endpoint_, pages[pictures[i]].image), 1).front();
  });
  auto of_texts = ask_texts(texts, TextsAre::kDocuments);
  for (size_t i = 0; i < without.size(); ++i) vectors[without[i]] = std::move(of_texts[i]);
  return vectors;
}

void EndpointEmbedder::check(const Dataset& dataset, const RetrievalTask& task,
                             const EvalOptions& options) const {
  constexpr int kFewRetries = 2;
  if (endpoint_.connection.retries > kFewRetries) {
    EmbeddingsEndpoint impatient = endpoint_;
    impatient.connection.retries = kFewRetries;
    return EndpointEmbedder(impatient).check(dataset, task, options);
  }
  const auto matrix = [&](const std::vector<std::vector<float>>& rows) {
    Matrix out;
    append_rows(out, rows, url_);
    return out;
  };
  PageRow page;
  for (size_t i = 0; i < task.page_ids.size() && page.image.empty() && is_blank(page.text); ++i) {
    page.image = dataset.image(task.split, task.page_ids[i]);
    page.text = task.page_texts[i];
  }
  if (page.image.empty() && is_blank(page.text)) return;
  const std::string query = endpoint_.query_prefix + task.queries.front().query;
  check_vectors(matrix(ask_pages({page})), matrix(ask_texts({query}, TextsAre::kQueries)), options,
                endpoint_.name);
}

EmbeddedPages EndpointEmbedder::pages(const Dataset& dataset, const std::string& split) const {
  const Stopwatch watch;
  EmbeddedPages out;
  std::vector<PageRow> rows;
  const auto embed_pass = [&] {
    append_rows(out.pages.vectors, ask_pages(rows), url_);
    rows.clear();
  };
  dataset.for_each_page(split, [&](PageRow&& page) {
    throw_if_interrupted();
    out.pages.ids.push_back(page.page_id);
    rows.push_back(std::move(page));
    if (rows.size() == kPagesOfAPass) embed_pass();
  });
  embed_pass();
  out.seconds = watch.seconds();
  return out;
}

Matrix EndpointEmbedder::queries(const RetrievalTask& task) const {
  std::vector<std::string> texts;
  texts.reserve(task.queries.size());
  for (const QueryRow& query : task.queries) texts.push_back(endpoint_.query_prefix + query.query);
  Matrix out;
  append_rows(out, ask_texts(texts, TextsAre::kQueries), url_);
  return out;
}

}  // namespace recto
