#include "page/synthesize.h"

#include <fmt/format.h>

#include <atomic>
#include <cctype>
#include <mutex>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/threads.h"
#include "page/font_library.h"
#include "page/synthetic_page.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxTries = 25;          // to find a source that can be used
constexpr size_t kLeastWords = 60;     // of a source
constexpr size_t kWordsOfAPage = 400;  // about
constexpr int kMaxPagesRead = 100;
constexpr size_t kMaxStem = 80;

/// What a document is made of.
struct DocumentText {
  std::string stem;
  std::vector<std::string> words;
  const FontFamily* body = nullptr;
};

/// Words of the document from a page drawn at random on, from its beginning after its end.
std::vector<std::string> read_words(const fs::path& path, size_t wanted, Random& random) {
  Document document(path);
  std::vector<std::string> words;
  if (!document.is_pdf()) return words;
  const int pages = document.page_count();
  const int first = static_cast<int>(random.below(static_cast<uint64_t>(pages)));
  for (int i = 0; i < std::min(pages, kMaxPagesRead) && words.size() < wanted; ++i) {
    throw_if_interrupted();
    for (std::string& word : drawable_words(document.text(1 + (first + i) % pages).text)) {
      words.push_back(std::move(word));
    }
  }
  return words;
}

/// The name of the file without what file systems or shells dislike.
std::string plain_stem(const fs::path& path) {
  std::string stem = path.stem().string().substr(0, kMaxStem);
  for (char& c : stem) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x80 || (std::isalnum(u) == 0 && c != '-' && c != '.')) c = '_';
  }
  return stem.starts_with('.') ? "_" + stem : stem;
}

class Synthesis {
 public:
  Synthesis(const std::vector<fs::path>& sources, const SynthesisSettings& settings)
      : sources_(sources), settings_(settings), fonts_(settings.fonts) {}

  size_t documents() const {
    return static_cast<size_t>((settings_.pages + settings_.document_pages - 1) /
                               settings_.document_pages);
  }
  size_t families() const { return fonts_.families().size(); }

  /// Writes document `index` into `folder`; the number of its words.
  int64_t write(size_t index, const fs::path& folder) const {
    Random random(settings_.seed, index);
    DocumentText text = draw_text(random);
    const FontFamily* heading = fonts_.draw(text.words, random);
    if (heading == nullptr || random.uniform() < 0.5) heading = text.body;
    WordQueue words(std::move(text.words));
    PdfWriter writer;
    PageMaterial material{words, writer, *text.body, *heading};
    int64_t written = 0;
    for (int page = 1; page <= pages_of(index); ++page) {
      throw_if_interrupted();
      written += static_cast<int64_t>(add_synthetic_page(material, page, random).size());
    }
    write_file(folder / fmt::format("{}-{:05}.pdf", text.stem, index + 1),
               writer.finish(text.stem));
    return written;
  }

  int pages_of(size_t index) const {
    const int64_t before = static_cast<int64_t>(index) * settings_.document_pages;
    return static_cast<int>(std::min<int64_t>(settings_.document_pages, settings_.pages - before));
  }

 private:
  DocumentText draw_text(Random& random) const {
    const size_t wanted = kWordsOfAPage * static_cast<size_t>(settings_.document_pages);
    for (int tries = 0; tries < kMaxTries; ++tries) {
      const fs::path& path = sources_[random.below(sources_.size())];
      try {
        DocumentText text{plain_stem(path), read_words(path, wanted, random)};
        if (text.words.size() < kLeastWords) {
          fail(ErrorCode::kBadInput, "{}: {} words to draw; at least {} are wanted", path.string(),
               text.words.size(), kLeastWords);
        }
        text.body = fonts_.draw(text.words, random);
        if (text.body != nullptr) return text;
        fail(ErrorCode::kNotFound, "{}: no font has the characters of its text", path.string());
      } catch (const Error& error) {
        if (error.code() == ErrorCode::kInterrupted) throw;
        warn_once(path, error);
      }
    }
    fail(ErrorCode::kBadInput,
         "{} documents drawn one after the other cannot be used; PDFs with a text layer are "
         "wanted, and fonts that have their characters",
         kMaxTries);
  }

  void warn_once(const fs::path& path, const Error& error) const {
    const std::lock_guard lock(mutex_);
    if (warned_.insert(path).second) log_warning("not used: {}", error.what());
  }

  const std::vector<fs::path>& sources_;
  const SynthesisSettings& settings_;
  const FontLibrary fonts_;
  mutable std::mutex mutex_;
  mutable std::set<fs::path> warned_;
};

}  // namespace

SynthesisReport synthesize_pages(const std::vector<fs::path>& sources, const fs::path& output,
                                 const SynthesisSettings& settings) {
  RECTO_CHECK(!sources.empty() && settings.pages > 0 && settings.document_pages > 0);
  StagedDirectory directory(output);
  const Synthesis synthesis(sources, settings);
  Progress progress("synthetic pages", static_cast<uint64_t>(settings.pages), "pages");
  std::atomic<int64_t> words = 0;
  parallel_for(synthesis.documents(), settings.threads, [&](size_t index) {
    words += synthesis.write(index, directory.path());
    progress.advance(static_cast<uint64_t>(synthesis.pages_of(index)));
  });
  directory.commit();
  return {static_cast<int64_t>(synthesis.documents()), settings.pages, words,
          static_cast<int64_t>(synthesis.families())};
}

}  // namespace recto
