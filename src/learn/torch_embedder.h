#pragma once
// The torch model behind the interface of every embedder: the CUDA embedder, and the twin that
// engine/ is held equal to.

#include <memory>
#include <string>

#include "model/adapter.h"
#include "model/embedder.h"

namespace recto {

struct TorchEmbedderOptions {
  std::string device = "cpu";        ///< "cpu", "cuda" or "cuda:N"
  int threads = 0;                   ///< 0: available_cores()
  const Adapter* adapter = nullptr;  ///< put on the model unmerged; read during the call only
};

/// An embedder with a torch model made from `model`'s weights. Throws Error(kUnsupported) when
/// libtorch cannot use the device, and what RetrieverModel::load throws. The number of threads is
/// that of the process. Its embed() throws for inputs what that of make_cpu_embedder() throws.
std::unique_ptr<Embedder> make_torch_embedder(std::shared_ptr<const ModelDirectory> model,
                                              const TorchEmbedderOptions& options = {});

/// The device by name. Throws Error(kUsage) for another name and Error(kUnsupported) for one that
/// is not there.
std::string checked_device(const std::string& name);

}  // namespace recto
