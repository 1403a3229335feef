#include "learn/recompute.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace recto {
namespace {

using Layer = std::function<torch::Tensor(const torch::Tensor&)>;

/// What the graph can hold.
struct LayerHolder : torch::CustomClassHolder {
  explicit LayerHolder(Layer function) : layer(std::move(function)) {}
  Layer layer;
};

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  /// `anchor` requires a gradient, so that the result does even when only parameters of the layer
  /// are trained and x is a constant.
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& /*anchor*/,
                               const c10::intrusive_ptr<LayerHolder>& holder) {
    context->save_for_backward({x});
    context->saved_data["layer"] = c10::IValue::make_capsule(holder);
    context->saved_data["x_has_gradient"] = x.requires_grad();
    return holder->layer(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto holder =
        c10::static_intrusive_pointer_cast<LayerHolder>(context->saved_data["layer"].toCapsule());
    torch::Tensor x = context->get_saved_variables().front().detach();
    x.set_requires_grad(context->saved_data["x_has_gradient"].toBool());
    torch::Tensor y;
    {
      const torch::AutoGradMode with_gradients(true);
      y = holder->layer(x);
    }
    torch::autograd::backward({y}, {gradients.front()});
    return {x.grad(), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor recomputed(const torch::Tensor& x, Layer layer) {
  if (!torch::GradMode::is_enabled()) return layer(x);
  return Recompute::apply(x, torch::zeros({1}, x.options().requires_grad(true)),
                          c10::make_intrusive<LayerHolder>(std::move(layer)));
}

}  // namespace recto
