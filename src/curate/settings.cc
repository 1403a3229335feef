#include "curate/settings.h"

#include <fmt/ranges.h>

#include <optional>
#include <utility>
#include <vector>

namespace recto {

namespace {

/// Seeds use all 64 bits; json_required() reads signed numbers.
uint64_t read_seed(const Json& json, const std::string& where) {
  const auto found = json.find("seed");
  if (found != json.end() && found->is_number_unsigned()) return found->get<uint64_t>();
  return static_cast<uint64_t>(json_required<int64_t>(json, "seed", where));
}

Json rules_json(const QueryRuleSettings& rules) {
  return {{"min_letters", rules.min_letters},
          {"min_letters_one", rules.min_letters_one},
          {"max_words", rules.max_words},
          {"max_characters", rules.max_characters},
          {"language_confidence", rules.language_confidence}};
}

QueryRuleSettings read_rules(const Json& json, const std::string& where) {
  QueryRuleSettings rules;
  rules.min_letters = json_required<int>(json, "min_letters", where);
  rules.min_letters_one = json_required<int>(json, "min_letters_one", where);
  rules.max_words = json_required<int>(json, "max_words", where);
  rules.max_characters = json_required<int>(json, "max_characters", where);
  rules.language_confidence = json_required<double>(json, "language_confidence", where);
  return rules;
}

Json negatives_json(const NegativeSettings& negatives) {
  return {{"first_rank", negatives.first_rank},
          {"last_rank", negatives.last_rank},
          {"per_query", negatives.per_query},
          {"max_share", negatives.max_share},
          {"max_score", negatives.max_score ? Json(*negatives.max_score) : Json()},
          {"other_document", negatives.other_document},
          {"other_family", negatives.other_family}};
}

NegativeSettings read_negatives(const Json& json, const std::string& where) {
  NegativeSettings negatives;
  negatives.first_rank = json_required<int>(json, "first_rank", where);
  negatives.last_rank = json_required<int>(json, "last_rank", where);
  negatives.per_query = json_required<int>(json, "per_query", where);
  negatives.max_share = json_required<double>(json, "max_share", where);
  if (!json.value("max_score", Json()).is_null()) {
    negatives.max_score = json_required<double>(json, "max_score", where);
  }
  negatives.other_document = json_required<bool>(json, "other_document", where);
  negatives.other_family = json_required<bool>(json, "other_family", where);
  return negatives;
}

Json balance_json(const BalanceSettings& balance) {
  return {{"max_per_language", balance.max_per_language},
          {"max_per_source", balance.max_per_source},
          {"max_per_document", balance.max_per_document},
          {"max_per_kind", balance.max_per_kind},
          {"by", balance_by_name(balance.by)},
          {"target", balance.target},
          {"temperature", balance.temperature},
          {"seed", balance.seed}};
}

BalanceSettings read_balance(const Json& json, const std::string& where) {
  BalanceSettings balance;
  balance.max_per_language = json_required<int64_t>(json, "max_per_language", where);
  balance.max_per_source = json_required<int64_t>(json, "max_per_source", where);
  balance.max_per_document = json_required<int64_t>(json, "max_per_document", where);
  balance.max_per_kind = json_required<int64_t>(json, "max_per_kind", where);
  balance.by = parse_balance_by(json_required<std::string>(json, "by", where));
  balance.target = json_required<int64_t>(json, "target", where);
  balance.temperature = json_required<double>(json, "temperature", where);
  balance.seed = read_seed(json, where);
  return balance;
}

template <typename T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

Json endpoint_json(const CurateOptions& options) {
  return options.endpoint ? options.endpoint->manifest() : options.merged_endpoint;
}

Json settings_json(const CurateOptions& options) {
  Json json = {{"longest_edge", options.longest_edge},
               {"image_format", "jpeg"},
               {"jpeg_quality", options.jpeg_quality},
               {"keep_going", options.keep_going},
               {"require_licence", options.require_licence},
               {"ocr", options.ocr},
               {"generators", options.generators},
               {"endpoint", endpoint_json(options)},
               {"validation_share", split_settings(options).validation_share},
               {"test_share", optional_json(options.test_share)},
               {"seed", options.seed},
               {"test_documents", options.test_documents},
               {"generic_families", options.generic_families},
               {"max_pages_per_query", options.max_pages_per_query},
               {"exclude", Json::array()},
               {"judge", options.judge.string()},
               {"round_trip", options.round_trip},
               {"cleaning", options.cleaning},
               {"near_duplicates", options.near_duplicates}};
  for (const auto& path : options.exclude) json["exclude"].push_back(path.string());
  // Left out where it decides nothing, so that older manifests and checkpoints stay those they
  // were.
  if (!options.validation_documents.empty()) {
    json["validation_documents"] = options.validation_documents;
  }
  if (options.sentences_per_page != 1) json["sentences_per_page"] = options.sentences_per_page;
  json["rules"] = rules_json(options.rules);
  json["negatives"] = negatives_json(options.negatives);
  json["balance"] = balance_json(options.balance);
  return json;
}

CurateOptions read_settings(const Json& json, const std::string& where) {
  const auto member = [&](const char* key) { return json.value(key, Json::object()); };
  CurateOptions options;
  options.longest_edge = json_required<int>(json, "longest_edge", where);
  options.jpeg_quality = json_required<int>(json, "jpeg_quality", where);
  options.keep_going = json_required<bool>(json, "keep_going", where);
  options.require_licence = json_required<bool>(json, "require_licence", where);
  options.ocr = json_required<bool>(json, "ocr", where);
  const auto generators = json_required<std::vector<std::string>>(json, "generators", where);
  options.generators = {generators.begin(), generators.end()};
  if (json.contains("sentences_per_page")) {
    options.sentences_per_page = json_required<int>(json, "sentences_per_page", where);
  }
  options.merged_endpoint = json.value("endpoint", Json());
  if (!options.merged_endpoint.is_null()) {
    json_required<std::string>(options.merged_endpoint, "model", where + ": endpoint");
  }
  options.validation_share = json_required<double>(json, "validation_share", where);
  if (!json.value("test_share", Json()).is_null()) {
    options.test_share = json_required<double>(json, "test_share", where);
  }
  options.seed = read_seed(json, where);
  options.test_documents = json_required<std::vector<std::string>>(json, "test_documents", where);
  if (json.contains("validation_documents")) {
    options.validation_documents =
        json_required<std::vector<std::string>>(json, "validation_documents", where);
  }
  options.generic_families = json_required<int>(json, "generic_families", where);
  options.max_pages_per_query = json_required<int>(json, "max_pages_per_query", where);
  for (const auto& path : json_required<std::vector<std::string>>(json, "exclude", where)) {
    options.exclude.emplace_back(path);
  }
  options.judge = json_required<std::string>(json, "judge", where);
  options.round_trip = json_required<int>(json, "round_trip", where);
  options.cleaning = json_required<bool>(json, "cleaning", where);
  options.near_duplicates = json_required<bool>(json, "near_duplicates", where);
  options.rules = read_rules(member("rules"), where + ": rules");
  options.negatives = read_negatives(member("negatives"), where + ": negatives");
  options.balance = read_balance(member("balance"), where + ": balance");
  return options;
}

Json ingest_settings(const CurateOptions& options, const CurationTools& tools) {
  Json versions = tools.versions;
  if (tools.ocr) {
    versions["tesseract"] =
        fmt::format("{} {}", tools.ocr->version, fmt::join(tools.ocr->packs, " "));
  }
  Json settings = {{"longest_edge", options.longest_edge}, {"jpeg_quality", options.jpeg_quality},
                   {"keep_going", options.keep_going},     {"generators", options.generators},
                   {"endpoint", endpoint_json(options)},   {"tools", std::move(versions)}};
  if (options.sentences_per_page != 1) settings["sentences_per_page"] = options.sentences_per_page;
  return settings;
}

}  // namespace recto
