"""Renders the pages of a PDF through pypdfium2's own bindings, without system fonts as the page
worker does, and writes OUT/N.rgb: u32 width, u32 height, RGB rows. Used by the tests.

    python pdfium_oracle.py PDF LONGEST_EDGE OUT [MAX_PAGES]
"""
import ctypes
import struct
import sys

import pypdfium2.raw as pdfium

path, longest, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
max_pages = int(sys.argv[4]) if len(sys.argv) > 4 else 1 << 30
no_fonts = (ctypes.POINTER(ctypes.c_char) * 1)()
pdfium.FPDF_InitLibraryWithConfig(pdfium.FPDF_LIBRARY_CONFIG(
    version=2, m_pUserFontPaths=no_fonts, m_pIsolate=None, m_v8EmbedderSlot=0))
data = open(path, "rb").read()
document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
for index in range(min(max_pages, pdfium.FPDF_GetPageCount(document))):
    page = pdfium.FPDF_LoadPage(document, index)
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    scale = longest / max(width, height)
    size = [max(1, int(side * scale + 0.5)) for side in (width, height)]
    # Four bytes a pixel and PDFium's own memory: another way to the same pixels.
    bitmap = pdfium.FPDFBitmap_CreateEx(*size, pdfium.FPDFBitmap_BGRx, None, 0)
    pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, *size, 0xFFFFFFFF)
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *size, 0, pdfium.FPDF_ANNOT)
    stride = pdfium.FPDFBitmap_GetStride(bitmap)
    pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * size[1])
    with open(f"{out}/{index + 1}.rgb", "wb") as file:
        file.write(struct.pack("<II", *size))
        for y in range(size[1]):
            row = pixels[y * stride:y * stride + 4 * size[0]]
            rgb = bytearray(3 * size[0])
            rgb[0::3], rgb[1::3], rgb[2::3] = row[2::4], row[1::4], row[0::4]
            file.write(rgb)
    pdfium.FPDFBitmap_Destroy(bitmap)
    pdfium.FPDF_ClosePage(page)
