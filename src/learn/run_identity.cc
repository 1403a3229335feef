#include "learn/run_identity.h"

#include "base/sha256.h"

namespace recto {

Json model_files(const std::filesystem::path& model) {
  Json files = Json::object();
  for (const char* name :
       {"config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "preprocessor_config.json", "processor_config.json"}) {
    if (std::filesystem::exists(model / name)) files[name] = sha256_file(model / name);
  }
  return files;
}

Json run_identity(const TrainSettings& settings, const ModelDirectory& directory,
                  const Contract& contract, const StepSource& steps,
                  const BatchKnowledge& knowledge) {
  Json run = settings.to_json();
  for (const char* key :
       {"model", "data", "threads", "chunk_size", "device", "max_seconds", "feature_store", "guide",
        "teacher", "adapter", "gradient_checkpointing"}) {
    run.erase(key);
  }
  // Measurements alone change nothing.
  if (settings.keep_best == 0 && settings.early_stopping == 0) run.erase("eval_every");
  run["model_weights_sha256"] = directory.contract().weights_sha256;
  run["model_files"] = model_files(directory.path());
  run["contract"] = contract.hash();
  run["data"] = steps.sources().identity();
  run.update(knowledge.fingerprints());
  return run;
}

}  // namespace recto
