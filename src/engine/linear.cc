#include "engine/linear.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/mapped_pages.h"
#include "base/threads.h"
#include "engine/kernels.h"
#include "engine/team.h"

namespace recto {
namespace {

// Packed layers start at a page, so that threads fill different ones.
constexpr size_t kAlignment = 4096;

dnnl::stream& present_stream() {
  thread_local dnnl::stream stream(cpu_engine());
  return stream;
}

size_t whole_pages(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Linear::Linear(std::vector<PlacedTensor> weights, const std::vector<PlacedTensor>& biases)
    : weights_(std::move(weights)) {
  for (const PlacedTensor& tensor : weights_) {
    const std::vector<int64_t>& shape = tensor.view.shape;
    RECTO_CHECK(!shape.empty() && shape[0] > 0);
    outputs_ += shape[0];
    inputs_ = tensor.view.elements() / shape[0];
  }
  for (const PlacedTensor& tensor : biases) {
    const std::vector<float> part = weight_vector(tensor);
    bias_.insert(bias_.end(), part.begin(), part.end());
  }
}

size_t Linear::packed_bytes() const { return packed_weights(outputs_, inputs_).get_size(); }

const float* Linear::gather(FloatBuffer& staging) const {
  const TensorView& first = weights_[0].view;
  const bool aligned = reinterpret_cast<uintptr_t>(first.bytes.data()) % alignof(float) == 0;
  if (weights_.size() == 1 && first.dtype == DType::kF32 && aligned) {
    check_finite(weights_[0]);
    return reinterpret_cast<const float*>(first.bytes.data());
  }
  float* const joined = staging.reserve(outputs_ * inputs_);
  float* to = joined;
  for (const PlacedTensor& tensor : weights_) {
    check_finite(tensor);
    convert_to_float(tensor.view, 0, tensor.view.elements(), to);
    to += tensor.view.elements();
  }
  return joined;
}

void Linear::pack(std::byte* place, FloatBuffer& staging) {
  using dnnl::memory;
  // The file holds W [outputs, inputs]; oneDNN wants [inputs, outputs]: the same bytes as "ba".
  const memory::desc plain({inputs_, outputs_}, memory::data_type::f32, memory::format_tag::ba);
  void* const from = const_cast<float*>(gather(staging));
  dnnl::memory source(plain, cpu_engine(), from);
  dnnl::memory target(packed_weights(outputs_, inputs_), cpu_engine(), place);
  dnnl::reorder(source, target).execute(present_stream(), source, target);
  present_stream().wait();
  for (const PlacedTensor& tensor : weights_) {
    release_mapped_pages(tensor.view.bytes);
  }
  packed_ = place;
}

void Linear::apply(const float* source, int64_t rows, float* destination, Epilogue epilogue,
                   int threads, FloatBuffer& scratchpad) const {
  const Team team(worthwhile_threads(
      threads, 2.0 * static_cast<double>(rows * outputs_) * static_cast<double>(inputs_)));
  const auto matmul =
      matmul_for({rows, outputs_, inputs_, !bias_.empty(), epilogue, team.threads()});
  const dnnl::engine& engine = cpu_engine();
  const size_t scratch_bytes = matmul->scratchpad.get_size();
  float* const scratch =
      scratchpad.reserve(static_cast<int64_t>(scratch_bytes / sizeof(float) + 1));
  std::unordered_map<int, dnnl::memory> arguments = {
      {DNNL_ARG_SRC, dnnl::memory(matmul->source, engine, const_cast<float*>(source))},
      {DNNL_ARG_WEIGHTS, dnnl::memory(matmul->weights, engine, packed_)},
      {DNNL_ARG_DST, dnnl::memory(matmul->destination, engine, destination)},
      {DNNL_ARG_SCRATCHPAD, dnnl::memory(matmul->scratchpad, engine, scratch)}};
  if (!bias_.empty()) {
    arguments.emplace(DNNL_ARG_BIAS,
                      dnnl::memory(matmul->bias, engine, const_cast<float*>(bias_.data())));
  }
  matmul->primitive.execute(present_stream(), arguments);
  present_stream().wait();
}

Buffer pack_linears(std::span<Linear* const> layers, int threads) {
  std::vector<size_t> offsets;
  size_t total = 0;
  for (const Linear* layer : layers) {
    offsets.push_back(total);
    total += whole_pages(layer->packed_bytes());
  }
  Buffer memory(total);
  // Each thread converts in a staging buffer of its own: the share of layers it takes.
  const auto workers = static_cast<size_t>(std::max(1, threads));
  parallel_for(workers, threads, [&](size_t worker) {
    const Team alone(1);
    FloatBuffer staging;
    for (size_t i = worker; i < layers.size(); i += workers) {
      throw_if_interrupted();
      layers[i]->pack(memory.data() + offsets[i], staging);
    }
  });
  return memory;
}

void convert_to_float(const TensorView& tensor, int64_t first, int64_t count, float* out) {
  const auto* from = reinterpret_cast<const unsigned char*>(tensor.bytes.data()) +
                     first * static_cast<int64_t>(dtype_size(tensor.dtype));
  switch (tensor.dtype) {
    case DType::kF32:
      std::memcpy(out, from, static_cast<size_t>(count) * sizeof(float));
      return;
    case DType::kBF16:
      kernels().bf16_to_float(from, count, out);
      return;
    case DType::kF16:
      kernels().f16_to_float(from, count, out);
      return;
    default:
      fail(ErrorCode::kUnsupported, "weights of type {} cannot be computed with",
           dtype_name(tensor.dtype));
  }
}

std::vector<float> weight_vector(const PlacedTensor& tensor) {
  check_finite(tensor);
  std::vector<float> values(static_cast<size_t>(tensor.view.elements()));
  convert_to_float(tensor.view, 0, tensor.view.elements(), values.data());
  return values;
}

}  // namespace recto
