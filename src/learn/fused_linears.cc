#include "learn/fused_linears.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "learn/product.h"

namespace recto {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// x / sqrt(mean(x²) + epsilon) * weight. Sources: x, weight.
struct RmsNormed {
  static constexpr size_t kSources = 2;

  /// [rows, 1]
  static Tensor row_scale(const variable_list& sources, double epsilon) {
    return torch::rsqrt(sources[0].square().mean(-1, true) + epsilon);
  }
  static Tensor value(const variable_list& sources, double epsilon) {
    return (sources[0] * row_scale(sources, epsilon)).mul_(sources[1]);
  }
  static variable_list gradients(const variable_list& sources, double epsilon, const Tensor& d,
                                 const std::vector<bool>& wanted) {
    const Tensor scale = row_scale(sources, epsilon);
    const Tensor unit = sources[0] * scale;
    variable_list out(kSources);
    if (wanted[1]) out[1] = (d * unit).sum(0);
    if (!wanted[0]) return out;
    Tensor dx = d * sources[1];
    const Tensor along = (dx * unit).mean(-1, true);
    out[0] = dx.sub_(unit.mul(along)).mul_(scale);
    return out;
  }
};

/// silu(gate) * up. Sources: gate, up.
struct Gated {
  static constexpr size_t kSources = 2;

  static Tensor value(const variable_list& sources, double /*epsilon*/) {
    return torch::silu(sources[0]).mul_(sources[1]);
  }
  static variable_list gradients(const variable_list& sources, double /*epsilon*/, const Tensor& d,
                                 const std::vector<bool>& wanted) {
    const Tensor& gate = sources[0];
    variable_list out(kSources);
    if (wanted[1]) out[1] = torch::silu(gate).mul_(d);
    if (wanted[0]) out[0] = torch::silu_backward(d * sources[1], gate);
    return out;
  }
};

/// What linear layers read as it is. Sources: it.
struct Given {
  static constexpr size_t kSources = 1;

  static Tensor value(const variable_list& sources, double /*epsilon*/) { return sources[0]; }
  static variable_list gradients(const variable_list& /*sources*/, double /*epsilon*/,
                                 const Tensor& d, const std::vector<bool>& /*wanted*/) {
    return {d};
  }
};

/// How the tensors of the linear layers lie in a list: W of each, then A and B when it has them.
struct Layout {
  std::vector<bool> adapted;
  std::vector<double> scales;

  size_t tensors(size_t linear) const { return adapted[linear] ? 3 : 1; }
};

/// Arguments of apply(): the sources, then the tensors of the linear layers. Saved: these, then
/// scale x Aᵀ of each adapted layer.
template <typename Source>
class SourcedLinears : public torch::autograd::Function<SourcedLinears<Source>> {
 public:
  // at::TensorList: apply() would take a variable_list for a constant, without a gradient.
  static variable_list forward(AutogradContext* context, at::TensorList arguments, double epsilon,
                               const Layout* layout) {
    variable_list saved = arguments.vec();
    const Tensor x = Source::value(saved, epsilon);
    variable_list outputs, lows;
    size_t at = Source::kSources;
    for (size_t i = 0; i < layout->adapted.size(); at += layout->tensors(i), ++i) {
      outputs.push_back(product(x, arguments[at]));
      if (!layout->adapted[i]) continue;
      lows.push_back(product(x, arguments[at + 1]).mul_(layout->scales[i]));
      outputs.back().add_(product(lows.back(), arguments[at + 2]));
    }
    saved.insert(saved.end(), lows.begin(), lows.end());
    context->save_for_backward(saved);
    context->set_materialize_grads(false);
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["scales"] = layout->scales;
    context->saved_data["adapted"] =
        std::vector<int64_t>(layout->adapted.begin(), layout->adapted.end());
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list d) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<double> scales = context->saved_data["scales"].toDoubleVector();
    const std::vector<int64_t> adapted = context->saved_data["adapted"].toIntVector();
    const double epsilon = context->saved_data["epsilon"].toDouble();
    size_t arguments = Source::kSources;
    for (const int64_t is : adapted) arguments += is != 0 ? 3 : 1;
    variable_list out(arguments + 2);  // nothing for epsilon and layout
    const Tensor x = Source::value(saved, epsilon);
    std::vector<bool> wanted;
    for (size_t i = 0; i < Source::kSources; ++i) wanted.push_back(context->needs_input_grad(i));
    const bool sources_wanted = std::find(wanted.begin(), wanted.end(), true) != wanted.end();
    Tensor dx;
    const auto add_to_dx = [&](const Tensor& part) { dx = dx.defined() ? dx.add_(part) : part; };
    size_t low = arguments;
    for (size_t i = 0, at = Source::kSources; i < adapted.size(); ++i) {
      const Tensor& dy = d[i];
      const bool has_adapter = adapted[i] != 0;
      if (dy.defined()) {
        if (context->needs_input_grad(at)) out[at] = product(dy.t(), x.t());
        if (sources_wanted) add_to_dx(product(dy, saved[at].t()));
      }
      if (dy.defined() && has_adapter) {
        const Tensor d_low = product(dy, saved[at + 2].t()).mul_(scales[i]);
        out[at + 1] = product(d_low.t(), x.t());
        out[at + 2] = product(dy.t(), saved[low].t());
        if (sources_wanted) add_to_dx(product(d_low, saved[at + 1].t()));
      }
      if (has_adapter) ++low;
      at += has_adapter ? 3 : 1;
    }
    if (!dx.defined()) return out;
    const variable_list sources = Source::gradients(saved, epsilon, dx, wanted);
    std::copy(sources.begin(), sources.end(), out.begin());
    return out;
  }
};

template <typename Source>
variable_list apply(variable_list arguments, double epsilon, std::span<const LinearParts> linears) {
  Layout layout;
  for (const LinearParts& linear : linears) {
    arguments.push_back(linear.weight);
    layout.adapted.push_back(linear.lora_a.defined());
    layout.scales.push_back(linear.scale);
    if (!linear.lora_a.defined()) continue;
    arguments.push_back(linear.lora_a);
    arguments.push_back(linear.lora_b);
  }
  return SourcedLinears<Source>::apply(at::TensorList(arguments), epsilon, &layout);
}

}  // namespace

std::vector<Tensor> rms_normed_linears(const Tensor& x, const Tensor& norm_weight, double epsilon,
                                       std::span<const LinearParts> linears) {
  return apply<RmsNormed>({x, norm_weight}, epsilon, linears);
}

Tensor gated_linear(const Tensor& gate, const Tensor& up, const LinearParts& linear) {
  return apply<Gated>({gate, up}, 0, {&linear, 1})[0];
}

Tensor given_linear(const Tensor& x, const LinearParts& linear) {
  return apply<Given>({x}, 0, {&linear, 1})[0];
}

}  // namespace recto
