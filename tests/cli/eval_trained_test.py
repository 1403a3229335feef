"""recto eval on a model that recto train made: lengths and stored precisions beside NumPy, and what it was trained on."""
import html
import json
import re
import shutil
import unittest

import numpy as np
import pyarrow.parquet as pq
import pytrec_eval

from support import model, read_tensors
from whole_way_test import Documents

MEASURES = {"ndcg_at_5": "ndcg_cut_5", "recall_at_3": "recall_3", "map_at_10": "map_cut_10"}


def stored(rows, precision):
    """Page vectors as they are read back, by the formulas of docs/evaluation.md."""
    if precision == "fp16":
        return rows.astype(np.float16).astype(np.float32)
    if precision == "int8":
        scale = np.abs(rows).max(axis=1, keepdims=True) / np.float32(127)
        return np.rint(rows / scale) * scale
    if precision == "binary":
        return np.where(rows < 0, -1, 1) / np.float32(np.sqrt(rows.shape[1]))
    return rows


def first(rows, length):
    cut = rows[:, :length]
    return cut / np.linalg.norm(cut, axis=1, keepdims=True)


class EvalTrained(Documents):
    def setUp(self):
        super().setUp()
        self.data = self.path("data")
        self.succeed("curate", self.path("pdf"), "--output", self.data, "--test-documents", "held-out*",
                     "--test-documents", "manual-0*", "--longest-edge", 300, "--ocr", "off")
        self.width = json.loads((model() / "config.json").read_text())["text_config"]["hidden_size"]
        self.lengths = [self.width, self.width // 2, self.width // 4]
        self.trained = self.path("trained")
        self.succeed("train", "--model", model(), "--data", self.data, "--output", self.trained, "--batch-size", 4,
                     "--longest-edge", 70, "--threads", 1, "--lora-r", 2, "--max-steps", 2, "--dimensions",
                     ",".join(map(str, self.lengths)))

    def evaluate(self, *arguments, name="o"):
        result = self.succeed("eval", "--data", self.data, "--model", self.trained, "--output", self.path(name),
                              *arguments)
        return json.loads((self.path(name) / "results.json").read_text())["recto"], result

    def vectors(self):
        """Of the test pages and queries, by recto embed."""
        pages = pq.read_table(next((self.data / "pages").glob("test-*")), columns=["page_id", "image"]).to_pylist()
        queries = pq.read_table(next((self.data / "queries").glob("test-*"))).to_pylist()
        rows = [{"id": p["page_id"], "image": str(self.write(f"images/{p['page_id']}.jpg", p["image"]["bytes"]))}
                for p in pages] + [{"id": q["query_id"], "query": q["query"]} for q in queries]
        self.write_lines("rows.jsonl", rows)
        self.succeed("embed", "--model", self.trained, "--input", self.path("rows.jsonl"), "--output", self.path("v.safetensors"))
        found = read_tensors(self.path("v.safetensors"))[0]["embeddings"]
        return [r["id"] for r in rows[:len(pages)]], [r["id"] for r in rows[len(pages):]], found

    def reference(self, length, precision):
        """The means that pytrec_eval gives the ranking that NumPy makes."""
        scores = first(self.found[len(self.pages):], length) @ stored(first(self.found[:len(self.pages)], length),
                                                                      precision).T
        run = {q: {p: float(s) for p, s in zip(self.pages, row)} for q, row in zip(self.queries, scores)}
        values = pytrec_eval.RelevanceEvaluator(self.qrels, {"ndcg_cut.5", "recall.3", "map_cut.10"}).evaluate(run)
        return {name: np.mean([v[theirs] for v in values.values()]) for name, theirs in MEASURES.items()}

    def test_lengths_and_precisions(self):
        precisions = ("fp32", "fp16", "int8", "binary")
        results, printed = self.evaluate("--dimensions", ",".join(map(str, self.lengths)), "--stored",
                                         ",".join(precisions))
        self.pages, self.queries, self.found = self.vectors()
        self.qrels = {}
        for row in pq.read_table(next((self.data / "qrels").glob("test-*"))).to_pylist():
            self.qrels.setdefault(row["query_id"], {})[row["page_id"]] = row["score"]
        sizes = {"fp32": lambda d: 4 * d, "fp16": lambda d: 2 * d, "int8": lambda d: d + 4, "binary": lambda d: -(-d // 8)}
        costs = json.loads((self.path("o") / "run.json").read_text())["systems"]
        table = (self.path("o") / "table.md").read_text()
        for length in self.lengths:
            for precision in precisions:
                name = "model" + (f"-d{length}" if length != self.width else "")
                name += f"-{precision}" if precision != "fp32" else ""
                with self.subTest(name):
                    for metric, value in self.reference(length, precision).items():
                        self.assertAlmostEqual(results["systems"][name]["metrics"][metric], value, delta=1e-6)
                    bytes_of_page = sizes[precision](length)
                    self.assertEqual(results["systems"][name]["bytes_per_page"], bytes_of_page)
                    for key in ("pages_per_second", "seconds_per_query"):
                        self.assertGreater(costs[name][key], 0)
                    row = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
                    self.assertEqual(row.split(" | ")[-1], f"{bytes_of_page} |")
        self.assertRegex(table, r"\| pages/s \| ms a query \| bytes a page \|")
        self.assertRegex(table, r"Peak memory of the command: \d+\.\d+ GB\.")
        report = (self.path("o") / "report.html").read_text()
        self.assertIn("Peak memory of the command", report)
        chart = json.loads(html.unescape(re.search(r'data-chart="([^"]*)"', report)[1]))
        self.assertEqual([s["name"] for s in chart["series"]], [f"model {p}" for p in precisions])
        for series in chart["series"]:
            self.assertEqual(series["x"], sorted(self.lengths))
            wanted = [self.reference(length, series["name"].split()[1])["ndcg_at_5"] for length in series["x"]]
            np.testing.assert_allclose(series["y"], wanted, atol=1e-3)
        self.fail_with(2, "eval", "--data", self.data, "--model", self.trained, "--dimensions", self.width - 1,
                       "--output", self.path("p"), says=[str(self.width - 1)])

    def test_the_data_of_a_training_is_that_of_its_record(self):
        for training in (self.trained, self.trained / "train.json"):
            results, _ = self.evaluate("--training", training, name=f"o-{training.name}")
            found = results["contamination"]
            self.assertEqual((found["training"], found["flagged"], found["documents"]), (["data"], False, 0))
            self.assertGreater(found["training_pages"], 0)
            self.assertGreater(found["training_queries"], 0)
        # What the model was trained on, measured on itself.
        seen, printed = self.evaluate("--split", "train", "--training", self.trained, name="seen")
        self.assertTrue(seen["contamination"]["flagged"])
        self.assertEqual(seen["contamination"]["untouched_queries"], 0)
        self.assertIn("is contaminated", printed.err)
        # The same data directly, once.
        both, _ = self.evaluate("--training", self.trained, "--training", self.data, name="both")
        self.assertEqual(both["contamination"]["training"], ["data"])
        # A second training on other data stands for both.
        self.write_lines("pairs.jsonl", [{"query": f"question {i} of {w}", "passage": f"answer {w}"}
                                         for i, w in enumerate(("valve", "pump", "river", "bridge"))])
        again = self.path("again")
        self.succeed("train", "--model", self.trained, "--data", self.path("pairs.jsonl"), "--output", again,
                     "--batch-size", 2, "--threads", 1, "--lora-r", 2, "--max-steps", 1)
        third, _ = self.evaluate("--training", again, name="third")
        self.assertEqual(third["contamination"]["training"], ["pairs.jsonl", "data"])

        def refused(says, *arguments):
            self.fail_with(1, "eval", "--data", self.path("elsewhere"), "--training", self.trained, *arguments,
                           "--output", self.path("p"), says=["train.json", *says])
        shutil.move(self.data, self.path("elsewhere"))
        refused([str(self.data), "is not there", "--training"])
        self.succeed("curate", self.path("pdf"), "--output", self.data, "--longest-edge", 200, "--ocr", "off")
        refused([str(self.data), "is not what was trained on"])
        self.succeed("eval", "--data", self.path("elsewhere"), "--training", self.path("elsewhere"), "--output",
                     self.path("moved"))
        self.write("empty/train.json", json.dumps({"settings": {}}))
        for path, says in ((self.path("empty"), "names no data"), (self.path("gone"), "no such training data")):
            self.fail_with(1, "eval", "--data", self.path("elsewhere"), "--training", path, "--output", self.path("p"),
                           says=[says])


if __name__ == "__main__":
    unittest.main()
