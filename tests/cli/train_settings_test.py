"""Every option of recto train: from a file, and in the table of docs/training.md."""
import json
import re
import tomllib
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from support import SOURCE
from train_runs_test import Training

# Not settings of a training, but of the program.
OF_THE_PROGRAM = {"config", "help", "quiet", "verbose", "no-progress"}


class TrainSettings(Training):
    def options(self):
        """Of "recto train --help": (default or None) by name."""
        text = re.sub(r"\n {34}", " ", self.succeed("train", "--help").out)
        found = {}
        for line in text.splitlines():
            option = re.match(r"  (?:-h,)?--([a-z-]+)", line)
            if option:
                default = re.search(r"\[default (.*?)\]", line)
                found[option.group(1)] = default.group(1) if default else None
        self.assertGreater(len(found), 60)
        return found

    def test_the_documentation_has_each_with_its_default(self):
        text = (SOURCE / "docs/training.md").read_text()
        rows = {}
        for line in text[text.index("## Every option"):].splitlines():
            row = re.match(r"\| `--([a-z-]+)(?:[ `].*?)?`? \| (.*?) \| (.+) \|$", line)
            if row:
                self.assertNotIn(row.group(1), rows)
                rows[row.group(1)] = row.group(2).strip() or None
        wanted = {name: default for name, default in self.options().items() if name != "help"}
        self.assertEqual(rows, wanted)

    def test_each_can_stand_in_a_file(self):
        """In a few trainings: what excludes the other stands in one of its own."""
        self.train("first", "--max-steps", 1, "--lora-r", 2, "--eval-queries", 0)
        width = json.loads(self.path("first/config.json").read_text())["text_config"]["hidden_size"]
        common = {"data": [f"{self.data}:2"], "batch-size": 4, "max-steps": 2, "longest-edge": 64, "threads": 1,
                  "seed": 7, "quiet": False, "verbose": False, "no-progress": True, "device": "cpu"}
        runs = [
            {"epochs": 3.5, "max-seconds": 500, "lr": 1e-3, "warmup": 0.25, "schedule": "linear", "weight-decay": 0.1,
             "clip": 0.5, "lr-group": [".*q_proj.*=2", ".*v_proj.*=0.5"], "no-decay": [".*lora_B.*"], "method": "lora",
             "lora-r": 3, "lora-alpha": 5, "lora-dropout": 0.1, "lora-init": "gaussian", "lora-rslora": True,
             "lora-dora": True, "lora-targets": ".*(q|v)_proj", "attention": "bidirectional", "pooling": "mean",
             "merge": "off", "keep-best": 2, "average-best": True, "early-stopping": 3, "eval-every": 1,
             "eval-queries": 4, "checkpoint-every": 1, "dist-timeout": 60, "gradient-checkpointing": True},
            {"loss": ["infonce:0.5", "distill_kl"], "temperature": 0.1, "learn-temperature": True,
             "dimensions": [width, width // 2], "dimension-weights": [1, 0.5], "mask-same-document": True,
             "mask-translations": True, "guide": [self.embedded()], "guide-margin": 0.25, "guide-margin-type": "relative",
             "teacher": [self.scored()], "teacher-temperature": 0.5, "batches": "per-source", "balance": 0.5,
             "longest-edges": [32, 64], "negatives": 2, "negatives-choice": "sampled", "remine-every": 1,
             "remine-ratio": 0.9, "remine-ranks": "1-9", "remine-max-score": 0.99, "dtype": "bf16", "chunk-size": 2,
             "second-edge": 96, "feature-store": self.path("store"), "feature-dtype": "fp16", "precision": "fp32", "max-steps": 1},
            {"sparse-weight": 0.5, "sparse-temperature": 0.1, "sparse-flops": 1e-3, "sparse-top-n": 20, "sparse-gain": 4,
             "sparse-candidates": 6},
            {"method": "full", "freeze": [r"vision_model\..*", r"connector\..*"], "resume": False},
            {"adapter": self.path("first/adapter")},
        ]
        # Those of another objective: cli.Reading trains with this file, and with what it has not.
        reading = {*tomllib.loads((SOURCE / "models/nano/reading.toml").read_text()), "fresh"}
        everywhere = {"model", "output", *common, *reading}
        self.assertEqual(everywhere.union(*runs) - OF_THE_PROGRAM, set(self.options()) - OF_THE_PROGRAM)
        for number, run in enumerate(runs):
            with self.subTest(run=number):
                self.check_run(f"out-{number}", {**common, **run})

    def rows(self, table):
        return pa.concat_tables(pq.read_table(file) for file in sorted((self.data / table).glob("train-*.parquet")))

    def embedded(self):
        """A table of vectors of all queries and pages of the data, by their ids."""
        pages, queries = self.rows("pages"), self.rows("queries")
        pq.write_table(pa.table({"id": pages["page_id"], "image": pages["image"]}), self.path("pages.parquet"))
        pq.write_table(pa.table({"id": queries["query_id"], "query": queries["query"]}), self.path("queries.parquet"))
        self.succeed("embed", "--model", self.path("first"), "--input", self.path("pages.parquet"), "--input",
                     self.path("queries.parquet"), "--output", self.path("guide.safetensors"))
        return self.path("guide.safetensors")

    def scored(self):
        """A table of scores."""
        pages, queries = (self.rows(table)[column].to_pylist() for table, column in (("pages", "page_id"),
                                                                                     ("queries", "query_id")))
        return self.write_lines("scores.jsonl", [{"query_id": query, "page_id": page, "score": 0.5} for query in queries
                                                 for page in pages])

    def check_run(self, output, values):
        """Trains with these values from a file alone, and finds them in train.json."""
        start = self.arguments(output)
        values = {"model": start[start.index("--model") + 1], "output": self.path(output), **values}
        text = "".join(f"{key} = {self.toml(value)}\n" for key, value in values.items())
        self.succeed("train", "--config", self.write(f"{output}.toml", f"[train]\n{text}"))
        found = json.loads((self.path(output) / "train.json").read_text())["settings"]
        for key, value in values.items():
            name = {"lr-group": "lr_groups"}.get(key, key.replace("-", "_"))
            if key in OF_THE_PROGRAM or name not in found:
                continue
            wanted = ",".join(value) if key == "loss" else json.loads(json.dumps(value, default=str))
            self.assertEqual(found[name], wanted, key)
        contract = json.loads((self.path(output) / "retriever.json").read_text()) if "second-edge" in values else {}
        self.assertEqual(contract.get("second_edge"), values.get("second-edge"), "the written model keeps it")

    @staticmethod
    def toml(value):
        if isinstance(value, list):
            return "[" + ", ".join(map(TrainSettings.toml, value)) + "]"
        return json.dumps(value, default=str)


if __name__ == "__main__":
    unittest.main()
