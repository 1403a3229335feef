#include "learn/reading_settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.h"
#include "learn/setting_checks.h"
#include "model/python_regex.h"

namespace recto {
namespace {

/// Settings of TrainSettings::to_json() that mean the same here.
const std::set<std::string>& shared_settings() {
  static const std::set<std::string> shared = {
      "model",  "data",  "max_steps",    "batch_size", "seed",      "lr",      "warmup", "clip",
      "freeze", "dtype", "weight_decay", "eval_every", "precision", "threads", "loss",   "device"};
  return shared;
}

std::string option_of(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return "--" + key;
}

Json own_settings(const ReadingSettings& reading) {
  Json json = {{"leave_out", reading.leave_out},
               {"hold_out", reading.hold_out},
               {"document_pages", reading.document_pages},
               {"page_tiles", reading.page_tiles},
               {"page_scales", reading.page_scales},
               {"heading_tiles", reading.heading_tiles},
               {"line_tiles", reading.line_tiles},
               {"degraded_tiles", reading.degraded_tiles},
               {"transcribed_tiles", reading.transcribed_tiles},
               {"muon_lr", reading.muon_lr},
               {"decay", reading.decay},
               {"eval_tiles", reading.eval_tiles}};
  if (!reading.fresh.empty()) json["fresh"] = reading.fresh;
  return json;
}

/// TrainSettings::to_json(), which knows no losses of reading.
Json common_json(const TrainSettings& common) {
  TrainSettings plain = common;
  plain.loss = TrainSettings().loss;
  Json json = plain.to_json();
  json["loss"] = common.loss;
  return json;
}

void refuse_other_settings(const TrainSettings& common) {
  const Json defaults = TrainSettings().to_json(), found = common_json(common);
  for (const auto& [key, value] : found.items()) {
    const bool same = defaults.contains(key) && defaults[key] == value;
    if (shared_settings().count(key) != 0 || same) continue;
    fail(ErrorCode::kUsage, "{} has no meaning with --objective reading; leave it out",
         option_of(key));
  }
}

void check_share(const char* option, double share) {
  wanted(share >= 0 && share <= 1, option, share, "a number from 0 to 1");
}

void check_losses(const ReadingLosses& losses, double transcribed_tiles) {
  const double of_tiles = losses.characters + losses.tokens + losses.bag;
  if (of_tiles == 0 && losses.transcription == 0) {
    fail(ErrorCode::kUsage, "--loss has no weight above 0, so that nothing is learned");
  }
  if (of_tiles == 0 && transcribed_tiles == 0) {
    fail(ErrorCode::kUsage,
         "--loss has transcription alone, and --transcribed-tiles is 0, so that nothing is "
         "learned");
  }
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string> split_at(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

double* loss_named(ReadingLosses& losses, const std::string& name) {
  if (name == "characters") return &losses.characters;
  if (name == "tokens") return &losses.tokens;
  if (name == "bag") return &losses.bag;
  return name == "transcription" ? &losses.transcription : nullptr;
}

}  // namespace

ReadingLosses parse_reading_losses(const std::vector<std::string>& texts) {
  if (texts == TrainSettings().loss) return {};
  ReadingLosses losses{0, 0, 0, 0};
  for (const std::string& text : texts) {
    for (const std::string& term : split_at(text, ',')) {
      const size_t colon = term.find(':');
      double* weight = loss_named(losses, term.substr(0, colon));
      if (weight == nullptr) {
        fail(ErrorCode::kUsage,
             "--loss {}: with --objective reading, characters, tokens, bag or transcription is "
             "wanted, each with :WEIGHT if it is not 1",
             term);
      }
      const auto value = colon == std::string::npos ? 1.0 : number_of(term.substr(colon + 1));
      if (!value || *value < 0) {
        fail(ErrorCode::kUsage, "--loss {}: a weight of 0 or more is wanted", term);
      }
      *weight = *value;
    }
  }
  return losses;
}

std::pair<double, double> parse_page_scales(const std::string& text) {
  const std::vector<std::string> parts = split_at(text, '-');
  const auto least = number_of(parts[0]), most = number_of(parts.back());
  if (parts.size() > 2 || !least || !most || *least < 0.25 || *most > 4 || *least > *most) {
    fail(ErrorCode::kUsage,
         "--page-scales is \"{}\"; \"LEAST-MOST\" is wanted, two numbers from 0.25 to 4", text);
  }
  return {*least, *most};
}

void check_reading_settings(const TrainSettings& common, const ReadingSettings& reading) {
  refuse_other_settings(common);
  wanted(common.max_steps >= 1, "--max-steps", common.max_steps,
         "the number of steps, 1 or more, with --objective reading");
  wanted(common.batch_size >= 1, "--batch-size", common.batch_size, "1 or more");
  wanted(common.warmup >= 0, "--warmup", common.warmup, "0 or more");
  wanted(common.clip > 0, "--clip", common.clip, "a number above 0");
  wanted(common.weight_decay >= 0, "--weight-decay", common.weight_decay, "0 or more");
  wanted(common.eval_every >= 0, "--eval-every", common.eval_every, "0 or more");
  wanted(common.checkpoint_every >= 0, "--checkpoint-every", common.checkpoint_every, "0 or more");
  wanted(reading_learning_rate(common) > 0, "--lr", reading_learning_rate(common),
         "a number above 0");
  wanted(reading.muon_lr > 0 && std::isfinite(reading.muon_lr), "--muon-lr", reading.muon_lr,
         "a number above 0");
  wanted(reading.document_pages >= 0, "--document-pages", reading.document_pages, "0 or more");
  wanted(reading.page_tiles >= 1, "--page-tiles", reading.page_tiles, "1 or more");
  wanted(reading.eval_tiles >= 0, "--eval-tiles", reading.eval_tiles, "0 or more");
  check_share("--heading-tiles", reading.heading_tiles);
  check_share("--line-tiles", reading.line_tiles);
  check_share("--degraded-tiles", reading.degraded_tiles);
  check_share("--transcribed-tiles", reading.transcribed_tiles);
  check_share("--decay", reading.decay);
  static_cast<void>(parse_page_scales(reading.page_scales));
  check_losses(parse_reading_losses(common.loss), reading.transcribed_tiles);
  for (const std::string& pattern : reading.leave_out) PythonRegex(pattern, "--leave-out");
  for (const std::string& pattern : reading.hold_out) PythonRegex(pattern, "--hold-out");
  for (const std::string& pattern : common.freeze) PythonRegex(pattern, "--freeze");
  for (const std::string& pattern : reading.fresh) PythonRegex(pattern, "--fresh");
}

double reading_learning_rate(const TrainSettings& common) { return common.lr.value_or(1e-3); }

double reading_rate_factor(int64_t step, int64_t steps, double warmup, double decay) {
  const auto done = static_cast<double>(step), all = static_cast<double>(steps);
  const double rising = warmup < 1 ? warmup * all : warmup;
  double factor = rising > 0 ? std::min(1.0, (done + 1) / rising) : 1.0;
  const double left = 1 - (done + 0.5) / all;  // the middle of the step
  if (left < decay) factor *= left / decay;
  return factor;
}

void refuse_reading_settings(const ReadingSettings& reading) {
  const Json defaults = own_settings({}), found = own_settings(reading);
  for (const auto& [key, value] : found.items()) {
    if (defaults.contains(key) && defaults.at(key) == value) continue;
    fail(ErrorCode::kUsage, "{} has no meaning without --objective reading; leave it out",
         option_of(key));
  }
}

Json reading_json(const TrainSettings& common, const ReadingSettings& reading) {
  Json json = own_settings(reading);
  json["objective"] = "reading";
  json["lr"] = reading_learning_rate(common);
  const Json all = common_json(common);
  for (const char* key : {"model", "data", "batch_size", "seed", "warmup", "clip", "weight_decay",
                          "precision", "loss", "device"}) {
    json[key] = all.at(key);
  }
  if (!common.freeze.empty()) json["freeze"] = common.freeze;
  return json;
}

}  // namespace recto
