#pragma once
// The programs that a curation reads with, which it looks for once.

#include <optional>

#include "base/json.h"
#include "curate/curate.h"
#include "curate/ocr.h"

namespace recto {

struct CurationTools {
  Json versions;                  ///< tool_versions()
  std::optional<OcrProgram> ocr;  ///< nothing where it is not there, or options.ocr is off
};

/// Starts a page worker and tesseract to ask them. Throws Error(kIo), Error(kInterrupted).
CurationTools find_tools(const CurateOptions& options);

/// Versions of what a dataset is made with: recto, the renderer.
Json tool_versions();

}  // namespace recto
