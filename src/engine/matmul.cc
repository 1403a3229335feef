#include "engine/matmul.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "base/cpu.h"
#include "base/error.h"
#include "base/log.h"

namespace recto {
namespace {

using dnnl::memory;

// Far more than a corpus of pages and queries needs; a bound for callers with any length at all.
constexpr size_t kMaxCompiled = 1024;
// Rows for which the layout of the weights is asked; any number gives the same layout.
constexpr int64_t kLayoutRows = 256;

memory::desc dense(int64_t rows, int64_t columns) {
  return {{rows, columns}, memory::data_type::f32, memory::format_tag::ab};
}

dnnl::primitive_attr attributes(Epilogue epilogue) {
  dnnl::post_ops operations;
  if (epilogue == Epilogue::kGeluTanh) {
#if DNNL_VERSION_MAJOR >= 3
    operations.append_eltwise(dnnl::algorithm::eltwise_gelu_tanh, 0.0f, 0.0f);
#else
    operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_tanh, 0.0f, 0.0f);
#endif
  } else if (epilogue == Epilogue::kAdd) {
    operations.append_sum(1.0f);
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(operations);
  // Scratch memory is the caller's: the library's own is not safe to share between threads.
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::matmul::primitive_desc describe(const MatmulShape& shape, const memory::desc& weights) {
  const memory::desc source = dense(shape.rows, shape.inputs);
  const memory::desc destination = dense(shape.rows, shape.outputs);
  const memory::desc bias = shape.bias ? dense(1, shape.outputs) : memory::desc();
#if DNNL_VERSION_MAJOR >= 3
  return {cpu_engine(), source, weights, bias, destination, attributes(shape.epilogue)};
#else
  const dnnl::matmul::desc operation(source, weights, bias, destination);
  return {operation, attributes(shape.epilogue), cpu_engine()};
#endif
}

void warn_of_reference(const MatmulShape& shape, const std::string& implementation) {
  if (implementation.rfind("ref", 0) != 0) return;
  static std::mutex mutex;
  static std::set<std::pair<int64_t, int64_t>> told;
  const std::lock_guard lock(mutex);
  if (!told.emplace(shape.outputs, shape.inputs).second) return;
  log_warning(
      "oneDNN has only its reference implementation ({}) for {} x {} x {} on this machine: "
      "this will be very slow",
      implementation, shape.rows, shape.outputs, shape.inputs);
}

std::shared_ptr<const Matmul> compile(const MatmulShape& shape) {
  const auto description = describe(shape, packed_weights(shape.outputs, shape.inputs));
  auto matmul = std::make_shared<Matmul>();
  matmul->primitive = dnnl::matmul(description);
  matmul->source = description.src_desc();
  matmul->weights = description.weights_desc();
  matmul->bias = description.bias_desc();
  matmul->destination = description.dst_desc();
  matmul->scratchpad = description.scratchpad_desc();
  matmul->implementation = description.impl_info_str();
  warn_of_reference(shape, matmul->implementation);
  return matmul;
}

dnnl::engine make_engine() {
  const CpuFeatures& features = cpu_features();
  // Must come before anything else oneDNN does. Where the features are the machine's own, this
  // takes nothing away; where RECTO_CPU lowers them, oneDNN follows.
  if (!features.avx2) {
    dnnl::set_max_cpu_isa(dnnl::cpu_isa::sse41);
  } else if (!features.avx512) {
    dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
  }
  return {dnnl::engine::kind::cpu, 0};
}

}  // namespace

const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine = make_engine();
  return engine;
}

memory::desc packed_weights(int64_t outputs, int64_t inputs) {
  static std::mutex mutex;
  static std::map<std::pair<int64_t, int64_t>, memory::desc> layouts;
  const std::lock_guard lock(mutex);
  const auto key = std::pair(outputs, inputs);
  auto found = layouts.find(key);
  if (found == layouts.end()) {
    const memory::desc any({inputs, outputs}, memory::data_type::f32, memory::format_tag::any);
    const MatmulShape shape{.rows = kLayoutRows, .outputs = outputs, .inputs = inputs};
    found = layouts.emplace(key, describe(shape, any).weights_desc()).first;
  }
  return found->second;
}

std::shared_ptr<const Matmul> matmul_for(const MatmulShape& shape) {
  static std::mutex mutex;
  static std::map<MatmulShape, std::shared_ptr<const Matmul>> compiled;
  const std::lock_guard lock(mutex);
  auto found = compiled.find(shape);
  if (found == compiled.end()) {
    if (compiled.size() >= kMaxCompiled) compiled.clear();
    try {
      found = compiled.emplace(shape, compile(shape)).first;
    } catch (const dnnl::error& error) {
      fail(ErrorCode::kUnsupported, "oneDNN cannot multiply {} x {} by {} x {} in fp32: {}",
           shape.rows, shape.inputs, shape.inputs, shape.outputs, error.what());
    }
  }
  return found->second;
}

int64_t bucket_rows(int64_t rows) {
  const int64_t step = rows <= 128 ? 8 : rows <= 512 ? 16 : rows <= 2048 ? 32 : 128;
  return (rows + step - 1) / step * step;
}

}  // namespace recto
