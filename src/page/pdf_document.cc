#include "page/pdf_document.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "page/pdf_text.h"

namespace recto {
namespace {

constexpr size_t kMaxOutlineEntries = 20'000;
constexpr int kMaxOutlineLevels = 32;
constexpr unsigned long kMaxTitleBytes = 64 << 10;
constexpr size_t kMaxTitleCharacters = 1000;

[[noreturn]] void fail_to_open(unsigned long error, const std::string& name) {
  switch (error) {
    case kFpdfErrorPassword:
      fail(ErrorCode::kBadInput,
           "{}: the PDF is encrypted; make a copy without a password first "
           "(qpdf --password=... --decrypt IN OUT)",
           name);
    case kFpdfErrorSecurity:
      fail(ErrorCode::kUnsupported,
           "{}: the PDF is encrypted in a way PDFium does not know; make a copy without "
           "encryption first",
           name);
    default:
      fail(ErrorCode::kBadInput,
           "{}: the PDF is truncated or damaged beyond repair (try qpdf IN OUT, or fetch it again)",
           name);
  }
}

// Calls one of PDFium's "fill this buffer, return the length" functions.
template <typename Fill>
std::string read_title(Fill fill, size_t max_characters = kMaxTitleCharacters) {
  const unsigned long size = fill(nullptr, 0ul);
  if (size < 2 || size > kMaxTitleBytes) return "";
  std::vector<char16_t> units(size / 2 + 1);
  fill(units.data(), size);
  return clean_title(units, max_characters);
}

// Fills in the box of a character. PageToDevice knows the page's rotation and its visible part.
void place(const PdfiumApi& api, FpdfPage* page, FpdfTextPage* layer, int index, TextCharacter& c) {
  constexpr int kUnits = 1 << 20;
  FpdfRect box{};
  if (api.FPDFText_GetLooseCharBox(layer, index, &box) == 0) return;
  int x[2] = {};
  int y[2] = {};
  api.FPDF_PageToDevice(page, 0, 0, kUnits, kUnits, 0, box.left, box.top, &x[0], &y[0]);
  api.FPDF_PageToDevice(page, 0, 0, kUnits, kUnits, 0, box.right, box.bottom, &x[1], &y[1]);
  const auto fraction = [](int units) {
    return std::clamp(static_cast<float>(units) / kUnits, 0.0f, 1.0f);
  };
  c.left = fraction(std::min(x[0], x[1]));
  c.right = fraction(std::max(x[0], x[1]));
  c.top = fraction(std::min(y[0], y[1]));
  c.bottom = fraction(std::max(y[0], y[1]));
}

}  // namespace

PdfDocument::PdfDocument(const PdfiumApi& api, std::span<const std::byte> bytes, std::string name,
                         const PageLimits& limits)
    : api_(api), name_(std::move(name)), limits_(limits) {
  document_ = api_.FPDF_LoadMemDocument64(bytes.data(), bytes.size(), nullptr);
  if (document_ == nullptr) fail_to_open(api_.FPDF_GetLastError(), name_);
  page_count_ = api_.FPDF_GetPageCount(document_);
  if (page_count_ >= 1 && page_count_ <= limits_.max_pages) return;
  api_.FPDF_CloseDocument(document_);
  if (page_count_ < 1) {
    fail(ErrorCode::kBadInput, "{}: the PDF has no pages; it may be truncated or damaged", name_);
  }
  fail(ErrorCode::kLimit, "{}: the PDF has {} pages, but at most {} are accepted; split it first",
       name_, page_count_, limits_.max_pages);
}

PdfDocument::~PdfDocument() {
  if (page_ != nullptr) api_.FPDF_ClosePage(page_);
  api_.FPDF_CloseDocument(document_);
}

OpenAnswer PdfDocument::describe() const {
  OpenAnswer answer;
  answer.is_pdf = true;
  answer.page_count = page_count_;
  answer.title = metadata("Title");
  answer.producer = metadata("Producer");
  answer.outline = outline();
  return answer;
}

std::string PdfDocument::metadata(const char* key) const {
  return read_title([&](void* buffer, unsigned long size) {
    return api_.FPDF_GetMetaText(document_, key, buffer, size);
  });
}

std::string PdfDocument::title_of(FpdfBookmark* bookmark) const {
  return read_title([&](void* buffer, unsigned long size) {
    return api_.FPDFBookmark_GetTitle(bookmark, buffer, size);
  });
}

int PdfDocument::page_of(FpdfBookmark* bookmark) const {
  FpdfDest* target = api_.FPDFBookmark_GetDest(document_, bookmark);
  if (target == nullptr) {
    FpdfAction* action = api_.FPDFBookmark_GetAction(bookmark);
    if (action == nullptr || api_.FPDFAction_GetType(action) != kFpdfActionGoTo) return 0;
    target = api_.FPDFAction_GetDest(document_, action);
  }
  if (target == nullptr) return 0;
  const int index = api_.FPDFDest_GetDestPageIndex(document_, target);
  return index >= 0 && index < page_count_ ? index + 1 : 0;
}

std::string PdfDocument::label(int number) const {
  return read_title(
      [&](void* buffer, unsigned long size) {
        return api_.FPDF_GetPageLabel(document_, number - 1, buffer, size);
      },
      kMaxLabelCharacters);
}

// Depth first. An outline that leads back into itself is followed once.
std::vector<OutlineEntry> PdfDocument::outline() const {
  std::vector<OutlineEntry> entries;
  std::unordered_set<FpdfBookmark*> seen;
  std::vector<FpdfBookmark*> path{api_.FPDFBookmark_GetFirstChild(document_, nullptr)};
  while (!path.empty() && entries.size() < kMaxOutlineEntries) {
    FpdfBookmark* bookmark = path.back();
    if (bookmark == nullptr || !seen.insert(bookmark).second) {
      path.pop_back();
      continue;
    }
    entries.push_back({title_of(bookmark), static_cast<int>(path.size()) - 1, page_of(bookmark)});
    path.back() = api_.FPDFBookmark_GetNextSibling(document_, bookmark);
    if (path.size() < static_cast<size_t>(kMaxOutlineLevels)) {
      path.push_back(api_.FPDFBookmark_GetFirstChild(document_, bookmark));
    }
  }
  return entries;
}

FpdfPage* PdfDocument::page(int number) {
  if (page_ != nullptr && page_number_ == number) return page_;
  if (page_ != nullptr) api_.FPDF_ClosePage(std::exchange(page_, nullptr));
  page_ = api_.FPDF_LoadPage(document_, number - 1);
  page_number_ = number;
  if (page_ == nullptr) {
    fail(ErrorCode::kBadInput, "{}: page {} of {} is damaged and cannot be read", name_, number,
         page_count_);
  }
  return page_;
}

RenderAnswer PdfDocument::render(int number, int longest_edge, std::span<uint8_t> pixels) {
  FpdfPage* const page = this->page(number);
  const double width = api_.FPDF_GetPageWidthF(page);
  const double height = api_.FPDF_GetPageHeightF(page);
  if (!(width > 0 && height > 0 && std::isfinite(width) && std::isfinite(height))) {
    fail(ErrorCode::kBadInput, "{}: page {} has no size ({} x {} points)", name_, number, width,
         height);
  }
  const double scale = longest_edge / std::max(width, height);
  const auto side = [&](double points) {
    return std::clamp(static_cast<int>(std::lround(points * scale)), 1, longest_edge);
  };
  const RenderAnswer size{side(width), side(height)};
  if (longest_edge > limits_.image.max_side ||
      size.width > limits_.image.max_pixels / size.height) {
    fail(ErrorCode::kLimit,
         "{}: page {} would be {} x {} pixels, but at most {} pixels and {} a side are accepted; "
         "ask for a smaller longest edge",
         name_, number, size.width, size.height, limits_.image.max_pixels, limits_.image.max_side);
  }
  const int stride = size.width * 3;
  const auto bytes = static_cast<size_t>(stride) * static_cast<size_t>(size.height);
  RECTO_CHECK(bytes <= pixels.size());
  FpdfBitmap* const bitmap =
      api_.FPDFBitmap_CreateEx(size.width, size.height, kFpdfBgr, pixels.data(), stride);
  if (bitmap == nullptr) fail(ErrorCode::kInternal, "{}: PDFium refuses the bitmap", name_);
  std::fill_n(pixels.data(), bytes, uint8_t{255});
  api_.FPDF_RenderPageBitmap(bitmap, page, 0, 0, size.width, size.height, 0,
                             kFpdfAnnotations | kFpdfReverseByteOrder);
  api_.FPDFBitmap_Destroy(bitmap);
  return size;
}

PageText PdfDocument::text(int number) {
  FpdfPage* const page = this->page(number);
  FpdfTextPage* const layer = api_.FPDFText_LoadPage(page);
  if (layer == nullptr) {
    fail(ErrorCode::kBadInput, "{}: the text of page {} is damaged", name_, number);
  }
  const int count = std::max(0, api_.FPDFText_CountChars(layer));
  std::vector<TextCharacter> characters(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    TextCharacter& c = characters[static_cast<size_t>(i)];
    c.code = api_.FPDFText_GetUnicode(layer, i);
    c.line_hyphen = api_.FPDFText_IsHyphen(layer, i) == 1;
    place(api_, page, layer, i, c);
  }
  api_.FPDFText_ClosePage(layer);
  PageText text = assemble_text(characters);
  text.label = label(number);
  return text;
}

}  // namespace recto
