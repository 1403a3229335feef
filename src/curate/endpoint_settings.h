#pragma once
// How to ask a model behind an OpenAI-compatible HTTP endpoint for queries.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.h"
#include "net/endpoint_access.h"

namespace recto {

/// `url` may end in /v1/chat/completions; parallel requests are pages in hand over all documents.
struct EndpointSettings : EndpointAccess {
  std::string prompt;  ///< template (curate/endpoint_prompt.h); empty for default_prompt()
  int longest_edge =
      1536;               ///< of the picture that is sent, in pixels; smaller pages go as they are
  int jpeg_quality = 85;  ///< of pictures that are scaled down
  double temperature = 0;
  int max_tokens = 1000;  ///< of an answer
  /// Members laid over those of the request ("top_p", "seed", "chat_template_kwargs", ...); null
  /// removes one. An object, without "model", "messages", "stream" and "n".
  Json parameters = Json::object();
  /// How often a page is asked again, with a note, after an answer that breaks the schema.
  int answer_retries = 2;

  double requests_per_minute = 0;  ///< 0 for no limit
  int64_t max_requests = 0;        ///< a run that needs more ends; 0 for no limit
  uint64_t seed = 0;               ///< of the jitter
  std::filesystem::path cache;     ///< directory of answers; empty for none
  double price_input = 0;          ///< per million tokens
  double price_output = 0;
  bool dry_run = false;  ///< count and estimate; no connection is made

  /// What decides the answers, for a manifest: model, hash of the prompt, sampling, picture size.
  /// Neither the address nor anything else that changes from run to run.
  Json manifest() const;
};

/// The address that requests go to: endpoint_url() of chat completions.
std::string chat_completions_url(const std::string& endpoint);

/// Throws Error(kUsage) naming the option whose value cannot be meant.
void check_settings(const EndpointSettings& settings);

}  // namespace recto
