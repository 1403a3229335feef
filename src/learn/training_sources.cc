#include "learn/training_sources.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/text_pairs.h"
#include "learn/hold_out.h"
#include "learn/join_sources.h"
#include "learn/source_hash.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

void check_has_train(const Dataset& dataset) {
  const std::vector<std::string> splits = dataset.splits();
  if (std::find(splits.begin(), splits.end(), "train") != splits.end()) return;
  fail(ErrorCode::kNotFound,
       "{} has no split \"train\"; it has {}; to train on it, curate more documents, or leave some "
       "to that split (--test-documents, --validation-documents, --test-share, --validation-share)",
       dataset.path().string(), fmt::join(splits, ", "));
}

/// `whose` begins the message: "PATH: page ID: ", or "" when the caller adds it.
[[noreturn]] void fail_without_image(const std::string& whose, const std::string& split) {
  fail(ErrorCode::kBadInput,
       "{}its image is missing in the table pages, split {}; \"recto dataset validate\" names all "
       "such pages",
       whose, split);
}

/// Every page must have an image; whether it is one shows when it is decoded.
class ImageCheck {
 public:
  explicit ImageCheck(const Dataset& dataset) : dataset_(dataset) {}

  void check(const TrainingData& data) {
    for (const TrainingData::Page& page : data.pages) {
      if (!without(page.split).contains(page.id)) continue;
      fail_without_image(fmt::format("{}: page {}: ", dataset_.path().string(), page.id),
                         page.split);
    }
  }

 private:
  const std::set<std::string>& without(const std::string& split) {
    const auto [found, is_new] = without_.try_emplace(split);
    if (is_new) {
      const std::vector<std::string> ids = dataset_.pages_without_image(split);
      found->second.insert(ids.begin(), ids.end());
    }
    return found->second;
  }

  const Dataset& dataset_;
  std::map<std::string, std::set<std::string>> without_;  // ids of a split
};

bool is_file_of_pairs(const fs::path& path) {
  return fs::is_regular_file(path) || (is_text_pairs_path(path) && !fs::is_directory(path));
}

}  // namespace

TrainingSources::TrainingSources(const std::vector<std::string>& arguments, int most_held_out,
                                 uint64_t seed)
    : arguments_(parse_data_arguments(arguments)) {
  for (const DataArgument& argument : arguments_) open(argument, most_held_out > 0, seed);
  if (arguments_.size() > 1) {
    join_same_pages(train_);
    if (const size_t dropped = drop_trained_documents(held_out_, train_); dropped > 0) {
      log_warning("{} held-out queries are left out: another dataset trains on their documents",
                  dropped);
    }
  }
  held_out_ = limit_queries(held_out_, static_cast<size_t>(most_held_out));
}

void TrainingSources::open(const DataArgument& argument, bool hold_some_out, uint64_t seed) {
  const TrainingData::Source source{argument.path.string(), argument.weight};
  TrainingData train, held_out;
  if (is_file_of_pairs(argument.path)) {
    datasets_.emplace_back();
    train = load_text_pairs(argument.path);
  } else {
    const Dataset& dataset = datasets_.emplace_back(Dataset::open(argument.path)).value();
    check_has_train(dataset);
    train = load_training_data(dataset, "train");
    if (hold_some_out) held_out = hold_out(dataset, train, seed);
    ImageCheck images(dataset);
    images.check(train);
    images.check(held_out);
  }
  const Dataset* dataset = datasets_.back() ? &*datasets_.back() : nullptr;
  hashes_.push_back(source_hash(dataset, train, held_out));
  log_info("{}: {} pairs of {} queries and {} {}; held out: {} queries", source.name,
           train.pairs.size(), train.queries.size(), train.pages.size(),
           dataset == nullptr ? "passages" : "pages", held_out.queries.size());
  append_source(train_, std::move(train), source);
  append_source(held_out_, std::move(held_out), source);
}

std::string TrainingSources::image(const TrainingData::Page& page) const {
  const std::optional<Dataset>& dataset = datasets_.at(page.source);
  RECTO_CHECK(dataset.has_value());
  std::string bytes = dataset->image(page.split, page.id);
  if (bytes.empty()) fail_without_image("", page.split);
  return bytes;
}

Json TrainingSources::identity() const {
  Json sources = Json::array();
  for (size_t i = 0; i < arguments_.size(); ++i) {
    sources.push_back({{"sha256", hashes_[i]}, {"weight", arguments_[i].weight}});
  }
  return sources;
}

}  // namespace recto
