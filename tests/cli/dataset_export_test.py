"""recto dataset export: imported again, read by Python's datasets, taken by the trainer of sentence-transformers."""
import io
import json
import shutil
import unittest

import pyarrow.parquet as pq
from PIL import Image

from dataset_support import DatasetCase, bytes_of, splits, table


class DatasetExport(DatasetCase):
    def export(self, dataset, layout, *arguments):
        output = self.path(f"export-{layout}")
        shutil.rmtree(output, ignore_errors=True)
        self.succeed("dataset", "export", dataset, "--format", layout, "--output", output, *arguments)
        return output

    def again(self, dataset, layout):
        """Exported and imported again, by way of what the importer finds itself."""
        output = self.path(f"again-{layout}")
        shutil.rmtree(output, ignore_errors=True)
        report = json.loads(self.succeed("dataset", "import", self.export(dataset, layout), "--output", output,
                                         "--json").out)
        self.assertEqual(report["format"], layout)
        self.assertTrue(self.validate(output)["valid"])
        return output

    def assert_same(self, a, b, name, columns):
        for split in splits(a):
            rows = [sorted(tuple(str(r[c]) for c in columns) for r in table(d, name, split)) for d in (a, b)]
            self.assertEqual(rows[0], rows[1], (name, split))

    def test_round_trips(self):
        for layout in ("mteb", "beir", "vidore", "ogc", "sentence-transformers"):
            with self.subTest(layout=layout):
                back = self.again(self.dataset, layout)
                self.assertEqual(splits(back), splits(self.dataset))
                whole = layout in ("mteb", "beir")
                self.assert_same(self.dataset, back, "queries", ["query"])
                if layout in ("mteb", "beir", "ogc"):
                    self.assert_same(self.dataset, back, "queries", ["query_id", "query", "language"])
                if layout in ("mteb", "beir", "vidore"):
                    self.assert_same(self.dataset, back, "pages", ["page_id", "image", "width"])
                if whole:
                    self.assert_same(self.dataset, back, "qrels", ["query_id", "page_id", "score"])
                for split in splits(back):
                    pairs = []
                    for d in (self.dataset, back):
                        text = {r["query_id"]: r["query"] for r in table(d, "queries", split)}
                        pairs.append(sorted((text[r["query_id"]], r["page_id"]) for r in table(d, "qrels", split)
                                            if r["score"] > 0))
                    self.assertEqual(pairs[0], pairs[1])

    def test_round_trip_of_negatives(self):
        back = self.again(self.mined, "ogc")
        self.assert_same(self.mined, back, "negatives", ["query_id", "page_id", "rank"])

    def test_the_same_dataset_gives_the_same_bytes(self):
        for layout in ("mteb", "beir", "vidore", "ogc", "sentence-transformers"):
            first = bytes_of(self.export(self.mined, layout))
            self.assertEqual(first, bytes_of(self.export(self.mined, layout)), layout)

    def test_datasets_loads_them(self):
        ogc = self.load(self.export(self.mined, "ogc", "--negatives", 2))["train"]
        self.assertEqual(ogc.column_names, ["id", "query", "image", "language", "negative_image_0", "negative_image_1"])
        self.assertEqual(ogc["id"][:], ["q0", "q1", "q1-2", "q2"])
        self.assertEqual(ogc[0]["image"].size, (60, 80))
        self.assertEqual(ogc[0]["negative_image_1"].tobytes(),
                         Image.open(io.BytesIO(self.images[4])).convert("RGB").tobytes())
        self.assertIsNone(ogc[3]["negative_image_0"])

        mteb = self.export(self.dataset, "mteb")
        corpus = self.load(mteb)
        self.assertEqual(set(corpus), {"train", "test"})
        self.assertEqual(corpus["test"][0]["image"].size, (60, 80))
        self.assertEqual(self.load(mteb, "queries")["test"]["text"][:], ["fourth words", "cinquième: «mots»"])
        self.assertEqual(self.load(mteb, "qrels")["train"].features["score"].dtype, "int32")

        vidore = self.load(self.export(self.dataset, "vidore", "--split", "test"))
        self.assertEqual(set(vidore), {"test"})
        self.assertEqual([row["query"] for row in vidore["test"]], ["fourth words"] + ["cinquième: «mots»"] * 2 + [None])
        self.assertEqual(len(set(vidore["test"]["image_filename"])), 4)

        beir = self.export(self.dataset, "beir")
        rows = self.load(beir)["train"]
        self.assertEqual(len(rows), 12)
        self.assertEqual((beir / rows[0]["image"]).read_bytes(), self.images[8])
        self.assertEqual(len(self.load(beir, "queries")["train"]), 5)
        self.assertIn(f"t1 0 {self.page_id(10)} 1\n", (beir / "qrels/test.trec").read_text())

    def test_the_dataset_itself_loads(self):
        self.assertEqual(self.load(self.dataset)["train"][0]["image"].size, (60, 80))
        for name in ("documents", "queries", "qrels", "audit"):
            self.assertGreater(len(self.load(self.dataset, name)), 0)

    def test_the_trainer_of_sentence_transformers_takes_a_step(self):
        rows = self.load(self.export(self.mined, "sentence-transformers"))["train"]
        self.assertEqual(rows.column_names, ["anchor", "positive", "negative_1", "negative_2", "negative_3"])
        self.assertEqual(rows["anchor"][:], ["first words?", "zweite Wörter", "zweite Wörter"])
        self.assertEqual(rows[1]["negative_1"].tobytes(), rows[1]["negative_3"].tobytes())
        trainer = self.trainer(rows)
        batch = next(iter(trainer.get_train_dataloader()))
        columns = {key.rsplit("_", 2)[0] if "input_ids" in key else None for key in batch}
        self.assertEqual(sum("input_ids" in key for key in batch), 5, sorted(batch))
        self.assertEqual(sum("pixel_values" in key for key in batch), 4, sorted(batch))
        self.assertGreater(self.train(trainer), 0)

    def test_options(self):
        output = self.path("o")
        for arguments, says in ((["--format", "ogc", "--split", "nowhere"], "nowhere"), (["--format", "csv"], "csv"),
                                (["--format", "ogc", "--negatives", "17"], "--negatives"), ([], "--format")):
            self.fail_with(2, "dataset", "export", self.dataset, "--output", output, *arguments, says=[says])
            self.assert_absent(output)
        none = self.export(self.mined, "ogc", "--negatives", 0)
        self.assertNotIn("negative_image_0", pq.read_schema(next((none / "data").iterdir())).names)


if __name__ == "__main__":
    unittest.main()
