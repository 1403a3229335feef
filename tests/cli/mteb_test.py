"""recto eval beside the mteb library. Needs a Python that has the packages of tests/mteb/requirements.txt, named in
RECTO_MTEB_PYTHON; without one the test is skipped."""
import json
import os
import subprocess
import unittest

from support import SOURCE, Case, document_pdf, environment, model

PYTHON = os.environ.get("RECTO_MTEB_PYTHON")
WORDS = ("valve", "pump", "engine", "river", "bridge", "museum", "garden", "kitchen", "station", "harbour", "tunnel",
         "library")


@unittest.skipUnless(PYTHON, "RECTO_MTEB_PYTHON names no Python with mteb")
class Mteb(Case):
    def test_a_model_has_the_scores_that_mteb_gives_it(self):
        pages = [[f"Chapter {word}", f"About the {word} and the {other}"] for word, other in
                 zip(WORDS, WORDS[1:] + WORDS[:1])]
        self.write("pdf/held-out.pdf", document_pdf(pages))
        self.write("pdf/other.pdf", document_pdf([[f"Part {i}", f"words {i}"] for i in range(3)], title="Other"))
        self.succeed("curate", self.path("pdf"), "--output", self.path("data"), "--test-documents", "held*",
                     "--longest-edge", 200, "--ocr", "off", "--round-trip", 0)
        self.succeed("dataset", "export", self.path("data"), "--format", "mteb", "--split", "test", "--output",
                     self.path("task"))
        self.succeed("eval", "--data", self.path("task"), "--model", model(), "--longest-edge", 100, "--output",
                     self.path("o"))
        self.compared("o", "model")
        # The layout has no text, so words are searched in the dataset, whose pages have the same ids.
        self.succeed("eval", "--data", self.path("data"), "--output", self.path("words"))
        self.compared("words", "bm25")

    def compared(self, output, system):
        out = self.path(system + ".json")
        files = [self.path("task"), self.path(output) / "run.trec", self.path(output) / "results.json", out]
        done = subprocess.run([PYTHON, str(SOURCE / "tests/mteb/mteb_scores.py"), *map(str, files)],
                              capture_output=True, text=True,
                              env=environment({"HF_HUB_OFFLINE": "1", "HF_HOME": str(self.path("hf"))}))
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        theirs = json.loads(out.read_text())
        results = json.loads((self.path(output) / "results.json").read_text())
        ours = results["recto"]["systems"][system]
        self.assertAlmostEqual(theirs["scores"]["main_score"], ours["main_score"], delta=1e-6)
        compared = 0
        for name, value in ours["metrics"].items():
            if name in theirs["scores"]:
                self.assertAlmostEqual(theirs["scores"][name], value, delta=1e-6, msg=name)
                compared += 1
        self.assertEqual(compared, 6 * 7, "all but the exponential gain, which mteb does not have")
        self.assertEqual(theirs["task"], results["task_name"])
        self.assertEqual(theirs["read"]["main_score"], results["scores"]["test"][0]["main_score"])


if __name__ == "__main__":
    unittest.main()
