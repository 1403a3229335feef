"""Slow: the whole of recto curate on real manuals of 14 Debian packages in more than five languages, downloaded once
into the build directory. The dataset keeps its promises, and Python's datasets and the trainer of sentence-transformers
read it."""
import json
import subprocess
import unittest

from dataset_support import LoadingCase
from support import BUILD, SOURCE

PACKAGES = ("debian-reference-en", "debian-reference-fr", "debian-reference-de", "debian-reference-es",
            "debian-reference-it", "debian-reference-pt", "krb5-doc", "nut-doc", "packaging-tutorial", "debian-policy",
            "debian-faq", "maint-guide-de", "developers-reference", "pari-doc", "lilypond-doc-pdf-fr")
HOUR = 3600


class Corpus(LoadingCase):
    def pdfs(self):
        folder = BUILD / "corpus"
        subprocess.run([SOURCE / "scripts/fetch_debian_pdfs", folder, *PACKAGES], check=True,
                       stdout=subprocess.DEVNULL, timeout=HOUR)
        return [folder / package for package in PACKAGES]

    def test_real_manuals_become_a_dataset_that_others_load(self):
        dataset = self.path("dataset")
        self.succeed("curate", *self.pdfs(), "--output", dataset, "--longest-edge", 1024, "--ocr", "off", timeout=HOUR)
        result = self.succeed("dataset", "validate", dataset, "--json", timeout=HOUR)
        self.assertTrue(all(check["ok"] for check in json.loads(result.out)["checks"]), result.out)

        tables = {name: self.load(dataset, name) for name in ("documents", "pages", "queries", "qrels", "negatives", "audit")}
        self.assertEqual(set(tables["pages"]), {"train", "validation", "test"})
        pages = sum(split.num_rows for split in tables["pages"].values())
        self.assertGreaterEqual(pages, 5000)
        languages = {language for split in tables["queries"].values() for language in split["language"]}
        self.assertGreaterEqual(len(languages), 5, languages)
        with_negatives = sum(split.num_rows for split in tables["negatives"].values())
        self.assertGreater(with_negatives, 1000)
        for split in tables["pages"].values():
            for row in split.select_columns(["page_id", "image", "width", "height"]):
                row["image"].load()
                self.assertEqual(row["image"].size, (row["width"], row["height"]), row["page_id"])
        self.train_a_step(dataset)

    def train_a_step(self, dataset):
        exported = self.path("triplets")
        self.succeed("dataset", "export", dataset, "--format", "sentence-transformers", "--split", "validation",
                     "--output", exported, timeout=HOUR)
        rows = self.load(exported)["validation"]
        self.assertEqual(rows.column_names[:3], ["anchor", "positive", "negative_1"])
        self.assertGreater(len(rows), 100)
        self.assertGreater(self.train(self.trainer(rows)), 0)


if __name__ == "__main__":
    unittest.main()
