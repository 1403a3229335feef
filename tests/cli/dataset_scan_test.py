"""recto dataset scan from outside: PDFs are curated, their dataset is printed and scanned."""
import json
import re
import shutil
import unittest

from dataset_support import bytes_of, table
from support import Case
from whole_way_test import manual

KEPT = ("page_id", "document_id", "page_number", "language", "near_group", "content_class")


class DatasetScan(Case):
    def setUp(self):
        super().setUp()
        for number in range(4):
            self.write(f"pdf/manual-{number}.pdf", manual(number, pages=2))
        self.dataset = self.path("dataset")
        self.succeed("curate", self.path("pdf"), "--output", self.dataset, "--longest-edge", 1200, "--ocr", "off",
                     "--test-documents", "manual-0.pdf")

    def scan(self, *arguments, name="scan", **options):
        result = self.succeed("dataset", "scan", self.dataset, "--output", self.path(name), "--json", *arguments,
                              **options)
        return self.path(name), json.loads(result.out), result.err

    def test_the_same_dataset_without_its_text(self):
        scan, report, err = self.scan()
        pages = len(table(self.dataset, "pages"))
        self.assertEqual((report["pages"], report["other_pages"], report["ocr"]), (pages, 0, None))
        self.assertIn(f"{pages} pages scanned", err)
        for name in ("documents", "queries", "qrels", "negatives"):
            self.assertEqual(table(scan, name), table(self.dataset, name), name)
        for before, after in zip(table(self.dataset, "pages"), table(scan, "pages")):
            self.assertEqual([before[key] for key in KEPT], [after[key] for key in KEPT])
            self.assertEqual((after["text"], after["text_source"], after["words"]), ("", "none", []))
            self.assertNotEqual(before["image"]["bytes"], after["image"]["bytes"])
            self.assertEqual((before["width"], before["height"]), (after["width"], after["height"]))
        rows = [row for row in table(scan, "audit") if row["stage"] == "scan"]
        self.assertEqual(len(rows), pages)
        self.assertTrue(all(abs(row["score"]) <= row["threshold"] == 1.5 for row in rows))
        self.assertFalse((scan / "report.html").exists())
        self.succeed("dataset", "validate", scan)
        info = json.loads(self.succeed("dataset", "info", scan, "--json").out)
        self.assertEqual(info["scanned"][0]["dataset"], report["dataset"])
        # The curation's command does not take it for its own output.
        self.fail_with(2, "curate", self.path("pdf"), "--output", scan, "--longest-edge", 1200, "--ocr", "off",
                       "--test-documents", "manual-0.pdf", says=["exists"])

    def test_the_same_seed_gives_the_same_bytes(self):
        first, _, _ = self.scan("--seed", 3, "--threads", 1)
        again, _, _ = self.scan("--threads", 4, name="again", env={"RECTO_SEED": "3"})
        self.assertEqual(bytes_of(first), bytes_of(again))

    def test_what_cannot_be_meant(self):
        out = self.path("out")
        for arguments, status, says in (
                (["--split", "dev"], 2, "no split \"dev\""), (["--ocr", "auto"], 2, "tesseract"),
                (["--longest-edge", 3], 2, "--longest-edge"), (["--jpeg-quality", 0], 2, "--jpeg-quality")):
            self.fail_with(status, "dataset", "scan", self.dataset, "--output", out, *arguments, says=[says])
            self.assert_absent(out)
        self.fail_with(2, "dataset", "scan", self.dataset, "--output", self.dataset, says=["exists"])
        self.fail_with(1, "dataset", "scan", self.path("nowhere"), "--output", out, says=["nowhere"])
        self.fail_with(1, "dataset", "scan", self.dataset, "--output", out, "--ocr", "tesseract",
                       env={"PATH": "/nonexistent"}, says=["tesseract is not on the PATH", "apt install"])
        self.assert_absent(out)

    @unittest.skipUnless(shutil.which("tesseract"), "tesseract is not installed")
    def test_text_is_read_again(self):
        scan, report, err = self.scan("--ocr", "tesseract", "--split", "test")
        self.assertEqual((report["pages"], report["other_pages"]), (2, 6))
        self.assertEqual(report["ocr"]["read"], 2)
        self.assertGreater(report["ocr"]["pages_per_cpu_second"], 0)
        self.assertRegex(err, r"tesseract [0-9.]+ read [0-9]+ characters on 2 of 2 pages")
        before = {row["page_id"]: row for row in table(self.dataset, "pages")}
        for row in table(scan, "pages", "test"):
            self.assertEqual(row["text_source"], "ocr")
            self.assertEqual(len(row["word_boxes"]), 4 * len(row["words"]))
            words = set(re.findall("[a-z]{4,}", before[row["page_id"]]["text"]))
            found = words & set(re.findall("[a-z]{4,}", row["text"]))
            self.assertGreater(len(found), 0.8 * len(words), row["text"])
        self.assertEqual({row["text_source"] for row in table(scan, "pages", "train")}, {"text_layer"})
        self.succeed("dataset", "validate", scan)
