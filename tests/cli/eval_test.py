"""recto eval and recto compare from outside: runs, judgements, several systems, bad input."""
import json
import unittest

from support import GOLDENS, Case, document_pdf, model

QRELS = GOLDENS / "metrics/qrels.txt"
TIES = GOLDENS / "metrics/run_ties.txt"
FLOATS = GOLDENS / "metrics/run_floats.txt"


class Compare(Case):
    def test_two_runs(self):
        lines = self.succeed("compare", TIES, f"other={FLOATS}", "--qrels", QRELS, "--output", self.path("o")).out
        self.assertRegex(lines, r"(?m)^run_ties nDCG@5 0\.\d{4} \[0\.\d{4}, 0\.\d{4}\] queries \d+$")
        self.assertIn("other is better than run_ties", lines)
        self.assertIn("p 0.0009766 exact", lines)
        self.assertIn("seed 0, 10000 bootstrap samples", lines)
        results = json.loads((self.path("o") / "results.json").read_text())
        self.assertEqual(results["recto"]["comparisons"][0]["verdict"], "other is better than run_ties")
        self.assertEqual(results["recto"]["resampling"]["seed"], 0)
        rows = [json.loads(line) for line in (self.path("o") / "per_query.jsonl").read_text().splitlines()]
        self.assertEqual(len(rows[0]), 1 + 7 * 7)
        for name in ("report.html", "table.md", "per_query.other.jsonl", "run.other.trec"):
            self.assertGreater((self.path("o") / name).stat().st_size, 0, name)

    def test_the_same_run_is_not_distinguishable(self):
        out = self.succeed("compare", TIES, f"copy={TIES}", "--qrels", QRELS, "--metric", "mrr_at_10").out
        self.assertIn("run_ties and copy are not distinguishable", out)
        self.assertIn("win/tie/loss 0/", out)

    def test_seeds_decide(self):
        def drawn(*more):
            return self.succeed("compare", TIES, FLOATS, "--qrels", QRELS, *more).out
        self.assertEqual(drawn(), drawn("--seed", 0))
        self.assertNotEqual(drawn(), drawn("--seed", 1))

    def test_missing_queries_count_as_nothing(self):
        qrels = self.write("q.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
        a = self.write("a.trec", "q1 Q0 d1 1 1 t\nq2 Q0 d2 1 1 t\n")
        b = self.write("b.trec", "q1 Q0 d1 1 1 t\nq9 Q0 d2 1 1 t\n")
        result = self.succeed("compare", a, b, "--qrels", qrels)
        self.assertIn("a nDCG@5 1.0000", result.out)
        self.assertIn("b nDCG@5 0.5000", result.out)
        self.assertIn("run b: 1 of 2 queries are not in it and count as 0", result.err)
        self.assertIn("run b: 1 queries have no judgement", result.err)

    def test_bad_runs(self):
        qrels = self.write("q.txt", "q1 0 d1 1\n")
        good = self.write("good.trec", "q1 Q0 d1 1 1 t\n")
        for name, content, says in (("nan", "q1 Q0 d1 1 nan t\n", "not finite"),
                                    ("twice", "q1 Q0 d1 1 1 t\nq1 Q0 d1 2 1 t\n", "found twice"),
                                    ("fields", "q1 d1 1\n", "3 fields"),
                                    ("strangers", "q8 Q0 d1 1 1 t\n", "none of its 1 queries"),
                                    ("empty", "", "an empty run")):
            with self.subTest(name):
                bad = self.write(f"{name}.trec", content)
                self.fail_with(1, "compare", good, bad, "--qrels", qrels, "--output", self.path("o"), says=[says, name])
                self.assert_absent(self.path("o"))
        twice = self.write("twice.txt", "q1 0 d1 1\nq1 0 d1 2\n")
        self.fail_with(1, "compare", good, f"b={good}", "--qrels", twice, says=["judged twice", "twice.txt:2"])
        self.fail_with(2, "compare", good, "--qrels", qrels, says=["one run alone"])
        self.fail_with(2, "compare", good, good, "--qrels", qrels, says=["NAME=PATH"])
        self.fail_with(2, "compare", good, f"b={good}", "--qrels", qrels, "--metric", "ndcg_at_4",
                       says=["ndcg_at_4", "did you mean"])
        self.fail_with(2, "compare", good, f"b={good}", says=["--qrels"])


class Eval(Case):
    def curated(self):
        pages = [[f"Chapter {word}", f"About the {word} and its parts"] for word in
                 ("valve", "pump", "engine", "river", "bridge", "museum")]
        self.write("pdf/held-out.pdf", document_pdf(pages))
        self.write("pdf/other.pdf", document_pdf([[f"Part {i}", f"words {i}"] for i in range(3)], title="Other"))
        self.succeed("curate", self.path("pdf"), "--output", self.path("data"), "--test-documents", "held*",
                     "--longest-edge", 200, "--ocr", "off", "--round-trip", 0)
        return self.path("data")

    def test_judgements_and_runs(self):
        out = self.succeed("eval", "--qrels", QRELS, "--run", TIES, "--run", f"b={FLOATS}", "--output",
                           self.path("o")).out
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["run_ties", "b"])
        self.fail_with(2, "eval", "--qrels", QRELS, "--output", self.path("p"), says=["--run"])
        self.fail_with(2, "eval", "--output", self.path("p"), says=["--data"])
        self.assert_absent(self.path("p"))

    def test_systems_of_a_model(self):
        data = self.curated()
        sizes = json.loads(self.succeed("eval", "--data", data, "--output", self.path("base"), "--json").out)
        self.assertEqual(sorted(sizes["recto"]["systems"]), ["bm25", "random"])
        result = self.succeed("eval", "--data", data, "--model", model(), "--output", self.path("o"), "--stored",
                              "fp32,int8,binary", "--longest-edges", "100,140", "--bm25", "1.2,0.75", "--bm25",
                              "0.9,0.4", "--run", f"theirs={self.path('base')}/run.trec", "--training", data,
                              "--name", "tiny")
        names = [line.split()[0] for line in result.out.splitlines()]
        self.assertEqual(names, ["tiny", "tiny-int8", "tiny-binary", "tiny-e140", "tiny-e140-int8",
                                 "tiny-e140-binary", "theirs", "bm25", "bm25-k0.9-b0.4", "random"])
        self.assertIn("theirs and bm25 are not distinguishable", result.err)
        run = json.loads((self.path("o") / "run.json").read_text())
        self.assertGreater(run["systems"]["model"]["pages_per_second"], 0)
        self.assertGreater(run["systems"]["model"]["seconds_per_query"], 0)
        self.assertGreater(run["peak_memory_bytes"], 1 << 20)
        sizes = [run["systems"][name]["bytes_per_page"] for name in ("model", "model-int8", "model-binary")]
        self.assertEqual(sizes, [sizes[0], sizes[0] // 4 + 4, sizes[0] // 32])
        results = json.loads((self.path("o") / "results.json").read_text())["recto"]
        self.assertFalse(results["contamination"]["flagged"])
        self.assertGreater(results["systems"]["model"]["within_document"]["queries"], 0)
        for grouping in ("by_language", "by_kind", "by_class", "macro"):
            self.assertTrue(results["systems"]["bm25"][grouping], grouping)

    def test_a_task_of_each_kind(self):
        data = self.curated()
        out = self.succeed("eval", "--data", data, "--kind", "heading", "--output", self.path("o")).out
        self.assertTrue(out.startswith("bm25 "))
        self.fail_with(2, "eval", "--data", data, "--kind", "poem", "--output", self.path("p"), says=["heading"])

    def test_layouts_of_other_tools(self):
        data = self.curated()
        wanted = self.succeed("eval", "--data", data, "--output", self.path("own")).out
        for layout in ("mteb", "vidore"):
            with self.subTest(layout):
                self.succeed("dataset", "export", data, "--format", layout, "--split", "test", "--output",
                             self.path(layout))
                out = self.succeed("eval", "--data", self.path(layout), "--output", self.path(layout + "-o")).out
                self.assertEqual([line.split("queries")[1] for line in out.splitlines()],
                                 [line.split("queries")[1] for line in wanted.splitlines()])

    def test_a_contaminated_set_is_flagged(self):
        data = self.curated()
        self.succeed("curate", self.path("pdf"), "--output", self.path("train"), "--test-documents", "other*",
                     "--longest-edge", 200, "--ocr", "off", "--round-trip", 0)
        result = self.succeed("eval", "--data", data, "--training", self.path("train"), "--output", self.path("o"))
        self.assertIn("is contaminated", result.err)
        found = json.loads((self.path("o") / "results.json").read_text())["recto"]["contamination"]
        self.assertEqual((found["flagged"], found["documents"], found["pages"]), (True, 1, 6))
        self.assertEqual(found["untouched_queries"], 0)
        self.assertIsNone(found["systems"]["bm25"]["without"])


if __name__ == "__main__":
    unittest.main()
