"""Words learned from translations: the pairs that scripts/fetch_debian_translations makes of help pages, and what
models/nano/words.toml makes of pairs."""
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import random
import shutil
import subprocess
import unittest

import numpy as np

from support import SOURCE, Case, read_tensors

PAGE = """<html><body><h1 id="hd_1">{}</h1><p class="x" id="p_1">{} <b>{}</b></p>
<p id="p_2">{}</p><p id="p_2">again</p><p id="p_3">LibreOffice Base macro</p><p>without a name</p></body></html>"""
WORDS = {"en": ("Setting the margin", "The margin of a page is", "as wide as you want", "Sheets &amp; cells"),
         "de": ("Den Rand einstellen", "Der Rand einer Seite ist", "so breit wie gewünscht", "Tabellen &amp; Zellen"),
         "fr": ("Régler la marge", "La marge d'une page est", "aussi large que voulu", "Feuilles &amp; cellules")}
# Some words of one meaning in two languages.
MEANINGS = [("margin", "Seitenrand"), ("printer", "Drucker"), ("colour", "Farbe"), ("spelling", "Rechtschreibung"),
            ("window", "Fenster"), ("formula", "Formelzeile"), ("network", "Netzwerk"), ("password", "Kennwort")]


def script():
    path = str(SOURCE / "scripts/fetch_debian_translations")
    loader = importlib.machinery.SourceFileLoader("fetch_debian_translations", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Translations(Case):
    def pages(self, made):
        found = {}
        for language, words in WORDS.items():
            found[language] = made.paragraphs(pathlib.Path(self.write(f"{language}.html", PAGE.format(*words))))
        return found

    def test_pairs_of_a_page(self):
        made = script()
        page = self.pages(made)
        self.assertEqual(page["de"], {"hd_1": ("h1", "Den Rand einstellen"),
                                      "p_1": ("p", "Der Rand einer Seite ist so breit wie gewünscht"),
                                      "p_2": ("p", "Tabellen & Zellen"), "p_3": ("p", "LibreOffice Base macro")})
        self.assertEqual(made.paragraphs(self.path("none.html")), {})
        shared = list(page["en"])
        rows = list(made.translations(page, shared, random.Random(1)))
        self.assertEqual(rows, list(made.translations(page, shared, random.Random(1))))
        texts = {language: [text for _, text in of.values()] for language, of in page.items()}
        self.assertEqual(len(rows), 3 * made.PAIRS, "what is not translated is left out")
        for query, passage, language in rows:
            place = texts[language].index(query)
            self.assertIn(passage, [of[place] for other, of in texts.items() if other != language])
        asked = list(made.rest_of_page(page, shared, random.Random(1)))
        self.assertGreater(len(asked), 6)
        for query, passage, language in asked:
            self.assertNotIn(query, passage)
            self.assertEqual(set(passage.split()), set(" ".join(text for text in texts[language] if text != query).split()))

    def test_the_file_that_is_written(self):
        """The script beside a stand-in for the archive: packages of two languages, and none of a third."""
        shutil.copy(SOURCE / "scripts/fetch_debian_translations", self.path("fetch"))
        self.write("unpack_debian_package", "#!/bin/sh\n"
                   "[ $1 = libreoffice-help-pl ] && { echo no such package >&2; exit 1; }\n"
                   "mkdir -p $2/usr/share/libreoffice/help/x/text && cp ${0%/*}/${1#libreoffice-help-}.html $2/usr/share/libreoffice/help/x/text/page.html\n")
        self.path("unpack_debian_package").chmod(0o755)
        for name, language in (("en-us", "en"), ("de", "de")):
            self.write(f"{name}.html", PAGE.format(*WORDS[language]))
        run = lambda *arguments: subprocess.run([self.path("fetch"), *arguments], capture_output=True, text=True,
                                                env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
        made = run(self.path("new/pairs.jsonl"), "de")
        self.assertEqual(made.returncode, 0, made.stderr)
        rows = [json.loads(line) for line in self.path("new/pairs.jsonl").read_text("utf-8").splitlines()]
        self.assertEqual(len({tuple(row.values()) for row in rows}), len(rows))
        self.assertIn({"query": "Den Rand einstellen", "passage": "Setting the margin", "language": "de"}, rows)
        self.assertIn(f"{len(rows)} pairs", made.stderr)
        refused = run(self.path("none/pairs.jsonl"), "de", "pl")
        self.assertEqual((refused.returncode, refused.stderr.splitlines()[-1]), (1, "no such package"))
        self.assertEqual(list(self.path("none").iterdir()), [])
        self.assertEqual(run("--help").returncode, 0)
        for arguments in ([], [self.path("pairs.jsonl"), "--force"], [self.path("pairs.jsonl"), "en"]):
            self.assertNotEqual(run(*arguments).returncode, 0, arguments)

    def test_translations_come_near_each_other(self):
        pairs = [pair for pair in MEANINGS for pair in (pair, pair[::-1])]
        self.write_lines("pairs.jsonl", [{"query": query, "passage": passage} for query, passage in pairs])
        output = self.path("words")
        self.succeed("train", "--config", SOURCE / "models/nano/words.toml", "--model", SOURCE / "models/nano", "--data",
                     self.path("pairs.jsonl"), "--output", output, "--batch-size", 8, "--epochs", 30, "--lr", 0.003,
                     "--threads", 1, "--no-progress")
        queries = [option for pair in MEANINGS for word in pair for option in ("--query", word)]
        self.succeed("embed", "--model", output, *queries, "--output", self.path("rows.safetensors"))
        vectors = read_tensors(self.path("rows.safetensors"))[0]["embeddings"].astype(np.float64)
        cosines = vectors[0::2] @ vectors[1::2].T
        np.testing.assert_array_equal(cosines.argmax(axis=1), np.arange(len(MEANINGS)))
        self.assertGreater(cosines.diagonal().min(), 0.5)


if __name__ == "__main__":
    unittest.main()
