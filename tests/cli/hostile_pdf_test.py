"""Hostile PDFs from outside: recto curate in a place of its own, in which nothing but the output may appear."""
import unittest
from urllib.parse import quote

import pyarrow.parquet as pq

from support import Case, document_pdf, pdf, stream, text_page

PAGE = b"/Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>"
LINES = ["Words of the page", "that has them"]


def page_pdf(*objects, catalog=b"", page=b""):
    """A PDF of one page with LINES; `objects` are number 6 and on."""
    return pdf([b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog, b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
                b"<< %s %s >>" % (PAGE, page), stream(text_page(LINES)),
                b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", *objects])


def scripts():
    """Runs a script without end, and a program, as soon as a viewer runs anything."""
    return page_pdf(b"<< /S /JavaScript /JS (while \\(true\\) {}) /Next 7 0 R >>", b"<< /S /Launch /F (./run-me.sh) >>",
                    catalog=b"/OpenAction 6 0 R /Names << /JavaScript << /Names [(a) 6 0 R] >> >>",
                    page=b"/AA << /O 6 0 R >>")


def attachments(*names):
    """Holds a PDF under each of the names."""
    listed = b" ".join(b"(%s) << /Type /Filespec /F (%s) /UF (%s) /EF << /F 6 0 R >> >>" % (n, n, n)
                       for n in (name.encode() for name in names))
    return page_pdf(stream(document_pdf([["Attached"]]), b"/Type /EmbeddedFile"),
                    catalog=b"/Names << /EmbeddedFiles << /Names [%s] >> >>" % listed)


class HostilePdfs(Case):
    def setUp(self):
        super().setUp()
        for name in ("a.pdf", "z.pdf"):
            self.write(f"in/{name}", document_pdf([[f"Mounting the valve of {name}"], [f"Draining {name}"]]))
        self.path("work/tmp").mkdir(parents=True)

    def curate(self, *arguments):
        """Names of the documents, to the pictures and texts of their pages; nothing but the dataset has appeared."""
        before = self.files()
        self.succeed("curate", self.path("in"), "--output", self.path("dataset"), "--longest-edge", 200, "--ocr", "off",
                     *arguments, cwd=self.path("work"), env={"TMPDIR": str(self.path("work/tmp"))})
        self.assertEqual({f for f in self.files() if not f.is_relative_to(self.path("dataset"))}, before)
        names, pages = {}, {}
        for file in self.path("dataset").glob("documents/*.parquet"):
            names.update((row["document_id"], row["source_name"]) for row in pq.read_table(file).to_pylist())
        for file in self.path("dataset").glob("pages/*.parquet"):
            for row in pq.read_table(file).to_pylist():
                pages.setdefault(names[row["document_id"]], []).append((row["image"]["bytes"], row["text"]))
        return pages

    def files(self):
        return {path for path in self.directory.rglob("*") if not path.is_dir()}

    def test_scripts_and_attachments_are_ordinary_pages(self):
        self.write("work/run-me.sh", "#!/bin/sh\ntouch started\n").chmod(0o755)
        self.write("in/p.pdf", page_pdf())
        self.write("in/scripts.pdf", scripts())
        self.write("in/files.pdf", attachments("../../escaped.pdf", str(self.path("escaped.pdf")), "inner.pdf"))
        pages = self.curate()
        self.assertEqual({name: len(found) for name, found in pages.items()},
                         {"a.pdf": 2, "z.pdf": 2, "p.pdf": 1, "scripts.pdf": 1, "files.pdf": 1})
        self.assertEqual(pages["p.pdf"][0][1], "\n".join(LINES))
        self.assertEqual(pages["scripts.pdf"], pages["p.pdf"])
        self.assertEqual(pages["files.pdf"], pages["p.pdf"])
        self.assert_absent(self.path("escaped.pdf"), self.directory.parent / "escaped.pdf",
                           self.directory.parent.parent / "escaped.pdf")

    def test_names_that_are_paths_or_commands_are_names(self):
        names = ["..\\..\\x.pdf", quote("../../x.pdf", safe=""), "-rf.pdf", "--output.pdf", "$(touch started).pdf",
                 "`touch started`.pdf", "two\nlines.pdf", "a;touch started;.pdf", "%s%n{}.pdf"]
        for number, name in enumerate(names):
            self.write(f"in/{name}", document_pdf([[f"Page of file {number}"]], title=f"../../title-{number}"))
        pages = self.curate()
        self.assertEqual({name: len(found) for name, found in pages.items()},
                         {"a.pdf": 2, "z.pdf": 2, **{name: 1 for name in names}})


if __name__ == "__main__":
    unittest.main()
