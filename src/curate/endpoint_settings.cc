#include "curate/endpoint_settings.h"

#include <array>
#include <cmath>

#include "base/sha256.h"
#include "curate/endpoint_prompt.h"

namespace recto {
namespace {

constexpr std::array kOwnMembers = {"model", "messages", "stream", "n"};

void check_range(const char* option, double value, double least, double most) {
  if (std::isfinite(value) && value >= least && value <= most) return;
  fail(ErrorCode::kUsage, "{} is {}; it must be between {} and {}", option, value, least, most);
}

void check_parameters(const Json& parameters) {
  if (!parameters.is_object()) {
    fail(ErrorCode::kUsage, "--request-parameters must be a JSON object such as {{\"top_p\":0.9}}");
  }
  for (const char* name : kOwnMembers) {
    if (!parameters.contains(name)) continue;
    fail(ErrorCode::kUsage, "--request-parameters: \"{}\" cannot be set; recto fills it itself",
         name);
  }
}

}  // namespace

Json EndpointSettings::manifest() const {
  return {{"model", model},
          {"prompt_sha256", sha256_hex(prompt.empty() ? default_prompt() : prompt)},
          {"longest_edge", longest_edge},
          {"jpeg_quality", jpeg_quality},
          {"temperature", temperature},
          {"max_tokens", max_tokens},
          {"parameters", parameters},
          {"answer_retries", answer_retries}};
}

std::string chat_completions_url(const std::string& endpoint) {
  return endpoint_url(endpoint, "/v1", "/chat/completions", "--endpoint");
}

void check_settings(const EndpointSettings& settings) {
  if (settings.url.empty()) fail(ErrorCode::kUsage, "--generator openai needs --endpoint URL");
  if (settings.model.empty()) {
    fail(ErrorCode::kUsage,
         "--generator openai needs --llm NAME, the name under which the endpoint serves the model");
  }
  chat_completions_url(settings.url);
  if (settings.proxy.find('@') != std::string::npos) {
    fail(ErrorCode::kUsage, "--endpoint-proxy: the address must not hold a user or a password");
  }
  check_range("--endpoint-edge", settings.longest_edge, 64, 8192);
  check_range("--temperature", settings.temperature, 0, 2);
  check_range("--max-tokens", settings.max_tokens, 1, 1e6);
  check_range("--answer-retries", settings.answer_retries, 0, 20);
  check_range("--parallel-requests", settings.parallel_requests, 1, 1024);
  check_range("--requests-per-minute", settings.requests_per_minute, 0, 1e6);
  check_range("--max-requests", static_cast<double>(settings.max_requests), 0, 1e15);
  check_range("--retries", settings.retries, 0, 100);
  check_range("--request-timeout", settings.request_timeout, 0.01, 86400);
  check_range("--price-input", settings.price_input, 0, 1e9);
  check_range("--price-output", settings.price_output, 0, 1e9);
  check_parameters(settings.parameters);
}

}  // namespace recto
