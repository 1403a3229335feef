// libFuzzer: any bytes as a safetensors file.

#include "base/error.h"
#include "model/safetensors.h"
#include "model/tensor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::map<std::string, recto::TensorView> tensors;
  std::map<std::string, std::string> metadata;
  try {
    recto::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz", tensors, metadata);
  } catch (const recto::Error&) {
    return 0;
  }
  for (const auto& [name, tensor] : tensors) {
    try {
      recto::to_float(tensor);
    } catch (const recto::Error&) {  // integers have no fp32 values
    }
  }
  return 0;
}
