#include "learn/product.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <string_view>

namespace recto {
namespace {

using PointwiseLinear = torch::Tensor(const torch::Tensor&, const torch::Tensor&,
                                      const std::optional<torch::Tensor>&, std::string_view,
                                      c10::List<std::optional<at::Scalar>>,
                                      std::optional<std::string_view>);

/// torch's own name for x Wᵀ through oneDNN, with nothing after it. Not there in builds without
/// oneDNN.
std::optional<c10::TypedOperatorHandle<PointwiseLinear>> find_onednn_linear() {
  if (!at::globalContext().hasMKLDNN()) return std::nullopt;
  const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!found) return std::nullopt;
  return found->typed<PointwiseLinear>();
}

bool fits_onednn(const torch::Tensor& a, const torch::Tensor& b) {
  return a.is_cpu() && a.scalar_type() == torch::kFloat32 && b.scalar_type() == torch::kFloat32 &&
         a.numel() > 0 && b.numel() > 0;
}

}  // namespace

torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b) {
  static const auto onednn_linear = find_onednn_linear();
  if (!onednn_linear || !fits_onednn(a, b)) return a.mm(b.t());
  return onednn_linear->call(a, b, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(),
                             "");
}

}  // namespace recto
