#include "curate/curation_tools.h"

#include "base/sha256.h"
#include "base/version.h"
#include "page/reader.h"

namespace recto {

CurationTools find_tools(const CurateOptions& options) {
  return {tool_versions(), options.ocr ? find_ocr() : std::nullopt};
}

Json tool_versions() {
  Json tools = {{"recto", recto_version()}};
  const SandboxReport sandbox = sandbox_report();
  // Rendering changes with the renderer: its bytes say which one it was.
  if (sandbox.pdfium) tools["pdfium_sha256"] = sha256_file(sandbox.pdfium_path);
  return tools;
}

}  // namespace recto
