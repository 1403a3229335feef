#include "page/pdfium_api.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kAdvice = "run scripts/setup, or set RECTO_PDFIUM to libpdfium.so";

void* function(void* library, const char* name, const std::string& path) {
  void* address = ::dlsym(library, name);
  if (address == nullptr) {
    fail(ErrorCode::kNotFound, "PDFium at {} has no function {}: it is too old or too new; {}",
         path, name, kAdvice);
  }
  return address;
}

PdfiumApi open_pdfium(const std::string& path) {
  if (path.empty()) fail(ErrorCode::kNotFound, "PDFium was not found; {}", kAdvice);
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorCode::kNotFound, "PDFium cannot be opened: {}; {}", ::dlerror(), kAdvice);
  }
  PdfiumApi api;
#define RECTO_LOAD(name, result, parameters) \
  api.name = reinterpret_cast<decltype(api.name)>(function(library, #name, path));
  RECTO_PDFIUM_FUNCTIONS(RECTO_LOAD)
#undef RECTO_LOAD
  const char* no_fonts[] = {nullptr};
  FpdfLibraryConfig config;
  config.user_font_paths = no_fonts;
  api.FPDF_InitLibraryWithConfig(&config);
  return api;
}

}  // namespace

std::string find_pdfium() {
  const char* chosen = std::getenv("RECTO_PDFIUM");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  const fs::path here = executable_path().parent_path();
  const fs::path installed = fs::path(RECTO_LIBRARY_DIRECTORY) / "recto" / "libpdfium.so";
  const fs::path places[] = {here / "libpdfium.so", here / ".." / ".." / installed,
                             here / ".." / installed, RECTO_BUILD_PDFIUM};
  for (const fs::path& place : places) {
    std::error_code ignored;
    if (fs::exists(place, ignored)) return place.lexically_normal().string();
  }
  return "";
}

const PdfiumApi& load_pdfium(const std::string& path) {
  static const PdfiumApi api = open_pdfium(path);
  return api;
}

}  // namespace recto
