#include "curate/endpoint_answer.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/utf8.h"

namespace recto {
namespace {

ChatCompletion saying(std::string content) { return {.content = std::move(content)}; }

Json answer() {
  return {{"language", "en"}, {"main", "a"}, {"secondary", "b"}, {"visual", ""}, {"semantic", "c"}};
}

std::string problem_of(const ChatCompletion& completion) {
  std::string problem;
  EXPECT_FALSE(parse_answer(completion, problem)) << completion.content;
  return problem;
}

TEST(EndpointAnswer, TakesTheFourQueriesAndTheLanguage) {
  std::string problem;
  const auto found = parse_answer(saying(answer().dump()), problem);
  ASSERT_TRUE(found) << problem;
  EXPECT_EQ(found->language, "en");
  EXPECT_EQ(found->queries,
            (std::map<std::string, std::string>{
                {"main", "a"}, {"secondary", "b"}, {"visual", ""}, {"semantic", "c"}}));
}

TEST(EndpointAnswer, TakesOffWhatModelsPutAroundTheJson) {
  const std::string json = answer().dump();
  for (const std::string& text :
       {" \n" + json + "\n\n", "```json\n" + json + "\n```", "```\n" + json + "```\n",
        "<think>\n{\"main\": 1}\n</think>\n```json\n" + json + "\n```"}) {
    std::string problem;
    EXPECT_TRUE(parse_answer(saying(text), problem)) << text << problem;
  }
}

TEST(EndpointAnswer, FoldsWhiteSpace) {
  Json json = answer();
  json["main"] = " \t two\u00a0 \u3000words ";
  json["semantic"] = "\u2003";
  std::string problem;
  const auto found = parse_answer(saying(json.dump()), problem);
  ASSERT_TRUE(found) << problem;
  EXPECT_EQ(found->queries.at("main"), "two words");
  EXPECT_EQ(found->queries.at("semantic"), "");
}

TEST(EndpointAnswer, WritesLanguagesAsBcp47Does) {
  for (const auto& [said, tag] : std::map<std::string, std::string>{{"EN", "en"},
                                                                    {"pt_br", "pt-BR"},
                                                                    {" de ", "de"},
                                                                    {"ZH-hant-tw", "zh-Hant-TW"},
                                                                    {"gsw", "gsw"},
                                                                    {"es-419", "es-419"}}) {
    Json json = answer();
    json["language"] = said;
    std::string problem;
    const auto found = parse_answer(saying(json.dump()), problem);
    ASSERT_TRUE(found) << said << problem;
    EXPECT_EQ(found->language, tag);
  }
  for (const char* said : {"", "e", "English", "en fr", "en-", "-en", "12", "en--us", "en-überall",
                           "français", "aa-bb-cc-dd-ee-ff-gg-hh-ii-jj-kk-ll-mm"}) {
    Json json = answer();
    json["language"] = said;
    EXPECT_EQ(problem_of(saying(json.dump())),
              "\"language\" was not a BCP 47 code such as en or pt-BR")
        << said;
  }
}

TEST(EndpointAnswer, SaysWhatIsWrongWithAField) {
  struct Case {
    const char* field;
    Json value;
    const char* problem;
  };
  for (const Case& c :
       {Case{"main", 7, "\"main\" was not a text"},
        Case{"main", nullptr, "\"main\" was not a text"},
        Case{"visual", Json::array({"x"}), "\"visual\" was not a text"},
        Case{"main", "a\nb", "\"main\" has more than one line"},
        Case{"main", "a\u2028b", "\"main\" has more than one line"},
        Case{"main", "a\u0001b", "\"main\" holds control characters"},
        Case{"main", "a\u202eb", "\"main\" holds control characters"},
        Case{"main", std::string(301, 'x'), "\"main\" is longer than 300 characters"},
        Case{"score", "1", "it had members that were not asked for"}}) {
    Json json = answer();
    json[c.field] = c.value;
    EXPECT_EQ(problem_of(saying(json.dump())), c.problem);
  }
  std::string long_but_right;
  for (int i = 0; i < 300; ++i) long_but_right += "\u00fc";
  Json json = answer();
  json["main"] = long_but_right;
  std::string problem;
  EXPECT_TRUE(parse_answer(saying(json.dump()), problem)) << problem;
}

TEST(EndpointAnswer, SaysWhatIsWrongWithTheWhole) {
  Json lacking = answer();
  lacking.erase("semantic");
  EXPECT_EQ(problem_of(saying(lacking.dump())), "\"semantic\" was missing");
  EXPECT_EQ(problem_of(saying("[]")), "it was not a JSON object");
  EXPECT_EQ(problem_of(saying("  ")), "it was empty");
  for (const char* text : {"Sure! {}", "{", "{\"main\": \"\\ud800\"}", "{\"a\":1,\"a\":2}", "\xff",
                           "```json", "``````", "<think>"}) {
    EXPECT_EQ(problem_of(saying(text)), "it was not valid JSON") << text;
  }
  ChatCompletion cut = saying(answer().dump());
  cut.finish_reason = "length";
  EXPECT_EQ(problem_of(cut), "it was cut off at the limit of tokens");
  ChatCompletion refused = saying(answer().dump());
  refused.refused = true;
  EXPECT_EQ(problem_of(refused), "the model refused to answer");
}

TEST(EndpointAnswer, ReadsCompletions) {
  std::string problem;
  const auto plain = parse_completion(
      R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],
          "usage":{"prompt_tokens":3,"completion_tokens":4}})",
      problem);
  ASSERT_TRUE(plain) << problem;
  EXPECT_EQ(plain->content, "x");
  EXPECT_EQ(plain->finish_reason, "stop");
  EXPECT_EQ(plain->prompt_tokens, 3);
  EXPECT_EQ(plain->completion_tokens, 4);
  const auto parts = parse_completion(
      R"({"choices":[{"message":{"content":[{"text":"x"},{"text":"y"}]}}],"usage":{"prompt_tokens":-5}})",
      problem);
  ASSERT_TRUE(parts) << problem;
  EXPECT_EQ(parts->content, "xy");
  EXPECT_EQ(parts->prompt_tokens, -1);
  EXPECT_TRUE(
      parse_completion(R"({"choices":[{"message":{"content":null,"refusal":"no"}}]})", problem)
          ->refused);
}

TEST(EndpointAnswer, RefusesWhatIsNoCompletion) {
  for (const char* body :
       {"", "null", "[]", "{}", R"({"choices":[]})", R"({"choices":{}})", R"({"choices":[1]})",
        R"({"choices":[{"message":7}]})", R"({"choices":[{"message":{"content":7}}]})", "<html>",
        "\xff\xfe", R"({"error":{"message":"overloaded"}})"}) {
    std::string problem;
    EXPECT_FALSE(parse_completion(body, problem)) << body;
    EXPECT_FALSE(problem.empty());
  }
}

TEST(EndpointAnswer, ExcerptsOfErrorsAreOneShortLine) {
  EXPECT_EQ(error_excerpt(R"({"error":{"message":"no such\nmodel"}})"), "no such model");
  EXPECT_EQ(error_excerpt(R"({"error":"bad key"})"), "bad key");
  EXPECT_EQ(error_excerpt(R"({"detail":"not found"})"), "not found");
  EXPECT_EQ(error_excerpt("<h1>\x1b[31mGateway\r\n</h1>"), "<h1> [31mGateway </h1>");
  EXPECT_EQ(error_excerpt(""), "");
  const std::string excerpt = error_excerpt(std::string(1 << 20, '\xff'));
  EXPECT_TRUE(is_valid_utf8(excerpt));
  EXPECT_LT(excerpt.size(), 1000U);
}

}  // namespace
}  // namespace recto
