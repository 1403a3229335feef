#pragma once
// The part of PDFium's C interface that recto uses, declared by hand: the library comes out of a
// Python wheel without headers, and these functions have been stable for years (public/fpdfview.h,
// fpdf_text.h, fpdf_doc.h; BSD-3-Clause and Apache-2.0). It is opened with dlopen, in the page
// worker only. PDFium is not thread-safe.

#include <string>

namespace recto {

struct FpdfDocument;
struct FpdfPage;
struct FpdfTextPage;
struct FpdfBitmap;
struct FpdfBookmark;
struct FpdfDest;
struct FpdfAction;

/// FPDF_LIBRARY_CONFIG, version 2.
struct FpdfLibraryConfig {
  int version = 2;
  const char** user_font_paths = nullptr;  ///< null-terminated; null = the system's directories
  void* isolate = nullptr;
  unsigned v8_embedder_slot = 0;
};

struct FpdfRect {
  float left, top, right, bottom;
};

// Results of FPDF_GetLastError.
inline constexpr unsigned long kFpdfErrorFormat = 3;
inline constexpr unsigned long kFpdfErrorPassword = 4;
inline constexpr unsigned long kFpdfErrorSecurity = 5;
// Flags of FPDF_RenderPageBitmap.
inline constexpr int kFpdfAnnotations = 0x01;
inline constexpr int kFpdfReverseByteOrder = 0x10;
// Bitmap formats.
inline constexpr int kFpdfBgr = 2;
// Types of FPDFAction_GetType.
inline constexpr unsigned long kFpdfActionGoTo = 1;

/// X(name, result, parameters) for every function used; lengths of texts are bytes of UTF-16LE
/// including the final zero.
#define RECTO_PDFIUM_FUNCTIONS(X)                                                             \
  X(FPDF_InitLibraryWithConfig, void, (const FpdfLibraryConfig*))                             \
  X(FPDF_LoadMemDocument64, FpdfDocument*, (const void*, size_t, const char*))                \
  X(FPDF_CloseDocument, void, (FpdfDocument*))                                                \
  X(FPDF_GetLastError, unsigned long, ())                                                     \
  X(FPDF_GetPageCount, int, (FpdfDocument*))                                                  \
  X(FPDF_GetMetaText, unsigned long, (FpdfDocument*, const char*, void*, unsigned long))      \
  X(FPDF_GetPageLabel, unsigned long, (FpdfDocument*, int, void*, unsigned long))             \
  X(FPDF_LoadPage, FpdfPage*, (FpdfDocument*, int))                                           \
  X(FPDF_ClosePage, void, (FpdfPage*))                                                        \
  X(FPDF_GetPageWidthF, float, (FpdfPage*))                                                   \
  X(FPDF_GetPageHeightF, float, (FpdfPage*))                                                  \
  X(FPDF_PageToDevice, int, (FpdfPage*, int, int, int, int, int, double, double, int*, int*)) \
  X(FPDF_RenderPageBitmap, void, (FpdfBitmap*, FpdfPage*, int, int, int, int, int, int))      \
  X(FPDFBitmap_CreateEx, FpdfBitmap*, (int, int, int, void*, int))                            \
  X(FPDFBitmap_FillRect, int, (FpdfBitmap*, int, int, int, int, unsigned long))               \
  X(FPDFBitmap_Destroy, void, (FpdfBitmap*))                                                  \
  X(FPDFText_LoadPage, FpdfTextPage*, (FpdfPage*))                                            \
  X(FPDFText_ClosePage, void, (FpdfTextPage*))                                                \
  X(FPDFText_CountChars, int, (FpdfTextPage*))                                                \
  X(FPDFText_GetUnicode, unsigned, (FpdfTextPage*, int))                                      \
  X(FPDFText_IsHyphen, int, (FpdfTextPage*, int))                                             \
  X(FPDFText_GetLooseCharBox, int, (FpdfTextPage*, int, FpdfRect*))                           \
  X(FPDFBookmark_GetFirstChild, FpdfBookmark*, (FpdfDocument*, FpdfBookmark*))                \
  X(FPDFBookmark_GetNextSibling, FpdfBookmark*, (FpdfDocument*, FpdfBookmark*))               \
  X(FPDFBookmark_GetTitle, unsigned long, (FpdfBookmark*, void*, unsigned long))              \
  X(FPDFBookmark_GetDest, FpdfDest*, (FpdfDocument*, FpdfBookmark*))                          \
  X(FPDFBookmark_GetAction, FpdfAction*, (FpdfBookmark*))                                     \
  X(FPDFAction_GetType, unsigned long, (FpdfAction*))                                         \
  X(FPDFAction_GetDest, FpdfDest*, (FpdfDocument*, FpdfAction*))                              \
  X(FPDFDest_GetDestPageIndex, int, (FpdfDocument*, FpdfDest*))

struct PdfiumApi {
// NOLINTNEXTLINE(bugprone-macro-parentheses): types cannot be put in parentheses
#define RECTO_DECLARE(name, result, parameters) result(*name) parameters = nullptr;
  RECTO_PDFIUM_FUNCTIONS(RECTO_DECLARE)
#undef RECTO_DECLARE
};

/// The library the worker will open: $RECTO_PDFIUM if set; else libpdfium.so beside the program,
/// in lib/recto of its installation, or where the build found it. Empty when there is none.
std::string find_pdfium();

/// Opens and initialises PDFium, without the system's fonts: pages look the same on every machine.
/// The first call decides; later ones return the same table. Throws Error(kNotFound) saying what
/// to do when the library cannot be opened or lacks a function.
const PdfiumApi& load_pdfium(const std::string& path);

}  // namespace recto
