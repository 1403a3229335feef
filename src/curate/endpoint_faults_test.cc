// A server that fails in all the ways it can: what is got over, what is recorded, what ends the
// run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "curate/endpoint_generator.h"
#include "curate/test_endpoint.h"

namespace recto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kKey = "sk-hunter2-0123456789";

using EndpointRefusals = test::EndpointTest;

struct FaultCase {
  const char* steps;
  const char* reason;  ///< of the page's row
  size_t requests;     ///< that the server sees
  int64_t repeated;
  int64_t wrong;
};

std::ostream& operator<<(std::ostream& out, const FaultCase& c) { return out << c.steps; }

class EndpointFaults : public test::EndpointTest,
                       public ::testing::WithParamInterface<FaultCase> {};

TEST_P(EndpointFaults, AreGotOverOrRecorded) {
  const FaultCase& c = GetParam();
  EndpointSettings settings = this->settings(c.steps);
  settings.retries = 2;
  settings.answer_retries = 2;
  settings.request_timeout = 1;
  const CuratedDocument document = this->document(1);
  std::vector<std::string> first;
  for (const bool again : {false, true}) {
    EndpointGenerator generator(settings, ApiKey());
    Audit audit;
    const auto found =
        generator.generate(document, document.pages[0], jpeg(document.pages[0]), audit);
    std::vector<std::string> queries;
    for (const Candidate& candidate : found) queries.push_back(candidate.query);
    EXPECT_EQ(reason(audit), c.reason);
    EXPECT_EQ(found.empty(), audit.rows()[0].decision == "dropped");
    if (again) {
      EXPECT_EQ(queries, first);
    }
    const EndpointUsage usage = generator.usage();
    EXPECT_EQ(usage.wrong_answers, c.wrong);
    EXPECT_EQ(usage.answered + usage.dropped, 1);
    if (again) {
      EXPECT_EQ(usage.requests, 0);  // whatever was answered is never asked again
    } else {
      EXPECT_EQ(usage.requests, static_cast<int64_t>(c.requests));
      EXPECT_EQ(usage.repeated, c.repeated);
      EXPECT_EQ(server_->requests(c.steps).size(), c.requests);
    }
    first = queries;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mended, EndpointFaults,
    ::testing::Values(
        FaultCase{"fence", "answered", 1, 0, 0}, FaultCase{"think", "answered", 1, 0, 0},
        FaultCase{"parts", "answered", 1, 0, 0}, FaultCase{"nousage", "answered", 1, 0, 0},
        FaultCase{"same", "answered", 1, 0, 0}, FaultCase{"unasked", "answered", 1, 0, 0},
        FaultCase{"429,ok", "answered", 2, 1, 0}, FaultCase{"500,503,ok", "answered", 3, 2, 0},
        FaultCase{"502,529,ok", "answered", 3, 2, 0}, FaultCase{"408,ok", "answered", 2, 1, 0},
        FaultCase{"silent,ok", "answered", 2, 1, 0}, FaultCase{"drip,ok", "answered", 2, 1, 0},
        FaultCase{"close,close,ok", "answered", 3, 2, 0}, FaultCase{"half,ok", "answered", 2, 1, 0},
        FaultCase{"endless,ok", "answered", 2, 1, 0}, FaultCase{"headers,ok", "answered", 2, 1, 0},
        FaultCase{"broken,ok", "answered", 2, 1, 0},
        FaultCase{"binary,html,ok", "answered", 3, 2, 0},
        FaultCase{"nochoice,errorbody,ok", "answered", 3, 2, 0},
        FaultCase{"deep,nobody,ok", "answered", 3, 2, 0},
        FaultCase{"prose,ok", "answered", 2, 0, 1}, FaultCase{"cutjson,ok", "answered", 2, 0, 1},
        FaultCase{"missing,extra,ok", "answered", 3, 0, 2},
        FaultCase{"number,listfield,ok", "answered", 3, 0, 2},
        FaultCase{"lines,long,ok", "answered", 3, 0, 2},
        FaultCase{"control,bidi,ok", "answered", 3, 0, 2},
        FaultCase{"surrogate,twice,ok", "answered", 3, 0, 2},
        FaultCase{"language,list,ok", "answered", 3, 0, 2},
        FaultCase{"empty,length,ok", "answered", 3, 0, 2},
        FaultCase{"missing,500,missing,close,ok", "answered", 5, 2, 2}));

INSTANTIATE_TEST_SUITE_P(
    Recorded, EndpointFaults,
    ::testing::Values(FaultCase{"missing", "wrong answer: \"semantic\" was missing", 3, 0, 3},
                      FaultCase{"cutjson", "wrong answer: it was not valid JSON", 3, 0, 3},
                      FaultCase{"missing,prose,length",
                                "wrong answer: it was cut off at the limit of tokens", 3, 0, 3},
                      FaultCase{"refusal", "wrong answer: the model refused to answer", 1, 0, 1},
                      FaultCase{"filter", "wrong answer: the model refused to answer", 1, 0, 1}));

TEST_F(EndpointRefusals, PagesWithoutAnAnswerAreRecordedAndAskedByTheNextRun) {
  for (const auto& [steps, reason] : std::map<std::string, std::string>{
           {"500,500,500,ok", "no answer: HTTP 500"},
           {"html,html,html,ok", "no answer: an answer that is not JSON"},
           {"ok,close,close,close,ok", "no answer: the connection broke"}}) {
    EndpointSettings settings = this->settings(steps);
    settings.retries = 2;
    settings.parallel_requests = 1;
    settings.cache = directory_.path() / steps;
    const bool first_good = steps.starts_with("ok");
    const CuratedDocument document = this->document(first_good ? 2 : 1);
    Audit audit;
    EndpointGenerator generator(settings, ApiKey());
    EXPECT_EQ(generator.generate(document, jpeg, audit).size(), first_good ? 4U : 0U);
    EXPECT_EQ(audit.rows().back().reason, reason);
    EXPECT_EQ(generator.usage().dropped, 1);
    EndpointGenerator next(settings, ApiKey());
    EXPECT_EQ(next.generate(document, jpeg, audit).size(), 4 * document.pages.size());
    EXPECT_EQ(next.usage().requests, 1);
  }
}

TEST_F(EndpointRefusals, TheNoteSaysWhatWasWrong) {
  EndpointSettings settings = this->settings("missing,lines,ok");
  settings.prompt = "Ask.";
  EndpointGenerator generator(settings, ApiKey());
  const CuratedDocument document = this->document(1);
  Audit audit;
  generator.generate(document, jpeg, audit);
  const std::vector<Json> requests = server_->requests("missing,lines,ok");
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].at("text"), "Ask.");
  EXPECT_THAT(requests[1].at("text").get<std::string>(), HasSubstr("\"semantic\" was missing"));
  EXPECT_THAT(requests[2].at("text").get<std::string>(),
              HasSubstr("\"main\" has more than one line"));
}

TEST_F(EndpointRefusals, RefusalsEndTheRunAtOnce) {
  struct Case {
    const char* steps;
    std::vector<std::string> says;
  };
  for (const Case& c :
       std::vector<Case>{{"400", {"HTTP 400", "error number 400 said to"}},
                         {"401", {"HTTP 401", "RECTO_API_KEY", "[API key]"}},
                         {"403", {"HTTP 403", "RECTO_API_KEY"}},
                         {"404", {"HTTP 404", "--llm"}},
                         {"413", {"HTTP 413", "--endpoint-edge"}},
                         {"422", {"HTTP 422", "--request-parameters"}},
                         {"501", {"HTTP 501"}},
                         {"quota", {"HTTP 429", "quota"}},
                         {"redirect", {"HTTP 302", "http://127.0.0.1:1/elsewhere"}}}) {
    EndpointSettings settings = this->settings(c.steps);
    settings.parallel_requests = 1;
    EndpointGenerator generator(settings, ApiKey(kKey, "test"));
    const CuratedDocument document = this->document(3);
    Audit audit;
    try {
      generator.generate(document, jpeg, audit);
      ADD_FAILURE() << c.steps;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_THAT(error.what(), HasSubstr(server_->url(c.steps) + "/v1/chat/completions"));
      EXPECT_THAT(error.what(), Not(HasSubstr(kKey)));
      for (const std::string& text : c.says) EXPECT_THAT(error.what(), HasSubstr(text));
    }
    EXPECT_EQ(server_->requests(c.steps).size(), 1U) << c.steps;
    // Other threads end too, without another request.
    EXPECT_THROW(generator.generate(document, document.pages[0], jpeg(document.pages[0]), audit),
                 Error);
    EXPECT_EQ(server_->requests(c.steps).size(), 1U) << c.steps;
  }
}

TEST_F(EndpointRefusals, ARefusalEndsTheRequestsThatAreUnderWay) {
  EndpointSettings settings = this->settings("silent,silent,401");
  settings.parallel_requests = 3;
  EndpointGenerator generator(settings, ApiKey());
  const CuratedDocument document = this->document(3);
  Audit audit;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(generator.generate(document, jpeg, audit), Error);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(EndpointRefusals, AServerThatIsNotThereEndsTheRun) {
  EndpointSettings settings = this->settings("ok");
  settings.url = "http://127.0.0.1:1/v1";
  settings.retries = 1;
  EndpointGenerator generator(settings, ApiKey());
  const CuratedDocument document = this->document(1);
  Audit audit;
  try {
    generator.generate(document, jpeg, audit);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.what(), HasSubstr("http://127.0.0.1:1/v1/chat/completions"));
    EXPECT_THAT(error.what(), HasSubstr("no connection, tried 2 times"));
  }
}

TEST_F(EndpointRefusals, AServerThatFailsForSeveralPagesEndsTheRun) {
  EndpointSettings settings = this->settings("ok,503");
  settings.retries = 1;
  settings.parallel_requests = 1;
  EndpointGenerator generator(settings, ApiKey());
  const CuratedDocument document = this->document(20);
  Audit audit;
  try {
    generator.generate(document, jpeg, audit);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.what(), HasSubstr("HTTP 503, tried 2 times, for 5 pages on end"));
  }
  EXPECT_EQ(server_->requests("ok,503").size(), 11U);
}

TEST_F(EndpointRefusals, WaitsAsLongAsTheServerAsks) {
  EndpointGenerator generator(settings("later:1,ok"), ApiKey());
  const CuratedDocument document = this->document(1);
  Audit audit;
  EXPECT_EQ(generator.generate(document, jpeg, audit).size(), 4U);
  const std::vector<Json> requests = server_->requests("later:1,ok");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_GE(requests[1].at("time").get<double>() - requests[0].at("time").get<double>(), 1.0);

  EndpointGenerator patient(settings("later503:86400"), ApiKey());
  try {
    patient.generate(document, document.pages[0], jpeg(this->document(2).pages[1]), audit);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kLimit);
    EXPECT_THAT(error.what(), HasSubstr("86400 seconds"));
  }
}

}  // namespace
}  // namespace recto
