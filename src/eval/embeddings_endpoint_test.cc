#include "eval/embeddings_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/errors.h"

namespace recto {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

EmbeddingsEndpoint endpoint(EmbeddingsApi api) {
  EmbeddingsEndpoint out;
  out.api = api;
  out.connection.url = "http://localhost:8000";
  out.connection.model = "m";
  return out;
}

TEST(EmbeddingsEndpoint, Requests) {
  EmbeddingsEndpoint openai = endpoint(EmbeddingsApi::kOpenAi);
  EXPECT_EQ(texts_request(openai, {"a", "b"}, TextsAre::kDocuments),
            parse_json(R"({"model":"m","input":["a","b"],"encoding_format":"float"})", "t"));
  openai.page_prompt = "Represent the page.";
  EXPECT_EQ(page_request(openai, "\x89PNG"),
            parse_json(R"({"model":"m","encoding_format":"float","messages":[{"role":"user",
              "content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw=="}},
              {"type":"text","text":"Represent the page."}]}]})",
                       "t"));
  const EmbeddingsEndpoint cohere = endpoint(EmbeddingsApi::kCohere);
  EXPECT_EQ(texts_request(cohere, {"a"}, TextsAre::kQueries),
            parse_json(R"({"model":"m","texts":["a"],"input_type":"search_query",
              "embedding_types":["float"]})",
                       "t"));
  EXPECT_EQ(page_request(cohere, "x"),
            parse_json(R"({"model":"m","input_type":"search_document","embedding_types":["float"],
              "inputs":[{"content":[{"type":"image_url",
              "image_url":{"url":"data:image/jpeg;base64,eA=="}}]}]})",
                       "t"));
}

TEST(EmbeddingsEndpoint, AnswersInTheOrderOfTheQuestions) {
  const auto found = parse_embeddings(
      EmbeddingsApi::kOpenAi,
      R"({"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}]})", 2, "w");
  EXPECT_THAT(found[0], ElementsAre(0.6F, 0.8F));
  EXPECT_THAT(found[1], ElementsAre(0, 1));
  const auto cohere =
      parse_embeddings(EmbeddingsApi::kCohere, R"({"embeddings":{"float":[[0,5]]}})", 1, "w");
  EXPECT_THAT(cohere[0], ElementsAre(0, 1));
}

TEST(EmbeddingsEndpoint, WrongAnswersAreNamed) {
  struct Case {
    EmbeddingsApi api;
    const char* body;
    const char* says;
  };
  const Case cases[] = {
      {EmbeddingsApi::kOpenAi, "no JSON", "http://h"},
      {EmbeddingsApi::kOpenAi, "[]", "data"},
      {EmbeddingsApi::kOpenAi, R"({"data":[]})", "0 vectors; 1 were asked for"},
      {EmbeddingsApi::kOpenAi, R"({"data":[{"embedding":"AAAA"}]})", "data[0].embedding"},
      {EmbeddingsApi::kOpenAi, R"({"data":[{"index":3,"embedding":[1]}]})", "index 3"},
      {EmbeddingsApi::kOpenAi, R"({"data":[{"embedding":[0,0]}]})", "0 or not finite"},
      {EmbeddingsApi::kCohere, R"({"embeddings":[[1]]})", "embeddings.float"},
      {EmbeddingsApi::kCohere, R"({"embeddings":{"float":[[1],[1]]}})", "2 vectors"},
  };
  for (const Case& c : cases) {
    const auto parse = [&] { parse_embeddings(c.api, c.body, 1, "http://h"); };
    EXPECT_THAT(test::error_of(parse, ErrorCode::kBadInput), HasSubstr(c.says)) << c.body;
  }
}

TEST(EmbeddingsEndpoint, SettingsThatCannotBeMeant) {
  EmbeddingsEndpoint bad = endpoint(EmbeddingsApi::kOpenAi);
  bad.connection.url = "ftp://h";
  EXPECT_THAT(test::error_of([&] { const EndpointEmbedder e(bad); }, ErrorCode::kUsage),
              HasSubstr("--embeddings-endpoint"));
  bad = endpoint(EmbeddingsApi::kOpenAi);
  bad.connection.model = "";
  EXPECT_THAT(test::error_of([&] { const EndpointEmbedder e(bad); }, ErrorCode::kUsage),
              HasSubstr("--embeddings-model"));
  EXPECT_THROW(parse_embeddings_api("grpc"), Error);
  for (const auto& [url, wanted] : {std::pair{"http://h:1", "http://h:1/v1/embeddings"},
                                    {"http://h/v1/", "http://h/v1/embeddings"},
                                    {"http://h/api/v3/embeddings", "http://h/api/v3/embeddings"}}) {
    EXPECT_EQ(endpoint_url(url, "/v1", "/embeddings", "o"), wanted);
  }
}

}  // namespace
}  // namespace recto
