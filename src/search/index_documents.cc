#include "search/index_documents.h"

#include <atomic>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "model/shipped_model.h"
#include "page/encode.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr int kPictureQuality = 80;

IndexPage index_page(const EmbeddedRow& row) {
  const Image& picture = row.source->picture;
  return {.page_number = row.page,
          .width = picture.width,
          .height = picture.height,
          .jpeg = encode_jpeg(picture, kPictureQuality),
          .text = row.source->text};
}

// Gathers the pages of one document after another and adds each when it is complete.
class Indexer {
 public:
  Indexer(PageIndex& index, const Contract& contract, IndexingReport& report)
      : index_(index), contract_(contract), report_(report) {}

  void take(const EmbeddedRow& row) {
    if (row.item.pdf != document_.path) finish();
    if (pages_.empty()) {
      document_ = {.sha256 = row.item.id,
                   .source_name = row.item.pdf.filename().string(),
                   .path = row.item.pdf,
                   .title = row.source->title};
      vectors_ = Matrix(0, contract_.dimensions.front());
    }
    pages_.push_back(index_page(row));
    vectors_.values.insert(vectors_.values.end(), row.vector.begin(), row.vector.end());
    ++vectors_.rows;
    if (row.sparse != nullptr) sparse_.push_back(*row.sparse);
  }

  void finish() {
    if (pages_.empty()) return;
    const Matrix vectors = truncate_dimensions(vectors_, index_.dimensions(), contract_);
    document_.path = fs::absolute(document_.path).lexically_normal();
    if (index_.add(document_, pages_, vectors, sparse_)) {
      ++report_.documents;
      report_.pages += vectors.rows;
    } else {
      ++report_.present;  // another process was faster
    }
    document_ = {};
    pages_.clear();
    sparse_.clear();
  }

 private:
  PageIndex& index_;
  const Contract& contract_;
  IndexingReport& report_;
  IndexDocument document_;
  std::vector<IndexPage> pages_;
  Matrix vectors_;
  std::vector<SparseVector> sparse_;
};

/// A model that comes with recto lies where this recto does, wherever it lay when the index was
/// made.
fs::path model_place(const IndexModel& model) {
  const fs::path shipped = model.name.empty() ? fs::path() : find_shipped_model(model.name);
  return shipped.empty() ? model.path : shipped;
}

}  // namespace

IndexModel index_model(const ModelDirectory& model) {
  return {.path = fs::absolute(model.path()).lexically_normal(),
          .weights_sha256 = model.contract().weights_sha256,
          .name = shipped_model_name(model.path())};
}

std::shared_ptr<const ModelDirectory> open_index_model(const PageIndex& index,
                                                       const fs::path& other,
                                                       const fs::path& adapter,
                                                       bool verify_weights) {
  const Contract& contract = index.contract();
  const fs::path path = other.empty() ? model_place(index.model()) : other;
  if (!fs::is_directory(path)) {
    fail(ErrorCode::kNotFound, "the model of {}, {}, is not there; name its place with --model",
         index.directory().string(), path.string());
  }
  auto model = ModelDirectory::open(path,
                                    {.longest_edge = contract.views.longest_edge,
                                     .second_edge = contract.views.second_edge,
                                     .image_splitting = contract.views.image_splitting,
                                     .position_ids = contract.position_ids,
                                     .resample_order = contract.views.resample_order},
                                    adapter, verify_weights);
  log_debug("the model of {} is {}", index.directory().string(), path.string());
  index.check_contract(model->contract());
  return model;
}

IndexingReport add_documents(PageIndex& index, Embedder& embedder,
                             const std::vector<fs::path>& files, EmbedOptions options) {
  IndexingReport report;
  options.picture_edge = kIndexPictureEdge;
  options.sparse = index.contract().sparse.has_value();
  Indexer indexer(index, embedder.model().contract(), report);
  std::atomic<int64_t> present{0};
  const EmbedSource source = [&](EmbedIntake& intake) {
    std::set<std::string> seen;
    for (const fs::path& file : files) {
      std::string hash;
      try {
        hash = sha256_file(file);
      } catch (const Error& error) {
        intake.add_error(error);
        continue;
      }
      if (!seen.insert(hash).second || index.contains(hash)) {
        log_info("{} is in the index already", file.string());
        ++present;
        continue;
      }
      intake.add({.id = hash, .pdf = file});
    }
  };
  const EmbedReport embedded =
      embed_all(embedder, source, options, [&](const EmbeddedRow& row) { indexer.take(row); });
  indexer.finish();
  report.present += present;
  report.failed = embedded.failed;
  return report;
}

}  // namespace recto
