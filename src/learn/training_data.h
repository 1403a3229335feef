#pragma once
// Pairs of queries and pages, out of datasets and files of text pairs. Without torch.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "page/perceptual_hash.h"

namespace recto {

/// A split of one or more sources, by number instead of by id. Ids are those of their source; two
/// sources may have the same.
struct TrainingData {
  struct Source {
    std::string name;  ///< what --data names, for messages
    double weight = 1;
  };
  /// A picture of a page, or a text passage in its place.
  struct Page {
    std::string id;
    std::string split;  ///< the table its image is in
    std::string document_id;
    std::string near_group;     ///< pages that show the same share it, "" when alone
    int width = 0, height = 0;  ///< of the image, in pixels
    size_t source = 0;
    std::string passage;    ///< "" for a picture
    PerceptualHash hash{};  ///< of the picture; all zero when it is not known
    bool blank = false;
    int number = 0;          ///< in its document, from 1
    int document_pages = 0;  ///< 0 when the dataset does not say
    std::string family;      ///< of its document, "" when the dataset does not say
    std::string language;    ///< of its document, BCP 47, or ""

    /// "PLACE OF THE SOURCE:ID": a name that no other page of the data has.
    std::string key() const;
  };
  struct Query {
    std::string id;
    std::string text;
    std::vector<size_t> positives;  ///< pages that answer it, in the order of the table
    std::vector<size_t> negatives;  ///< mined pages that do not, best rank first
    std::string language;           ///< BCP 47, "" when unknown
    std::string kind;               ///< "heading", "question", ..., "" when unknown
    size_t source = 0;
  };
  struct Pair {
    size_t query = 0;
    size_t page = 0;
  };

  std::vector<Source> sources;
  std::vector<Page> pages;
  std::vector<Query> queries;  ///< those with at least one positive
  std::vector<Pair> pairs;
};

/// Reads queries, qrels (grades above 0), pages and negatives of `split` as the data of one source,
/// `sources` left empty. A negative that answers its query, or shows the same as a page that does,
/// is dropped, with a warning that counts them. Throws Error(kNotFound | kBadInput) naming the
/// table and id: a table that is missing or empty, a row that names a query or page that is not
/// there, a query of white space.
TrainingData load_training_data(const Dataset& dataset, const std::string& split);

/// The pairs of a file of data/text_pairs.h in the same way: equal queries are one query, equal
/// passages one page. Throws what for_each_text_pair throws, Error(kBadInput) for no pair.
TrainingData load_text_pairs(const std::filesystem::path& file);

/// Keeps the queries that have positives and that `keep` says, and makes the pairs anew.
void keep_queries(TrainingData& data, const std::function<bool(const TrainingData::Query&)>& keep);

/// Keeps the pages whose `keep` is true; negatives that are gone are taken out. No query may lose a
/// positive.
void keep_pages(TrainingData& data, const std::vector<bool>& keep);

}  // namespace recto
