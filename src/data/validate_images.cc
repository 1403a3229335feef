#include <algorithm>

#include "base/file.h"
#include "base/progress.h"
#include "base/threads.h"
#include "data/dataset_checks.h"
#include "data/table_scan.h"
#include "page/image_bytes.h"
#include "page/perceptual_hash.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// The hash of a page is taken before its picture is encoded as JPEG, which moves a few bits of
/// the 256. Two different pages differ in far more (docs/curation.md).
constexpr int kHashTolerance = 24;

/// A page as its row describes it, and what its picture turned out to be.
struct Looked {
  PageRow row;
  std::optional<std::string> path;  ///< image.path
  std::string problem;              ///< why it cannot be decoded
  int width = 0, height = 0;
  int orientation = 1;
  int hash_distance = -1;  ///< -1: not computed
};

class ImageChecks {
 public:
  ImageChecks(fs::path directory, const ValidateOptions& options)
      : directory_(std::move(directory)), options_(options) {}

  std::vector<DatasetCheck> run() {
    const int64_t total = count_pages();
    step_ = options_.sample > 0 ? std::max<int64_t>(1, total / options_.sample) : 1;
    Progress progress("images", static_cast<uint64_t>((total + step_ - 1) / step_));
    for (const std::string& split : list_splits(directory_ / Table<PageRow>::kName)) {
      // Damaged files are reported by the checks of rows.
      DatasetCheck readable;
      scan_guarded(readable, [&] { read_split(split, progress); });
    }
    if (step_ > 1) decode_.note = fmt::format("one page in {}", step_);
    if (hashes_.checked > 0) {
      hashes_.note = fmt::format("at most {} of 256 bits differ", largest_distance_);
    }
    return {std::move(decode_), std::move(sizes_), std::move(orientation_), std::move(paths_),
            std::move(hashes_)};
  }

 private:
  int64_t count_pages() const {
    int64_t total = 0;
    for (const std::string& split : list_splits(directory_ / Table<PageRow>::kName)) {
      DatasetCheck readable;
      scan_guarded(readable, [&] {
        for (const fs::path& file : list_shards(directory_ / Table<PageRow>::kName, split)) {
          total += ParquetFile(file).rows();
        }
      });
    }
    return total;
  }

  void read_split(const std::string& split, Progress& progress) {
    const std::vector<Column> columns = Table<PageRow>::columns();
    size_t image = 0;
    while (columns[image].type != ColumnType::kImage) ++image;
    for (const fs::path& file : list_shards(directory_ / Table<PageRow>::kName, split)) {
      for_each_batch(file, columns, kImageBatch, [&](std::vector<Row>&& rows) {
        std::vector<Looked> pages;
        for (Row& row : rows) {
          if (seen_++ % step_ != 0) continue;
          Looked page;
          if (const auto* cell = std::get_if<ImageCell>(&row[image])) page.path = cell->path;
          page.row = Table<PageRow>::from_row(std::move(row));
          pages.push_back(std::move(page));
        }
        parallel_for(pages.size(), options_.threads, [&](size_t i) {
          throw_if_interrupted();
          look(pages[i]);
          progress.advance();
        });
        for (const Looked& page : pages) judge(page);
      });
    }
  }

  static void look(Looked& page) {
    if (page.row.image.empty()) {
      page.problem = "there is no image";
      return;
    }
    page.orientation = stored_orientation(page.row.image);
    try {
      const Image image = read_image_bytes(page.row.image, "its image");
      page.width = image.width;
      page.height = image.height;
      page.hash_distance = distance(image, page.row.perceptual_hash);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kBadInput && error.code() != ErrorCode::kLimit) throw;
      page.problem = error.what();
    }
  }

  /// -1 without a hash that can be read, which is the checks' of rows to report.
  static int distance(const Image& image, const std::string& hash) {
    try {
      return hash.empty() ? -1 : hamming_distance(perceptual_hash(image), parse_hash(hash));
    } catch (const Error&) {
      return -1;
    }
  }

  void judge(const Looked& page) {
    const std::string& id = page.row.page_id;
    decode_.expect(page.problem.empty(), "page {}: {}", id, page.problem);
    if (page.row.image.empty()) return;
    const std::string format = image_format(as_bytes(page.row.image));
    const std::string ending = format == "jpeg" ? "jpg" : format;
    paths_.expect(page.path && *page.path == id + "." + ending,
                  "page {}: image.path is \"{}\", not PAGE_ID.{}", id, page.path.value_or("null"),
                  ending);
    orientation_.expect(page.orientation == 1, "page {}: EXIF orientation {}", id,
                        page.orientation);
    if (!page.problem.empty()) return;
    sizes_.expect(page.width == page.row.width && page.height == page.row.height,
                  "page {} is {} x {} pixels, its image {} x {}", id, page.row.width,
                  page.row.height, page.width, page.height);
    if (page.hash_distance < 0) return;
    largest_distance_ = std::max(largest_distance_, page.hash_distance);
    hashes_.expect(page.hash_distance <= kHashTolerance,
                   "page {}: {} bits differ from the hash of its image", id, page.hash_distance);
  }

  fs::path directory_;
  const ValidateOptions& options_;
  int64_t step_ = 1;
  int64_t seen_ = 0;
  int largest_distance_ = 0;
  DatasetCheck decode_{"images_decode", "every page has an image that decodes"};
  DatasetCheck sizes_{"image_sizes", "images are as wide and high as their rows say"};
  DatasetCheck orientation_{"image_orientation", "no image carries an EXIF orientation"};
  DatasetCheck paths_{"image_paths", "image.path is the page's id with the ending of its format"};
  DatasetCheck hashes_{"perceptual_hashes", "perceptual hashes are those of the images"};
};

}  // namespace

std::vector<DatasetCheck> check_images(const fs::path& directory, const ValidateOptions& options) {
  std::vector<DatasetCheck> checks;
  if (options.images) return ImageChecks(directory, options).run();
  DatasetCheck skipped{"images", "images decode to the stated size and hash"};
  skipped.skipped = "images were not asked for";
  checks.push_back(std::move(skipped));
  return checks;
}

}  // namespace recto
