#pragma once
// From things to embed to their vectors, in order: the next inputs are read, rendered and cut to
// views in a thread of their own while the model works on the present ones. Every command that
// makes vectors goes through here.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/known_pages.h"
#include "model/embedder.h"
#include "page/reader.h"

namespace recto {

/// One input. It has a `query`, a `passage`, or a picture, which is an `image` file, `image_bytes`,
/// a `trusted_image` or a page of a `pdf`; a picture may come with a `text` of its own or with a
/// `query` about it, and the two make one vector.
struct EmbedItem {
  std::string id;
  std::optional<std::string> query;
  std::optional<std::string> passage;
  std::optional<std::string> text;
  std::filesystem::path image;
  std::string image_bytes;  ///< an encoded image
  /// An encoded image whose source the caller answers for: it is decoded in this process.
  std::string trusted_image;
  std::filesystem::path pdf;
  int page = 0;       ///< of `pdf`, from 1; 0 means every page, a row each
  std::string where;  ///< stands before messages: "inputs.jsonl line 12"; may be empty
};

/// Throws Error(kBadInput) naming the fields of an item that is none of the kinds above.
void check_embed_item(const EmbedItem& item);

/// The input of an item with a picture, which is `image`: alone, with the item's text, or with its
/// query about it.
ModelInput picture_input(const InputBuilder& builder, const EmbedItem& item, const Image& image);

/// Id of a page of a PDF given as a whole: `pdf` + "#page=" + number, from 1.
std::string page_row_id(const std::string& pdf, int page);

/// The page behind a row.
struct SourcePage {
  Image picture;      ///< longest side at most EmbedOptions::picture_edge
  std::string text;   ///< text layer, empty if there is none
  std::string title;  ///< of the document
};

/// What a sink is given; everything lives during the call only.
struct EmbeddedRow {
  const EmbedItem& item;
  std::string id;                 ///< item.id, or page_row_id(item.id, page) when item.page is 0
  int page = 0;                   ///< of the PDF, from 1; 0 for everything else
  std::span<const float> vector;  ///< full width, as Embedder::embed gives it
  /// With EmbedOptions::sparse: of the pictures as Embedder::embed_both() gives it, else that of
  /// the query or passage (model/sparse_text.h); null without.
  const SparseVector* sparse = nullptr;
  bool truncated = false;              ///< the text was cut to the contract's length
  const SourcePage* source = nullptr;  ///< of a page of a `pdf`, with EmbedOptions::picture_edge
};
using EmbedSink = std::function<void(const EmbeddedRow&)>;

/// Where a source puts its items, in order.
class EmbedIntake {
 public:
  virtual ~EmbedIntake() = default;
  /// Prepares the item and waits for room. Throws to end the source when no more is wanted.
  virtual void add(EmbedItem item) = 0;
  /// Stands for an item that could not be made; with keep_going the source may go on after it.
  virtual void add_error(const Error& error) = 0;
};

/// Puts items into its argument until there are no more. What it throws ends the run.
using EmbedSource = std::function<void(EmbedIntake&)>;

struct EmbedOptions {
  /// Most token ids in one call of the model; a longer input goes alone.
  int64_t batch_tokens = 4096;
  bool sparse = false;      ///< sparse vectors too; the model's contract must have them
  bool keep_going = false;  ///< report and skip a bad input instead of ending with it
  int picture_edge = 0;     ///< 0, or longest side of the page pictures handed to the sink
  int prefetch = 4;         ///< inputs prepared ahead of the model
  /// Null, or what knows each `trusted_image` that comes without a text or query; one that is known
  /// is not decoded. Of the embedder's model and contract.
  KnownPages* known_pages = nullptr;
  PageLimits limits;
  std::string label = "embed";  ///< of the progress bar
  uint64_t expected = 0;        ///< rows to come, for the progress bar; 0 when unknown
};

struct EmbedReport {
  uint64_t rows = 0;
  uint64_t failed = 0;  ///< inputs skipped with keep_going
  uint64_t truncated = 0;
};

/// Embeds what `source` gives and calls `sink` for each row, in the source's order, in the calling
/// thread. `source` runs in a thread of its own. Memory is bounded by the prefetched inputs and one
/// batch. A truncated text is said on stderr. Throws what a source, a file or the model throws: the
/// error of the earliest input, unless keep_going skips it; Error(kInterrupted) after a signal.
EmbedReport embed_all(Embedder& embedder, const EmbedSource& source, const EmbedOptions& options,
                      const EmbedSink& sink);

/// The same for a list; options.expected is filled in when it can be known.
EmbedReport embed_all(Embedder& embedder, const std::vector<EmbedItem>& items, EmbedOptions options,
                      const EmbedSink& sink);

}  // namespace recto
