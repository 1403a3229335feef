#include "learn/reading_corpus.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "learn/data_argument.h"
#include "model/path_patterns.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr size_t kOpenDocuments = 6;

Json identity_of(const std::vector<ReadingDocument>& documents) {
  Json list = Json::array();
  for (const ReadingDocument& document : documents) {
    std::error_code ignored;
    list.push_back({document.path.string(), document.pages, document.weight,
                    fs::file_size(document.path, ignored)});
  }
  return list;
}

int64_t pages_of(const std::vector<ReadingDocument>& documents) {
  int64_t pages = 0;
  for (const ReadingDocument& document : documents) pages += document.pages;
  return pages;
}

}  // namespace

ReadingCorpus::ReadingCorpus(const TrainSettings& common, const ReadingSettings& reading) {
  PathPatterns leave_out(reading.leave_out, "--leave-out");
  PathPatterns hold_out(reading.hold_out, "--hold-out");
  std::vector<ReadingDocument> all;
  for (const DataArgument& argument : parse_data_arguments(common.data)) {
    for (const fs::path& path : list_page_files(argument.path)) {
      if (!leave_out.match(path)) all.push_back({path, 0, argument.weight});
    }
  }
  Progress progress("documents", all.size());
  for (ReadingDocument& document : all) {
    throw_if_interrupted();
    progress.advance();
    try {
      document.pages = Document(document.path).page_count();
    } catch (const Error& error) {
      log_warning("{}", error.what());
      continue;
    }
    const int counted = reading.document_pages > 0
                            ? std::min(document.pages, reading.document_pages)
                            : document.pages;
    document.weight *= counted;
    (hold_out.match(document.path) ? held_out_ : train_).push_back(document);
  }
  leave_out.check_used();
  hold_out.check_used();
  if (train_.empty()) {
    fail(ErrorCode::kNotFound, "no document is left to train on under {}",
         fmt::join(common.data, ", "));
  }
  log_info("{} documents of {} pages to train on, {} of {} held out", train_.size(),
           pages_of(train_), held_out_.size(), pages_of(held_out_));
}

Json ReadingCorpus::identity() const {
  return {{"train", identity_of(train_)}, {"held_out", identity_of(held_out_)}};
}

Document& PageReader::open(const fs::path& path) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const Document& d) { return d.path() == path; });
  if (found != open_.end()) return *found;
  if (open_.size() >= kOpenDocuments) open_.pop_front();
  return open_.emplace_back(path);
}

ReadingPage PageReader::read(const fs::path& path, int page, int longest_edge) {
  Document& document = open(path);
  ReadingPage read{document.render(page, longest_edge), {}};
  read.words = document.text(page).words;
  return read;
}

const ReadingDocument& draw_document(const std::vector<ReadingDocument>& documents,
                                     Random& random) {
  double all = 0;
  for (const ReadingDocument& document : documents) all += document.weight;
  double place = random.uniform() * all;
  for (const ReadingDocument& document : documents) {
    place -= document.weight;
    if (place < 0) return document;
  }
  return documents.back();
}

}  // namespace recto
