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
  wanted(s.max_seconds >= 0, "--max-seconds", s.max_seconds, "0 or more");
  wanted(s.batch_size >= 1, "--batch-size", s.batch_size, "1 or more");
  wanted(s.chunk_size >= 0, "--chunk-size", s.chunk_size, "0 or more");
  wanted(s.eval_every >= 0, "--eval-every", s.eval_every, "0 or more");
  wanted(s.eval_queries >= 0, "--eval-queries", s.eval_queries, "0 or more");
  wanted(s.checkpoint_every >= 0, "--checkpoint-every", s.checkpoint_every, "0 or more");
}

void check_numbers(const TrainSettings& s) {
  wanted(s.learning_rate() > 0 && std::isfinite(s.learning_rate()), "--lr", s.learning_rate(),
         "a number above 0");
  wanted(s.warmup >= 0, "--warmup", s.warmup, "0 or more");
  wanted(s.weight_decay >= 0, "--weight-decay", s.weight_decay, "0 or more");
  wanted(s.clip > 0, "--clip", s.clip, "a number above 0");
  wanted(s.lora_r >= 1, "--lora-r", s.lora_r, "1 or more");
  wanted(s.lora_alpha > 0, "--lora-alpha", s.lora_alpha, "a number above 0");
  wanted(s.dist_timeout >= 1 && s.dist_timeout <= 86400, "--dist-timeout", s.dist_timeout,
         "a number of seconds from 1 to 86400");
  wanted(s.lora_dropout >= 0 && s.lora_dropout < 1, "--lora-dropout", s.lora_dropout,
         "a number from 0 to below 1");
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
