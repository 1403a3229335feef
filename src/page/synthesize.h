#pragma once
// Documents of synthetic pages: text of real documents in other fonts, sizes, colours and layouts.
// Their text layer says which word stands where, which is what a model learns to read from.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace recto {

struct SynthesisSettings {
  std::vector<std::string> fonts;  ///< folders
  int64_t pages = 1000;
  int document_pages = 25;  ///< at most, of one document
  uint64_t seed = 0;
  int threads = 1;
};

struct SynthesisReport {
  int64_t documents = 0, pages = 0, words = 0;
  int64_t families = 0;  ///< of fonts
};

/// Writes PDFs into the new directory `output`, which appears whole or not at all. Each takes its
/// words from the text layer of one of `sources` and is called STEM-NNNNN.pdf by it. The same
/// sources, fonts, settings and seed give the same bytes, with any number of threads.
/// A source that cannot be read, has no words or has words that no font covers is said on stderr,
/// and another one drawn. Throws Error(kUsage) when `output` is there, Error(kNotFound) without
/// fonts, Error(kBadInput) when hardly a source can be used, Error(kIo | kInterrupted).
SynthesisReport synthesize_pages(const std::vector<std::filesystem::path>& sources,
                                 const std::filesystem::path& output,
                                 const SynthesisSettings& settings);

}  // namespace recto
