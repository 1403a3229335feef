"""recto dataset validate and info: every promise that a dataset may break, and what is in one."""
import json
import shutil
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_support import DatasetCase, picture, table


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


if __name__ == "__main__":
    unittest.main()
