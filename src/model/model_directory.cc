#include "model/model_directory.h"

#include <algorithm>
#include <future>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sha256.h"
#include "model/model_write.h"
#include "model/processor_config.h"
#include "model/weights_hash.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kContractFile = "retriever.json";
constexpr uint64_t kMaxContractBytes = uint64_t{1} << 20;
constexpr int kMaxLongestEdge = 4096;  // transformers scales larger images down to this

void check_is_model(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path / "adapter_config.json", ignored) &&
      !fs::exists(path / "config.json", ignored)) {
    fail(ErrorCode::kUsage,
         "{} is an adapter, not a model: name its base model as the model and this directory as "
         "the adapter",
         path.string());
  }
}

bool same_views(const ViewSettings& a, const ViewSettings& b) {
  return a.longest_edge == b.longest_edge && a.image_splitting == b.image_splitting &&
         a.resample == b.resample;
}

// The contract of the directory, or the default one.
Contract read_contract(const fs::path& directory, const ModelConfig& config, bool& is_own) {
  const fs::path path = directory / kContractFile;
  is_own = fs::exists(path);
  if (!is_own) {
    const ViewSettings views = read_processor_config(directory, config).views;
    log_info(
        "{} has no {}: the default contract is taken (longest edge {}, last token, {} dimensions)",
        directory.string(), kContractFile, views.longest_edge, config.text.hidden_size);
    return Contract::default_for(views, config.text.hidden_size);
  }
  Contract contract = Contract::from_json(read_json(path, kMaxContractBytes), path.string());
  check_contract(contract, config, path.string());
  if (has_processor_config(directory) &&
      !same_views(read_processor_config(directory, config).views, contract.views)) {
    log_warning("{} and the processor files disagree on how images are processed; {} is followed",
                path.string(), kContractFile);
  }
  return contract;
}

// The contract the adapter in `directory` was trained under, if it says.
std::optional<Contract> adapter_contract(const fs::path& directory, const ModelConfig& config) {
  if (directory.empty()) return std::nullopt;
  std::optional<Contract> contract = read_adapter_contract(directory);
  if (contract) check_contract(*contract, config, (directory / kContractFile).string());
  return contract;
}

void apply(const ContractOverrides& overrides, Contract& contract, const fs::path& model) {
  const auto checked = [](const char* what, int edge, int least) {
    if (edge >= least && edge <= kMaxLongestEdge) return edge;
    fail(ErrorCode::kUsage, "the {} edge is {}; a number from {} to {} is wanted", what, edge,
         least, kMaxLongestEdge);
  };
  ViewSettings& views = contract.views;
  if (overrides.longest_edge) views.longest_edge = checked("longest", *overrides.longest_edge, 1);
  if (overrides.second_edge) views.second_edge = checked("second", *overrides.second_edge, 0);
  if (overrides.image_splitting) {
    views.image_splitting = *overrides.image_splitting;
    if (!views.image_splitting && !overrides.second_edge) views.second_edge = 0;
  }
  if (views.second_edge > 0 && !views.image_splitting) {
    fail(ErrorCode::kUsage,
         "{}: a second edge ({}) is for pages that are cut into tiles, which this model does not "
         "do; "
         "leave it out or turn image splitting on",
         model.string(), views.second_edge);
  }
  if (views.second_edge == views.longest_edge) {
    fail(ErrorCode::kUsage,
         "{}: the second edge and the longest edge are both {}, which would give the same tiles "
         "twice; choose another second edge, or 0 for none",
         model.string(), views.second_edge);
  }
  if (overrides.position_ids) contract.position_ids = *overrides.position_ids;
  if (overrides.resample_order) contract.views.resample_order = *overrides.resample_order;
}

// Whether a weights file was written after the contract that tells its hash.
bool changed_since(const fs::path& contract, const std::vector<fs::path>& files) {
  const auto written = fs::last_write_time(contract);
  return std::any_of(files.begin(), files.end(),
                     [&](const fs::path& file) { return fs::last_write_time(file) > written; });
}

// The hash goes on in the background while the tokenizer is read.
std::future<std::string> start_hash(const Weights& weights, bool wanted) {
  if (!wanted) return {};
  return std::async(std::launch::async, [&weights] { return weights_sha256(weights); });
}

void settle_hash(std::future<std::string> hash, const fs::path& path, Contract& contract) {
  if (!hash.valid()) return;
  const std::string found = hash.get();
  if (!contract.weights_sha256.empty() && contract.weights_sha256 != found) {
    fail(ErrorCode::kMismatch,
         "the weights in {} have SHA-256 {}, but {} was written for {}; one of the two was "
         "changed, so fetch or write the model again",
         path.string(), found, kContractFile, contract.weights_sha256);
  }
  contract.weights_sha256 = found;
}

}  // namespace

void ModelDirectory::read_adapter_of(const fs::path& directory, const std::string& trained_on) {
  adapter_ = read_adapter(directory, config_);
  contract_.weights_sha256 = adapted_weights_sha256(base_weights_sha256_, *adapter_);
  if (trained_on.empty() || trained_on == contract_.weights_sha256) return;
  fail(ErrorCode::kMismatch,
       "{} was trained on another base model than {}: its {} names weights with SHA-256 {}, these "
       "two make {}; name the model it was trained on{}",
       directory.string(), path_.string(), kContractFile, trained_on, contract_.weights_sha256,
       contract_.base_model.empty() ? "" : fmt::format(" ({})", contract_.base_model));
}

/// The head that was trained with an adapter lies beside it.
void ModelDirectory::read_sparse_head_of(const fs::path& adapter) {
  if (!contract_.sparse) return;
  const bool beside = !adapter.empty() && fs::exists(adapter / kSparseHeadFile);
  const fs::path& directory = beside ? adapter : path_;
  sparse_head_ = read_sparse_head(directory, config_);
  check_dense_width(contract_, *sparse_head_, (directory / kContractFile).string());
  const std::string found = sparse_head_sha256(*sparse_head_, config_);
  std::string& wanted = contract_.sparse->weights_sha256;
  if (!wanted.empty() && wanted != found) {
    fail(ErrorCode::kMismatch,
         "{} has SHA-256 {}, but {} was written for {}; one of the two was changed, so fetch or "
         "write the model again",
         (directory / kSparseHeadFile).string(), found, kContractFile, wanted);
  }
  wanted = found;
}

std::shared_ptr<const ModelDirectory> ModelDirectory::open(const fs::path& path,
                                                           const ContractOverrides& overrides,
                                                           const fs::path& adapter,
                                                           bool verify_weights) {
  return open(path, overrides, adapter, verify_weights, Merge::kYes);
}

std::shared_ptr<const ModelDirectory> ModelDirectory::open_unmerged(
    const fs::path& path, const ContractOverrides& overrides, const fs::path& adapter) {
  return open(path, overrides, adapter, /*verify_weights=*/false, Merge::kNo);
}

std::shared_ptr<const ModelDirectory> ModelDirectory::open(const fs::path& path,
                                                           const ContractOverrides& overrides,
                                                           const fs::path& named_adapter,
                                                           bool verify_weights, Merge merge) {
  check_is_model(path);
  std::shared_ptr<ModelDirectory> model(new ModelDirectory());
  model->path_ = path;
  model->config_ = read_model_config(path);
  model->weights_ = Weights::load(path, model->config_);
  Contract base = read_contract(path, model->config_, model->has_own_contract_);
  model->has_own_adapter_ = !base.adapter.empty();
  const fs::path adapter =
      named_adapter.empty() && model->has_own_adapter_ ? path / base.adapter : named_adapter;
  const std::optional<Contract> trained_under = adapter_contract(adapter, model->config_);
  model->contract_ = trained_under.value_or(base);
  model->contract_.adapter.clear();
  apply(overrides, model->contract_, model->path_);
  model->read_sparse_head_of(adapter);
  const bool doubtful =
      model->has_own_contract_ && changed_since(path / kContractFile, model->weights_.files());
  auto hash =
      start_hash(model->weights_, verify_weights || doubtful || base.weights_sha256.empty());
  model->tokenizer_ = std::make_unique<Tokenizer>(Tokenizer::load(path));
  model->inputs_ =
      std::make_unique<InputBuilder>(model->config_, *model->tokenizer_, model->contract_);
  settle_hash(std::move(hash), path, base);
  model->contract_.weights_sha256 = model->base_weights_sha256_ = base.weights_sha256;
  if (adapter.empty()) return model;
  model->read_adapter_of(adapter, trained_under ? trained_under->weights_sha256 : "");
  if (merge == Merge::kYes) {
    merge_adapter(model->weights_, *model->adapter_);
    model->adapter_.reset();
  }
  return model;
}

}  // namespace recto
