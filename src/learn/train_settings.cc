#include "learn/train_settings.h"

#include <cmath>

#include "base/error.h"
#include "learn/loss_settings.h"
#include "learn/setting_checks.h"
#include "learn/train_data_settings.h"

namespace recto {
namespace {

void check_one_of(const char* option, const std::string& value,
                  const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), value) != names.end()) return;
  fail(ErrorCode::kUsage, "{} is \"{}\"; {} is wanted", option, value, fmt::join(names, ", "));
}

void check_amounts(const TrainSettings& s) {
  wanted(s.epochs > 0 && std::isfinite(s.epochs), "--epochs", s.epochs, "a number above 0");
  wanted(s.max_steps >= 0, "--max-steps", s.max_steps, "0 or more");
  wanted(s.max_seconds >= 0 && std::isfinite(s.max_seconds), "--max-seconds", s.max_seconds,
         "0 or more");
  wanted(s.batch_size >= 1, "--batch-size", s.batch_size, "1 or more");
  wanted(s.chunk_size >= 0, "--chunk-size", s.chunk_size, "0 or more");
  wanted(s.eval_every >= 0, "--eval-every", s.eval_every, "0 or more");
  wanted(s.eval_queries >= 0, "--eval-queries", s.eval_queries, "0 or more");
  wanted(s.checkpoint_every >= 0, "--checkpoint-every", s.checkpoint_every, "0 or more");
}

void check_numbers(const TrainSettings& s) {
  wanted(s.learning_rate() > 0 && std::isfinite(s.learning_rate()), "--lr", s.learning_rate(),
         "a number above 0");
  wanted(s.warmup >= 0 && std::isfinite(s.warmup), "--warmup", s.warmup, "0 or more");
  wanted(s.weight_decay >= 0 && std::isfinite(s.weight_decay), "--weight-decay", s.weight_decay,
         "0 or more");
  wanted(s.clip > 0 && std::isfinite(s.clip), "--clip", s.clip, "a number above 0");
  wanted(s.dist_timeout >= 1 && s.dist_timeout <= 86400, "--dist-timeout", s.dist_timeout,
         "a number of seconds from 1 to 86400");
}

void check_lora(const TrainSettings& s) {
  const int r = s.lora_r.value_or(kLoraRank);
  const double alpha = s.lora_alpha.value_or(kLoraAlpha);
  wanted(r >= 1, "--lora-r", r, "1 or more");
  wanted(alpha > 0 && std::isfinite(alpha), "--lora-alpha", alpha, "a number above 0");
  wanted(s.lora_dropout >= 0 && s.lora_dropout < 1, "--lora-dropout", s.lora_dropout,
         "a number from 0 to below 1");
}

/// The first option that was given of those that decide the shape of fresh adapters; null for none.
const char* given_shape(const TrainSettings& s) {
  const std::pair<const char*, bool> given[] = {
      {"--lora-r", s.lora_r.has_value()},        {"--lora-alpha", s.lora_alpha.has_value()},
      {"--lora-init", s.lora_init != "kaiming"}, {"--lora-targets", !s.lora_targets.empty()},
      {"--lora-rslora", s.lora_rslora},          {"--lora-dora", s.lora_dora}};
  for (const auto& [option, is_given] : given) {
    if (is_given) return option;
  }
  return nullptr;
}

/// An adapter that is there already has its own shape.
void check_continued(const TrainSettings& s) {
  if (s.adapter.empty()) return;
  if (s.method != "lora") {
    fail(ErrorCode::kUsage,
         "--adapter goes on with --method lora only; to train every parameter from it, merge it "
         "first: recto model merge");
  }
  if (const char* option = given_shape(s)) {
    fail(ErrorCode::kUsage, "{} has no meaning with --adapter: {} has its own", option, s.adapter);
  }
}

/// Full fine-tuning has no adapters.
void check_full(const TrainSettings& s) {
  const char* option = given_shape(s);
  if (option == nullptr && s.lora_dropout > 0) option = "--lora-dropout";
  if (option != nullptr) {
    fail(ErrorCode::kUsage,
         "{} has no meaning with --method full, which trains the weights themselves and makes no "
         "adapters; leave it out, or take --method lora",
         option);
  }
  if (s.merge != "on") {
    fail(ErrorCode::kUsage, "--merge off keeps adapters apart, but --method full makes none");
  }
}

/// What only one of the two methods has.
void check_method(const TrainSettings& s) {
  if (s.method == "full") return check_full(s);
  if (!s.freeze.empty()) {
    fail(ErrorCode::kUsage,
         "--freeze has no meaning with --method lora, which trains nothing but the adapters; "
         "choose them with --lora-targets");
  }
  if (s.merge == "off" && s.dtype != "fp32") {
    fail(ErrorCode::kUsage,
         "--merge off writes the weights of the model it starts from as they are; leave out "
         "--dtype {}",
         s.dtype);
  }
}

void check_selection(const TrainSettings& s) {
  wanted(s.keep_best >= 0, "--keep-best", s.keep_best, "0 or more");
  wanted(s.early_stopping >= 0, "--early-stopping", s.early_stopping, "0 or more");
  if (s.average_best && s.keep_best < 2) {
    fail(ErrorCode::kUsage,
         "--average-best takes the mean of the best states; say how many by "
         "--keep-best, 2 or more");
  }
  if (s.keep_best == 0 && s.early_stopping == 0) return;
  const char* option = s.keep_best > 0 ? "--keep-best" : "--early-stopping";
  if (s.eval_every == 0 || s.eval_queries == 0) {
    fail(ErrorCode::kUsage,
         "{} goes by measurements during the training; say how often by --eval-every, and leave "
         "--eval-queries above 0",
         option);
  }
}

}  // namespace

Json TrainSettings::to_json() const {
  Json json = {
      {"model", model},
      {"data", data},
      {"method", method},
      {"epochs", epochs},
      {"max_steps", max_steps},
      {"max_seconds", max_seconds},
      {"batch_size", batch_size},
      {"chunk_size", chunk_size},
      {"seed", seed},
      {"lr", learning_rate()},
      {"warmup", warmup},
      {"schedule", schedule},
      {"weight_decay", weight_decay},
      {"lr_groups", lr_groups},
      {"no_decay", no_decay},
      {"clip", clip},
      {"freeze", freeze},
      {"adapter", adapter},
      {"lora_r", adapter.empty() ? Json(lora_r.value_or(kLoraRank)) : Json(nullptr)},
      {"lora_alpha", adapter.empty() ? Json(lora_alpha.value_or(kLoraAlpha)) : Json(nullptr)},
      {"lora_dropout", lora_dropout},
      {"lora_init", lora_init},
      {"lora_targets", lora_targets},
      {"lora_rslora", lora_rslora},
      {"lora_dora", lora_dora},
      {"attention", attention},
      {"pooling", pooling},
      {"merge", merge},
      {"keep_best", keep_best},
      {"average_best", average_best},
      {"early_stopping", early_stopping},
      {"eval_every", eval_every},
      {"eval_queries", eval_queries},
      {"precision", precision},
      {"gradient_checkpointing", gradient_checkpointing},
      {"longest_edge", longest_edge ? Json(*longest_edge) : Json(nullptr)},
      {"second_edge", second_edge ? Json(*second_edge) : Json(nullptr)},
      {"dimensions", dimensions},
      {"dtype", dtype},
      {"feature_store", feature_store},
      {"feature_dtype", feature_dtype},
      {"threads", threads},
      {"device", device}};
  json.update(data_settings_json(*this));
  json.update(loss_settings_json(*this));
  return json;
}

void check_train_settings(const TrainSettings& settings) {
  check_one_of("--method", settings.method, {"lora", "full"});
  check_one_of("--lora-init", settings.lora_init, {"kaiming", "gaussian"});
  check_one_of("--dtype", settings.dtype, {"fp32", "fp16", "bf16"});
  check_data_settings(settings);
  check_loss_settings(settings);
  check_one_of("--feature-dtype", settings.feature_dtype, {"fp32", "fp16", "bf16"});
  check_one_of("--schedule", settings.schedule, {"cosine", "linear", "constant"});
  check_one_of("--precision", settings.precision, {"fp32", "bf16"});
  check_one_of("--merge", settings.merge, {"on", "off"});
  check_one_of("--attention", settings.attention, {"", "causal", "bidirectional"});
  check_one_of("--pooling", settings.pooling, {"", "last", "mean", "vocabulary"});
  check_amounts(settings);
  check_numbers(settings);
  check_lora(settings);
  check_continued(settings);
  check_method(settings);
  check_selection(settings);
}

}  // namespace recto
