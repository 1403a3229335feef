#include "eval/contamination.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "base/directory_name.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "data/query_text.h"
#include "page/perceptual_hash.h"

namespace recto {
namespace {

/// Of two pages that look alike, the share of words that both have from which they are one.
constexpr double kSameText = 0.5;

struct Picture {
  PerceptualHash hash;
  std::string text;
};

/// What is known of training data.
struct Training {
  std::unordered_set<std::string> documents, pages, queries;
  std::vector<Picture> pictures;
};

bool has_picture(const PageRow& page) {
  return !page.perceptual_hash.empty() && page.content_class != "blank";
}

/// "train", or what there is else; not `held_out`, "" for none.
std::vector<std::string> training_splits(const Dataset& dataset, const std::string& held_out) {
  std::vector<std::string> splits = dataset.splits();
  if (std::find(splits.begin(), splits.end(), "train") != splits.end()) return {"train"};
  splits.erase(std::remove(splits.begin(), splits.end(), held_out), splits.end());
  return splits;
}

void read_training(const Dataset& dataset, const std::string& held_out, Training& training) {
  for (const std::string& split : training_splits(dataset, held_out)) {
    for (const DocumentRow& row : dataset.documents(split)) {
      training.documents.insert(row.document_id);
    }
    for (PageRow& page : dataset.pages(split)) {
      training.pages.insert(page.page_id);
      if (!has_picture(page)) continue;
      training.pictures.push_back({parse_hash(page.perceptual_hash), std::move(page.text)});
    }
    for (const QueryRow& query : dataset.queries(split)) {
      training.queries.insert(plain_query(query.query));
    }
  }
}

std::unordered_set<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::unordered_set<std::string> words;
  for (std::string word; in >> word;) words.insert(word);
  return words;
}

/// Whether two texts tell pages of one look apart: no, when either is empty.
bool may_be_same_text(const std::string& a, const std::string& b) {
  const auto first = words_of(a);
  const auto second = words_of(b);
  if (first.empty() || second.empty()) return true;
  const auto shared = std::count_if(
      first.begin(), first.end(), [&](const std::string& word) { return second.count(word) != 0; });
  const auto all = first.size() + second.size() - static_cast<size_t>(shared);
  return static_cast<double>(shared) >= kSameText * static_cast<double>(all);
}

bool has_same_picture(const PageRow& page, const std::vector<Picture>& pictures) {
  if (!has_picture(page)) return false;
  const PerceptualHash hash = parse_hash(page.perceptual_hash);
  return std::any_of(pictures.begin(), pictures.end(), [&](const Picture& picture) {
    return hamming_distance(hash, picture.hash) <= kSamePictureBits &&
           may_be_same_text(page.text, picture.text);
  });
}

/// One for each page: whether the training data has it.
std::vector<uint8_t> seen_pages(const std::vector<PageRow>& pages, const Training& training) {
  std::vector<uint8_t> seen(pages.size());
  parallel_for(pages.size(), available_cores(), [&](size_t i) {
    throw_if_interrupted();
    seen[i] = training.pages.count(pages[i].page_id) != 0 ||
              has_same_picture(pages[i], training.pictures);
  });
  return seen;
}

}  // namespace

Contamination find_contamination(const RetrievalTask& task, const Dataset& dataset,
                                 const std::vector<std::filesystem::path>& training) {
  Contamination out;
  Training known;
  for (const auto& directory : training) {
    out.training.push_back(directory_name(directory));
    const Dataset opened = Dataset::open(directory);
    const bool same = std::filesystem::equivalent(directory, dataset.path());
    read_training(opened, same ? task.split : "", known);
  }
  out.training_pages = std::ssize(known.pages);
  out.training_queries = std::ssize(known.queries);

  const std::vector<PageRow> pages = dataset.pages(task.split);
  const std::vector<uint8_t> seen = seen_pages(pages, known);
  std::unordered_set<std::string> documents;
  std::unordered_set<std::string> touched_pages;
  for (size_t i = 0; i < pages.size(); ++i) {
    const bool document = known.documents.count(pages[i].document_id) != 0;
    if (document) documents.insert(pages[i].document_id);
    if (seen[i] != 0) ++out.pages;
    if (document || seen[i] != 0) touched_pages.insert(pages[i].page_id);
  }
  out.documents = std::ssize(documents);
  for (const QueryRow& query : task.queries) {
    const bool same_text = known.queries.count(plain_query(query.query)) != 0;
    if (same_text) ++out.queries;
    const Judgements& judgements = task.qrels.at(query.query_id);
    const bool same_answer =
        std::any_of(judgements.begin(), judgements.end(), [&](const auto& judgement) {
          return judgement.second > 0 && touched_pages.count(judgement.first) != 0;
        });
    if (same_text || same_answer) out.touched.insert(query.query_id);
  }
  return out;
}

MetricValues mean_without(const std::map<std::string, MetricValues>& per_query,
                          const std::set<std::string>& touched) {
  std::map<std::string, MetricValues> rest;
  for (const auto& [query, values] : per_query) {
    if (touched.count(query) == 0) rest[query] = values;
  }
  return mean_metrics(rest);
}

}  // namespace recto
