#include <fmt/format.h>

#include "base/error.h"
#include "curate/cross_lingual.h"
#include "curate/curate.h"
#include "curate/endpoint_settings.h"
#include "curate/exclusion_list.h"
#include "model/model_directory.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr double kDefaultShare = 0.1;

void check_generator(const std::string& name) {
  if (name == kCrossLingualGenerator) return;
  std::string known = kCrossLingualGenerator;
  for (const GeneratorInfo& info : generators()) {
    if (info.name == name) return;
    known += ", " + std::string(info.name);
  }
  fail(ErrorCode::kUsage, "\"{}\" is no generator of queries; known are {}", name, known);
}

/// Throws Error(kUsage) naming `option` unless `value` is between `least` and `most`.
void check_range(const char* option, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return;
  fail(ErrorCode::kUsage, "{} is {}; it must be between {} and {}", option, value, least, most);
}

void check_least(const char* option, int64_t value, int64_t least) {
  if (value >= least) return;
  fail(ErrorCode::kUsage, "{} is {}; it must be at least {}", option, value, least);
}

void check_judge(const CurateOptions& options) {
  if (options.judge.empty()) return;
  const bool asked = options.cleaning && options.round_trip > 0;
  if (!asked && options.negatives.per_query == 0) {
    fail(ErrorCode::kUsage,
         "--judge {} has nothing to do with --{} and --negatives 0; leave it out, or "
         "have one of them done",
         options.judge.string(), options.cleaning ? "round-trip 0" : "cleaning off");
  }
  ModelDirectory::open(options.judge);
}

}  // namespace

std::set<std::string> standard_generators() {
  std::set<std::string> names = default_generators();
  names.insert(kCrossLingualGenerator);
  return names;
}

SplitSettings split_settings(const CurateOptions& options) {
  const auto share = [](const std::optional<double>& asked, const std::vector<std::string>& named) {
    return asked.value_or(named.empty() ? kDefaultShare : 0);
  };
  return {share(options.validation_share, options.validation_documents),
          share(options.test_share, options.test_documents), options.seed};
}

void check_options(const CurateOptions& options) {
  check_range("--longest-edge", options.longest_edge, 16, options.limits.image.max_side);
  check_range("--jpeg-quality", options.jpeg_quality, 1, 100);
  check_least("--threads", options.threads, 1);
  for (const std::string& name : options.generators) check_generator(name);
  if (options.require_licence && options.sources.empty()) {
    fail(ErrorCode::kUsage,
         "--require-licence asks for a licence of each file, but no table of sources says which it "
         "has; give one with --sources FILE.csv");
  }
  if (options.endpoint) check_settings(*options.endpoint);
  check_settings(split_settings(options));
  check_least("--generic-families", options.generic_families, 2);
  check_least("--max-pages-per-query", options.max_pages_per_query, 1);
  check_least("--sentences-per-page", options.sentences_per_page, 1);
  if (options.sentences_per_page > 1 && !options.generators.contains("sentence")) {
    fail(ErrorCode::kUsage,
         "--sentences-per-page {} does nothing without --generator sentence, which is not among "
         "the default ones",
         options.sentences_per_page);
  }
  check_least("--round-trip", options.round_trip, 0);
  check_least("--negatives", options.negatives.per_query, 0);
  check_settings(options.negatives);
  check_settings(options.balance);
  // What the second phase needs is asked for before hours of the first.
  for (const fs::path& path : options.exclude) check_exclusions(path);
  check_judge(options);
}

}  // namespace recto
