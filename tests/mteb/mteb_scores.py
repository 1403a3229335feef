"""mteb_scores.py TASK_DIR RUN.trec RESULTS.json OUT.json: what the mteb library says of a TREC run on a local task in
its own layout (configurations corpus, queries, qrels of `recto dataset export --format mteb`), and what it reads in the
results.json of `recto eval`. Needs the mteb package."""
import builtins
import json
import sys
from collections import defaultdict
from pathlib import Path

import mteb
import mteb._evaluators.retrieval_metrics
from datasets import load_dataset
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models.model_meta import ModelMeta
from mteb.results import TaskResult

task_dir, run_file, results_file, out_file = sys.argv[1:]
# The library gives means with five digits; they are compared with more.
mteb._evaluators.retrieval_metrics.round = lambda value, digits=None: value if digits else builtins.round(value)


class LocalTask(AbsTaskRetrieval):
    k_values = (1, 3, 5, 10, 20, 50, 100)
    metadata = TaskMetadata(
        name="LocalTask", dataset={"path": task_dir, "revision": "local"}, description="a local task",
        reference=None, type="DocumentUnderstanding", category="t2i", modalities=["text", "image"], eval_splits=["test"],
        eval_langs=["eng-Latn"], main_score="ndcg_at_5", date=None, domains=None, task_subtypes=None, license=None,
        annotations_creators=None, dialect=None, sample_creation=None, bibtex_citation=None)

    def load_data(self, *_, **__):
        tables = {name: load_dataset("parquet", data_files={"test": f"{task_dir}/{name}/test-*.parquet"}, split="test")
                  for name in ("corpus", "queries", "qrels")}
        relevant = defaultdict(dict)
        for row in tables["qrels"]:
            relevant[str(row["query-id"])][str(row["corpus-id"])] = int(row["score"])
        queries = tables["queries"].filter(lambda row: row["id"] in relevant)
        self.dataset = {"default": {"test": {"corpus": tables["corpus"].select_columns(["id", "image"]),
                                             "queries": queries.select_columns(["id", "text"]),
                                             "relevant_docs": dict(relevant), "top_ranked": None}}}
        self.data_loaded = True


class RunOfAFile:
    """A search model that finds what the run says."""

    def __init__(self):
        self.found = defaultdict(dict)
        for line in Path(run_file).read_text().splitlines():
            query, _, document, _, score, _ = line.split()
            self.found[query][document] = float(score)
        self.mteb_model_meta = ModelMeta.create_empty({"name": "recto/run", "revision": "local", "modalities": ["text", "image"]})

    def index(self, corpus, **_):
        self.ids = set(corpus["id"])

    def search(self, queries, **_):
        return {query: dict(self.found[query]) for query in queries["id"]}


result = mteb.evaluate(RunOfAFile(), LocalTask(), cache=None, overwrite_strategy="always")
scores = result.task_results[0].scores["test"][0]
read = TaskResult.model_validate(json.loads(Path(results_file).read_text()))
Path(out_file).write_text(json.dumps({"scores": scores, "read": read.scores["test"][0], "task": read.task_name},
                                     default=str))
