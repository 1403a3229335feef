#pragma once
// A retriever as the judge of queries: its vectors of all pages, in a file.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "curate/ranker.h"
#include "model/embedder.h"

namespace recto {

/// Calls `visit` with each page of the corpus from `first` on, in order, and its encoded picture,
/// which the caller answers for (it is decoded in this process).
using PageImages = std::function<void(
    int32_t first, const std::function<void(int32_t page, std::string&& image)>& visit)>;

/// Embeds all pages into `file` and ranks by the dot product of full-width vectors. When `file`
/// holds vectors of the same pages under the same contract, it goes on where they end. Memory is a
/// block of vectors and a batch of queries. `corpus` and `embedder` must outlive it. It can judge
/// every page and query. Throws Error(kIo), Error(kInterrupted), and what `images` and the model
/// throw.
std::unique_ptr<Ranker> make_judge_ranker(const Corpus& corpus, Embedder& embedder,
                                          const std::filesystem::path& file,
                                          const PageImages& images);

}  // namespace recto
