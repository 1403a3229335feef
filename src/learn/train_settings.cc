#include "learn/train_settings.h"

#include <cmath>

#include "base/error.h"
#include "learn/loss_settings.h"
#include "learn/train_data_settings.h"

namespace recto {
namespace {

void wanted(bool condition, const char* option, const std::string& found, const char* what) {
  if (!condition) fail(ErrorCode::kUsage, "{} is {}; {} is wanted", option, found, what);
}

void check_one_of(const char* option, const std::string& value,
                  const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), value) != names.end()) return;
  fail(ErrorCode::kUsage, "{} is \"{}\"; {} is wanted", option, value, fmt::join(names, ", "));
}

void check_amounts(const TrainSettings& s) {
  wanted(s.epochs > 0 && std::isfinite(s.epochs), "--epochs", fmt::to_string(s.epochs),
         "a number above 0");
  wanted(s.max_steps >= 0, "--max-steps", fmt::to_string(s.max_steps), "0 or more");
  wanted(s.max_seconds >= 0, "--max-seconds", fmt::to_string(s.max_seconds), "0 or more");
  wanted(s.batch_size >= 1, "--batch-size", fmt::to_string(s.batch_size), "1 or more");
  wanted(s.chunk_size >= 0, "--chunk-size", fmt::to_string(s.chunk_size), "0 or more");
  wanted(s.eval_every >= 0, "--eval-every", fmt::to_string(s.eval_every), "0 or more");
  wanted(s.eval_queries >= 0, "--eval-queries", fmt::to_string(s.eval_queries), "0 or more");
  wanted(s.checkpoint_every >= 0, "--checkpoint-every", fmt::to_string(s.checkpoint_every),
         "0 or more");
}

void check_numbers(const TrainSettings& s) {
  wanted(s.learning_rate() > 0 && std::isfinite(s.learning_rate()), "--lr",
         fmt::to_string(s.learning_rate()), "a number above 0");
  wanted(s.warmup >= 0, "--warmup", fmt::to_string(s.warmup), "0 or more");
  wanted(s.weight_decay >= 0, "--weight-decay", fmt::to_string(s.weight_decay), "0 or more");
  wanted(s.clip > 0, "--clip", fmt::to_string(s.clip), "a number above 0");
  wanted(s.lora_r >= 1, "--lora-r", fmt::to_string(s.lora_r), "1 or more");
  wanted(s.lora_alpha > 0, "--lora-alpha", fmt::to_string(s.lora_alpha), "a number above 0");
  wanted(s.dist_timeout >= 1 && s.dist_timeout <= 86400, "--dist-timeout",
         fmt::to_string(s.dist_timeout), "a number of seconds from 1 to 86400");
  wanted(s.lora_dropout >= 0 && s.lora_dropout < 1, "--lora-dropout",
         fmt::to_string(s.lora_dropout), "a number from 0 to below 1");
}

}  // namespace

Json TrainSettings::to_json() const {
  Json json = {{"model", model},
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
               {"weight_decay", weight_decay},
               {"clip", clip},
               {"freeze", freeze},
               {"lora_r", lora_r},
               {"lora_alpha", lora_alpha},
               {"lora_dropout", lora_dropout},
               {"lora_init", lora_init},
               {"lora_targets", lora_targets},
               {"longest_edge", longest_edge ? Json(*longest_edge) : Json(nullptr)},
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
  check_amounts(settings);
  check_numbers(settings);
  if (settings.method == "lora" && !settings.freeze.empty()) {
    fail(ErrorCode::kUsage,
         "--freeze has no meaning with --method lora, which trains nothing but the adapters; "
         "choose them with --lora-targets");
  }
}

}  // namespace recto
