#include "cli/endpoint_options.h"

#include "base/error.h"
#include "cli/command_line.h"
#include "cli/options.h"
#include "curate/endpoint_cache.h"
#include "curate/endpoint_prompt.h"

namespace recto {
namespace {

void add_place_options(CLI::App& app, EndpointOptions& options) {
  EndpointSettings& values = options.values;
  add_setting(app, "endpoint", values.url,
              "Address of an OpenAI-compatible server: http://HOST:PORT, with or without /v1; the "
              "key, if it wants one, is read from RECTO_API_KEY or OPENAI_API_KEY",
              kEndpointGroup)
      ->type_name("URL");
  add_setting(app, "llm", values.model, "Name under which the server knows the model",
              kEndpointGroup)
      ->type_name("NAME");
  add_setting(app, "endpoint-ca", options.ca, "Certificates to trust in place of the system's, PEM",
              kEndpointGroup)
      ->type_name("FILE");
  add_setting(app, "endpoint-proxy", values.proxy, "Proxy; those of the environment are not used",
              kEndpointGroup)
      ->type_name("URL");
  add_setting(app, "endpoint-cache", options.cache,
              "Where answers are kept, so that nothing is asked twice (default: "
              "~/.cache/recto/endpoint)",
              kEndpointGroup)
      ->type_name("DIR");
}

/// Prints and ends while the command line is read, before anything required is missed: as --help.
void add_print_prompt(CLI::App& app) {
  const auto print = [&app] {
    if (!app.parsed()) return;  // the environment reaches all commands, also those that do not run
    print_result(default_prompt());
    throw CLI::Success();
  };
  app.add_flag_callback("--print-prompt", print, "Print recto's own prompt and end")
      ->trigger_on_parse()
      ->envname(environment_name("print-prompt"))
      ->group(kEndpointGroup);
}

void add_question_options(CLI::App& app, EndpointOptions& options) {
  EndpointSettings& values = options.values;
  add_setting(app, "prompt", options.prompt,
              "Prompt in place of recto's own, which --print-prompt shows; it may hold {language}, "
              "{title} and {text}",
              kEndpointGroup)
      ->type_name("FILE");
  add_print_prompt(app);
  add_setting(app, "endpoint-edge", values.longest_edge,
              "Longest side of the picture that is sent, in pixels", kEndpointGroup)
      ->type_name("PIXELS");
  add_setting(app, "temperature", values.temperature, "Of the model's answers", kEndpointGroup)
      ->type_name("T");
  add_setting(app, "max-tokens", values.max_tokens, "Longest answer", kEndpointGroup)
      ->type_name("N");
  add_setting(app, "request-parameters", options.parameters,
              "JSON object laid over each request; null removes a member", kEndpointGroup)
      ->type_name("JSON");
  add_setting(app, "answer-retries", values.answer_retries,
              "How often a page is asked again after an answer that breaks the schema",
              kEndpointGroup)
      ->type_name("N");
}

void add_limit_options(CLI::App& app, EndpointSettings& values) {
  add_setting(app, "requests-per-minute", values.requests_per_minute, "0 for no limit",
              kEndpointGroup)
      ->type_name("N");
  add_setting(app, "parallel-requests", values.parallel_requests,
              "Requests at a time, over all documents", kEndpointGroup)
      ->type_name("N");
  add_setting(app, "request-timeout", values.request_timeout,
              "Longest time for one answer, in seconds", kEndpointGroup)
      ->type_name("SECONDS");
  add_setting(app, "retries", values.retries,
              "How often a request is sent again after a time-out, a broken connection, 429 or 5xx",
              kEndpointGroup)
      ->type_name("N");
  add_setting(app, "max-requests", values.max_requests,
              "The run ends when it needs more, and the next one goes on; 0 for no limit",
              kEndpointGroup)
      ->type_name("N");
  add_setting(app, "price-input", values.price_input, "Price of a million tokens sent",
              kEndpointGroup)
      ->type_name("PRICE");
  add_setting(app, "price-output", values.price_output, "Price of a million tokens answered",
              kEndpointGroup)
      ->type_name("PRICE");
  add_setting(app, "dry-run", values.dry_run,
              "Count the pages that would be asked and estimate tokens and cost, without any "
              "connection",
              kEndpointGroup);
}

}  // namespace

EndpointSettings EndpointOptions::settings() const {
  EndpointSettings settings = values;
  if (!prompt.empty()) settings.prompt = read_prompt(prompt);
  settings.cache = cache.empty() ? default_endpoint_cache() : std::filesystem::path(cache);
  settings.ca_file = ca;
  if (!parameters.empty()) {
    try {
      settings.parameters = parse_json(parameters, "--request-parameters");
    } catch (const Error& error) {
      fail(ErrorCode::kUsage, "{}", error.what());
    }
  }
  check_settings(settings);
  return settings;
}

void add_endpoint_options(CLI::App& app, EndpointOptions& options) {
  add_place_options(app, options);
  add_question_options(app, options);
  add_limit_options(app, options.values);
}

}  // namespace recto
