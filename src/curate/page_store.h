#pragma once
// Texts and pictures of the pages of a corpus, read from the files of the first phase when they
// are asked for.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/parquet.h"

namespace recto {

/// Where a page is: row `row` of pages file `file`.
struct StoredPage {
  int32_t file = 0;
  int32_t row = 0;
};

/// Not thread-safe. Keeps a few files open and the texts of a few row groups in memory.
class PageStore {
 public:
  PageStore(std::vector<std::filesystem::path> files, std::vector<StoredPage> pages);
  ~PageStore();
  PageStore(const PageStore&) = delete;
  PageStore& operator=(const PageStore&) = delete;

  /// Throws Error(kBadInput | kNotFound | kIo) naming the file.
  std::string text(int32_t page);
  std::string image(int32_t page);
  /// All texts, in order.
  void for_each_text(const std::function<void(int32_t page, std::string_view text)>& visit);
  /// The pictures from page `first` on, in order.
  void for_each_image(int32_t first,
                      const std::function<void(int32_t page, std::string&& image)>& visit);
  /// Closes the files and lets the texts go; they are read again when they are asked for.
  void forget();

 private:
  struct Group {
    int32_t file = 0;
    int number = 0;
    std::vector<std::string> texts;
  };

  ParquetFile& open(int32_t file);
  const Group& group(int32_t file, int number);

  std::vector<std::filesystem::path> files_;
  std::vector<StoredPage> pages_;
  std::list<std::pair<int32_t, std::unique_ptr<ParquetFile>>> open_;  ///< the last used first
  std::list<Group> groups_;                                           ///< the last used first
};

}  // namespace recto
