#include "learn/loss_terms.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "base/error.h"
#include "base/suggestion.h"

namespace recto {
namespace {

struct Name {
  LossKind kind;
  const char* text;
};

constexpr Name kNames[] = {
    {LossKind::kInfoNce, "infonce"},       {LossKind::kSymmetric, "symmetric"},
    {LossKind::kBiNegative, "binegative"}, {LossKind::kDistillCosine, "distill_cosine"},
    {LossKind::kDistillKl, "distill_kl"},  {LossKind::kDistillMarginMse, "distill_margin_mse"},
};

LossKind parse_kind(const std::string& name) {
  std::vector<std::string> known;
  for (const Name& entry : kNames) {
    if (name == entry.text) return entry.kind;
    known.emplace_back(entry.text);
  }
  fail(ErrorCode::kUsage, "--loss: \"{}\" is no loss; {} are{}", name, fmt::join(known, ", "),
       did_you_mean(name, known));
}

double parse_weight(const std::string& text, const std::string& term) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(weight) ||
      weight <= 0) {
    fail(ErrorCode::kUsage,
         "--loss: \"{}\" has the weight \"{}\"; NAME:WEIGHT with a number above 0 is wanted", term,
         text);
  }
  return weight;
}

LossTerm parse_term(const std::string& text) {
  const size_t colon = text.find(':');
  LossTerm term;
  term.kind = parse_kind(text.substr(0, colon));
  if (colon != std::string::npos) term.weight = parse_weight(text.substr(colon + 1), text);
  return term;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts = {""};
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else if (c != ' ') {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

const char* loss_name(LossKind kind) {
  const auto* const found = std::find_if(std::begin(kNames), std::end(kNames),
                                         [&](const Name& name) { return name.kind == kind; });
  RECTO_CHECK(found != std::end(kNames));
  return found->text;
}

bool needs_teacher(LossKind kind) {
  return kind == LossKind::kDistillCosine || kind == LossKind::kDistillKl ||
         kind == LossKind::kDistillMarginMse;
}

std::vector<LossTerm> parse_losses(const std::vector<std::string>& texts) {
  std::vector<LossTerm> terms;
  for (const std::string& text : texts) {
    for (const std::string& part : split_at_commas(text)) {
      const LossTerm term = parse_term(part);
      const auto same = [&](const LossTerm& other) { return other.kind == term.kind; };
      if (std::any_of(terms.begin(), terms.end(), same)) {
        fail(ErrorCode::kUsage, "--loss names {} twice; give it one weight", loss_name(term.kind));
      }
      terms.push_back(term);
    }
  }
  if (terms.empty()) fail(ErrorCode::kUsage, "--loss is empty; infonce is the usual one");
  return terms;
}

std::string losses_text(const std::vector<LossTerm>& terms) {
  std::vector<std::string> parts;
  for (const LossTerm& term : terms) {
    parts.push_back(term.weight == 1 ? loss_name(term.kind)
                                     : fmt::format("{}:{}", loss_name(term.kind), term.weight));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

}  // namespace recto
