#pragma once
// Pages out of files nobody vouches for. Every file is opened by this process, read and decoded
// in a short-lived worker process without network, without file access and with limits on memory,
// time, size and pixels (docs/architecture.md, "The page worker").

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "page/decode.h"
#include "page/image.h"

namespace recto {

struct PageLimits {
  ImageLimits image;  ///< of image files and of rendered pages
  uint64_t max_file_bytes = 1u << 30;
  uint64_t max_memory_bytes = 2u << 30;  ///< address space of the worker
  int max_cpu_seconds = 60;              ///< of the worker, for one request (open, render, text)
  int max_wall_seconds = 120;            ///< for one request, then the worker is killed
  int max_pages = 20'000;
};

/// One word of a page's text layer; of a word divided at a line's end, each part where it stands
/// (PageText::text has it whole). The box is in fractions of the page's width and height, the
/// origin at the top left.
struct Word {
  std::string text;  ///< valid UTF-8
  float left = 0, top = 0, right = 0, bottom = 0;
};

struct PageText {
  std::string text;  ///< valid UTF-8, lines separated by \n; empty for a page without a text layer
  std::vector<Word> words;
  /// The page's number as the document names it ("iv", "A-3"), of at most 64 characters; empty
  /// when the document names none.
  std::string label;
};

/// One entry of a document's outline (bookmarks), in reading order. Outlines are read down to 32
/// levels and 20,000 entries; one that leads back into itself is followed once.
struct OutlineEntry {
  std::string title;  ///< valid UTF-8, white space folded
  int level = 0;      ///< 0 for a chapter
  int page = 0;       ///< from 1; 0 when the entry leads nowhere in this document
};

/// A document: a PDF, or an image file as a document of one page without text or outline.
/// Movable; not thread-safe (one worker process each, so use one Document a thread).
class Document {
 public:
  /// Throws Error(kBadInput) for a file that is neither PDF nor image, is encrypted, empty,
  /// truncated beyond repair, or makes the worker crash; Error(kLimit) for a limit exceeded;
  /// Error(kNotFound | kIo) for the file itself.
  explicit Document(const std::filesystem::path& path, const PageLimits& limits = {});
  /// The bytes of such a file; path() is `name`, which stands in messages.
  Document(std::string_view bytes, const std::string& name, const PageLimits& limits);
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  const std::filesystem::path& path() const;
  bool is_pdf() const;
  int page_count() const;
  /// Title of the document information dictionary, empty if there is none.
  const std::string& title() const;
  const std::string& producer() const;
  const std::vector<OutlineEntry>& outline() const;

  /// Page `number` (from 1). A PDF page is rendered with its longest side `longest_edge` pixels
  /// on white, with annotations and without the system's fonts (the same pixels on every machine);
  /// an image is returned at its own size. A page that cannot be read leaves the others readable.
  /// Throws as the constructor does.
  Image render(int number, int longest_edge);
  /// The text layer of page `number` (from 1); empty for an image.
  PageText text(int number);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Decodes one image file in a worker: Document(path).render(1, 0), but refuses a PDF.
Image read_image(const std::filesystem::path& path, const PageLimits& limits = {});

/// The same of an encoded image in memory; `name` stands in messages. Nothing of it is written to a
/// disk.
Image read_image(std::string_view bytes, const std::string& name, const PageLimits& limits = {});

/// The files under `path` (itself, or recursively below a directory, sorted by name) that look
/// like PDFs or images by their ending (.pdf .jpg .jpeg .png .webp .gif, in any case). Symbolic
/// links to directories are not followed. Throws Error(kNotFound).
std::vector<std::filesystem::path> list_page_files(const std::filesystem::path& path);

/// What stands between a worker and the system, as "recto doctor" tells it.
struct SandboxReport {
  bool landlock = false;
  int landlock_abi = 0;
  bool seccomp = false;
  bool pdfium = false;      ///< the worker could load PDFium
  std::string worker_path;  ///< empty when the worker program was not found
  std::string pdfium_path;
  std::string problem;  ///< what to do about it, empty when all is well
};
SandboxReport sandbox_report();

}  // namespace recto
