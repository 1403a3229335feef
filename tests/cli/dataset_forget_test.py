"""recto dataset forget: a document is gone, whatever happens meanwhile."""
import json
import shutil
import signal
import subprocess
import time
import unittest
import zipfile

from dataset_support import TABLES, bytes_of, sha256, table
from support import RECTO, Case, document_pdf, environment


class DatasetForget(Case):
    """Of PDFs, as recto curate makes them."""

    def setUp(self):
        super().setUp()
        shared = "A chapter that is in both of the files"
        for name, title, lines in (
                ("secret-report.pdf", "Secret", ["The secret project of the year", shared, "What remains to be told"]),
                ("public-notes.pdf", "Public", ["The public notes of the year", shared, "Where others may look for it"]),
                ("other-notes.pdf", "Public", ["Notes of another kind entirely", "Further notes for the reader"]),
                ("sub/third.pdf", "Third", ["The third of all the documents", "And what it has to say of itself"])):
            # Pages with few words that look alike would be duplicates.
            words = [[sha256(f"{name} {line} {i}".encode())[:9] for i in range(24)] for line in lines]
            self.write(f"pdfs/{name}", document_pdf(
                [[line, f"{name} says {line}"] + [" ".join(w[i:i + 4]) for i in range(0, 24, 4)]
                 for line, w in zip(lines, words)], title=title))
        self.dataset = self.path("dataset")
        self.succeed("curate", self.path("pdfs"), "--output", self.dataset, "--longest-edge", 300)
        self.secret = sha256(self.path("pdfs/secret-report.pdf").read_bytes())

    def documents(self):
        return {r["source_name"]: r for r in table(self.dataset, "documents")}

    def everything(self, directory):
        """All bytes, and all cells of all tables, as one text."""
        out = b"".join(bytes_of(directory).values())
        for name in TABLES:
            out += repr(table(directory, name)).encode()
        return out

    def test_copies_of_its_file_are_gone_too(self):
        for name in ("quiet-copy.pdf", "sub/other-notes.pdf"):  # the second is named as another document is
            self.write(f"pdfs/{name}", self.path("pdfs/secret-report.pdf").read_bytes())
        with zipfile.ZipFile(self.path("pdfs/parcel.zip"), "w") as archive:
            archive.write(self.path("pdfs/secret-report.pdf"), "inner.pdf")
        shutil.rmtree(self.dataset)
        self.succeed("curate", self.path("pdfs"), "--output", self.dataset, "--longest-edge", 300,
                     "--test-documents", "*copy.p[d]f", "--test-documents", "third*", "--ocr", "off")
        self.assertEqual({r["split"] for r in table(self.dataset, "documents") if r["document_id"] == self.secret},
                         {"test"}, "a document is meant by the name of its copy")
        rows = [r["item"] for r in table(self.dataset, "audit") if "copy of the document" in r["reason"]]
        self.assertEqual(len(rows), 3)
        shown = self.succeed("dataset", "forget", self.dataset, self.secret).out
        self.assertIn("  0 file names", shown)
        everything = self.everything(self.dataset)
        for name in (b"quiet-copy", b"parcel.zip", b"inner.pdf", b"*copy.p", self.secret[:16].encode()):
            self.assertNotIn(name, everything)
        self.assertIn(b"third*", everything)
        self.assertFalse([r for r in table(self.dataset, "audit") if "(forgotten)" in r["reason"]
                          and r["stage"] == "file"])

    def test_a_document_is_gone(self):
        (self.dataset / "report.html").write_text("<html>pictures</html>")
        (self.dataset / "notes.txt").write_text("secret-report.pdf is one of mine")
        (self.dataset / "run.json").write_text('{"seconds": 1}')
        pages = [r for r in table(self.dataset, "pages") if r["document_id"] == self.secret]
        self.assertTrue(pages)
        answers = {}
        for row in table(self.dataset, "qrels"):
            answers.setdefault(row["query_id"], set()).add(row["page_id"].startswith(self.secret))
        gone = {query for query, where in answers.items() if where == {True}}
        kept = {r["query_id"] for r in table(self.dataset, "queries")} - gone
        self.assertTrue(gone)
        self.assertIn(self.secret[:16].encode(), self.everything(self.dataset))

        result = self.succeed("dataset", "forget", self.dataset, "secret-report.pdf")
        self.assertIn("  0 document and page ids", result.out)
        self.assertIn("report.html removed", result.out)
        self.assertIn("notes.txt removed", result.out)
        left = self.everything(self.dataset)
        self.assertNotIn(self.secret[:16].encode(), left)
        self.assertNotIn(b"secret-report", left)
        self.assertFalse({r["page_id"] for r in pages} & {r["page_id"] for r in table(self.dataset, "pages")})
        self.assertFalse({sha256(r["image"]["bytes"]) for r in pages} &
                         {sha256(r["image"]["bytes"]) for r in table(self.dataset, "pages")})
        self.assertEqual({r["query_id"] for r in table(self.dataset, "queries")}, kept)
        self.assertTrue((self.dataset / "run.json").exists())
        self.succeed("dataset", "validate", self.dataset)
        manifest = json.loads((self.dataset / "manifest.json").read_text())
        self.assertEqual(manifest["forgotten"][0]["documents"], 1)
        self.assertEqual([p.name for p in self.directory.iterdir() if p.name.startswith(".")], [])

    def test_selectors(self):
        before = bytes_of(self.dataset)
        for selector, status, says in (("nothing*", 1, "no document"), ("*", 2, "all"), ("deadbeef", 1, "no document"),
                                       (self.secret[:7], 1, "8 digits")):
            self.fail_with(status, "dataset", "forget", self.dataset, selector, says=[says])
        self.assertEqual(bytes_of(self.dataset), before)
        for selector in (self.secret, self.secret[:8], "secret*"):
            output = self.path(f"without-{selector[:9].strip('*')}")
            report = json.loads(self.succeed("dataset", "forget", self.dataset, selector, "--output", output, "--json").out)
            self.assertEqual(report["documents"], [self.secret])
            self.assertEqual(report["proof"]["hashes_found"], 0)
            shutil.rmtree(output)
        self.assertEqual(bytes_of(self.dataset), before)

    def test_families_and_names_that_others_bear(self):
        """A copy of a name, and a family called after the document that goes."""
        self.write("pdfs/sub/secret-report.pdf", document_pdf([["Another file of the same name", "text of it"]]))
        shutil.rmtree(self.dataset)
        self.succeed("curate", self.path("pdfs"), "--output", self.dataset, "--longest-edge", 300)
        report = json.loads(self.succeed("dataset", "forget", self.dataset, self.secret[:12], "--json").out)
        self.assertEqual(report["rows_removed"]["documents"], 1)
        self.assertNotIn(self.secret[:16].encode(), self.everything(self.dataset))
        self.succeed("dataset", "validate", self.dataset)

    def test_an_unfinished_run_beside_it_is_refused(self):
        self.path("dataset.partial").mkdir()
        self.fail_with(2, "dataset", "forget", self.dataset, self.secret, says=["dataset.partial"])

    def test_what_a_killed_process_left_is_removed(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        left = self.path(f".dataset.partial-{ended.pid}-0")
        shutil.copytree(self.dataset, left)
        result = self.succeed("dataset", "forget", self.dataset, self.secret)
        self.assertIn(left.name, result.out)
        self.assertFalse(left.exists())

    def test_what_a_process_left_that_was_killed_at_its_end_is_removed(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        left = self.path(f".dataset.partial-{ended.pid}-0")
        self.succeed("dataset", "forget", self.dataset, self.secret, "--output", self.path("other"))
        shutil.copytree(self.dataset, left)  # as the exchange leaves them
        shutil.rmtree(self.dataset)
        self.path("other").rename(self.dataset)
        self.fail_with(1, "dataset", "forget", self.dataset, self.secret, says=["has no document", left.name, "removed"])
        self.assertFalse(left.exists())

    def test_links_and_histories_are_refused(self):
        (self.dataset / ".git").mkdir()
        self.fail_with(1, "dataset", "forget", self.dataset, self.secret, says=[".git"])
        (self.dataset / ".git").rmdir()
        (self.dataset / "link").symlink_to("/etc/passwd")
        self.fail_with(1, "dataset", "forget", self.dataset, self.secret, says=["link"])
        self.assertIn(self.secret, {r["document_id"] for r in table(self.dataset, "documents")})

    def test_killed_at_any_moment_the_old_or_the_new_dataset_is_there(self):
        before = bytes_of(self.dataset)
        shutil.copytree(self.dataset, self.path("copy"))
        started = time.monotonic()
        self.succeed("dataset", "forget", self.path("copy"), self.secret)
        whole = time.monotonic() - started
        after = bytes_of(self.path("copy"))
        seen = set()
        for i in range(12):
            process = subprocess.Popen([str(RECTO), "dataset", "forget", str(self.dataset), self.secret],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
            try:
                process.wait(whole * (i + 1) / 11)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.wait()
            found = bytes_of(self.dataset)
            self.assertIn(found, (before, after))
            seen.add(found == after)
            if found == after:
                break
        # Whatever was left, the next change cleans up.
        third = [r["document_id"] for r in table(self.dataset, "documents") if r["source_name"].endswith("third.pdf")][0]
        self.succeed("dataset", "forget", self.dataset, third)
        self.assertEqual([p.name for p in self.directory.iterdir() if p.name.startswith(".")], [])


if __name__ == "__main__":
    unittest.main()
