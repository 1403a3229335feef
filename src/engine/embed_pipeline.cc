#include "engine/embed_pipeline.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/threads.h"
#include "engine/check_input.h"
#include "model/sparse_text.h"
#include "page/decode.h"
#include "page/resize.h"

namespace recto {
namespace {

// An input on its way from the preparing thread to the model, or the error that stands for it.
struct Prepared {
  EmbedItem item;
  std::string id;
  int page = 0;
  ModelInput input;
  std::optional<Sha256Digest> unseen;  ///< the image file that is to be made known
  std::optional<SourcePage> source;
  std::exception_ptr error;
  bool fatal = false;  ///< the error ends the run
};

// An error that concerns one input, so that others may go on without it.
bool is_input_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return e.code() != ErrorCode::kInterrupted && e.code() != ErrorCode::kInternal &&
           e.code() != ErrorCode::kUsage;
  } catch (...) {
    return false;
  }
}

std::string error_text(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  }
}

// The present exception with `where` before its message. A signal that reached the page worker as
// well looks like a crash of it, so the signal is asked for first.
std::exception_ptr located_exception(const std::string& where) {
  if (interrupted()) {
    return std::make_exception_ptr(
        Error(ErrorCode::kInterrupted, "interrupted; nothing was half-written"));
  }
  try {
    throw;
  } catch (const Error& e) {
    if (where.empty()) return std::current_exception();
    return std::make_exception_ptr(Error(e.code(), fmt::format("{}: {}", where, e.what())));
  } catch (...) {
    return std::current_exception();
  }
}

// Thrown through a source when the consumer has gone.
struct NoMoreWanted {};

// A picture that is not a page of a PDF.
bool has_image(const EmbedItem& item) {
  return !item.image.empty() || !item.image_bytes.empty() || !item.trusted_image.empty();
}

// Reads, renders and tokenises what the source gives, in its own thread.
class Preparer : public EmbedIntake {
 public:
  Preparer(const ModelDirectory& model, const EmbedOptions& options, BoundedQueue<Prepared>& queue)
      : builder_(model.inputs()),
        config_(model.config()),
        longest_edge_(largest_edge(model.contract().views)),
        options_(options),
        queue_(queue) {}

  void run(const EmbedSource& source) {
    try {
      source(*this);
    } catch (const NoMoreWanted&) {
      queue_.close();
      return;
    } catch (...) {
      Prepared last;
      last.fatal = true;
      last.error = located_exception("");
      queue_.push(std::move(last));
    }
    queue_.close();
  }

  void add(EmbedItem item) override {
    throw_if_interrupted();
    if (item.pdf.empty() || item.page != 0) {
      Prepared row;
      row.id = item.id;
      row.page = item.page;
      row.item = std::move(item);
      prepare(std::move(row));
      return;
    }
    const int pages = page_count(item);
    for (int page = 1; page <= pages; ++page) {
      Prepared row;
      row.item = item;
      row.id = page_row_id(item.id, page);
      row.page = page;
      prepare(std::move(row));
    }
  }

  void add_error(const Error& error) override {
    Prepared row;
    row.error = std::make_exception_ptr(error);
    push(std::move(row));
  }

 private:
  // 0 after an error, which has been handed on.
  int page_count(const EmbedItem& item) {
    try {
      check_embed_item(item);
      return document(item.pdf).page_count();
    } catch (...) {
      Prepared row;
      row.error = located_exception(item.where);
      push(std::move(row));
      return 0;
    }
  }

  void prepare(Prepared row) {
    throw_if_interrupted();
    try {
      check_embed_item(row.item);
      build(row);
      check_input(row.input, config_);
    } catch (...) {
      row.error = located_exception(row.item.where);
    }
    push(std::move(row));
  }

  void push(Prepared row) {
    row.fatal = row.error && !(options_.keep_going && is_input_error(row.error));
    const bool last = row.fatal;
    if (!queue_.push(std::move(row)) || last) throw NoMoreWanted();
  }

  // The picture for people has a size of its own: a model may see too little of a page to read it.
  SourcePage source_page(Document& document, int page, Image seen) const {
    const int edge = options_.picture_edge;
    if (document.is_pdf() && longest_edge_ != edge) {
      seen = document.render(page, edge);
    } else if (const int longest = std::max(seen.width, seen.height); longest > edge) {
      const auto scaled = [&](int side) {
        return std::max(1, static_cast<int>(int64_t{side} * edge / longest));
      };
      seen = resize(seen, scaled(seen.width), scaled(seen.height));
    }
    return {std::move(seen), document.text(page).text, document.title()};
  }

  void build(Prepared& row) {
    const EmbedItem& item = row.item;
    if (item.passage) {
      row.input = builder_.passage(*item.passage);
      return;
    }
    if (!has_image(item) && item.pdf.empty()) {
      row.input = builder_.query(*item.query);
      return;
    }
    if (take_known(row)) return;
    Image image = picture(row);
    row.input = picture_input(builder_, item, image);
    if (options_.picture_edge > 0 && !item.pdf.empty()) {
      row.source = source_page(document(item.pdf), row.page, std::move(image));
    }
  }

  /// Whether the page is known: nothing needs its picture then.
  bool take_known(Prepared& row) {
    EmbedItem& item = row.item;
    if (options_.known_pages == nullptr || item.trusted_image.empty()) return false;
    if (item.query || item.text) return false;
    const Sha256Digest image = sha256_digest(as_bytes(item.trusted_image));
    std::optional<KnownPage> known = options_.known_pages->find(image);
    if (!known) {
      row.unseen = image;
      return false;
    }
    row.input = builder_.document(known->tiling);
    give_constant(row.input, options_.known_pages->constant(), std::move(known->values));
    std::string().swap(item.trusted_image);
    return true;
  }

  Image picture(Prepared& row) {
    EmbedItem& item = row.item;
    if (!item.image.empty()) return read_image(item.image, options_.limits);
    if (!item.trusted_image.empty()) {
      const std::string bytes = std::exchange(item.trusted_image, {});
      return decode_image(as_bytes(bytes), "its image");
    }
    if (!item.image_bytes.empty())
      return read_image(item.image_bytes, "its image", options_.limits);
    Document& pdf = document(item.pdf);
    if (row.page > pdf.page_count()) {
      fail(ErrorCode::kBadInput,
           "{} has {} pages, so there is no page {}; pages are counted from 1", item.pdf.string(),
           pdf.page_count(), row.page);
    }
    return pdf.render(row.page, longest_edge_);
  }

  // The last document stays open: inputs often name the pages of one PDF in turn.
  Document& document(const std::filesystem::path& path) {
    if (!document_ || document_path_ != path) {
      document_.reset();
      document_.emplace(path, options_.limits);
      document_path_ = path;
    }
    return *document_;
  }

  const InputBuilder& builder_;
  const ModelConfig& config_;
  const int longest_edge_;
  const EmbedOptions& options_;
  BoundedQueue<Prepared>& queue_;
  std::optional<Document> document_;
  std::filesystem::path document_path_;
};

// Runs the preparing thread and stops it whatever happens.
class PreparingThread {
 public:
  PreparingThread(Preparer& preparer, const EmbedSource& source, BoundedQueue<Prepared>& queue)
      : queue_(queue), thread_([&] { preparer.run(source); }) {}
  ~PreparingThread() {
    queue_.close();
    thread_.join();
  }
  PreparingThread(const PreparingThread&) = delete;
  PreparingThread& operator=(const PreparingThread&) = delete;

 private:
  BoundedQueue<Prepared>& queue_;
  std::thread thread_;
};

// Collects inputs up to the token limit and hands their vectors on.
class Batch {
 public:
  Batch(Embedder& embedder, const EmbedOptions& options, const EmbedSink& sink, EmbedReport& report)
      : embedder_(embedder),
        options_(options),
        sink_(sink),
        report_(report),
        progress_(options.label, options.expected) {}

  void add(Prepared row) {
    const auto tokens = static_cast<int64_t>(row.input.ids.size());
    if (!inputs_.empty() && tokens_ + tokens > options_.batch_tokens) flush();
    tokens_ += tokens;
    inputs_.push_back(std::move(row.input));
    rows_.push_back(std::move(row));
  }

  void flush() {
    throw_if_interrupted();
    if (inputs_.empty()) return;
    look_at_unseen();
    std::vector<SparseVector> sparse;
    const Matrix vectors =
        options_.sparse ? embedder_.embed_both(inputs_, sparse) : embedder_.embed(inputs_);
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (options_.sparse) add_text(rows_[i].item, inputs_[i], sparse[i]);
      hand_on(rows_[i], inputs_[i], vectors.row(static_cast<int64_t>(i)),
              options_.sparse ? &sparse[i] : nullptr);
    }
    progress_.advance(rows_.size());
    inputs_.clear();
    rows_.clear();
    tokens_ = 0;
  }

 private:
  void look_at_unseen() {
    std::vector<KnownPages::Missing> missing;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].unseen) missing.push_back({*rows_[i].unseen, &inputs_[i]});
    }
    if (missing.empty()) return;
    std::vector<std::vector<float>> made = options_.known_pages->make(missing);
    auto next = made.begin();
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].unseen) continue;
      give_constant(inputs_[i], options_.known_pages->constant(), std::move(*next++));
    }
  }

  void add_text(const EmbedItem& item, const ModelInput& input, SparseVector& sparse) const {
    if (input.has_picture()) return;
    const ModelDirectory& model = embedder_.model();
    sparse = item.query
                 ? sparse_text(model.tokenizer(), *item.query)
                 : sparse_text(model.tokenizer(), *item.passage, model.contract().sparse->gain);
  }

  void hand_on(const Prepared& row, const ModelInput& input, std::span<const float> vector,
               const SparseVector* sparse) {
    if (input.truncated) {
      ++report_.truncated;
      log_warning("{}: the text is longer than the contract allows and was cut to {} tokens",
                  row.id, embedder_.model().contract().max_query_tokens);
    }
    sink_({.item = row.item,
           .id = row.id,
           .page = row.page,
           .vector = vector,
           .sparse = sparse,
           .truncated = input.truncated,
           .source = row.source ? &*row.source : nullptr});
    ++report_.rows;
  }

  Embedder& embedder_;
  const EmbedOptions& options_;
  const EmbedSink& sink_;
  EmbedReport& report_;
  Progress progress_;
  std::vector<ModelInput> inputs_;
  std::vector<Prepared> rows_;
  int64_t tokens_ = 0;
};

}  // namespace

void check_embed_item(const EmbedItem& item) {
  std::string found;
  int pictures = 0;
  const auto note = [&](bool present, const char* name, int picture) {
    if (!present) return;
    found += (found.empty() ? "" : ", ") + std::string(name);
    pictures += picture;
  };
  note(item.query.has_value(), "query", 0);
  note(item.passage.has_value(), "passage", 0);
  note(item.text.has_value(), "text", 0);
  note(!item.image.empty(), "image", 1);
  note(!item.image_bytes.empty(), "image bytes", 1);
  note(!item.trusted_image.empty(), "trusted image", 1);
  note(!item.pdf.empty(), "pdf", 1);
  const bool words = pictures == 0 && item.query.has_value() != item.passage.has_value();
  const bool picture = pictures == 1 && !item.passage && !(item.query && item.text);
  if (!(words && !item.text) && !picture) {
    fail(ErrorCode::kBadInput,
         "an input is a query, a passage, or an image or page of a pdf, alone or with a text or a "
         "query; this one has: {}",
         found.empty() ? "nothing" : found);
  }
  if (item.page < 0) fail(ErrorCode::kBadInput, "page {}: pages are counted from 1", item.page);
}

ModelInput picture_input(const InputBuilder& builder, const EmbedItem& item, const Image& image) {
  if (item.query) return builder.query(*item.query, image);
  if (item.text) return builder.document(image, *item.text);
  return builder.document(image);
}

std::string page_row_id(const std::string& pdf, int page) {
  return fmt::format("{}#page={}", pdf, page);
}

EmbedReport embed_all(Embedder& embedder, const EmbedSource& source, const EmbedOptions& options,
                      const EmbedSink& sink) {
  EmbedReport report;
  BoundedQueue<Prepared> queue(static_cast<size_t>(std::max(1, options.prefetch)));
  Preparer preparer(embedder.model(), options, queue);
  Batch batch(embedder, options, sink, report);
  const PreparingThread thread(preparer, source, queue);
  while (std::optional<Prepared> row = queue.pop()) {
    if (!row->error) {
      batch.add(std::move(*row));
    } else if (!row->fatal) {
      ++report.failed;
      log_warning("skipped: {}", error_text(row->error));
    } else {
      std::rethrow_exception(row->error);
    }
  }
  batch.flush();
  return report;
}

EmbedReport embed_all(Embedder& embedder, const std::vector<EmbedItem>& items, EmbedOptions options,
                      const EmbedSink& sink) {
  const bool known = std::none_of(items.begin(), items.end(), [](const EmbedItem& item) {
    return !item.pdf.empty() && item.page == 0;
  });
  if (options.expected == 0 && known) options.expected = items.size();
  return embed_all(
      embedder,
      [&](EmbedIntake& intake) {
        for (const EmbedItem& item : items) intake.add(item);
      },
      options, sink);
}

}  // namespace recto
