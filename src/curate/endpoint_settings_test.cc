#include "curate/endpoint_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "curate/endpoint_cache.h"
#include "curate/endpoint_prompt.h"
#include "page/decode.h"
#include "page/encode.h"

namespace recto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

std::string page_jpeg(int width, int height) {
  Image image{width, height, std::vector<uint8_t>(static_cast<size_t>(width) * height * 3, 255)};
  for (size_t i = 0; i < image.rgb.size(); i += 7) image.rgb[i] = static_cast<uint8_t>(i);
  return encode_jpeg(image, 85);
}

TEST(EndpointUrl, CompletesAddresses) {
  for (const auto& [given, url] : std::map<std::string, std::string>{
           {"http://localhost:8000", "http://localhost:8000/v1/chat/completions"},
           {"http://localhost:8000/", "http://localhost:8000/v1/chat/completions"},
           {"http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"},
           {"http://localhost:8000/v1/", "http://localhost:8000/v1/chat/completions"},
           {"https://host/v1/chat/completions", "https://host/v1/chat/completions"},
           {"https://host/api", "https://host/api/v1/chat/completions"},
           {"https://host/v1beta/openai", "https://host/v1beta/openai/chat/completions"},
           {"HTTP://Host/v1", "http://Host/v1/chat/completions"},
           {"http://[::1]:9/v1", "http://[::1]:9/v1/chat/completions"}}) {
    EXPECT_EQ(chat_completions_url(given), url);
  }
}

TEST(EndpointUrl, RefusesWhatIsNoPlainAddress) {
  for (const char* given : {"", "localhost:8000", "/v1", "ftp://host/v1", "file:///etc/passwd",
                            "http://", "http://host:99999/", "http://ho st/"}) {
    EXPECT_THAT(message_of([&] { chat_completions_url(given); }), HasSubstr("--endpoint")) << given;
  }
  for (const char* given :
       {"https://user:hunter2@host/v1", "https://host/v1?key=hunter2", "https://host/v1#hunter2"}) {
    const std::string message = message_of([&] { chat_completions_url(given); });
    EXPECT_THAT(message, HasSubstr("RECTO_API_KEY"));
    EXPECT_THAT(message, Not(HasSubstr("hunter2")));
  }
}

TEST(EndpointSettings, RefusesWhatCannotBeMeant) {
  EndpointSettings good;
  good.url = "http://localhost:8000";
  good.model = "m";
  check_settings(good);
  using Change = std::function<void(EndpointSettings&)>;
  for (const auto& [option, change] : std::vector<std::pair<std::string, Change>>{
           {"--endpoint", [](auto& s) { s.url = ""; }},
           {"--llm", [](auto& s) { s.model = ""; }},
           {"--endpoint-proxy", [](auto& s) { s.proxy = "http://user:word@host"; }},
           {"--endpoint-edge", [](auto& s) { s.longest_edge = 3; }},
           {"--parallel-requests", [](auto& s) { s.parallel_requests = 0; }},
           {"--requests-per-minute", [](auto& s) { s.requests_per_minute = -1; }},
           {"--requests-per-minute", [](auto& s) { s.requests_per_minute = NAN; }},
           {"--max-requests", [](auto& s) { s.max_requests = -1; }},
           {"--retries", [](auto& s) { s.retries = -1; }},
           {"--request-timeout", [](auto& s) { s.request_timeout = 0; }},
           {"--price-input", [](auto& s) { s.price_input = -1; }},
           {"--request-parameters", [](auto& s) { s.parameters = Json::array(); }},
           {"--request-parameters", [](auto& s) { s.parameters = {{"messages", 1}}; }},
           {"--request-parameters", [](auto& s) { s.parameters = {{"n", 2}}; }}}) {
    EndpointSettings bad = good;
    change(bad);
    EXPECT_THAT(message_of([&] { check_settings(bad); }), HasSubstr(option));
  }
}

TEST(EndpointPrompt, FillsPlaceholdersOnce) {
  CuratedDocument document;
  document.title = "From the file";
  CuratedPage page;
  page.language = "de";
  page.text = "the text has {language}";
  EXPECT_EQ(fill_prompt("{language}|{title}|{text}|{{title}}|{\"a\": {}}|{ x }", document, page),
            "de|From the file|the text has {language}|{title}|{\"a\": {}}|{ x }");
  document.source.title = "From the list";
  EXPECT_EQ(fill_prompt("{title} {language}", document, {}), "From the list unknown");
  page.text = std::string(5000, 'x');
  EXPECT_EQ(fill_prompt("{text}", document, page).size(), 4000U);
  EXPECT_THAT(message_of([&] { fill_prompt("{pages}", document, page); }), HasSubstr("{pages}"));
}

TEST(EndpointPrompt, TheDefaultFitsItsOwnRules) {
  TemporaryDirectory directory;
  const auto file = directory.path() / "prompt.txt";
  write_file(file, default_prompt());
  EXPECT_EQ(read_prompt(file), default_prompt());
  for (const char* kind : kEndpointKinds) EXPECT_THAT(default_prompt(), HasSubstr(kind));
  for (const char* content : {"", " \n", "\xff", "{nonsense}"}) {
    write_file(file, content);
    EXPECT_THAT(message_of([&] { read_prompt(file); }), HasSubstr(file.string()));
  }
  EXPECT_THROW(read_prompt(directory.path() / "absent"), Error);
}

TEST(EndpointPrompt, PicturesAreScaledDownNeverUp) {
  EndpointSettings settings;
  settings.longest_edge = 200;
  const std::string small = page_jpeg(100, 200);
  EXPECT_EQ(endpoint_image(small, settings).jpeg, small);
  const EndpointImage image = endpoint_image(page_jpeg(300, 400), settings);
  const Image decoded = decode_image(as_bytes(image.jpeg), "picture");
  EXPECT_EQ(decoded.width, 150);
  EXPECT_EQ(decoded.height, 200);
  EXPECT_EQ(image.width, 150);
  EXPECT_EQ(endpoint_image(page_jpeg(300, 400), settings).jpeg, image.jpeg);
}

TEST(EndpointPrompt, RequestsAreAsOpenAiDescribesThem) {
  EndpointSettings settings;
  settings.model = "m";
  settings.parameters = {{"top_p", 0.5}, {"max_tokens", nullptr}, {"max_completion_tokens", 9}};
  const Json request =
      parse_json(chat_request(settings, "Ask.", {"\x01\x02\x03", 1, 1}, "Note."), "request");
  EXPECT_EQ(request.at("model"), "m");
  EXPECT_EQ(request.at("top_p"), 0.5);
  EXPECT_EQ(request.at("max_completion_tokens"), 9);
  EXPECT_FALSE(request.contains("max_tokens"));
  const Json& content = request.at("messages").at(0).at("content");
  EXPECT_EQ(content.at(0).at("image_url").at("url"), "data:image/jpeg;base64,AQID");
  EXPECT_EQ(content.at(1).at("text"), "Ask.\nNote.\n");
  const Json& format = request.at("response_format").at("json_schema");
  EXPECT_EQ(format.at("strict"), true);
  EXPECT_EQ(format.at("schema").at("additionalProperties"), false);
  EXPECT_EQ(format.at("schema").at("required").size(), 5U);
}

TEST(EndpointCache, GivesBackWhatItKeepsAndNothingDamaged) {
  TemporaryDirectory directory;
  EndpointCache cache(directory.path() / "new" / "cache");
  cache.create();
  const std::string key = endpoint_cache_key("request");
  EXPECT_FALSE(cache.find(key));
  cache.store(key, {"content \u00fc", "stop", true, 5, -1});
  const auto found = cache.find(key);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->content, "content \u00fc");
  EXPECT_EQ(found->finish_reason, "stop");
  EXPECT_TRUE(found->refused);
  EXPECT_EQ(found->prompt_tokens, 5);
  EXPECT_EQ(found->completion_tokens, -1);

  const auto file = directory.path() / "new/cache" / key.substr(0, 2) / (key + ".json");
  const std::string good = read_file(file);
  std::string flipped = good;
  flipped[flipped.find("content \u00fc")] = 'C';
  const std::string other = endpoint_cache_key("another");
  for (const std::string& bad : {std::string(), good.substr(0, 40), flipped, std::string("[]"),
                                 std::string("{\"format\":\"recto-endpoint-answer\"}")}) {
    write_file(file, bad);
    EXPECT_FALSE(cache.find(key)) << bad;
  }
  const auto misplaced = directory.path() / "new/cache" / other.substr(0, 2) / (other + ".json");
  std::filesystem::create_directories(misplaced.parent_path());
  write_file(misplaced, good);
  EXPECT_FALSE(cache.find(other));
}

TEST(EndpointCache, KeysTellRequestsApart) {
  EXPECT_EQ(endpoint_cache_key("a").size(), 64U);
  EXPECT_EQ(endpoint_cache_key("a"), endpoint_cache_key("a"));
  EXPECT_NE(endpoint_cache_key("a"), endpoint_cache_key("b"));
}

}  // namespace
}  // namespace recto
