#pragma once
// The documents that a model learns to read from, and the pages drawn of them. Without torch.

#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "learn/reading_settings.h"
#include "learn/reading_tile.h"
#include "page/reader.h"

namespace recto {

struct ReadingDocument {
  std::filesystem::path path;
  int pages = 0;
  double weight = 0;  ///< how often a page of it is drawn
};

/// Opens every document once, to count its pages. A document that cannot be opened is said on
/// stderr and left out.
class ReadingCorpus {
 public:
  /// Throws Error(kUsage) for what --data cannot be, Error(kNotFound) when no document is left to
  /// train on, or a pattern of the settings matches none.
  ReadingCorpus(const TrainSettings& common, const ReadingSettings& reading);

  const std::vector<ReadingDocument>& train() const { return train_; }
  const std::vector<ReadingDocument>& held_out() const { return held_out_; }
  /// Names, sizes and numbers of pages, which decide the result.
  Json identity() const;

 private:
  std::vector<ReadingDocument> train_, held_out_;
};

/// Reads pages, with the last few documents kept open. Not thread-safe.
class PageReader {
 public:
  /// The page (from 1) with its longest side `longest_edge` pixels. Throws as Document does.
  ReadingPage read(const std::filesystem::path& path, int page, int longest_edge);

 private:
  Document& open(const std::filesystem::path& path);
  std::deque<Document> open_;
};

/// Of one of `documents` by their weights, which must not all be 0.
const ReadingDocument& draw_document(const std::vector<ReadingDocument>& documents, Random& random);

}  // namespace recto
