#pragma once
// Queries from a vision-language model behind an OpenAI-compatible chat endpoint (vLLM, llama.cpp,
// hosted services): one request a page, with its picture; the answer held against a JSON schema.
//
// This is the only part of recto that connects to anything, and only when it is asked to.

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "curate/audit.h"
#include "curate/document.h"
#include "curate/endpoint_cache.h"
#include "curate/endpoint_gate.h"
#include "curate/endpoint_prompt.h"
#include "curate/endpoint_settings.h"
#include "net/endpoint_connection.h"

namespace recto {

/// What a run asked for and what it cost. Differs between a run and its repetition, which finds
/// its answers in the cache: nothing for what must be byte-equal.
struct EndpointUsage {
  int64_t pages = 0;       ///< handed in
  int64_t blank = 0;       ///< not asked, since there is nothing on them
  int64_t answered = 0;    ///< with queries or without, by the model or from the cache
  int64_t from_cache = 0;  ///< without any request
  int64_t dropped = 0;     ///< no usable answer
  int64_t queries = 0;
  int64_t requests = 0;       ///< sent, with repetitions
  int64_t repeated = 0;       ///< after a time-out, a broken connection, 429 or 5xx
  int64_t wrong_answers = 0;  ///< that broke the schema
  int64_t uncounted = 0;      ///< answers for which the server names no token counts
  int64_t prompt_tokens = 0;  ///< of the requests of this run, as the server counts them
  int64_t completion_tokens = 0;
  double cost = 0;       ///< of these tokens, by the prices of the settings
  bool dry_run = false;  ///< then the following are filled in, and nothing was sent
  int64_t to_ask = 0;    ///< pages that a run would ask
  int64_t estimated_prompt_tokens = 0;
  int64_t estimated_completion_tokens = 0;
  double estimated_cost = 0;
};

Json to_json(const EndpointUsage& usage);
/// Lines for people.
std::string describe(const EndpointUsage& usage);

/// Makes one in a run. Thread-safe.
class EndpointGenerator {
 public:
  /// Throws Error(kUsage) for settings that cannot be meant, Error(kIo) for the cache directory.
  /// Connects to nothing.
  explicit EndpointGenerator(EndpointSettings settings, ApiKey key = ApiKey::from_environment());

  /// The queries of one page: at most one of each kind, in the order of kEndpointKinds. Blank pages
  /// are not asked. `jpeg` is the page's picture.
  ///
  /// `audit` gets a row of stage "endpoint" for the page, and one for each kind without a query:
  /// what the model gave no usable answer for, after the retries, is recorded and not thrown.
  ///
  /// What concerns the endpoint and not the page ends the run, also for all other threads: Error(
  /// kUsage) when it refuses the request (HTTP 3xx, 400, 401, 403, 404, ...), Error(kIo) when it
  /// cannot be reached or fails for several pages on end, Error(kLimit) for max_requests, Error(
  /// kMismatch) for an untrusted certificate, Error(kIo) when the cache cannot be written,
  /// Error(kInterrupted).
  std::vector<Candidate> generate(const CuratedDocument& document, const CuratedPage& page,
                                  std::string jpeg, Audit& audit);

  /// All pages of a document, up to `parallel_requests` of them at once, so that a document does
  /// not wait for one answer after the other. `jpeg(page)` is called from several threads. The
  /// candidates and the rows of `audit` are in the order of the pages, whatever came first.
  std::vector<Candidate> generate(const CuratedDocument& document,
                                  const std::function<std::string(const CuratedPage&)>& jpeg,
                                  Audit& audit);

  EndpointUsage usage() const;
  const EndpointSettings& settings() const { return settings_; }
  /// EndpointSettings::manifest() with the generator's name and version.
  Json manifest() const;
  std::string method() const { return "openai:" + settings_.model; }
  /// Of the generator, with the first digits of the prompt's SHA-256: "1-0123456789ab".
  std::string version() const;

 private:
  struct Answer;

  std::vector<Candidate> page_queries(const CuratedDocument& document, const CuratedPage& page,
                                      std::string jpeg, Audit& audit);
  Answer ask(const std::string& prompt, const EndpointImage& image);
  std::optional<ChatCompletion> complete(const std::string& request, Answer& answer);
  std::optional<ChatCompletion> exchange(const std::string& request, const std::string& key,
                                         std::string& problem);
  HttpReply post(const std::string& request);
  void refuse_forever(const HttpReply& reply);
  void wait_before_retry(const HttpReply& reply, int attempt, const std::string& key,
                         const std::string& problem);
  void give_page_up(const std::string& problem);
  void end_run(const Error& error);
  void estimate(const std::string& prompt, const EndpointImage& image);
  std::vector<Candidate> candidates(const CuratedPage& page, const std::string& page_id,
                                    const Answer& answer, Audit& audit);
  template <typename Change>
  void count(Change change);

  EndpointSettings settings_;
  EndpointConnection connection_;
  EndpointGate gate_;
  EndpointCache cache_;
  mutable std::mutex mutex_;
  EndpointUsage usage_;
  int failed_pages_in_a_row_ = 0;
  bool reached_ = false;
};

}  // namespace recto
