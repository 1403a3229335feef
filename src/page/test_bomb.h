#pragma once
// A PDF that is small in the file and large in memory.

#include <zlib.h>

#include <string>

#include "base/error.h"
#include "page/test_pdf.h"

namespace recto::test {

/// One page of 300 MB of spaces, in 1.3 MB.
inline std::string bomb_pdf() {
  const std::string spaces(size_t{300} << 20, ' ');
  std::string packed(::compressBound(spaces.size()), '\0');
  uLongf size = packed.size();
  const int status = ::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                                 reinterpret_cast<const Bytef*>(spaces.data()), spaces.size(), 1);
  RECTO_CHECK(status == Z_OK);
  packed.resize(size);
  PdfBuilder pdf;
  const int bomb = pdf.add_stream(packed, "/Filter /FlateDecode");
  const int page = pdf.add(
      fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents {} 0 R >>", bomb));
  pdf.set(2, fmt::format("<< /Type /Pages /Kids [{} 0 R] /Count 1 >>", page));
  return pdf.finish();
}

}  // namespace recto::test
