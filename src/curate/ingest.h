#pragma once
// One file to a document: its pages rendered into a Parquet file, what is known of them, and the
// queries its generators propose. The first phase of curation, a document at a time.

#include <filesystem>
#include <functional>
#include <optional>

#include "base/error.h"
#include "curate/curate.h"
#include "curate/document_record.h"
#include "curate/endpoint_generator.h"
#include "curate/generator.h"
#include "curate/ocr.h"
#include "curate/sources.h"

namespace recto {

struct IngestedDocument {
  DocumentRecord record;
  std::optional<Error> first_problem;  ///< of the file or a page
};

/// What all documents of a run share. Thread-safe where it is used.
struct IngestTools {
  GeneratorSettings generators;
  EndpointGenerator* endpoint = nullptr;  ///< asked too when it is there
  const OcrProgram* ocr = nullptr;        ///< for pages whose text layer will not do
};

/// Opens a file in a page worker, renders and encodes its pages into `pages_file` (Parquet, the
/// columns of the table pages) and asks the generators for queries. What is wrong with the file or
/// a page is recorded, not thrown; after three pages in a row that fail (without keep_going: one),
/// the rest of the document is given up. Throws Error(kIo) when `pages_file` cannot be written,
/// Error(kInterrupted). `page_done` is called after each page.
IngestedDocument ingest_document(const Source& source, const CurateOptions& options,
                                 const IngestTools& tools, const std::filesystem::path& pages_file,
                                 const std::function<void()>& page_done);

}  // namespace recto
