"""recto dataset import: what other tools' layouts become."""
import io
import json
import shutil
import unittest

import pyarrow as pa
from PIL import Image

from dataset_support import DatasetCase, bytes_of, picture, sha256, splits, table
from support import png


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


if __name__ == "__main__":
    unittest.main()
