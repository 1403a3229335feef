#pragma once
// The engine: Embedder on the CPU.

#include <cstdint>
#include <memory>

#include "model/embedder.h"

namespace recto {

/// Arithmetic of the towers. What sums (softmax, norms, pooling) is fp32 whatever this says.
enum class Precision { kFp32 };

struct EngineOptions {
  /// Threads of a call: tiles and groups of texts side by side, or inside one when there is one.
  /// 0: all cores this process may use.
  int threads = 0;
  /// Most tokens of a mini-batch (at least one input): bounds the memory of activations and visual
  /// tokens, whatever the number of inputs.
  int64_t batch_tokens = 4096;
  Precision precision = Precision::kFp32;
};

/// Opens no file and reads no weight: each tower is packed at the first input that needs it, so a
/// query, or a page of which more than the picture is known, does not wait for the vision tower.
/// embed() and inspect() throw Error(kBadInput) naming the numbers for an input whose image tokens
/// are not image_seq_len for each view, or not those of its visual tokens, with weights of a
/// picture that are not the vocabulary's or that the model makes no vector of, with an id outside
/// the vocabulary, without tokens, or with views of another size than the model's; Error(kLimit)
/// for more tokens than max_position_embeddings, or when the memory a call needs is not there;
/// Error(kBadInput) naming the tensor when one of a tower's weights is NaN or infinite;
/// Error(kInterrupted) after a signal. Throws Error(kUsage) for senseless options.
std::unique_ptr<Embedder> make_cpu_embedder(std::shared_ptr<const ModelDirectory> model,
                                            const EngineOptions& options = {});

}  // namespace recto
