"""What a training is fed: curated and imported datasets, text pairs, batches, hard negatives, sizes of pages."""
import json
import signal
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from support import Case, Started, model, noise_png
from whole_way_test import manual

PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


class TrainCase(Case):
    """A curated dataset, an imported one whose ids are numbers, and a file of text pairs."""

    def setUp(self):
        super().setUp()
        for number in range(4):
            self.write(f"pdf/manual-{number}.pdf", manual(number))
        self.curated = self.path("curated")
        self.succeed("curate", self.path("pdf"), "--output", self.curated, "--longest-edge", 150)
        self.imported = self.path("imported")
        self.succeed("dataset", "import", self.mteb("mteb"), "--output", self.imported)
        self.text = self.write_lines("text.jsonl", [
            {"query": f"what is {i}", "passage": f"It is the number {i}.", "language": "en" if i % 2 else "de",
             "negatives": [f"It is the number {i + 1}.", f"It is the number {i}."]} for i in range(8)])

    def mteb(self, name):
        for table, columns in {
            "corpus": {"corpus-id": [str(i) for i in range(12)],
                       "image": pa.array([{"bytes": noise_png(60, 80, i), "path": None} for i in range(12)], PICTURE),
                       "doc_id": [f"document {i // 4}" for i in range(12)]},
            "queries": {"query-id": [str(i) for i in range(12)], "query": [f"noise of seed {i}" for i in range(12)],
                        "language": ["fr" if i < 6 else None for i in range(12)]},
            "qrels": {"query-id": [str(i) for i in range(12)], "corpus-id": [str(i) for i in range(12)],
                      "score": [1] * 12},
        }.items():
            path = self.path(f"{name}/{table}/train-00000-of-00001.parquet")
            path.parent.mkdir(parents=True)
            pq.write_table(pa.table(columns), path)
        return self.path(name)

    def arguments(self, output, *sources, batch=4, more=()):
        data = [part for source in sources for part in ("--data", source)]
        return ["train", "--model", model(), *data, "--output", self.path(output), "--batch-size", batch, "--threads", 1,
                "--longest-edge", 70, "--lora-r", 2, "--eval-queries", 0, *more]

    def lines(self, output):
        return [json.loads(line) for line in (self.path(output) / "metrics.jsonl").read_text().splitlines()]


class TrainData(TrainCase):
    def test_pages_and_passages_of_three_sources(self):
        result = self.succeed(*self.arguments("out", self.curated, f"{self.imported}:2", self.text, more=[
            "--balance", 0.5, "--negatives", 2, "--negatives-choice", "sampled", "--remine-every", 3,
            "--remine-ranks", "1-20", "--longest-edges", "40,70", "--max-steps", 7]), "--verbose")
        self.assertIn(f"{self.text}: 8 hard negatives are dropped: 8 answer their query themselves", result.err)
        for group in (f"{self.imported}, fr: 6 pairs", f"{self.imported}, language unknown: 6 pairs",
                      f"{self.text}, de: 4 pairs"):
            self.assertIn(group, result.err)
        mined = [line for line in self.lines("out") if "hard_negatives" in line]
        self.assertEqual([line["step"] for line in mined], [4, 7])
        run = json.loads((self.path("out") / "train.json").read_text())["run"]
        self.assertEqual([source["weight"] for source in run["data"]], [1, 2, 1])
        self.succeed("embed", "--model", self.path("out"), "--query", "a", "--output", self.path("q.npy"))

    def test_batches_of_one_source_and_settings_from_a_file(self):
        file = self.write("train.toml", f'data = ["{self.imported}", "{self.text}:0.5"]\nbatches = "per-source"\n'
                                        'longest-edges = [40, 70]\nremine-every = 2\n')
        self.succeed(*self.arguments("out", more=["--config", file, "--max-steps", 3]))
        settings = json.loads((self.path("out") / "train.json").read_text())["settings"]
        self.assertEqual((settings["batches"], settings["longest_edges"], settings["data"][1][-4:]),
                         ("per-source", [40, 70], ":0.5"))

    def test_defaults_may_be_said_where_they_have_no_effect(self):
        self.succeed(*self.arguments("out", self.text, more=[
            "--max-steps", 1, "--negatives", 0, "--negatives-choice", "best", "--remine-ratio", 0.95, "--remine-ranks",
            "1-50", "--guide-margin", 0, "--guide-margin-type", "absolute", "--teacher-temperature", 0.05]))

    def test_a_key_of_text_pairs_that_is_not_read_is_said(self):
        text = self.write_lines("more.jsonl", [{"id": i, "query": f"what is {i}", "passage": f"It is the number {i}.",
                                                "negative": ["No."]} for i in range(4)])
        result = self.succeed(*self.arguments("out", text, self.text, more=["--max-steps", 1]))
        said = [line for line in result.err.splitlines() if "that are not read" in line]
        self.assertEqual(said, [f"recto: warning: {text}: keys that are not read: \"negative\" ({text}:1; did you mean "
                                "\"negatives\"?); known are query, passage, language, negatives"])

    def test_an_interrupted_run_goes_on_to_the_same_bytes(self):
        more = ["--remine-every", 2, "--remine-ratio", 1, "--negatives-choice", "sampled", "--checkpoint-every", 3,
                "--max-steps", 12]
        sources = [self.curated, self.imported, self.text]
        self.succeed(*self.arguments("whole", *sources, more=more))
        started = Started(*self.arguments("broken", *sources, more=more))
        started.wait_for(b"epoch ")
        started.send(signal.SIGKILL)
        started.finish()
        self.succeed(*self.arguments("broken", *sources, more=[*more, "--resume"]))
        for name in ("model.safetensors", "adapter/adapter_model.safetensors"):
            self.assertEqual((self.path("broken") / name).read_bytes(), (self.path("whole") / name).read_bytes(), name)

    def test_what_cannot_be_trained_on_is_named(self):
        empty = self.write("empty.jsonl", "")
        wrong = self.write_lines("wrong.jsonl", [{"query": "q", "passage": "p"}, {"query": "q", "text": "p"}])
        single = self.write_lines("single.jsonl", [{"query": "q", "passage": "p"}])
        columns = self.path("columns.parquet")
        pq.write_table(pa.table({"query": ["q"], "document": ["p"]}), columns)
        for status, sources, more, says in (
                (1, [self.curated, self.path("gone")], [], ["gone", "dataset"]),
                (1, [self.path("gone.jsonl")], [], ["gone.jsonl"]),
                (1, [self.path("pdf")], [], ["pdf", "has no table pages"]),
                (1, [empty], [], ["empty.jsonl has no pair"]),
                (1, [wrong], [], ["wrong.jsonl:2", "the key \"passage\" is missing"]),
                (1, [columns], [], ["columns.parquet", "column \"passage\" is missing; it has query, document"]),
                (2, [f"{self.curated}:0"], [], ["the weight is \"0\""]),
                (2, [f"{self.curated}:much"], [], ["the weight is \"much\""]),
                (2, [self.curated, f"{self.curated}:2"], [], ["is given twice"]),
                (2, [self.text, single], ["--batches", "per-source", "--negatives", 0], ["a source has a single pair"]),
                (2, [self.text], ["--balance", 3], ["--balance is 3"]),
                (2, [self.text], ["--batches", "all"], ["--batches"]),
                (2, [self.text], ["--remine-ranks", "3"], ["--remine-ranks is \"3\"; FIRST-LAST"]),
                (2, [self.text], ["--longest-edges", "0"], ["--longest-edges"]),
                (2, [self.imported], ["--loss", "binegative"], ["--remine-every to search some"]),
                (2, [self.text], ["--remine-ratio", "0.5"], ["--remine-ratio says", "--remine-every"]),
                (2, [self.text], ["--remine-ranks", "2-9"], ["--remine-ranks says", "--remine-every"]),
                (2, [self.text], ["--config", self.write("score.toml", "remine-max-score = 0.5")],
                 ["--remine-max-score says", "--remine-every", "score.toml"]),
                (2, [self.text], ["--negatives", 0, "--negatives-choice", "sampled"],
                 ["--negatives-choice has no meaning with --negatives 0"]),
        ):
            with self.subTest(says=says):
                self.fail_with(status, *self.arguments("out", *sources, more=more), says=says)
                self.assert_absent(self.path("out"))

        self.fail_with(2, *self.arguments("out", self.text, batch=1, more=["--negatives", 0]), says=["a batch of one pair"])
        self.assert_absent(self.path("out"))

    def test_a_page_without_its_image_is_named_before_anything_is_written(self):
        file, = (self.imported / "pages").glob("train-*.parquet")
        rows = pq.read_table(file)
        for lacking in (None, {"bytes": None, "path": "gone.png"}):
            for compression in ("none", "zstd"):
                with self.subTest(lacking=lacking, compression=compression):
                    pages = rows.to_pylist()
                    pages[7]["image"] = lacking
                    pq.write_table(pa.Table.from_pylist(pages, rows.schema), file, row_group_size=5, compression=compression)
                    self.fail_with(1, *self.arguments("out", self.imported, more=["--max-steps", 6]), says=[
                        f"{self.imported}: page {pages[7]['page_id']}: its image is missing", "dataset validate"])
                    self.assert_absent(self.path("out"))

    def interrupted(self, output, *sources):
        """A training of these that was stopped with a checkpoint; the command that goes on with it."""
        more = ["--checkpoint-every", 1, "--epochs", 900]
        started = Started(*self.arguments(output, *sources, more=more))
        started.wait_for(b"epoch ")
        started.send(signal.SIGINT)
        self.assertEqual(started.finish(), 130)
        return self.arguments(output, *sources, more=[*more, "--resume"])

    def test_data_that_changed_is_not_resumed(self):
        resumed = self.interrupted("out", self.imported, self.text)
        original = self.text.read_text()
        self.text.write_text(original + '{"query": "one", "passage": "more"}\n')
        self.fail_with(1, *resumed, says=[f"{self.text} has changed since ", "start anew"])
        self.text.write_text(original)
        weighted = [argument if argument != self.text else f"{self.text}:2" for argument in resumed]
        self.fail_with(1, *weighted, says=["\"weight\":2"])
        file, = (self.imported / "pages").glob("train-*.parquet")
        rows = pq.read_table(file)
        pages = rows.to_pylist()
        pages[0]["image"], pages[1]["image"] = pages[1]["image"], pages[0]["image"]
        pq.write_table(pa.Table.from_pylist(pages, rows.schema), file)  # and manifest.json does not know it
        self.fail_with(1, *resumed, says=[f"{self.imported} has changed since "])

    def test_one_byte_of_a_picture_that_changed_is_not_resumed(self):
        resumed = self.interrupted("out", self.imported)
        file, = (self.imported / "pages").glob("train-*.parquet")
        picture = pq.read_table(file)["image"][0]["bytes"].as_py()
        table = bytearray(file.read_bytes())
        place = table.index(picture) + len(picture) // 2
        self.assertLess(place, len(table) - 2 * 65536, "far from the footer")
        table[place] ^= 1
        file.write_bytes(table)
        self.fail_with(1, *resumed, says=[f"{self.imported} has changed since ", "put back what it was", "start anew"])
        table[place] ^= 1
        file.write_bytes(table)
        started = Started(*resumed)
        started.wait_for(b"epoch ")
        started.send(signal.SIGINT)
        self.assertEqual(started.finish(), 130)

    def test_a_column_that_a_training_goes_by_is_not_changed_under_it(self):
        resumed = self.interrupted("out", self.curated)
        for table, column, option in (("documents", "family", "--mask-translations"), ("queries", "kind", "--remine-every")):
            with self.subTest(option):
                file, = (self.curated / table).glob("train-*.parquet")
                original = file.read_bytes()
                rows = pq.read_table(file)
                cells = rows.to_pylist()
                cells[0][column] = "another"
                pq.write_table(pa.Table.from_pylist(cells, rows.schema), file)
                self.fail_with(1, *resumed, says=[f"{self.curated} has changed since "])
                file.write_bytes(original)


if __name__ == "__main__":
    unittest.main()
