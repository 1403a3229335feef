// The part of RetrieverService that finds and shows pages.
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "serve/retriever_service.h"
#include "serve/search_request.h"

namespace recto {
namespace {

/// How old what a search knows of the index may be.
constexpr double kRefreshSeconds = 1;
constexpr std::string_view kPagesPath = "/v1/pages/";
constexpr std::string_view kImageEnding = "/image";

/// What goes wrong in the index, rather than with the request, is not the client's doing.
template <typename Action>
auto in_the_index(const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    const ErrorCode code = error.code();
    if (code == ErrorCode::kBadInput || code == ErrorCode::kNotFound ||
        code == ErrorCode::kMismatch) {
      throw Error(ErrorCode::kInternal, error.what());
    }
    throw;
  }
}

}  // namespace

void RetrieverService::check_has_index() const {
  if (!index_) fail(ErrorCode::kNotFound, "no index is served; start the server with --index");
}

void RetrieverService::refresh_index() {
  const std::lock_guard lock(refresh_mutex_);
  if (refreshed_ && refreshed_->seconds() < kRefreshSeconds) return;
  in_the_index([&] { index_->refresh(); });
  index_pages_ = index_->pages();
  refreshed_.emplace();
}

HttpResponse RetrieverService::search(const HttpRequest& request) {
  check_has_index();
  const PageQuery query = parse_search_request(parse_body(request.body, settings_.limits));
  check_text(query.text, "query", settings_.limits);
  refresh_index();
  bool truncated = false;
  Stopwatch ranking;
  const auto dense = [&](const std::string& text) {
    std::vector<ModelInput> inputs = {model_.inputs().query(text)};
    truncated = inputs.front().truncated;
    Matrix vector = texts_.embed(std::move(inputs), /*sparse=*/false).dense;
    ranking = Stopwatch();
    return vector;
  };
  const auto hits = in_the_index([&] {
    return find_pages(*index_, model_, query, dense, settings_.threads, search_request_names());
  });
  metrics_.observe(ServerMetrics::Distribution::kSearch, ranking.seconds());
  return {.body = dump_json(search_answer(query, hits, truncated))};
}

IndexHit RetrieverService::hit_of(const std::string& page_id) {
  check_has_index();
  refresh_index();
  auto hit = in_the_index([&] { return index_->find_page(page_id); });
  if (!hit) fail(ErrorCode::kNotFound, "the index has no page \"{}\"", page_id.substr(0, 100));
  return *hit;
}

HttpResponse RetrieverService::page(const HttpRequest& request) {
  std::string id = request.path.substr(kPagesPath.size());
  if (id.ends_with(kImageEnding)) {
    return page_image(id.substr(0, id.size() - kImageEnding.size()));
  }
  const IndexHit hit = hit_of(id);
  const std::string text = in_the_index([&] { return index_->page_text(hit); });
  return {.body = dump_json({{"page_id", hit.page_id()},
                             {"document_id", hit.document_id},
                             {"page", hit.page_number},
                             {"source_name", replace_invalid_utf8(hit.source_name)},
                             {"path", replace_invalid_utf8(hit.path)},
                             {"title", hit.title},
                             {"text", text},
                             {"image", request.path + std::string(kImageEnding)}})};
}

HttpResponse RetrieverService::page_image(const std::string& page_id) {
  const IndexHit hit = hit_of(page_id);
  // The bytes of an id never change.
  return {.content_type = "image/jpeg",
          .body = in_the_index([&] { return index_->page_image(hit); }),
          .headers = {{"Cache-Control", "private, max-age=86400"}}};
}

}  // namespace recto
