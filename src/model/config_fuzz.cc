// libFuzzer: any bytes as config.json, adapter_config.json and retriever.json.

#include <string>

#include "base/error.h"
#include "model/config.h"
#include "model/contract.h"
#include "model/lora_settings.h"
#include "model/weights.h"

namespace {

// Whatever is accepted must be usable: no division by zero, no overflow in sizes.
void use(const recto::ModelConfig& config) {
  if (config.image_seq_len() < 1) __builtin_trap();
  if (int64_t{config.text.num_hidden_layers} + config.vision.num_hidden_layers > 40) return;
  for (const auto& [name, shape] : recto::expected_tensors(config)) {
    if (recto::TensorView{recto::DType::kF32, shape, {}}.elements() < 1) __builtin_trap();
  }
}

template <typename Read>
void attempt(Read read) {
  try {
    read();
  } catch (const recto::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  attempt([&] { use(recto::parse_model_config(recto::parse_json(text, "fuzz"), "fuzz")); });
  attempt([&] { recto::Contract::from_json(recto::parse_json(text, "fuzz"), "fuzz").hash(); });
  attempt([&] {
    const recto::LoraSettings settings(text, "fuzz");
    for (const char* path : {"text_model.layers.0.self_attn.q_proj", "lm_head"}) {
      if (settings.selects(path) && settings.rank(path) < 1) __builtin_trap();
    }
  });
  return 0;
}
