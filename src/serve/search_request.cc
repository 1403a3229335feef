#include "serve/search_request.h"

#include "base/error.h"
#include "model/unicode_class.h"
#include "search/found_pages.h"

namespace recto {

PageQuery parse_search_request(const Json& body) {
  constexpr int kMostPages = 1000;
  constexpr const char* kWhere = "the request";
  PageQuery query{.text = json_required<std::string>(body, "query", kWhere)};
  if (is_blank(query.text)) fail(ErrorCode::kBadInput, "query: is empty; send what to look for");
  query.k = json_optional<int>(body, "k", kWhere, query.k);
  if (query.k < 1 || query.k > kMostPages) {
    fail(ErrorCode::kBadInput, "k: {}; a number of pages from 1 to {} is wanted", query.k,
         kMostPages);
  }
  const auto mode = json_optional<std::string>(body, "mode", kWhere, "");
  if (!mode.empty()) query.mode = parse_search_mode(mode, "mode");
  const auto fusion = json_optional<std::string>(body, "fusion", kWhere, "");
  if (!fusion.empty()) query.fusion = parse_fuse_by(fusion, "fusion");
  if (body.contains("fusion_k")) query.fusion_k = json_required<double>(body, "fusion_k", kWhere);
  if (query.fusion_k && !(*query.fusion_k >= 0)) {
    fail(ErrorCode::kBadInput, "fusion_k: {}; a number from 0 is wanted", *query.fusion_k);
  }
  return query;
}

PageQueryNames search_request_names() {
  return {.fusion = "fusion",
          .fusion_k = "fusion_k",
          .mode_hybrid = "mode \"hybrid\"",
          .fusion_ranks = "fusion \"ranks\""};
}

Json search_answer(const PageQuery& query, const std::vector<IndexHit>& hits, bool truncated) {
  Json answer = found_pages_json(query.text, hits);
  for (Json& hit : answer.at("hits")) {
    hit["image"] = "/v1/pages/" + hit.at("page_id").get<std::string>() + "/image";
  }
  answer["truncated"] = truncated;
  return answer;
}

}  // namespace recto
