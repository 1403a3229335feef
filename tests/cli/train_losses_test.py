"""recto train with losses, teachers and guides: tables that recto embed made."""
import json
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from support import BUILD, golden_models, model
from whole_way_test import Documents


@unittest.skipUnless((BUILD / "recto-train").exists(), "built without recto-train")
class TrainLosses(Documents):
    def setUp(self):
        super().setUp()
        self.succeed("curate", self.path("pdf"), "--output", self.path("data"), "--longest-edge", 200, timeout=240)

    def rows(self, name, split="train"):
        return pa.concat_tables(pq.read_table(p) for p in sorted((self.path("data") / name).glob(f"{split}-*.parquet")))

    def inputs(self):
        """The queries and pages of the dataset as lists of things to embed."""
        queries = self.rows("queries")
        pq.write_table(pa.table({"id": queries["query_id"], "query": queries["query"]}), self.path("queries.parquet"))
        pages = self.rows("pages")
        pq.write_table(pa.table({"id": pages["page_id"], "image": pages["image"]}), self.path("pages.parquet"))
        return self.path("queries.parquet"), self.path("pages.parquet")

    def embed(self, name, by, *inputs):
        named = [argument for file in inputs for argument in ("--input", file)]
        self.succeed("embed", "--model", by, *named, "--longest-edge", 100, "--output", self.path(name), timeout=240)
        return self.path(name)

    def train(self, output, *arguments):
        self.succeed("train", "--model", model(), "--data", self.path("data"), "--output", self.path(output),
                     "--max-steps", 3, "--batch-size", 6, "--lr", "1e-3", "--eval-queries", 0, "--longest-edge", 100,
                     "--threads", 1, *arguments, timeout=240)
        lines = [json.loads(line) for line in (self.path(output) / "metrics.jsonl").read_text().splitlines()]
        lines = [line for line in lines if "loss" in line]
        self.assertEqual(len(lines), 3)
        return lines

    def test_a_teacher_of_words(self):
        width = json.loads((model() / "config.json").read_text())["text_config"]["hidden_size"]
        words, tokens = self.path("words.parquet"), self.path("tokens.parquet")
        self.succeed("dataset", "text-vectors", self.path("data"), "--output", words)
        self.succeed("dataset", "text-vectors", self.path("data"), "--model", model(), "--dimensions", width - 1, "--output", tokens)
        tables = [pq.read_table(table) for table in (words, tokens)]
        ids = self.rows("pages")["page_id"].to_pylist() + self.rows("queries")["query_id"].to_pylist()
        for table, dimensions in zip(tables, (1025, width)):
            self.assertEqual(table["id"].to_pylist(), ids)
            self.assertEqual(len(table["embedding"][0]), dimensions)
        lines = self.train("out", "--loss", "infonce,distill_cosine", "--loss", "distill_kl", "--teacher", tokens)
        self.assertGreater(lines[0]["terms"]["distill_cosine"], 0.1)
        self.fail_with(2, "dataset", "text-vectors", self.path("data"), "--output", self.path("words.csv"), says=["words.csv", ".parquet"])

    def test_a_combined_loss_with_tables_of_embed(self):
        queries, pages = self.inputs()
        by = golden_models()[-1]  # its dimensions do not matter to a guide
        guide = [self.embed("guide-queries.safetensors", by, queries), self.embed("guide-pages.parquet", by, pages)]
        width = json.loads((model() / "config.json").read_text())["text_config"]["hidden_size"]
        teacher = self.embed("teacher.safetensors", model(), queries, pages)
        lines = self.train("out", "--loss", "infonce,distill_cosine:0.5", "--loss", "distill_kl:2", "--teacher",
                           teacher, "--guide", guide[0], "--guide", guide[1], "--guide-margin", 0,
                           "--guide-margin-type", "relative", "--learn-temperature", "--dimensions",
                           f"{width},{width // 2}", "--dimension-weights", "1,0.5")
        for line in lines:
            terms = line["terms"]
            self.assertEqual(sorted(terms), ["distill_cosine", "distill_kl", "infonce"])
            total = terms["infonce"] + 0.5 * terms["distill_cosine"] + 2 * terms["distill_kl"]
            self.assertAlmostEqual(line["loss"], total, delta=1e-4 * total)
            self.assertIn("temperature", line)
        # The teacher is the model itself, LoRA begins with it, and nothing else than fp32 rounding is between them.
        self.assertLess(lines[0]["terms"]["distill_cosine"], 1e-5)
        settings = json.loads((self.path("out") / "train.json").read_text())["settings"]
        self.assertEqual(settings["loss"], "infonce,distill_cosine:0.5,distill_kl:2")
        unguided = self.train("unguided", "--loss", "infonce")
        self.assertGreater(lines[0]["masked"], unguided[0]["masked"])

    def test_a_table_of_scores(self):
        negatives = self.rows("negatives")
        if negatives.num_rows == 0:
            self.skipTest("curation found no hard negatives")
        qrels = self.rows("qrels")
        scores = [{"query_id": q, "page_id": p, "score": 0.9} for q, p in zip(*(qrels[c].to_pylist() for c in
                                                                               ("query_id", "page_id")))]
        self.write_lines("scores.jsonl", scores)
        mined = self.path("data") / "negatives/train-00000-of-00001.parquet"  # has these columns itself
        lines = self.train("out", "--loss", "distill_margin_mse:10,distill_kl,infonce:0.1", "--teacher",
                           self.path("scores.jsonl"), "--teacher", mined)
        for line in lines:
            self.assertGreater(line["terms"]["distill_margin_mse"], 0)
            self.assertGreater(line["terms"]["distill_kl"], 0)

    def test_settings_from_the_environment_and_a_file(self):
        file = self.write("train.toml", 'loss = ["infonce:0.5", "symmetric"]\nmask-same-document = true\n')
        self.train("out", "--config", file)
        settings = json.loads((self.path("out") / "train.json").read_text())["settings"]
        self.assertEqual(settings["loss"], "infonce:0.5,symmetric")
        self.assertTrue(settings["mask_same_document"])

    def test_what_is_said(self):
        queries, pages = self.inputs()
        some = self.embed("some.jsonl", model(), queries)
        data = ["--data", self.path("data"), "--output", self.path("out"), "--model", model()]
        for status, arguments, says in (
                (2, ["--loss", "infonse"], ["--loss", "did you mean \"infonce\"?"]),
                (2, ["--loss", "infonce:heavy"], ["\"heavy\"", "NAME:WEIGHT"]),
                (2, ["--loss", "distill_kl"], ["name its table of vectors or scores with --teacher"]),
                (2, ["--teacher", some], ["learns from none"]),
                (2, ["--guide-margin", "0.1"], ["--guide-margin is given", "name it with --guide"]),
                (2, ["--guide-margin-type", "relative"], ["--guide-margin-type is given", "name it with --guide"]),
                (2, ["--teacher-temperature", "0.1"], ["--teacher-temperature divides", "--loss infonce", "distill_kl"]),
                (2, ["--loss", "distill_cosine", "--teacher", some, "--teacher-temperature", "0.1"],
                 ["--teacher-temperature divides", "--loss distill_cosine"]),
                (1, ["--guide", some], ["--guide: 0 of", "pages of the data have no vector in", "some.jsonl"]),
                (1, ["--guide", self.path("gone.npy")], ["gone.npy"]),
                (1, ["--loss", "distill_kl", "--teacher", some], ["no score of any query and a page"]),
                (1, ["--loss", "distill_cosine", "--teacher", pages], ["pages.parquet", "embedding"]),
        ):
            with self.subTest(arguments=arguments):
                self.fail_with(status, "train", *data, *arguments, says=says)
                self.assert_absent(self.path("out"))


if __name__ == "__main__":
    unittest.main()
