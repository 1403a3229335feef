"""recto dataset: info, validate, export, import, apply-review, forget. Python's datasets and the trainer of
sentence-transformers read what is exported."""
import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

import datasets  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from PIL import Image  # noqa: E402

from support import GOLDENS, RECTO, Case, document_pdf, environment, noise_png, png  # noqa: E402

datasets.disable_progress_bars()
TABLES = ("documents", "pages", "queries", "qrels", "negatives", "audit")


def table(directory, name, split="*", columns=None):
    """The rows of a table, over all splits or of one."""
    rows = []
    for file in sorted((directory / name).glob(f"{split}-*.parquet")):
        rows += pq.read_table(file, columns=columns).to_pylist()
    return rows


def splits(directory):
    return sorted({p.name.split("-")[0] for p in (directory / "pages").glob("*.parquet")})


def bytes_of(directory):
    """Every file of a directory by name."""
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def picture(seed, width=60, height=80):
    return noise_png(width, height, seed)


class DatasetCase(Case):
    """A dataset of page pictures with negatives, two languages, two splits and a query with two answers."""

    def setUp(self):
        super().setUp()
        os.environ["HF_HOME"] = str(self.path("hf"))
        datasets.config.HF_DATASETS_CACHE = self.path("hf")
        self.images = {i: picture(i) for i in range(12)}
        self.source = self.mteb("source")
        self.dataset = self.path("dataset")
        self.succeed("dataset", "import", self.source, "--output", self.dataset)
        self.add_negatives()

    def mteb(self, name):
        """train: pages 0-7 of documents a, b; test: 8-11 of document c. Page 7 and 11 answer nothing."""
        root = self.path(name)
        pages = {"train": range(8), "test": range(8, 12)}
        queries = {"train": [("q0", "first words?", "en"), ("q1", "zweite Wörter", "de"), ("q2", "third words", "en")],
                   "test": [("t0", "fourth words", "en"), ("t1", "cinquième: «mots»", "fr")]}
        qrels = {"train": [("q0", "0", 1), ("q1", "1", 1), ("q1", "2", 2), ("q2", "5", 1), ("q0", "6", 0)],
                 "test": [("t0", "8", 1), ("t1", "9", 1), ("t1", "10", 1)]}
        document = {i: "a" if i < 4 else "b" if i < 8 else "c" for i in range(12)}
        for split in pages:
            self.write_parquet(root / f"corpus/{split}-00000-of-00001.parquet", {
                "corpus-id": pa.array([str(i) for i in pages[split]]),
                "image": pa.array([{"bytes": self.images[i], "path": None} for i in pages[split]],
                                  pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
                "doc_id": pa.array([document[i] for i in pages[split]])})
            self.write_parquet(root / f"queries/{split}-00000-of-00001.parquet", {
                "query-id": [q[0] for q in queries[split]], "query": [q[1] for q in queries[split]],
                "language": [q[2] for q in queries[split]]})
            self.write_parquet(root / f"qrels/{split}-00000-of-00001.parquet", {
                "query-id": [r[0] for r in qrels[split]], "corpus-id": [r[1] for r in qrels[split]],
                "score": [r[2] for r in qrels[split]]})
        return root

    def write_parquet(self, path, columns):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)
        return path

    def page_id(self, number):
        return sha256(self.images[number]) + "-1"

    def add_negatives(self):
        """Negatives, by way of a layout that has them: query q0 gets three, q1 one, q2 none."""
        rows = [("q0", "first words?", 0, [5, 4, 7], "en"), ("q1", "zweite Wörter", 1, [3], "de"),
                ("q1", "zweite Wörter", 2, [3], "de"), ("q2", "third words", 5, [], "en")]
        image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        columns = {"id": [r[0] for r in rows], "query": [r[1] for r in rows],
                   "image": pa.array([{"bytes": self.images[r[2]], "path": "x.png"} for r in rows], image),
                   "language": [r[4] for r in rows]}
        for i in range(3):
            columns[f"negative_image_{i}"] = pa.array(
                [{"bytes": self.images[r[3][i]], "path": None} if i < len(r[3]) else None for r in rows], image)
        source = self.write_parquet(self.path("ogc/data/train-00000-of-00001.parquet"), columns)
        self.mined = self.path("mined")
        self.succeed("dataset", "import", source, "--output", self.mined)

    def validate(self, directory, *arguments):
        return json.loads(self.succeed("dataset", "validate", directory, "--json", *arguments).out)

    def broken(self, directory, *arguments):
        """The names of the promises that the dataset breaks."""
        from support import recto
        result = recto("dataset", "validate", directory, "--json", *arguments)
        self.assertEqual(result.status, 1, str(result))
        report = json.loads(result.out)
        self.assertFalse(report["valid"])
        for check in report["checks"]:
            self.assertEqual(bool(check["offenders"]), not check["ok"], check)
        return {check["name"] for check in report["checks"] if not check["ok"]}


class DatasetImport(DatasetCase):
    def test_rows(self):
        self.assertTrue(self.validate(self.dataset)["valid"])
        self.assertEqual(splits(self.dataset), ["test", "train"])
        pages = {r["page_id"]: r for r in table(self.dataset, "pages")}
        self.assertEqual(set(pages), {self.page_id(i) for i in range(12)})
        for i, data in self.images.items():
            row = pages[self.page_id(i)]
            self.assertEqual(row["image"]["bytes"], data)
            self.assertEqual((row["width"], row["height"], row["page_number"]), (60, 80, 1))
            self.assertRegex(row["perceptual_hash"], "^[0-9a-f]{64}$")
        self.assertEqual([(r["query_id"], r["query"], r["language"]) for r in table(self.dataset, "queries", "train")],
                         [("q0", "first words?", "en"), ("q1", "zweite Wörter", "de"), ("q2", "third words", "en")])
        self.assertEqual({(r["query_id"], r["page_id"], r["score"]) for r in table(self.dataset, "qrels", "train")},
                         {("q0", self.page_id(0), 1), ("q1", self.page_id(1), 1), ("q1", self.page_id(2), 2),
                          ("q2", self.page_id(5), 1), ("q0", self.page_id(6), 0)})
        families = {r["document_id"]: r["family"] for r in table(self.dataset, "documents")}
        self.assertEqual(len({families[sha256(self.images[i])] for i in range(4)}), 1)
        self.assertEqual(len(set(families.values())), 3)

    def test_the_same_files_give_the_same_bytes(self):
        self.succeed("dataset", "import", self.source, "--output", self.path("again"), "--threads", 1)
        self.assertEqual(bytes_of(self.dataset), bytes_of(self.path("again")))

    def test_negatives(self):
        self.assertTrue(self.validate(self.mined)["valid"])
        rows = [(r["query_id"], r["page_id"], r["rank"]) for r in table(self.mined, "negatives")]
        self.assertEqual(rows, [("q0", self.page_id(5), 1), ("q0", self.page_id(4), 2), ("q0", self.page_id(7), 3),
                                ("q1", self.page_id(3), 1)])
        self.assertEqual(len(table(self.mined, "queries")), 3)
        self.assertEqual(len(table(self.mined, "pages")), 7)

    def rows_file(self, name, rows, extra=None, **columns):
        image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        content = {"query": pa.array([r[0] for r in rows], pa.string()),
                   "image": pa.array([{"bytes": r[1], "path": None} for r in rows], image)}
        content.update(columns)
        return self.write_parquet(self.path(name), content)

    def imported(self, source, *arguments):
        output = self.path("imported")
        shutil.rmtree(output, ignore_errors=True)
        result = json.loads(self.succeed("dataset", "import", source, "--output", output, "--json", *arguments).out)
        self.assertTrue(self.validate(output)["valid"])
        return output, result

    def test_vidore_v1_has_one_page_for_each_file_name(self):
        """The same file in other bytes is no new page, the same query no new query, a null query only a page."""
        name = ["a.png", "b.png", "a.png", "b.png", "c.png"]
        file = self.rows_file("v1/data/test-00000-of-00001.parquet",
                              [("one?", picture(1)), ("one?", picture(2)), ("two?", picture(3)), ("one?", picture(2)),
                               (None, picture(4))], image_filename=name)
        output, report = self.imported(file.parent.parent)
        self.assertEqual((report["format"], report["pages"]), ("vidore", 3))
        self.assertEqual(splits(output), ["test"])
        self.assertEqual([r["query"] for r in table(output, "queries")], ["one?", "two?"])
        self.assertEqual(len(table(output, "qrels")), 3)
        self.assertEqual({r["source_name"] for r in table(output, "documents")}, {"a.png", "b.png", "c.png"})

    def test_colpali_pages_of_one_pdf_are_one_family(self):
        names = ["set/x.pdf_page_1.jpg", "set/x.pdf_page_2.jpg", "set/y.pdf_page_1.jpg", "other.jpg"]
        file = self.rows_file("colpali.parquet", [(f"query {i}", picture(i)) for i in range(4)], image_filename=names,
                              source=["pdf"] * 4, page=["1", "2", "1", ""], answer=[""] * 4)
        output, report = self.imported(file, "--format", "colpali")
        self.assertEqual(splits(output), ["train"])
        family = {r["source_name"]: r["family"] for r in table(output, "documents")}
        self.assertEqual(family[names[0]], family[names[1]])
        self.assertEqual(len(set(family.values())), 3)

    def test_vdr_multilingual_negatives_are_ids_of_rows(self):
        root = self.path("vdr")
        for language, first in (("de", 0), ("en", 4)):
            ids = [f"{language}{i}" for i in range(4)]
            file = self.rows_file(f"vdr/{language}/train-00000-of-00001.parquet",
                                  [(f"{language} query {i}" if i < 2 else None, picture(first + i)) for i in range(4)],
                                  id=ids, negatives=pa.array([[ids[2], ids[3]], [ids[0]], [], []],
                                                             pa.list_(pa.string())))
        output, report = self.imported(root)
        self.assertEqual((report["format"], report["pages"]), ("vdr-multilingual", 8))
        rows = [(r["query_id"], r["page_id"]) for r in table(output, "negatives")]
        self.assertEqual(rows[:3], [("de0", sha256(picture(2)) + "-1"), ("de0", sha256(picture(3)) + "-1"),
                                    ("de1", sha256(picture(0)) + "-1")])
        self.assertEqual([r["language"] for r in table(output, "queries")], ["de", "de", "en", "en"])

    def test_integer_ids_and_languages_of_configurations(self):
        image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        root = self.path("v2")
        for language in ("english", "french"):
            self.write_parquet(root / f"{language}-corpus/test-00000-of-00001.parquet",
                               {"corpus-id": pa.array([0, 1]),
                                "image": pa.array([{"bytes": picture(i), "path": None} for i in range(2)], image)})
            self.write_parquet(root / f"{language}-queries/test-00000-of-00001.parquet",
                               {"query-id": pa.array([0, 1, 2]), "query": [f"{language} {i}" for i in range(3)]})
            self.write_parquet(root / f"{language}-qrels/test-00000-of-00001.parquet",
                               {"query-id": pa.array([0, 1, 1]), "corpus-id": pa.array([0, 1, 1]),
                                "score": pa.array([1, 1, 2])})
        output, report = self.imported(root)
        self.assertEqual((report["format"], report["pages"]), ("mteb", 2))
        self.assertEqual([(r["query_id"], r["language"]) for r in table(output, "queries")],
                         [("english-0", "en"), ("english-1", "en"), ("french-0", "fr"), ("french-1", "fr")])
        self.assertEqual([r["score"] for r in table(output, "qrels")], [1, 2, 1, 2])
        self.assertEqual(report["left_out"]["query: no answer"], 2)

    def test_nothing_crosses_splits(self):
        """What is in test too leaves train: an image, a query, a page of the same document."""
        self.rows_file("leaky/data/test-00000-of-00001.parquet", [("asked twice", picture(0)), ("b", picture(1))],
                       image_filename=["d.pdf_p1.png", "e.png"])
        self.rows_file("leaky/data/train-00000-of-00001.parquet",
                       [("Asked  TWICE", picture(2)), ("c", picture(1)), ("d", picture(3)), ("e", picture(4))],
                       image_filename=["f.png", "e.png", "d.pdf_p2.png", "g.png"])
        output, report = self.imported(self.path("leaky"))
        self.assertEqual([r["query"] for r in table(output, "queries", "test")], ["asked twice", "b"])
        self.assertEqual([r["query"] for r in table(output, "queries", "train")], ["e"])
        self.assertEqual(len(table(output, "pages", "train")), 2)
        self.assertEqual(report["left_out"]["query: in another split"], 1)

    def test_a_camera_picture_is_turned_upright(self):
        data = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.open(io.BytesIO(picture(1))).convert("RGB").save(data, "JPEG", exif=exif)
        output, report = self.imported(self.rows_file("turned.parquet", [("q", data.getvalue())]))
        page = table(output, "pages")[0]
        self.assertEqual((page["width"], page["height"]), (80, 60))
        self.assertEqual(page["document_id"], sha256(data.getvalue()))
        self.assertEqual(Image.open(io.BytesIO(page["image"]["bytes"])).getexif().get(0x0112, 1), 1)

    def test_bad_images(self):
        rows = [("a", picture(1)), ("b", picture(2)[:200]), ("c", b"no image"), ("d", png(2, 2)), ("e", None)]
        file = self.rows_file("bad.parquet", rows)
        output = self.path("bad")
        self.fail_with(1, "dataset", "import", file, "--output", output, says=["bad.parquet row 2"])
        self.assert_absent(output)
        result = self.fail_with(1, "dataset", "import", file, "--output", output, "--keep-going",
                                says=["row 2", "row 3", "row 5", "3 bad images"])
        self.assertTrue(self.validate(output)["valid"])
        self.assertEqual([r["query"] for r in table(output, "queries")], ["a", "d"])

    def test_refusals(self):
        other = self.write_parquet(self.path("other.parquet"), {"text": ["a"], "label": [1]})
        text = self.write_parquet(self.path("texts/corpus/test-00000-of-00001.parquet"), {"id": ["a"], "text": ["b"]})
        self.write_parquet(self.path("texts/queries/test-00000-of-00001.parquet"), {"id": ["a"], "text": ["b"]})
        self.write_parquet(self.path("texts/qrels/test-00000-of-00001.parquet"),
                           {"query-id": ["a"], "corpus-id": ["a"], "score": [1]})
        self.write("beir/corpus.jsonl", json.dumps({"_id": "1", "text": "t", "image": "../secret.png"}) + "\n")
        self.write("beir/queries.jsonl", json.dumps({"_id": "1", "text": "t"}) + "\n")
        self.write("beir/qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\t1\t1\n")
        self.write("secret.png", picture(1))
        self.write("damaged.parquet", b"PAR1" + bytes(100))
        self.write("empty/readme.txt", "")
        half = self.write_parquet(self.path("half.parquet"), {"query": ["a"], "image": [1]})
        for source, status, says in ((other, 1, "text, label"), (text.parent.parent, 1, "\"image\" is missing"),
                                     (self.path("beir"), 1, "not in the directory"),
                                     (self.path("damaged.parquet"), 1, "damaged"), (self.path("empty"), 1, "no Parquet"),
                                     (self.path("gone"), 1, "gone"), (half, 1, "wanted images"),
                                     (self.dataset, 2, "recto dataset already")):
            with self.subTest(source=source):
                self.fail_with(status, "dataset", "import", source, "--output", self.path("o"), says=[says])
                self.assert_absent(self.path("o"))
        self.fail_with(2, "dataset", "import", self.source, "--output", self.dataset, says=["exists already"])
        self.fail_with(2, "dataset", "import", self.source, "--output", self.path("o"), "--format", "csv", says=["csv"])


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

    def load(self, directory, *arguments):
        return datasets.load_dataset(str(directory), *arguments, cache_dir=str(self.path("cache")))

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
        from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
        from sentence_transformers import SentenceTransformerTrainingArguments
        from sentence_transformers.losses import MultipleNegativesRankingLoss
        rows = self.load(self.export(self.mined, "sentence-transformers"))["train"]
        self.assertEqual(rows.column_names, ["anchor", "positive", "negative_1", "negative_2", "negative_3"])
        self.assertEqual(rows["anchor"][:], ["first words?", "zweite Wörter", "zweite Wörter"])
        self.assertEqual(rows[1]["negative_1"].tobytes(), rows[1]["negative_3"].tobytes())
        model = SentenceTransformer(str(GOLDENS / "st/tiny-smolvlm-st"), device="cpu")
        arguments = SentenceTransformerTrainingArguments(output_dir=str(self.path("st")), max_steps=1, report_to=[],
                                                         per_device_train_batch_size=3, save_strategy="no",
                                                         disable_tqdm=True, use_cpu=True)
        trainer = SentenceTransformerTrainer(model=model, args=arguments, train_dataset=rows,
                                             loss=MultipleNegativesRankingLoss(model))
        batch = next(iter(trainer.get_train_dataloader()))
        columns = {key.rsplit("_", 2)[0] if "input_ids" in key else None for key in batch}
        self.assertEqual(sum("input_ids" in key for key in batch), 5, sorted(batch))
        self.assertEqual(sum("pixel_values" in key for key in batch), 4, sorted(batch))
        with contextlib.redirect_stdout(io.StringIO()):
            result = trainer.train()
        self.assertGreater(result.training_loss, 0)

    def test_options(self):
        output = self.path("o")
        for arguments, says in ((["--format", "ogc", "--split", "nowhere"], "nowhere"), (["--format", "csv"], "csv"),
                                (["--format", "ogc", "--negatives", "17"], "--negatives"), ([], "--format")):
            self.fail_with(2, "dataset", "export", self.dataset, "--output", output, *arguments, says=[says])
            self.assert_absent(output)
        none = self.export(self.mined, "ogc", "--negatives", 0)
        self.assertNotIn("negative_image_0", pq.read_schema(next((none / "data").iterdir())).names)


class DatasetValidate(DatasetCase):
    def rewrite(self, name, change, split="train"):
        """Changes the rows of a table's file, as another program would."""
        file = next((self.dataset / name).glob(f"{split}-*.parquet"))
        found = pq.read_table(file)
        rows = found.to_pylist()
        change(rows)
        pq.write_table(pa.Table.from_pylist(rows, found.schema), file)

    def copy_of(self, dataset):
        """A copy to break, which rewrite() changes from now on."""
        self.dataset = self.path("copy")
        shutil.rmtree(self.dataset, ignore_errors=True)
        shutil.copytree(dataset, self.dataset)
        return self.dataset

    def test_what_is_broken_is_named(self):
        other = self.page_id(9)

        def bad_image(rows):
            rows[0]["image"]["bytes"] = rows[0]["image"]["bytes"][:100]

        def wrong_picture(rows):
            rows[0]["image"]["bytes"] = picture(77)

        whole = self.dataset
        cases = (
            ("pages", lambda rows: rows[0].update(page_number=2), {"page_ids"}),
            ("pages", lambda rows: rows.append(rows[0]), {"page_ids", "document_pages"}),
            ("pages", lambda rows: rows[0].update(width=61), {"image_sizes"}),
            ("pages", lambda rows: rows[0].update(perceptual_hash="0" * 64), {"perceptual_hashes"}),
            ("pages", lambda rows: rows[0].update(perceptual_hash="zz"), {"page_values"}),
            ("pages", lambda rows: rows[0]["image"].update(path="/etc/x.png"), {"image_paths"}),
            ("pages", bad_image, {"images_decode"}),
            ("pages", wrong_picture, {"perceptual_hashes"}),
            ("pages", lambda rows: [r.update(near_group="near-1") for r in rows], set()),
            ("documents", lambda rows: rows[0].update(document_id="abc"), {"document_ids", "references", "document_pages"}),
            ("documents", lambda rows: rows[0].update(split="test"), {"document_splits"}),
            ("documents", lambda rows: rows.pop(), {"references"}),
            ("documents", lambda rows: rows[0].update(
                family=table(self.dataset, "documents", "test")[0]["family"]), {"families"}),
            ("queries", lambda rows: rows[0].update(query=" Fourth  WORDS"), {"query_splits"}),
            ("queries", lambda rows: rows[0].update(query_id="q1"), {"query_ids", "references"}),
            ("queries", lambda rows: rows.pop(), {"references"}),
            ("qrels", lambda rows: rows[0].update(page_id=other), {"references", "answers"}),
            ("qrels", lambda rows: rows[0].update(score=0), {"answers"}),
            ("qrels", lambda rows: rows.append(rows[0]), {"pairs"}),
        )
        for name, change, expected in cases:
            with self.subTest(table=name, expected=expected):
                copy = self.copy_of(whole)
                self.rewrite(name, change)
                found = self.broken(copy)
                self.assertLessEqual(expected | {"file_hashes"}, found)
                self.assertLessEqual(found - expected, {"file_hashes", "row_counts", "features", "references", "answers"})

    def test_near_groups_and_negatives(self):
        def near(rows):
            for row in rows:
                row["near_group"] = "near-1"
        self.rewrite("pages", near, "train")
        self.rewrite("pages", near, "test")
        self.assertIn("near_groups", self.broken(self.dataset))
        self.dataset = self.mined
        self.rewrite("pages", near, "train")
        self.assertIn("negatives", self.broken(self.dataset))
        self.rewrite("pages", lambda rows: [r.update(near_group="") for r in rows], "train")
        self.rewrite("negatives", lambda rows: rows[0].update(page_id=self.page_id(0)), "train")
        self.assertIn("negatives", self.broken(self.dataset))

    def test_files(self):
        whole, name = self.dataset, next((self.dataset / "qrels").glob("train-*")).name
        copy = self.copy_of(whole)
        file = copy / "qrels" / name
        for change, name in ((lambda: file.write_bytes(file.read_bytes()[:-9]), "tables_readable"),
                             (file.unlink, "file_hashes"),
                             (lambda: shutil.copy(file, file.with_name("dev-00000-of-00001.parquet")), "unlisted_files"),
                             (lambda: (self.dataset / "README.md").write_text("# no YAML"), "card")):
            self.copy_of(whole)
            change()
            with self.subTest(name=name):
                self.assertIn(name, self.broken(copy, "--no-images"))
        self.copy_of(whole)
        rows = pq.read_table(file).replace_schema_metadata({})
        pq.write_table(rows, file)
        self.assertIn("features", self.broken(self.dataset))

    def test_not_valid_utf8(self):
        file = next((self.dataset / "queries").glob("train-*"))
        found = pq.read_table(file)
        column = pa.array([b"\xff\xfe"] * found.num_rows, pa.binary()).view(pa.string())
        pq.write_table(found.set_column(found.schema.get_field_index("query"), found.schema.field("query"), column), file)
        self.assertIn("utf8", self.broken(self.dataset, "--no-images"))

    def test_sample_and_text(self):
        report = self.validate(self.dataset, "--sample", "4")
        decoded = {c["name"]: c["checked"] for c in report["checks"]}
        self.assertEqual(decoded["images_decode"], 4)
        report = self.validate(self.dataset, "--no-images")
        self.assertIn("skipped", [c for c in report["checks"] if c["name"] == "images"][0])
        self.assertIn("keeps its promises", self.succeed("dataset", "validate", self.dataset).out)
        self.fail_with(1, "dataset", "validate", self.source, says=["manifest.json"])
        self.fail_with(1, "dataset", "validate", self.path("gone"), says=["gone"])

    def test_info(self):
        info = json.loads(self.succeed("dataset", "info", self.dataset, "--json").out)
        self.assertEqual(info["tables"]["pages"]["train"]["rows"], 8)
        self.assertEqual(info["queries"]["languages"], {"de": 1, "en": 3, "fr": 1})
        self.assertEqual(info["documents"]["families"], {"train": 2, "test": 1})
        self.assertEqual(info["pages"]["width"], {"min": 60, "median": 60, "max": 60})
        self.assertEqual(info["dataset"], self.validate(self.dataset, "--no-images")["dataset"])
        self.assertIn("train", self.succeed("dataset", "info", self.dataset).out)


class DatasetReview(DatasetCase):
    def review(self, decisions, dataset=None, name="review.json"):
        made_of = dataset or json.loads(self.succeed("dataset", "info", self.dataset, "--json").out)["dataset"]
        return self.write(name, json.dumps({
            "format": "recto-review", "format_version": 1, "dataset": made_of,
            "decisions": [{"query_id": q, "page_id": p, "decision": d, **({"note": n} if n else {})}
                          for q, p, d, n in decisions]}))

    def test_rejected_pairs_go(self):
        review = self.review([("q0", self.page_id(0), "accept", ""), ("q1", self.page_id(1), "reject", "wrong page"),
                              ("q2", self.page_id(5), "reject", "")])
        report = json.loads(self.succeed("dataset", "apply-review", self.dataset, review, "--json").out)
        self.assertEqual(report, {"accepted": 1, "rejected": 2, "absent": 0, "queries_dropped": 1,
                                  "negatives_dropped": 0})
        self.assertTrue(self.validate(self.dataset)["valid"])
        self.assertEqual([r["query_id"] for r in table(self.dataset, "queries", "train")], ["q0", "q1"])
        self.assertEqual({(r["query_id"], r["page_id"]) for r in table(self.dataset, "qrels", "train")},
                         {("q0", self.page_id(0)), ("q0", self.page_id(6)), ("q1", self.page_id(2))})
        rows = [(r["item"], r["decision"], r["reason"]) for r in table(self.dataset, "audit") if r["stage"] == "review"]
        self.assertIn(("q1", "dropped", f"rejected: page {self.page_id(1)}: wrong page"), rows)
        self.assertIn(("q0", "kept", f"accepted: page {self.page_id(0)}"), rows)
        self.assertIn(("q2", "dropped", "no answer is left"), rows)
        manifest = json.loads((self.dataset / "manifest.json").read_text())
        self.assertEqual(manifest["reviews"][0]["rejected"], 2)
        # A second session of the same page, whose dataset has changed since.
        old = json.loads(review.read_text())["dataset"]
        second = self.review([("q0", self.page_id(0), "accept", ""), ("q2", self.page_id(5), "reject", "")], old, "2.json")
        report = json.loads(self.succeed("dataset", "apply-review", self.dataset, second, "--json").out)
        self.assertEqual((report["accepted"], report["absent"]), (1, 1))

    def test_negatives_of_a_dropped_query_go(self):
        self.dataset = self.mined
        review = self.review([("q0", self.page_id(0), "reject", "")])
        self.succeed("dataset", "apply-review", self.mined, review, "--output", self.path("reviewed"))
        self.assertEqual([r["query_id"] for r in table(self.path("reviewed"), "negatives")], ["q1"])
        self.assertEqual(len(table(self.mined, "negatives")), 4)
        self.assertTrue(self.validate(self.path("reviewed"))["valid"])

    def test_refusals(self):
        before = bytes_of(self.dataset)
        good = ("q0", self.page_id(0), "reject", "")
        other = self.review([good], "0" * 64, "other.json")
        self.fail_with(1, "dataset", "apply-review", self.dataset, other, says=["0000", "--force"])
        for decisions, says in (([("q0", self.page_id(9), "reject", "")], "has not"),
                                ([good, ("q0", self.page_id(0), "accept", "")], "accepted and rejected"),
                                ([("q0", self.page_id(0), "perhaps", "")], "perhaps")):
            self.fail_with(1, "dataset", "apply-review", self.dataset, self.review(decisions), says=[says])
        for content in ("{}", "[]", "no JSON", '{"format": "recto-review", "format_version": 2}',
                        '{"format": "recto-review", "format_version": 1, "dataset": "a"}'):
            self.fail_with(1, "dataset", "apply-review", self.dataset, self.write("r.json", content))
        self.assertEqual(bytes_of(self.dataset), before)
        self.succeed("dataset", "apply-review", self.dataset, other, "--force")
        self.fail_with(1, "dataset", "apply-review", self.dataset, other, says=["0000"])


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
