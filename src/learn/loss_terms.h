#pragma once
// Which losses a training minimises, by name and weight. Without torch.

#include <string>
#include <vector>

namespace recto {

enum class LossKind {
  kInfoNce,
  kSymmetric,
  kBiNegative,
  kDistillCosine,
  kDistillKl,
  kDistillMarginMse,
};

/// "infonce", "symmetric", "binegative", "distill_cosine", "distill_kl", "distill_margin_mse".
const char* loss_name(LossKind kind);

/// Whether the loss is one of those that learn from a teacher.
bool needs_teacher(LossKind kind);

/// One loss of a weighted sum.
struct LossTerm {
  LossKind kind = LossKind::kInfoNce;
  double weight = 1;
};

/// Terms out of texts of the form "NAME[:WEIGHT],...". Throws Error(kUsage) for a name that is no
/// loss (and tells the nearest one), a weight that is not a number above 0, a loss named twice and
/// when there is none.
std::vector<LossTerm> parse_losses(const std::vector<std::string>& texts);

/// "infonce,distill_cosine:0.5": what parse_losses() reads, weights of 1 left out.
std::string losses_text(const std::vector<LossTerm>& terms);

}  // namespace recto
