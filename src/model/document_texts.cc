#include "model/document_texts.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "model/path_patterns.h"
#include "page/reader.h"

namespace recto {
namespace {

/// Runs `action`; with `keep_going` an error about a file is said and counted.
template <typename Action>
void attempt(bool keep_going, int64_t& failures, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    if (!keep_going || error.code() == ErrorCode::kInterrupted) throw;
    log_warning("{}", error.what());
    ++failures;
  }
}

}  // namespace

std::vector<std::filesystem::path> documents_of(const std::vector<std::string>& paths,
                                                const std::vector<std::string>& leave_out) {
  std::vector<std::filesystem::path> documents;
  PathPatterns left_out(leave_out, "--leave-out");
  for (const std::string& path : paths) {
    for (const std::filesystem::path& file : list_page_files(path)) {
      if (!left_out.match(file)) documents.push_back(file);
    }
  }
  left_out.check_used();
  if (documents.empty()) {
    fail(ErrorCode::kNotFound, "there is no PDF under {}", fmt::join(paths, ", "));
  }
  return documents;
}

std::vector<int> spread_pages(int pages, int count) {
  if (count == 0 || count > pages) count = pages;
  std::vector<int> chosen;
  chosen.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    chosen.push_back(1 + static_cast<int>(static_cast<int64_t>(i) * pages / count));
  }
  return chosen;
}

TextsRead add_document_texts(const std::vector<std::string>& paths,
                             const std::vector<std::string>& leave_out, int document_pages,
                             bool keep_going, BpeLearner& learner) {
  const std::vector<std::filesystem::path> documents = documents_of(paths, leave_out);
  Progress progress("reading", documents.size(), "documents");
  TextsRead read;
  for (const std::filesystem::path& path : documents) {
    attempt(keep_going, read.failures, [&] {
      Document document(path);
      for (const int page : spread_pages(document.page_count(), document_pages)) {
        throw_if_interrupted();
        attempt(keep_going, read.failures, [&] {
          learner.add(document.text(page).text);
          ++read.pages;
        });
      }
    });
    progress.advance();
  }
  return read;
}

}  // namespace recto
