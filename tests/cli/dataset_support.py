"""A small dataset, and what tests read datasets with."""
import contextlib
import hashlib
import io
import json
import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

import datasets  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from support import GOLDENS, Case, noise_png, recto  # noqa: E402

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


class LoadingCase(Case):
    """Reads datasets with Python's datasets, and trains on them with sentence-transformers."""

    def load(self, directory, *arguments):
        return datasets.load_dataset(str(directory), *arguments, cache_dir=str(self.path("cache")))

    def trainer(self, rows):
        """Of sentence-transformers, for one step on `rows`."""
        from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
        from sentence_transformers import SentenceTransformerTrainingArguments
        from sentence_transformers.losses import MultipleNegativesRankingLoss
        model = SentenceTransformer(str(GOLDENS / "st/tiny-smolvlm-st"), device="cpu")
        arguments = SentenceTransformerTrainingArguments(output_dir=str(self.path("st")), max_steps=1, report_to=[],
                                                         per_device_train_batch_size=3, save_strategy="no",
                                                         disable_tqdm=True, use_cpu=True)
        return SentenceTransformerTrainer(model=model, args=arguments, train_dataset=rows,
                                          loss=MultipleNegativesRankingLoss(model))

    def train(self, trainer):
        """The loss of the step."""
        with contextlib.redirect_stdout(io.StringIO()):
            return trainer.train().training_loss


class DatasetCase(LoadingCase):
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
        result = recto("dataset", "validate", directory, "--json", *arguments)
        self.assertEqual(result.status, 1, str(result))
        report = json.loads(result.out)
        self.assertFalse(report["valid"])
        for check in report["checks"]:
            self.assertEqual(bool(check["offenders"]), not check["ok"], check)
        return {check["name"] for check in report["checks"] if not check["ok"]}
