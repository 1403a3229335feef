#include "curate/endpoint_generator.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/language_tag.h"
#include "base/log.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "curate/endpoint_answer.h"
#include "data/page_id.h"

namespace recto {
namespace {

constexpr const char* kStage = "endpoint";
constexpr const char* kGeneratorVersion = "1";
constexpr int kMaxFailedPagesInARow = 5;
constexpr int kLoudRetries = 5;
constexpr int64_t kEstimatedAnswerTokens = 150;
constexpr double kMillion = 1e6;

bool is_success(int status) { return status >= 200 && status < 300; }

/// True for what may go right another time.
bool may_pass(int status) {
  return status == 408 || status == 425 || status == 429 ||
         (status >= 500 && status != 501 && status != 505);
}

std::string advice(const HttpReply& reply) {
  switch (reply.status) {
    case 401:
    case 403:
      return "set RECTO_API_KEY to a key that it accepts";
    case 404:
      return "check --endpoint and --llm";
    case 413:
      return "send smaller pictures: --endpoint-edge";
    case 429:
      return "the quota is used up; run again when there is more, the answers so far are kept";
    default:
      break;
  }
  if (!reply.location.empty()) return fmt::format("name {} as --endpoint", reply.location);
  return "check --endpoint, --llm and --request-parameters";
}

double backoff_seconds(const EndpointSettings& settings, int attempt, const std::string& key) {
  Random random(settings.seed,
                std::stoull(key.substr(0, 15), nullptr, 16) + static_cast<uint64_t>(attempt));
  const double longest = settings.first_backoff * std::pow(2, std::min(attempt, 60));
  return std::min(longest, settings.longest_backoff) * (0.5 + 0.5 * random.uniform());
}

/// What is added to the prompt after an answer that could not be used.
std::string note_for(const std::string& problem, int attempt) {
  return fmt::format(
      "Your answer number {} could not be used: {}. Answer again with one JSON object as "
      "described, "
      "and nothing else.",
      attempt, problem);
}

std::string lower_ascii(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

double cost_of(const EndpointSettings& settings, int64_t prompt_tokens, int64_t answer_tokens) {
  return (static_cast<double>(prompt_tokens) * settings.price_input +
          static_cast<double>(answer_tokens) * settings.price_output) /
         kMillion;
}

}  // namespace

/// What came of asking for a page.
struct EndpointGenerator::Answer {
  std::optional<PageQueries> queries;
  std::string problem;  ///< why there are none
  bool from_cache = true;
};

EndpointGenerator::EndpointGenerator(EndpointSettings settings, ApiKey key)
    : settings_((check_settings(settings), std::move(settings))),
      connection_(chat_completions_url(settings_.url), settings_, std::move(key)),
      gate_(settings_.parallel_requests, settings_.requests_per_minute),
      cache_(settings_.cache) {
  if (settings_.prompt.empty()) settings_.prompt = default_prompt();
  fill_prompt(settings_.prompt, {}, {});  // an unknown placeholder is an error now, not at page 1
  usage_.dry_run = settings_.dry_run;
  if (!connection_.key().empty() && is_open_to_others(settings_.url)) {
    log_warning("the API key and the pages go to {} unencrypted; use https where you can",
                connection_.url());
  }
  if (!settings_.dry_run) cache_.create();
}

// At a limit, answers that are on their way are waited for and kept: they are paid for.
void EndpointGenerator::end_run(const Error& error) {
  gate_.stop(error, error.code() == ErrorCode::kLimit);
}

template <typename Change>
void EndpointGenerator::count(Change change) {
  const std::lock_guard lock(mutex_);
  change(usage_);
}

EndpointUsage EndpointGenerator::usage() const {
  const std::lock_guard lock(mutex_);
  EndpointUsage usage = usage_;
  usage.cost = cost_of(settings_, usage.prompt_tokens, usage.completion_tokens);
  usage.estimated_cost =
      cost_of(settings_, usage.estimated_prompt_tokens, usage.estimated_completion_tokens);
  return usage;
}

std::string EndpointGenerator::version() const {
  return fmt::format("{}-{}", kGeneratorVersion, sha256_hex(settings_.prompt).substr(0, 12));
}

Json EndpointGenerator::manifest() const {
  Json json = settings_.manifest();
  json["method"] = method();
  json["version"] = version();
  return json;
}

std::vector<Candidate> EndpointGenerator::generate(const CuratedDocument& document,
                                                   const CuratedPage& page, std::string jpeg,
                                                   Audit& audit) {
  try {
    const EndpointGate::Place place(gate_);
    return page_queries(document, page, std::move(jpeg), audit);
  } catch (const Error& error) {
    end_run(error);
    throw;
  }
}

std::vector<Candidate> EndpointGenerator::generate(
    const CuratedDocument& document, const std::function<std::string(const CuratedPage&)>& jpeg,
    Audit& audit) {
  struct Result {
    std::vector<Candidate> candidates;
    Audit audit;
  };
  std::vector<Result> results(document.pages.size());
  parallel_for(results.size(), settings_.parallel_requests, [&](size_t i) {
    const CuratedPage& page = document.pages[i];
    try {
      const EndpointGate::Place place(gate_);  // before the picture is loaded: it bounds the memory
      results[i].candidates = page_queries(document, page, jpeg(page), results[i].audit);
    } catch (const Error& error) {
      end_run(error);
      throw;
    }
  });
  std::vector<Candidate> all;
  for (Result& result : results) {
    std::move(result.candidates.begin(), result.candidates.end(), std::back_inserter(all));
    audit.append(std::move(result.audit));
  }
  return all;
}

std::vector<Candidate> EndpointGenerator::page_queries(const CuratedDocument& document,
                                                       const CuratedPage& page, std::string jpeg,
                                                       Audit& audit) {
  gate_.check();
  const std::string page_id = make_page_id(document.document_id, page.number);
  count([](EndpointUsage& usage) { ++usage.pages; });
  if (page.content_class == ContentClass::kBlank) {
    count([](EndpointUsage& usage) { ++usage.blank; });
    audit.drop(page_id, kStage, "a blank page is not asked");
    return {};
  }
  const std::string prompt = fill_prompt(settings_.prompt, document, page);
  const Answer answer = ask(prompt, endpoint_image(std::move(jpeg), settings_));
  if (settings_.dry_run) return {};
  if (!answer.queries) {
    count([](EndpointUsage& usage) { ++usage.dropped; });
    audit.drop(page_id, kStage, answer.problem);
    return {};
  }
  count([&](EndpointUsage& usage) {
    ++usage.answered;
    usage.from_cache += answer.from_cache ? 1 : 0;
  });
  return candidates(page, page_id, answer, audit);
}

EndpointGenerator::Answer EndpointGenerator::ask(const std::string& prompt,
                                                 const EndpointImage& image) {
  Answer answer;
  std::string note;
  for (int attempt = 1;; ++attempt) {
    const std::string request = chat_request(settings_, prompt, image, note);
    const std::optional<ChatCompletion> completion = complete(request, answer);
    if (!completion) {
      if (settings_.dry_run) estimate(prompt, image);
      return answer;
    }
    std::string problem;
    answer.queries = parse_answer(*completion, problem);
    if (answer.queries) return answer;
    count([](EndpointUsage& usage) { ++usage.wrong_answers; });
    answer.problem = "wrong answer: " + problem;
    if (completion->refused || attempt > settings_.answer_retries) return answer;
    note = note_for(problem, attempt);
  }
}

// From the cache or the endpoint. Nothing when the latter fails for this page (answer.problem), or
// for a dry run that finds nothing in the cache.
std::optional<ChatCompletion> EndpointGenerator::complete(const std::string& request,
                                                          Answer& answer) {
  const std::string key = endpoint_cache_key(request);
  const EndpointCache::Claim claim(cache_, key);
  if (std::optional<ChatCompletion> kept = cache_.find(key)) return kept;
  answer.from_cache = false;
  if (settings_.dry_run) return std::nullopt;
  std::string problem;
  const std::optional<ChatCompletion> completion = exchange(request, key, problem);
  if (completion) {
    cache_.store(key, *completion);
  } else {
    answer.problem = "no answer: " + problem;
  }
  return completion;
}

std::optional<ChatCompletion> EndpointGenerator::exchange(const std::string& request,
                                                          const std::string& key,
                                                          std::string& problem) {
  for (int attempt = 0;; ++attempt) {
    const HttpReply reply = post(request);
    problem = reply.problem;
    if (problem.empty() && is_success(reply.status)) {
      std::optional<ChatCompletion> completion = parse_completion(reply.body, problem);
      if (completion) {
        const std::lock_guard lock(mutex_);
        failed_pages_in_a_row_ = 0;
        usage_.prompt_tokens += std::max<int64_t>(0, completion->prompt_tokens);
        usage_.completion_tokens += std::max<int64_t>(0, completion->completion_tokens);
        if (completion->prompt_tokens < 0 || completion->completion_tokens < 0) ++usage_.uncounted;
        return completion;
      }
    } else if (problem.empty()) {
      problem = fmt::format("HTTP {}", reply.status);
      refuse_forever(reply);
    }
    if (attempt == settings_.retries) {
      give_page_up(problem);
      return std::nullopt;
    }
    wait_before_retry(reply, attempt, key, problem);
  }
}

HttpReply EndpointGenerator::post(const std::string& request) {
  gate_.wait_turn();
  count([&](EndpointUsage& usage) {
    if (settings_.max_requests > 0 && usage.requests >= settings_.max_requests) {
      fail(ErrorCode::kLimit,
           "the run has sent --max-requests {} requests; run it again to go on, the answers so far "
           "are kept",
           settings_.max_requests);
    }
    ++usage.requests;
  });
  HttpReply reply = connection_.post(request, [this] { gate_.check_request(); });
  if (reply.status != 0) {
    const std::lock_guard lock(mutex_);
    reached_ = true;
  }
  return reply;
}

// Throws unless what the server answered may pass.
void EndpointGenerator::refuse_forever(const HttpReply& reply) {
  const std::string excerpt = error_excerpt(reply.body);
  const bool quota =
      reply.status == 429 && reply.body.find("insufficient_quota") != std::string::npos;
  if (may_pass(reply.status) && !quota) return;
  fail(ErrorCode::kUsage, "the endpoint {} refuses the request with HTTP {}{}; {}",
       connection_.url(), reply.status, excerpt.empty() ? "" : fmt::format(" (\"{}\")", excerpt),
       advice(reply));
}

void EndpointGenerator::give_page_up(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  ++failed_pages_in_a_row_;
  if (reached_ && failed_pages_in_a_row_ < kMaxFailedPagesInARow) return;
  fail(ErrorCode::kIo,
       "the endpoint {} gives no answer ({}, tried {} times{}); check that it runs, and run again "
       "to "
       "go on: the answers so far are kept",
       connection_.url(), problem, settings_.retries + 1,
       reached_ ? fmt::format(", for {} pages on end", failed_pages_in_a_row_) : "");
}

void EndpointGenerator::wait_before_retry(const HttpReply& reply, int attempt,
                                          const std::string& key, const std::string& problem) {
  if (reply.retry_after > settings_.longest_retry_after) {
    fail(
        ErrorCode::kLimit,
        "the endpoint {} asks to wait {} seconds ({}); run again then, the answers so far are kept",
        connection_.url(), reply.retry_after, problem);
  }
  const double seconds = std::max(backoff_seconds(settings_, attempt, key), reply.retry_after);
  int64_t repeated = 0;
  count([&](EndpointUsage& usage) { repeated = ++usage.repeated; });
  if (repeated <= kLoudRetries) {
    log_warning("endpoint: {}; asking again in {:.1f} s", problem, seconds);
  } else {
    log_debug("endpoint: {}; asking again in {:.1f} s", problem, seconds);
  }
  // A server that names a time means it for everybody.
  if (reply.retry_after > 0) gate_.pause(EndpointGate::Seconds(reply.retry_after));
  gate_.wait(EndpointGate::Seconds(seconds));
}

void EndpointGenerator::estimate(const std::string& prompt, const EndpointImage& image) {
  count([&](EndpointUsage& usage) {
    ++usage.to_ask;
    usage.estimated_prompt_tokens += estimated_tokens(prompt, image);
    usage.estimated_completion_tokens += kEstimatedAnswerTokens;
  });
}

std::vector<Candidate> EndpointGenerator::candidates(const CuratedPage& page,
                                                     const std::string& page_id,
                                                     const Answer& answer, Audit& audit) {
  const PageQueries& found = *answer.queries;
  std::vector<Candidate> out;
  std::set<std::string> seen;
  Audit kinds;
  for (const char* kind : kEndpointKinds) {
    const std::string& query = found.queries.at(kind);
    const std::string item = fmt::format("{}/{}", page_id, kind);
    if (query.empty()) {
      kinds.drop(item, kStage, "the model gave none");
    } else if (!seen.insert(lower_ascii(query)).second) {
      kinds.drop(item, kStage, "the same as another of the page");
    } else {
      out.push_back({.query = query,
                     .kind = kind,
                     .method = method(),
                     .version = version(),
                     .language = found.language,
                     .page = page.number});
    }
  }
  const bool agrees =
      page.language.empty() || primary_language(page.language) == primary_language(found.language);
  audit.keep(page_id, kStage,
             agrees ? "answered"
                    : fmt::format("answered: the model takes the page for {}, its text reads as {}",
                                  found.language, page.language),
             static_cast<double>(out.size()), kEndpointKinds.size());
  audit.append(std::move(kinds));
  count([&](EndpointUsage& usage) { usage.queries += std::ssize(out); });
  return out;
}

Json to_json(const EndpointUsage& usage) {
  Json json = {{"pages", usage.pages}, {"blank", usage.blank}, {"from_cache", usage.from_cache}};
  if (usage.dry_run) {
    json["dry_run"] = true;
    json["to_ask"] = usage.to_ask;
    json["estimated_prompt_tokens"] = usage.estimated_prompt_tokens;
    json["estimated_completion_tokens"] = usage.estimated_completion_tokens;
    json["estimated_cost"] = usage.estimated_cost;
    return json;
  }
  json.update({{"answered", usage.answered},
               {"dropped", usage.dropped},
               {"queries", usage.queries},
               {"requests", usage.requests},
               {"repeated", usage.repeated},
               {"wrong_answers", usage.wrong_answers},
               {"uncounted", usage.uncounted},
               {"prompt_tokens", usage.prompt_tokens},
               {"completion_tokens", usage.completion_tokens},
               {"cost", usage.cost}});
  return json;
}

std::string describe(const EndpointUsage& usage) {
  if (usage.dry_run) {
    return fmt::format(
        "endpoint, dry run: {} pages, {} blank; {} would be asked: about {} prompt and {} answer "
        "tokens, cost {:.2f}\n",
        usage.pages, usage.blank, usage.to_ask, usage.estimated_prompt_tokens,
        usage.estimated_completion_tokens, usage.estimated_cost);
  }
  return fmt::format(
      "endpoint: {} pages, {} blank, {} answered ({} from the cache), {} without a usable answer; "
      "{} queries\n"
      "endpoint: {} requests ({} repeated, {} wrong answers), {} prompt and {} answer tokens{}, "
      "cost "
      "{:.2f}\n",
      usage.pages, usage.blank, usage.answered, usage.from_cache, usage.dropped, usage.queries,
      usage.requests, usage.repeated, usage.wrong_answers, usage.prompt_tokens,
      usage.completion_tokens,
      usage.uncounted > 0 ? fmt::format(" ({} answers without a count)", usage.uncounted) : "",
      usage.cost);
}

}  // namespace recto
