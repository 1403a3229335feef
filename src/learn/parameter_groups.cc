#include "learn/parameter_groups.h"

#include <charconv>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/log.h"
#include "model/python_regex.h"

namespace recto {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

std::string decay_pattern(const std::string& text) {
  if (text == "norms") return R"(.*norm\d?\.(weight|bias))";
  if (text == "biases") return R"(.*\.bias)";
  return text;
}

std::vector<size_t> matches(const std::vector<NamedParameter>& parameters,
                            const std::string& pattern, const char* option) {
  const PythonRegex regex(pattern, option);
  std::vector<size_t> found;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (regex.full_match(parameters[i].name)) found.push_back(i);
  }
  return found;
}

[[noreturn]] void fail_unmatched(const char* option, const std::string& text,
                                 const std::vector<NamedParameter>& parameters) {
  fail(ErrorCode::kUsage,
       "{} {} matches none of the {} parameters that are trained; a pattern must match a whole "
       "name such as {}",
       option, text, parameters.size(), parameters.front().name);
}

/// Of each parameter, the group that decides its learning rate.
std::vector<size_t> deciding_groups(const std::vector<NamedParameter>& parameters,
                                    const std::vector<LearningRateGroup>& groups) {
  std::vector<size_t> decides(parameters.size(), kNone);
  for (size_t g = 0; g < groups.size(); ++g) {
    const std::vector<size_t> found = matches(parameters, groups[g].pattern, "--lr-group");
    if (found.empty()) fail_unmatched("--lr-group", groups[g].pattern, parameters);
    for (const size_t i : found) decides[i] = g;
    log_info("--lr-group {}: {} parameters at {} times the learning rate", groups[g].pattern,
             found.size(), groups[g].factor);
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    if (std::find(decides.begin(), decides.end(), g) != decides.end()) continue;
    fail(ErrorCode::kUsage,
         "--lr-group {}: a later --lr-group matches all of its parameters; leave one of them out",
         groups[g].pattern);
  }
  return decides;
}

std::vector<bool> without_decay(const std::vector<NamedParameter>& parameters,
                                const std::vector<std::string>& no_decay) {
  std::vector<bool> without;
  for (const NamedParameter& parameter : parameters) without.push_back(!parameter.decays);
  for (const std::string& text : no_decay) {
    const std::vector<size_t> found = matches(parameters, decay_pattern(text), "--no-decay");
    if (found.empty()) fail_unmatched("--no-decay", text, parameters);
    for (const size_t i : found) without[i] = true;
    log_info("--no-decay {}: {} parameters", text, found.size());
  }
  return without;
}

}  // namespace

LearningRateGroup parse_learning_rate_group(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    fail(ErrorCode::kUsage, "--lr-group \"{}\": PATTERN=FACTOR is wanted", text);
  }
  LearningRateGroup group{text.substr(0, equals), 0};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, group.factor);
  if (error != std::errc() || stop != end || !std::isfinite(group.factor) || group.factor < 0) {
    fail(ErrorCode::kUsage, "--lr-group \"{}\": \"{}\" is no factor; a number above 0 is wanted",
         text, text.substr(equals + 1));
  }
  if (group.factor == 0) {
    fail(ErrorCode::kUsage,
         "--lr-group \"{}\": a factor of 0 would train nothing; with --method lora leave these "
         "layers "
         "out of --lora-targets, with --method full name them in --freeze",
         text);
  }
  return group;
}

std::vector<ParameterGroup> group_parameters(const std::vector<NamedParameter>& parameters,
                                             const std::vector<std::string>& lr_groups,
                                             const std::vector<std::string>& no_decay) {
  std::vector<LearningRateGroup> groups;
  for (const std::string& text : lr_groups) groups.push_back(parse_learning_rate_group(text));
  const std::vector<size_t> decides = deciding_groups(parameters, groups);
  const std::vector<bool> without = without_decay(parameters, no_decay);
  std::map<std::pair<double, bool>, ParameterGroup> made;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const double factor = decides[i] == kNone ? 1 : groups[decides[i]].factor;
    ParameterGroup& group = made[{factor, !without[i]}];
    group.lr_factor = factor;
    group.decays = !without[i];
    group.members.push_back(i);
  }
  std::vector<ParameterGroup> all;
  for (auto& [key, group] : made) all.push_back(std::move(group));
  return all;
}

}  // namespace recto
