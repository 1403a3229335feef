#include "learn/parameter_file.h"

#include <cstring>
#include <memory>

#include "base/error.h"
#include "learn/retriever_model.h"
#include "model/safetensors.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

void check_shape(const TensorView& view, const NamedParameter& tensor, const fs::path& path) {
  if (at::IntArrayRef(view.shape) == tensor.value.sizes()) return;
  fail(ErrorCode::kMismatch, "{}: {} has the shape {}, the run wants {}", path.string(),
       tensor.name, shape_text(view.shape), shape_text(tensor.value.sizes().vec()));
}

void check_count(const SafetensorsFile& file, size_t wanted, const fs::path& path) {
  if (file.tensors().size() == wanted) return;
  fail(ErrorCode::kMismatch, "{} has {} tensors, the run wants {}", path.string(),
       file.tensors().size(), wanted);
}

}  // namespace

void write_parameters(const fs::path& path, const std::vector<NamedParameter>& parameters) {
  SafetensorsWriter writer;
  for (const NamedParameter& tensor : parameters) {
    writer.add(tensor.name, DType::kF32, tensor.value.sizes().vec(),
               [value = tensor.value](std::span<std::byte> out) {
                 const torch::Tensor values = value.detach().to(torch::kCPU).contiguous();
                 std::memcpy(out.data(), values.const_data_ptr<float>(), out.size());
               });
  }
  writer.write(path);
}

void read_parameters(const fs::path& path, const std::vector<NamedParameter>& parameters) {
  const torch::NoGradGuard no_grad;
  const SafetensorsFile file(path);
  for (const NamedParameter& tensor : parameters) {
    const TensorView& view = file.at(tensor.name);
    check_shape(view, tensor, path);
    torch::Tensor target = tensor.value;
    target.copy_(to_tensor(view));
  }
  check_count(file, parameters.size(), path);
}

void read_mean_parameters(const std::vector<fs::path>& paths,
                          const std::vector<NamedParameter>& parameters) {
  const torch::NoGradGuard no_grad;
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  for (const fs::path& path : paths) {
    files.push_back(std::make_unique<SafetensorsFile>(path));
    check_count(*files.back(), parameters.size(), path);
  }
  for (const NamedParameter& tensor : parameters) {
    torch::Tensor sum = torch::zeros(tensor.value.sizes(), torch::kFloat64);
    for (size_t i = 0; i < files.size(); ++i) {
      const TensorView& view = files[i]->at(tensor.name);
      check_shape(view, tensor, paths[i]);
      sum += to_tensor(view).to(torch::kFloat64);
    }
    torch::Tensor target = tensor.value;
    target.copy_(sum / static_cast<double>(files.size()));
  }
}

}  // namespace recto
