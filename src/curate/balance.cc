#include "curate/balance.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"

namespace recto {

namespace {

constexpr const char* kStage = "balance";

/// Places of the queries in the order of their hashes.
std::vector<int32_t> hashed_order(const std::vector<CorpusQuery>& queries, uint64_t seed) {
  std::vector<std::pair<uint64_t, int32_t>> keys;
  keys.reserve(queries.size());
  constexpr int kHexadecimal = 16;
  for (size_t i = 0; i < queries.size(); ++i) {
    const std::string& id = queries[i].row.query_id;
    const std::string digits = sha256_hex(fmt::format("{} {}", seed, id)).substr(0, 15);
    keys.emplace_back(std::strtoull(digits.c_str(), nullptr, kHexadecimal),
                      static_cast<int32_t>(i));
  }
  std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
    return std::tie(a.first, queries[a.second].row.query_id) <
           std::tie(b.first, queries[b.second].row.query_id);
  });
  std::vector<int32_t> order;
  order.reserve(keys.size());
  for (const auto& key : keys) order.push_back(key.second);
  return order;
}

/// How many queries of one language, source, document or kind have been taken.
template <typename Key>
class Cap {
 public:
  explicit Cap(int64_t most) : most_(most) {}
  bool full(const Key& key) { return most_ > 0 && counts_[key] >= most_; }
  void take(const Key& key) { ++counts_[key]; }

 private:
  int64_t most_;
  std::map<Key, int64_t> counts_;
};

class Balancer {
 public:
  Balancer(const std::vector<CorpusQuery>& queries, const Corpus& corpus,
           const BalanceSettings& settings)
      : queries_(queries),
        corpus_(corpus),
        settings_(settings),
        order_(hashed_order(queries, settings.seed)),
        reasons_(queries.size(), nullptr) {}

  /// For each query why it goes, null when it stays.
  std::vector<const char*> run() {
    apply_caps();
    if (settings_.target > 0) apply_target();
    return std::move(reasons_);
  }

 private:
  const CorpusDocument& document_of(const CorpusQuery& query) const {
    return corpus_.document_of(query.pages.front());
  }

  void apply_caps() {
    Cap<std::string> languages(settings_.max_per_language);
    Cap<std::string> sources(settings_.max_per_source);
    Cap<std::string> documents(settings_.max_per_document);
    Cap<std::string> kinds(settings_.max_per_kind);
    for (const int32_t i : order_) {
      const QueryRow& row = queries_[i].row;
      const CorpusDocument& document = document_of(queries_[i]);
      if (languages.full(row.language)) {
        reasons_[i] = "enough of its language";
      } else if (sources.full(document.source)) {
        reasons_[i] = "enough of its source";
      } else if (documents.full(document.document_id)) {
        reasons_[i] = "enough of its document";
      } else if (kinds.full(row.kind)) {
        reasons_[i] = "enough of its kind";
      } else {
        languages.take(row.language);
        sources.take(document.source);
        documents.take(document.document_id);
        kinds.take(row.kind);
      }
    }
  }

  void apply_target() {
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<int32_t>> strata;
    for (const int32_t i : order_) {
      if (reasons_[i] != nullptr) continue;
      const CorpusQuery& query = queries_[i];
      const CorpusDocument& document = document_of(query);
      const std::string& apart =
          settings_.by == BalanceBy::kSource ? document.source : document.document_id;
      strata[{query.row.language, apart, query.row.kind}].push_back(i);
    }
    std::vector<int64_t> counts;
    counts.reserve(strata.size());
    for (const auto& [key, members] : strata) counts.push_back(std::ssize(members));
    const auto kept = share_out(counts, settings_.target, settings_.temperature);
    size_t s = 0;
    for (const auto& [key, members] : strata) {
      for (int64_t i = kept[s]; i < counts[s]; ++i) {
        reasons_[members[static_cast<size_t>(i)]] = "its share of the target is full";
      }
      ++s;
    }
  }

  const std::vector<CorpusQuery>& queries_;
  const Corpus& corpus_;
  const BalanceSettings& settings_;
  std::vector<int32_t> order_;
  std::vector<const char*> reasons_;
};

/// Exact shares, not yet whole: a stratum whose share is above its count is full, and the rest is
/// shared out among the others, until none is above.
std::vector<double> exact_shares(const std::vector<int64_t>& counts, int64_t target,
                                 double temperature) {
  std::vector<double> weights;
  weights.reserve(counts.size());
  for (const int64_t count : counts) {
    weights.push_back(std::pow(static_cast<double>(count), 1 / temperature));
  }
  std::vector<double> shares(counts.size(), -1);
  auto left = static_cast<double>(target);
  for (bool again = true; again;) {
    again = false;
    double weight = 0;
    for (size_t i = 0; i < counts.size(); ++i) weight += shares[i] < 0 ? weights[i] : 0;
    const double unit = weight > 0 ? left / weight : 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      const auto count = static_cast<double>(counts[i]);
      if (shares[i] >= 0 || weights[i] * unit < count) continue;
      shares[i] = count;
      left -= count;
      again = true;
    }
    if (again) continue;
    for (size_t i = 0; i < counts.size(); ++i) {
      if (shares[i] < 0) shares[i] = weights[i] * unit;
    }
  }
  return shares;
}

}  // namespace

const char* balance_by_name(BalanceBy by) {
  return by == BalanceBy::kSource ? "source" : "document";
}

BalanceBy parse_balance_by(std::string_view name) {
  for (const BalanceBy by : {BalanceBy::kSource, BalanceBy::kDocument}) {
    if (name == balance_by_name(by)) return by;
  }
  fail(ErrorCode::kUsage, "--balance-by {}: source or document is wanted", name);
}

std::vector<int64_t> share_out(const std::vector<int64_t>& counts, int64_t target,
                               double temperature) {
  if (target >= std::accumulate(counts.begin(), counts.end(), int64_t{0})) return counts;
  const std::vector<double> shares = exact_shares(counts, target, temperature);
  std::vector<int64_t> kept;
  kept.reserve(counts.size());
  std::vector<size_t> order(counts.size());
  std::iota(order.begin(), order.end(), 0);
  for (const double share : shares) kept.push_back(static_cast<int64_t>(std::floor(share)));
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return shares[a] - std::floor(shares[a]) > shares[b] - std::floor(shares[b]);
  });
  int64_t left = target - std::accumulate(kept.begin(), kept.end(), int64_t{0});
  for (const size_t i : order) {
    if (left <= 0) break;
    if (kept[i] == counts[i]) continue;
    ++kept[i];
    --left;
  }
  return kept;
}

void check_settings(const BalanceSettings& settings) {
  const auto check_count = [](const char* option, int64_t count) {
    if (count >= 0) return;
    fail(ErrorCode::kUsage, "{} is {}; it must be at least 0, which is no limit", option, count);
  };
  check_count("--max-per-language", settings.max_per_language);
  check_count("--max-per-source", settings.max_per_source);
  check_count("--max-per-document", settings.max_per_document);
  check_count("--max-per-kind", settings.max_per_kind);
  check_count("--max-queries", settings.target);
  if (!(settings.temperature >= 1) || std::isinf(settings.temperature)) {
    fail(ErrorCode::kUsage,
         "--balance-temperature is {}; it must be at least 1, which keeps the proportions",
         settings.temperature);
  }
  if (settings.temperature != 1 && settings.target == 0) {
    fail(ErrorCode::kUsage,
         "--balance-temperature {} says nothing without a number of queries to keep; give "
         "--max-queries N, or leave it out",
         settings.temperature);
  }
}

BalanceReport balance(std::vector<CorpusQuery>& queries, const Corpus& corpus,
                      const BalanceSettings& settings, Audit& audit) {
  check_settings(settings);
  BalanceReport report;
  report.kept = std::ssize(queries);
  const bool idle = settings.max_per_language == 0 && settings.max_per_source == 0 &&
                    settings.max_per_document == 0 && settings.max_per_kind == 0 &&
                    settings.target == 0;
  if (idle) return report;
  const auto reasons = Balancer(queries, corpus, settings).run();
  std::vector<uint8_t> dropped(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    if (reasons[i] == nullptr) {
      audit.keep(queries[i].row.query_id, kStage, "within caps and target");
      continue;
    }
    dropped[i] = 1;
    --report.kept;
    ++report.dropped[reasons[i]];
    audit.drop(queries[i].row.query_id, kStage, reasons[i]);
  }
  remove_queries(queries, dropped);
  return report;
}

}  // namespace recto
