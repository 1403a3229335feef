#include "learn/train_data_settings.h"

#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "base/error.h"
#include "learn/setting_checks.h"

namespace recto {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// A number at the front of `text`, which is then what is behind it; -1 when there is none.
int take_number(std::string_view& text) {
  int value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return -1;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return value;
}

void check_edges(const std::vector<int>& edges) {
  for (const int edge : edges) wanted(edge > 0, "--longest-edges", edge, "a size in pixels");
  if (std::set<int>(edges.begin(), edges.end()).size() != edges.size()) {
    fail(ErrorCode::kUsage, "--longest-edges has the same size twice");
  }
}

/// Options that say something of negatives of which there are none.
void check_idle_negatives(const TrainSettings& s) {
  const TrainSettings defaults;
  if (s.negatives == 0 && s.negatives_choice != defaults.negatives_choice) {
    fail(ErrorCode::kUsage, "--negatives-choice has no meaning with --negatives 0");
  }
  if (s.remine_every > 0) return;
  const std::pair<const char*, bool> given[] = {
      {"--remine-ratio", s.remine_ratio != defaults.remine_ratio},
      {"--remine-ranks", s.remine_ranks != defaults.remine_ranks},
      {"--remine-max-score", s.remine_max_score.has_value()}};
  for (const auto& [option, is_given] : given) {
    if (!is_given) continue;
    fail(ErrorCode::kUsage,
         "{} says which hard negatives a search may find, but there is no search; say how often "
         "by --remine-every, or leave it out",
         option);
  }
}

}  // namespace

RankRange parse_ranks(const std::string& text) {
  std::string_view rest = text;
  RankRange range;
  range.first = take_number(rest);
  const bool dash = !rest.empty() && rest.front() == '-';
  if (dash) rest.remove_prefix(1);
  range.last = take_number(rest);
  if (!dash || !rest.empty() || range.first < 1 || range.last < range.first) {
    fail(ErrorCode::kUsage,
         "--remine-ranks is \"{}\"; FIRST-LAST is wanted, two ascending places from 1", text);
  }
  return range;
}

void check_data_settings(const TrainSettings& s) {
  if (s.batches != "mixed" && s.batches != "per-source") {
    fail(ErrorCode::kUsage, "--batches is \"{}\"; mixed or per-source is wanted", s.batches);
  }
  if (s.negatives_choice != "best" && s.negatives_choice != "sampled") {
    fail(ErrorCode::kUsage, "--negatives-choice is \"{}\"; best or sampled is wanted",
         s.negatives_choice);
  }
  const double balance = s.balance.value_or(1);
  wanted(balance >= 0 && balance <= 1, "--balance", balance, "a number from 0 to 1");
  wanted(s.negatives >= 0, "--negatives", s.negatives, "0 or more");
  wanted(s.remine_every >= 0, "--remine-every", s.remine_every, "0 or more");
  wanted(s.remine_ratio > 0 && s.remine_ratio <= 1, "--remine-ratio", s.remine_ratio,
         "a number above 0 and at most 1");
  wanted(!s.remine_max_score || std::isfinite(*s.remine_max_score), "--remine-max-score",
         s.remine_max_score.value_or(0), "a number");
  parse_ranks(s.remine_ranks);
  check_edges(s.longest_edges);
  if (s.remine_every > 0 && s.negatives == 0) {
    fail(ErrorCode::kUsage, "--remine-every has no meaning with --negatives 0");
  }
  check_idle_negatives(s);
}

Json data_settings_json(const TrainSettings& s) {
  return {{"batches", s.batches},
          {"balance", or_null(s.balance)},
          {"longest_edges", s.longest_edges},
          {"negatives", s.negatives},
          {"negatives_choice", s.negatives_choice},
          {"remine_every", s.remine_every},
          {"remine_ratio", s.remine_ratio},
          {"remine_ranks", s.remine_ranks},
          {"remine_max_score", or_null(s.remine_max_score)}};
}

}  // namespace recto
