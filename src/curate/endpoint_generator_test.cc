// Against a server process that speaks the OpenAI protocol.
#include "curate/endpoint_generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <thread>

#include "base/file.h"
#include "base/interrupt.h"
#include "curate/test_endpoint.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using test::ChatServer;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kKey = "sk-hunter2-0123456789";

using EndpointGeneratorTest = test::EndpointTest;

TEST_F(EndpointGeneratorTest, AsksEachPageOnceAndStampsTheQueries) {
  const std::string steps = "ok,german,nothing,ok";
  EndpointSettings settings = this->settings(steps);
  settings.parallel_requests = 1;
  settings.prompt = "In {language}.";
  EndpointGenerator generator(settings, ApiKey(kKey, "test"));
  CuratedDocument document = this->document(5);
  document.pages[3].content_class = ContentClass::kBlank;
  Audit audit;
  const std::vector<Candidate> found = generator.generate(document, jpeg, audit);

  ASSERT_EQ(found.size(), 12U);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].kind, kEndpointKinds.at(i % 4));
    EXPECT_EQ(found[i].method, "openai:test-model");
    EXPECT_EQ(found[i].version, generator.version());
    EXPECT_EQ(found[i].page, std::vector<int>({1, 2, 5}).at(i / 4));
    EXPECT_EQ(found[i].language, i / 4 == 1 ? "de-DE" : "en");
    EXPECT_THAT(found[i].query, HasSubstr(found[i].kind));
  }
  std::map<std::string, std::string> reasons;
  for (const AuditRow& row : audit.rows()) {
    EXPECT_EQ(row.stage, "endpoint");
    reasons[row.item.substr(65)] = row.decision + ": " + row.reason;
  }
  EXPECT_EQ(reasons,
            (std::map<std::string, std::string>{
                {"1", "kept: answered"},
                {"2", "kept: answered: the model takes the page for de-DE, its text reads as en"},
                {"3", "kept: answered"},
                {"3/main", "dropped: the model gave none"},
                {"3/secondary", "dropped: the model gave none"},
                {"3/visual", "dropped: the model gave none"},
                {"3/semantic", "dropped: the model gave none"},
                {"4", "dropped: a blank page is not asked"},
                {"5", "kept: answered"}}));

  const std::vector<Json> requests = server_->requests(steps);
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[0].at("authorization").get<std::string>(), std::string("Bearer ") + kKey);
  EXPECT_EQ(requests[0].at("text"), "In en.");
  EXPECT_EQ(requests[0].at("request").at("model"), "test-model");
  const EndpointUsage usage = generator.usage();
  EXPECT_EQ(usage.pages, 5);
  EXPECT_EQ(usage.blank, 1);
  EXPECT_EQ(usage.answered, 4);
  EXPECT_EQ(usage.queries, 12);
  EXPECT_EQ(usage.requests, 4);
  EXPECT_EQ(usage.prompt_tokens, 4000);
  EXPECT_EQ(usage.completion_tokens, 400);
  EXPECT_DOUBLE_EQ(usage.cost, 4000 * 3e-6 + 400 * 10e-6);
}

TEST_F(EndpointGeneratorTest, KeepsToTheRateAndToTheRequestsAtOnce) {
  EndpointSettings settings = this->settings("ok,ok");
  settings.requests_per_minute = 1200;
  settings.parallel_requests = 4;
  EndpointGenerator paced(settings, ApiKey());
  Audit audit;
  EXPECT_EQ(paced.generate(this->document(6), jpeg, audit).size(), 24U);
  std::vector<Json> requests = server_->requests("ok,ok");
  ASSERT_EQ(requests.size(), 6U);
  const double span =
      requests.back().at("time").get<double>() - requests[0].at("time").get<double>();
  EXPECT_GE(span, 0.2);  // five intervals of 50 ms, less what the first request lost on its way

  settings = this->settings("together:3");
  settings.parallel_requests = 3;
  settings.cache = directory_.path() / "other";
  EndpointGenerator parallel(settings, ApiKey());
  std::vector<std::thread> documents;
  for (const char id : {'a', 'b', 'c'}) {
    documents.emplace_back([&, id] {
      CuratedDocument document = this->document(3);
      document.document_id = std::string(64, id);
      for (CuratedPage& page : document.pages) page.number += 10 * id;
      Audit own;
      EXPECT_EQ(parallel.generate(document, jpeg, own).size(), 12U);
    });
  }
  for (std::thread& thread : documents) thread.join();
  requests = server_->requests("together:3");
  EXPECT_EQ(requests.size(), 9U);
  int most = 0;
  for (const Json& request : requests) most = std::max(most, request.at("running").get<int>());
  EXPECT_EQ(most, 3);
}

TEST_F(EndpointGeneratorTest, ThePagesStayInOrderWhateverComesFirst) {
  std::vector<std::vector<std::string>> runs;
  for (const int parallel : {1, 8}) {
    EndpointSettings settings =
        this->settings(fmt::format("ok,ok,{}", parallel == 1 ? "ok" : "429,ok"));
    settings.parallel_requests = parallel;
    settings.cache = directory_.path() / std::to_string(parallel);
    EndpointGenerator generator(settings, ApiKey());
    Audit audit;
    std::vector<std::string> run;
    for (const Candidate& c : generator.generate(this->document(12), jpeg, audit)) {
      run.push_back(fmt::format("{} {}", c.page, c.query));
    }
    for (const AuditRow& row : audit.rows()) run.push_back(row.item);
    runs.push_back(run);
  }
  EXPECT_EQ(runs[0].size(), 60U);
  EXPECT_EQ(runs[0], runs[1]);
}

TEST_F(EndpointGeneratorTest, PagesThatAreTheSameAreAskedOnce) {
  EndpointSettings settings = this->settings("together:1");
  settings.parallel_requests = 6;
  EndpointGenerator generator(settings, ApiKey());
  CuratedDocument document = this->document(6);
  std::string same = jpeg(document.pages[0]);
  Audit audit;
  EXPECT_EQ(
      generator.generate(document, [&](const CuratedPage&) { return same; }, audit).size(), 24U);
  EXPECT_EQ(server_->requests("together:1").size(), 1U);
  EXPECT_EQ(generator.usage().from_cache, 5);
}

TEST_F(EndpointGeneratorTest, WhatDecidesTheAnswerDecidesTheKey) {
  const std::string steps = "ok,ok,ok,ok,ok";
  using Change = std::function<void(EndpointSettings&)>;
  size_t requests = 0;
  const CuratedDocument document = this->document(1);
  for (const auto& [asks, change] : std::vector<std::pair<bool, Change>>{
           {true, [](auto&) {}},
           {false, [](auto& s) { s.requests_per_minute = 6000; }},
           {false, [](auto& s) { s.parallel_requests = 9; }},
           {false, [&](auto& s) { s.url += "/v1/chat/completions"; }},
           {true, [](auto& s) { s.model = "another"; }},
           {true, [](auto& s) { s.prompt = "another"; }},
           {true, [](auto& s) { s.temperature = 0.5; }},
           {true, [](auto& s) { s.parameters = {{"top_p", 0.5}}; }},
           {true, [](auto& s) { s.max_tokens = 500; }},
           {false, [](auto& s) { s.retries = 1; }}}) {
    EndpointSettings settings = this->settings(steps);
    change(settings);
    EndpointGenerator generator(settings, ApiKey());
    Audit audit;
    EXPECT_EQ(generator.generate(document, jpeg, audit).size(), 4U);
    requests += asks ? 1 : 0;
    EXPECT_EQ(server_->requests(steps).size(), requests);
  }
}

TEST_F(EndpointGeneratorTest, ADryRunCountsAndConnectsToNothing) {
  const std::string steps = "ok,ok,ok,ok,ok,ok";
  CuratedDocument document = this->document(4);
  document.pages[0].content_class = ContentClass::kBlank;
  Audit audit;
  EndpointSettings settings = this->settings(steps);
  settings.dry_run = true;
  EndpointGenerator dry(settings, ApiKey(kKey, "test"));
  EXPECT_TRUE(dry.generate(document, jpeg, audit).empty());
  EndpointUsage usage = dry.usage();
  EXPECT_EQ(usage.to_ask, 3);
  EXPECT_EQ(usage.blank, 1);
  EXPECT_EQ(usage.requests, 0);
  EXPECT_GT(usage.estimated_prompt_tokens, 3 * 300);
  EXPECT_GT(usage.estimated_cost, 0);
  EXPECT_THAT(describe(usage), HasSubstr("3 would be asked"));
  EXPECT_FALSE(fs::exists(settings.cache));
  EXPECT_TRUE(server_->requests(steps).empty());

  settings.dry_run = false;
  EndpointGenerator real(settings, ApiKey());
  real.generate(document, document.pages[1], jpeg(document.pages[1]), audit);
  settings.dry_run = true;
  EndpointGenerator again(settings, ApiKey());
  again.generate(document, jpeg, audit);
  EXPECT_EQ(again.usage().to_ask, 2);
}

TEST_F(EndpointGeneratorTest, TheRunEndsAtTheLimitOfRequestsAndTheNextGoesOn) {
  const std::string steps = "ok,ok,ok,ok,ok,ok,ok";
  EndpointSettings settings = this->settings(steps);
  settings.max_requests = 3;
  const CuratedDocument document = this->document(5);
  Audit audit;
  EndpointGenerator first(settings, ApiKey());
  try {
    first.generate(document, jpeg, audit);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kLimit);
    EXPECT_THAT(error.what(), HasSubstr("--max-requests 3"));
  }
  settings.parallel_requests = 1;
  EndpointGenerator second(settings, ApiKey());
  EXPECT_EQ(second.generate(document, jpeg, audit).size(), 20U);
  EXPECT_EQ(server_->requests(steps).size(), 5U);
}

TEST_F(EndpointGeneratorTest, TheKeyIsNowhere) {
  std::string seen;
  ::testing::internal::CaptureStderr();
  for (const char* steps : {"echo", "429,429,echo", "401", "echo,400"}) {
    EndpointSettings settings = this->settings(steps);
    settings.cache = directory_.path() / "keys" / steps;
    settings.parallel_requests = 1;
    EndpointGenerator generator(settings, ApiKey(kKey, "test"));
    Audit audit;
    try {
      for (const Candidate& c : generator.generate(this->document(2), jpeg, audit)) seen += c.query;
    } catch (const Error& error) {
      seen += error.what();
    }
    for (const AuditRow& row : audit.rows()) seen += row.item + row.reason;
    seen += generator.manifest().dump() + to_json(generator.usage()).dump() +
            describe(generator.usage());
  }
  seen += ::testing::internal::GetCapturedStderr();
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
    seen += entry.path().string();
    if (!entry.is_regular_file()) continue;
    seen += read_file(entry.path());
    ++files;
  }
  EXPECT_GT(files, 3);
  EXPECT_THAT(seen, HasSubstr("What is Bearer [API key]"));
  EXPECT_THAT(seen, Not(HasSubstr("hunter2")));
}

TEST_F(EndpointGeneratorTest, TheManifestSaysWhatDecidesTheAnswers) {
  EndpointSettings settings = this->settings("ok");
  const Json before = EndpointGenerator(settings, ApiKey()).manifest();
  EXPECT_EQ(before.at("model"), "test-model");
  EXPECT_EQ(before.at("method"), "openai:test-model");
  EXPECT_THAT(before.dump(), Not(HasSubstr("127.0.0.1")));
  settings.parallel_requests = 7;
  settings.url = "http://elsewhere";
  settings.cache.clear();
  EXPECT_EQ(EndpointGenerator(settings, ApiKey()).manifest(), before);
  settings.prompt = "Another.";
  const EndpointGenerator other(settings, ApiKey());
  EXPECT_NE(other.manifest().at("prompt_sha256"), before.at("prompt_sha256"));
  EXPECT_NE(other.version(), before.at("version"));
}

TEST_F(EndpointGeneratorTest, TheCacheIsForItsOwnerAndMustBeWritable) {
  EndpointGenerator generator(settings("ok"), ApiKey());
  struct stat info{};
  ASSERT_EQ(::stat((directory_.path() / "cache").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  EXPECT_TRUE(fs::is_empty(directory_.path() / "cache"));
  EndpointSettings bad = settings("ok");
  write_file(directory_.path() / "file", "");
  bad.cache = directory_.path() / "file" / "cache";
  EXPECT_THROW(EndpointGenerator(bad, ApiKey()), Error);
}

TEST_F(EndpointGeneratorTest, ProxiesOfTheEnvironmentAreIgnored) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  EndpointSettings settings = this->settings("ok,ok,ok,429");
  settings.retries = 0;
  const CuratedDocument document = this->document(1);
  Audit audit;
  EndpointGenerator direct(settings, ApiKey());
  EXPECT_EQ(direct.generate(document, jpeg, audit).size(), 4U);
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  settings.proxy = "http://127.0.0.1:1";
  settings.cache.clear();
  EndpointGenerator proxied(settings, ApiKey());
  EXPECT_THROW(proxied.generate(document, jpeg, audit), Error);
}

TEST_F(EndpointGeneratorTest, CertificatesAreChecked) {
  const fs::path certificate = directory_.path() / "certificate.pem";
  const test::CommandResult made = test::run_command(fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout '{}' -out '{}'",
      (directory_.path() / "key.pem").string(), certificate.string()));
  ASSERT_EQ(made.status, 0) << made.err;
  const ChatServer server(certificate);
  EndpointSettings settings = this->settings("ok");
  settings.url = server.url("ok");
  const CuratedDocument document = this->document(1);
  Audit audit;
  try {
    EndpointGenerator(settings, ApiKey(kKey, "test")).generate(document, jpeg, audit);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMismatch);
    EXPECT_THAT(error.what(), HasSubstr("--endpoint-ca"));
  }
  EXPECT_TRUE(server.requests().empty());
  settings.ca_file = certificate;
  EndpointGenerator trusting(settings, ApiKey());
  EXPECT_EQ(trusting.generate(document, jpeg, audit).size(), 4U);
}

TEST_F(EndpointGeneratorTest, ASignalEndsRequestsAndWaits) {
  for (const char* steps : {"silent", "later:300", "later:300,ok"}) {
    const auto interrupt_once_asked = [&] {
      install_interrupt_handler();
      std::thread([steps] {
        server_->await_requests(1, steps);
        ::kill(::getpid(), SIGINT);
      }).detach();
      EndpointGenerator generator(settings(steps), ApiKey());
      Audit audit;
      const auto begin = std::chrono::steady_clock::now();
      try {
        generator.generate(this->document(2), jpeg, audit);
      } catch (const Error& error) {
        const bool prompt = std::chrono::steady_clock::now() - begin < std::chrono::seconds(15);
        ::_exit(error.code() == ErrorCode::kInterrupted && prompt ? 130 : 1);
      }
      ::_exit(2);
    };
    EXPECT_EXIT(interrupt_once_asked(), ::testing::ExitedWithCode(130), "") << steps;
  }
}

TEST_F(EndpointGeneratorTest, AfterAKillNothingIsAskedTwice) {
  const std::string steps = "ok,ok,ok,silent,ok";
  EndpointSettings settings = this->settings(steps);
  settings.parallel_requests = 1;
  const CuratedDocument document = this->document(6);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    EndpointGenerator generator(settings, ApiKey());
    Audit audit;
    generator.generate(document, jpeg, audit);
    ::_exit(0);
  }
  server_->await_requests(4, steps);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EndpointGenerator generator(settings, ApiKey());
  Audit audit;
  EXPECT_EQ(generator.generate(document, jpeg, audit).size(), 24U);
  EXPECT_EQ(generator.usage().from_cache, 3);
  EXPECT_EQ(server_->requests(steps).size(), 7U);  // the one that was under way, and three more
}

}  // namespace
}  // namespace recto
