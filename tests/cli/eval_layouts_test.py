"""recto eval --data on sets in the layouts of BEIR, ViDoRe v1, v2 and v3, written with Hugging Face datasets."""
import json
import unittest

import numpy as np
import pytrec_eval

from dataset_support import LoadingCase, datasets, picture
from eval_test import EmbeddingsServer
from support import model


def reference(run, qrels, measure):
    """The mean that pytrec_eval finds; a query that the run does not have counts as 0."""
    family, k = measure.split("_at_")
    name = {"ndcg": "ndcg_cut", "recall": "recall", "map": "map_cut", "precision": "P"}[family]
    found = pytrec_eval.RelevanceEvaluator(qrels, {f"{name}.{k}"}).evaluate(run)
    return sum(values[f"{name}_{k}"] for values in found.values()) / len(qrels)


def read_run(run_file):
    """Scores by query and page."""
    found = {}
    for line in run_file.read_text().splitlines():
        query, _, page, _, score, _ = line.split(" ")
        found.setdefault(query, {})[page] = float(score)
    return found


def ranking_of(run_file):
    """The pages of each query in the order that trec_eval reads: score, then id, both descending."""
    return {query: [page for _, page in sorted(((score, page) for page, score in hits.items()), reverse=True)]
            for query, hits in read_run(run_file).items()}


class LayoutCase(LoadingCase):
    def table(self, path, columns, image=False):
        """A Parquet file as datasets writes it."""
        rows = datasets.Dataset.from_dict(columns)
        if image:
            rows = rows.cast_column("image", datasets.Image())
        path = self.path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(path)

    def evaluated(self, data, *arguments, name="o"):
        self.succeed("eval", "--data", self.path(data), "--model", model(), "--output", self.path(name), *arguments)
        return json.loads((self.path(name) / "results.json").read_text())

    def check(self, results, qrels, name="o"):
        """Every system's means are those of its run file under `qrels`, whose ids are the set's own."""
        systems = [("model", ""), ("bm25", ".bm25")]
        for system, suffix in systems if "bm25" in results["recto"]["systems"] else systems[:1]:
            run = read_run(self.path(name) / f"run{suffix}.trec")
            for metric in ("ndcg_at_5", "ndcg_at_10", "recall_at_3", "map_at_10", "precision_at_1"):
                self.assertAlmostEqual(results["recto"]["systems"][system]["metrics"][metric],
                                       reference(run, qrels, metric), delta=1e-9, msg=f"{system} {metric}")


class EvalTies(LayoutCase):
    def test_scores_that_are_one_in_fp32_are_ties_as_in_trec_eval(self):
        rng = np.random.default_rng(3)
        scores = 0.5 + rng.integers(0, 3, (20, 12)) * 1e-5 + rng.random((20, 12)) * 1e-9
        lines, qrels = [], {}
        for q, row in enumerate(scores):
            qrels[f"q{q}"] = {f"d{q % 12}": 1, f"d{(5 * q + 1) % 12}": 1}
            lines += [f"q{q} Q0 d{d} 1 {score!r} t" for d, score in enumerate(row.tolist())]
        self.path("r.trec").write_text("".join(line + "\n" for line in lines))
        self.path("qrels").write_text("".join(f"{q} 0 {d} {grade}\n" for q, judged in qrels.items()
                                              for d, grade in judged.items()))
        self.succeed("eval", "--qrels", self.path("qrels"), "--run", self.path("r.trec"), "--output", self.path("o"))
        found = json.loads((self.path("o") / "results.json").read_text())["recto"]["systems"]["r"]["metrics"]
        run = read_run(self.path("r.trec"))
        for metric in ("ndcg_at_5", "ndcg_at_10", "recall_at_3", "map_at_10", "precision_at_1"):
            self.assertAlmostEqual(found[metric], reference(run, qrels, metric), delta=1e-9, msg=metric)


class EvalTexts(LayoutCase):
    """BEIR's own layout: texts, no pictures."""
    CORPUS = {"MED-1": ("Valves", "How a valve is mounted."), "MED-2": ("", "Oil for the pump of a ship"),
              "MED-10": ("Bridges", "Rivers and what leads over them"), "MED-9": ("", "Oil for the pump of a ship"),
              "EMPTY": ("", ""), "MED-4": ("Museum", "")}
    QUERIES = {"PLAIN-1": "mounting a valve", "PLAIN-2": "pump oil", "PLAIN-3": "museum bridges rivers",
               "PLAIN-4": "nobody judged this", "TRAIN-1": "of another split"}
    QRELS = {"PLAIN-1": {"MED-1": 2, "MED-4": 1}, "PLAIN-2": {"MED-2": 1, "MED-9": 0}, "PLAIN-3": {"MED-10": 1, "MED-4": 2}}

    def beir(self):
        self.write_lines("scifact/corpus.jsonl", [{"_id": i, "title": title, "text": text, "metadata": {}}
                                                  for i, (title, text) in self.CORPUS.items()])
        self.write_lines("scifact/queries.jsonl", [{"_id": i, "text": text} for i, text in self.QUERIES.items()])
        rows = [f"{q}\t{d}\t{grade}\n" for q, grades in self.QRELS.items() for d, grade in grades.items()]
        rows.append("PLAIN-1\tMED-1\t1\n")  # the pair once more, with a lower grade
        self.write("scifact/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + "".join(rows))
        self.write("scifact/qrels/train.tsv", "query-id\tcorpus-id\tscore\nTRAIN-1\tMED-10\t1\n")

    def test_words_and_texts_are_ranked(self):
        self.beir()
        results = self.evaluated("scifact")
        self.assertEqual(sorted(results["recto"]["systems"]), ["bm25", "model", "random"])
        self.assertEqual((results["task_name"], results["recto"]["texts_only"]), ("scifact", True))
        self.assertEqual(results["recto"]["pages"], 6, "the corpus is that of all splits; same texts are two documents")
        self.assertEqual((results["recto"]["queries"], results["recto"]["queries_without_qrels"]), (3, 2))
        self.check(results, self.QRELS)
        report = (self.path("o") / "report.html").read_text()
        self.assertIn('<p class="small" dir="auto">', report, "examples show the texts")
        self.assertNotIn("no picture", report)
        ranking = ranking_of(self.path("o/run.bm25.trec"))
        self.assertEqual(ranking["PLAIN-1"][0], "MED-1")
        self.assertEqual(ranking["PLAIN-2"], ["MED-9", "MED-2"], "a tie stands by id, descending")
        self.assertEqual(ranking["PLAIN-3"][0], "MED-10", "title and text are both searched")

    def test_a_model_embeds_passages(self):
        self.beir()
        self.evaluated("scifact")
        self.write_lines("rows.jsonl", [{"id": i, "passage": f"{title} {text}".strip()}
                                        for i, (title, text) in self.CORPUS.items() if title + text] +
                         [{"id": i, "query": self.QUERIES[i]} for i in self.QRELS])
        self.succeed("embed", "--model", model(), "--input", self.path("rows.jsonl"), "--output", self.path("v.npy"))
        vectors = np.load(self.path("v.npy"))
        ids = [json.loads(line)["id"] for line in self.path("rows.jsonl").read_text().splitlines()]
        rows = dict(zip(ids, vectors))
        for line in self.path("o/run.trec").read_text().splitlines():
            query, _, page, _, score, _ = line.split(" ")
            wanted = 0 if page == "EMPTY" else float(rows[query] @ rows[page])
            self.assertAlmostEqual(float(score), wanted, delta=1e-5, msg=line)

    def test_other_systems_and_what_is_refused(self):
        self.beir()
        run = self.write("theirs.trec", "PLAIN-1 Q0 MED-4 1 2 t\nPLAIN-1 Q0 MED-1 2 1 t\nPLAIN-2 Q0 MED-2 1 1 t\n")
        server = EmbeddingsServer()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        endpoint = ("--embeddings-endpoint", server.address(), "--embeddings-model", "big")
        out = self.succeed("eval", "--data", self.path("scifact"), "--run", run, *endpoint, "--output", self.path("o"))
        self.assertIn("run theirs: 1 of 3 queries are not in it", out.err)
        results = json.loads(self.path("o/results.json").read_text())["recto"]["systems"]
        self.assertEqual(results["theirs"]["metrics"]["recall_at_5"], 2 / 3)
        texts = [t for r in server.requests for t in r[2]["input"]]
        self.assertIn("Valves How a valve is mounted.", texts)
        self.assertFalse([r for r in server.requests if "messages" in r[2]], "no picture is sent")
        for arguments, says in ((("--model", model(), "--longest-edges", "100,200"), "--longest-edges"),
                                (("--model", model(), "--longest-edge", "100"), "--longest-edge"),
                                (("--model", model(), "--second-edge", "100"), "--second-edge"),
                                ((*endpoint, "--page-prompt", "p"), "--page-prompt")):
            self.fail_with(2, "eval", "--data", self.path("scifact"), *arguments, "--output", self.path("p"),
                           says=["texts without pictures", says])
        self.fail_with(1, "eval", "--data", self.path("scifact"), "--split", "validation", "--output", self.path("p"),
                       says=["qrels/validation.tsv", "test.tsv"])
        strange = self.write("strange.trec", "PLAIN-1 Q0 MED-77 1 2 t\n")
        self.fail_with(1, "eval", "--data", self.path("scifact"), "--run", strange, "--output", self.path("p"),
                       says=["MED-77", "no page of scifact"])
        self.write("scifact/page.png", picture(1))
        with self.path("scifact/corpus.jsonl").open("a") as file:
            file.write(json.dumps({"_id": "P", "text": "t", "image": "page.png"}) + "\n")
        self.fail_with(1, "eval", "--data", self.path("scifact"), "--output", self.path("p"),
                       says=["corpus.jsonl:7", "an image, unlike those before"])
        self.fail_with(1, "dataset", "import", self.path("scifact"), "--output", self.path("p"),
                       says=["corpus.jsonl:1", "recto eval --data"])
        self.assert_absent(self.path("p"))

    def write_small(self, queries=None, corpus=None, qrels="q0\td0\t1\nq1\td1\t1\n"):
        corpus = corpus or [{"_id": f"d{i}", "title": f"t{i}", "text": f"word{i} common"} for i in range(8)]
        queries = queries or [{"_id": f"q{i}", "text": f"word{i}"} for i in range(5)]
        self.write_lines("small/corpus.jsonl", corpus)
        self.write_lines("small/queries.jsonl", queries)
        self.write("small/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + qrels)

    def check_as_judgements_alone(self, qrels, counts):
        """--data gives what pytrec_eval gives, and what --qrels does of the same ranking."""
        results = self.evaluated("small")["recto"]
        self.assertEqual((results["queries"], results["queries_without_qrels"], results["judgements_without_page"]), counts)
        self.check({"recto": results}, qrels)
        run = f"bm25={self.path('o/run.bm25.trec')}"
        self.succeed("eval", "--qrels", self.path("small/qrels/test.tsv"), "--run", run, "--output", self.path("q"))
        alone = json.loads(self.path("q/results.json").read_text())["recto"]["systems"]["bm25"]["metrics"]
        for metric, value in results["systems"]["bm25"]["metrics"].items():
            self.assertAlmostEqual(value, alone[metric], delta=1e-12, msg=metric)
        return results

    def test_a_question_whose_pages_are_all_judged_wrong_counts_as_0(self):
        self.write_small(qrels="q0\td0\t1\nq1\td1\t0\n")
        results = self.check_as_judgements_alone({"q0": {"d0": 1}, "q1": {"d1": 0}}, (2, 3, 0))
        self.assertEqual(results["systems"]["bm25"]["metrics"]["ndcg_at_5"], 0.5)

    def test_judged_pages_that_are_not_in_the_corpus_are_never_found(self):
        self.write_small(qrels="q0\td0\t1\nq0\tzz\t1\nq1\td1\t1\nq2\tyy\t1\n")
        results = self.check_as_judgements_alone({"q0": {"d0": 1, "zz": 1}, "q1": {"d1": 1}, "q2": {"yy": 1}}, (3, 2, 2))
        self.assertEqual(results["systems"]["bm25"]["metrics"]["recall_at_100"], 0.5)
        chance = results["systems"]["random"]["metrics"]
        self.assertAlmostEqual(chance["recall_at_3"], (3 / 8 / 2 + 3 / 8) / 3, delta=1e-12)
        self.assertAlmostEqual(chance["hit_rate_at_1"], (1 / 8 + 1 / 8) / 3, delta=1e-12)
        self.assertIn("2 judgements are of pages that the corpus does not have", self.path("o/table.md").read_text())

    def test_an_id_that_is_there_twice(self):
        queries = [{"_id": f"q{i}", "text": f"word{i}"} for i in range(3)]
        self.write_small(queries=queries + [{"_id": "q0", "text": "word0"}])
        self.check_as_judgements_alone({"q0": {"d0": 1}, "q1": {"d1": 1}}, (2, 1, 0))
        self.write_small(queries=queries + [{"_id": "q0", "text": "word5"}])
        self.fail_with(1, "eval", "--data", self.path("small"), "--output", self.path("p"),
                       says=["the query \"q0\" is there twice", "word0", "word5"])
        corpus = [{"_id": f"d{i}", "title": "", "text": f"word{i}"} for i in range(3)]
        self.write_small(corpus=corpus + [corpus[0]])
        self.assertEqual(self.evaluated("small", name="o2")["recto"]["pages"], 3)
        self.write_small(corpus=corpus + [{"_id": "d0", "title": "", "text": "word7"}])
        self.fail_with(1, "eval", "--data", self.path("small"), "--output", self.path("p"),
                       says=["the page \"d0\" twice, with different contents"])

    def test_errors_of_an_endpoint_come_before_a_model_works(self):
        self.write_small()
        works = self.succeed("eval", "--data", self.path("small"), "--model", model(), "--output", self.path("o"))
        self.assertIn("pages 8/8", works.err)
        server = EmbeddingsServer()
        dead = server.address()
        server.shutdown()
        server.server_close()
        alive = EmbeddingsServer()
        self.addCleanup(alive.server_close)
        self.addCleanup(alive.shutdown)
        for url, more, code, says in (("gopher://x", (), 2, "http://"), (dead, (), 1, "onnect"),
                                      (alive.address(), ("--dimensions", "48"), 2, "48")):
            out = self.fail_with(code, "eval", "--data", self.path("small"), "--model", model(), "--embeddings-endpoint",
                                 url, "--embeddings-model", "big", *more, "--output", self.path("p"), says=[says])
            self.assertNotIn("pages 8/8", out.err, "no model has worked")
        self.assert_absent(self.path("p"))

    def test_ids_of_several_words(self):
        """No run can have them, so others stand in their place."""
        self.write_lines("odd/corpus.jsonl", [{"_id": "page 1", "text": "valve"}, {"_id": "p2", "text": "pump"}])
        self.write_lines("odd/queries.jsonl", [{"_id": "a b", "text": "pump"}, {"_id": "c", "text": "valve"}])
        self.write("odd/qrels/test.tsv", "query-id\tcorpus-id\tscore\na b\tp2\t1\nc\tpage 1\t1\n")
        self.succeed("eval", "--data", self.path("odd"), "--output", self.path("o"))
        lines = [line.split(" ") for line in self.path("o/run.trec").read_text().splitlines()]
        self.assertEqual({len(line) for line in lines}, {6})
        self.assertIn("p2", {line[2] for line in lines})
        results = json.loads(self.path("o/results.json").read_text())
        self.assertEqual(results["recto"]["systems"]["bm25"]["metrics"]["hit_rate_at_1"], 1)

    def test_ids_that_no_file_of_judgements_can_have_are_still_pages_of_their_own(self):
        self.write_small(corpus=[{"_id": "my doc 0", "text": "valve"}, {"_id": "my doc 1", "text": "valve"},
                                 {"_id": "p2", "text": "pump"}],
                         qrels="q0\tmy doc 0\t1\nq1\tp2\t1\n",
                         queries=[{"_id": "q0", "text": "valve"}, {"_id": "q1", "text": "pump"}])
        results = self.evaluated("small")["recto"]
        self.assertEqual((results["pages"], results["queries"], results["judgements_without_page"]), (3, 2, 0))

    def test_ids_that_look_like_a_datasets(self):
        own = "0" * 64 + "-1"
        names = [own, own + ".png", "x/" + own]
        self.write_small(corpus=[{"_id": name, "text": f"word{i}"} for i, name in enumerate(names)],
                         qrels="".join(f"q{i}\t{name}\t1\n" for i, name in enumerate(names)))
        results = self.evaluated("small")["recto"]
        self.assertEqual((results["pages"], results["queries"]), (3, 3))
        self.assertEqual(results["systems"]["bm25"]["metrics"]["hit_rate_at_1"], 1)
        self.assertLessEqual({page for hits in read_run(self.path("o/run.trec")).values() for page in hits}, set(names),
                             "each is called as the set calls it")
        self.write_small(corpus=[{"_id": own, "text": "one"}, {"_id": own, "text": "two"}], qrels=f"q0\t{own}\t1\n")
        self.fail_with(1, "eval", "--data", self.path("small"), "--output", self.path("p"), says=[own, "twice"])

    def test_a_byte_order_mark_is_no_part_of_an_id(self):
        self.write_small(qrels="q1\td1\t1\n")
        self.path("small/qrels/test.tsv").write_bytes(b"\xef\xbb\xbfq0\td0\t1\nq1\td1\t1\n")
        self.assertEqual(self.evaluated("small")["recto"]["queries"], 2)

    def test_texts_that_were_trained_on_are_found(self):
        self.write_small()
        self.write_lines("pairs.jsonl", [{"query": "something else altogether", "passage": "T0: Word0 common!"}])
        self.write_lines("other/corpus.jsonl", [{"_id": "a", "title": "T0", "text": "word0  common"}])
        self.write_lines("other/queries.jsonl", [{"_id": "b", "text": "nothing of the kind"}])
        for training in ("pairs.jsonl", "other"):
            out = self.succeed("eval", "--data", self.path("small"), "--training", self.path(training),
                               "--output", self.path(f"o-{training}"))
            self.assertIn("small is contaminated", out.err)
            found = json.loads(self.path(f"o-{training}/results.json").read_text())["recto"]["contamination"]
            self.assertEqual((found["flagged"], found["pages"], found["training_pages"], found["touched_queries"]),
                             (True, 1, 1, 1))

    def test_an_endpoint_is_not_asked_for_nothing_and_is_asked_of_every_set_first(self):
        self.write_small(corpus=[{"_id": "d0", "text": "word0"}, {"_id": "empty", "text": " "},
                                 {"_id": "d1", "text": "word1"}])
        server = EmbeddingsServer()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        endpoint = ("--embeddings-endpoint", server.address(), "--embeddings-model")
        self.succeed("eval", "--data", self.path("small"), *endpoint, "big", "--output", self.path("o"))
        texts = [text for request in server.requests for text in request[2]["input"]]
        self.assertFalse([text for text in texts if not text.strip()])
        scores = read_run(self.path("o/run.trec"))["q0"]
        self.assertEqual(scores["empty"], 0)
        self.table("pictures/corpus/test-00000-of-00001.parquet",
                   {"id": ["a"], "image": [{"bytes": picture(1), "path": None}]}, image=True)
        self.table("pictures/queries/test-00000-of-00001.parquet", {"id": ["q"], "text": ["what"]})
        self.table("pictures/qrels/test-00000-of-00001.parquet", {"query-id": ["q"], "corpus-id": ["a"], "score": [1]})
        out = self.fail_with(1, "eval", "--data", self.path("small"), "--data", self.path("pictures"), "--model", model(),
                             *endpoint, "text only", "--output", self.path("p"), says=["HTTP 400", "no pictures"])
        self.assertNotIn("queries 2/2", out.err, "no model has worked")

    def test_texts_in_parquet(self):
        """mteb's own text tasks."""
        self.table("nf/corpus/corpus-00000-of-00001.parquet",
                   {"_id": list(self.CORPUS), "title": [c[0] for c in self.CORPUS.values()],
                    "text": [c[1] for c in self.CORPUS.values()]})
        self.table("nf/queries/queries-00000-of-00001.parquet",
                   {"_id": list(self.QUERIES), "text": list(self.QUERIES.values())})
        pairs = [(q, d, float(g)) for q, grades in self.QRELS.items() for d, g in grades.items()]
        columns = dict(zip(("query-id", "corpus-id", "score"), map(list, zip(*pairs))))
        self.table("nf/default/test-00000-of-00001.parquet", columns)
        results = self.evaluated("nf")
        self.assertEqual((results["recto"]["pages"], results["recto"]["queries_without_qrels"]), (6, 2))
        self.check(results, self.QRELS)


class EvalVidore(LayoutCase):
    def pages(self, count):
        return [{"bytes": picture(i), "path": None} for i in range(count)]

    def test_version_1(self):
        """Rows of question and picture: a picture is its file name, a question its text, a null query a page alone."""
        names = ["a.png", "b.png", "a.png", "b.png", "c.png", "copy of c.png"]
        images = [1, 2, 3, 2, 4, 4]
        self.table("docvqa/data/test-00000-of-00001.parquet",
                   {"query": ["one?", "one?", "two?", "one?", None, None], "image_filename": names,
                    "image": [{"bytes": picture(i), "path": None} for i in images]}, image=True)
        results = self.evaluated("docvqa", "--longest-edge", 100)
        self.assertEqual((results["recto"]["pages"], results["recto"]["queries"]), (4, 2))
        rows = {json.loads(line)["query_id"]: json.loads(line)["precision_at_5"]
                for line in self.path("o/per_query.jsonl").read_text().splitlines()}
        self.assertEqual(sorted(rows.values()), [1 / 5, 2 / 5])
        pages = {page for hits in ranking_of(self.path("o/run.trec")).values() for page in hits}
        self.assertEqual({"a.png", "b.png", "c.png"}, {p for p in pages if p.endswith(".png")})

    def test_version_1_in_splits_that_share_pages(self):
        for split, numbers in (("test", [1, 2]), ("validation", [1, 2, 3])):
            self.table(f"v1/data/{split}-00000-of-00001.parquet",
                       {"query": [f"{split} {i}" for i in numbers], "image_filename": [f"{i}.png" for i in numbers],
                        "image": [{"bytes": picture(i), "path": None} for i in numbers]}, image=True)
        for split, count in (("test", 2), ("validation", 3)):
            results = self.evaluated("v1", "--longest-edge", 100, "--split", split, name=split)
            self.assertEqual((results["recto"]["pages"], results["recto"]["queries"]), (count, count))
        self.fail_with(1, "eval", "--data", self.path("v1"), "--split", "train", "--output", self.path("p"),
                       says=["no rows of the split \"train\"; there is test"])

    def test_one_picture_with_two_texts_under_one_id(self):
        image = {"bytes": picture(1), "path": None}
        self.table("twice/corpus/test-00000-of-00001.parquet", {"id": ["a", "a"], "image": [image, image],
                                                                "text": ["one", "another"]}, image=True)
        self.table("twice/queries/test-00000-of-00001.parquet", {"id": ["q"], "text": ["what"]})
        self.table("twice/qrels/test-00000-of-00001.parquet", {"query-id": ["q"], "corpus-id": ["a"], "score": [1]})
        self.fail_with(1, "eval", "--data", self.path("twice"), "--output", self.path("p"), says=["\"a\" twice"])

    def test_version_2(self):
        """Integers as ids, grades, a pair with two grades, a question without a label, a picture that is there twice."""
        images = self.pages(6)
        images[5] = images[2]
        self.table("esg/corpus/test-00000-of-00001.parquet",
                   {"corpus-id": list(range(6)), "image": images, "doc-id": ["r"] * 6}, image=True)
        self.table("esg/queries/test-00000-of-00001.parquet",
                   {"query-id": [0, 1, 2, 3], "query": ["scope one", "émissions", "water", "not judged"],
                    "language": ["english", "french", "english", "english"]})
        triples = [(0, 0, 2), (0, 1, 1), (1, 2, 1), (1, 2, 2), (1, 3, 1), (2, 5, 1), (2, 4, 0)]
        self.table("esg/qrels/test-00000-of-00001.parquet",
                   dict(zip(("query-id", "corpus-id", "score"), map(list, zip(*triples)))))
        results = self.evaluated("esg", "--longest-edge", 100, "--subsets", "language")
        recto = results["recto"]
        self.assertEqual((recto["pages"], recto["queries"], recto["queries_without_qrels"]), (6, 3, 1))
        self.check(results, {"0": {"0": 2, "1": 1}, "1": {"2": 2, "3": 1}, "2": {"5": 1, "4": 0}})
        subsets = {s["hf_subset"]: s["main_score"] for s in results["scores"]["test"]}
        self.assertEqual(sorted(subsets), ["en", "fr"])
        self.assertAlmostEqual(recto["main_score"], sum(subsets.values()) / 2, delta=1e-12)

    def test_version_2_in_configurations_of_languages(self):
        """Every language has its questions and judgements, and the same pages again."""
        for language, words in (("english", "words"), ("french", "mots"), ("german", "Worte")):
            self.table(f"eco/{language}-corpus/test-00000-of-00001.parquet",
                       {"id": [str(i) for i in range(5)], "image": self.pages(5)}, image=True)
            self.table(f"eco/{language}-queries/test-00000-of-00001.parquet",
                       {"id": ["q0", "q1", "q2"], "text": [f"{words} {i}" for i in range(3)]})
            self.table(f"eco/{language}-qrels/test-00000-of-00001.parquet",
                       {"query-id": ["q0", "q1", "q1"], "corpus-id": ["0", "1", "2"], "score": [1, 2, 1]})
        results = self.evaluated("eco", "--longest-edge", 100, "--subsets", "language")
        recto = results["recto"]
        self.assertEqual((recto["pages"], recto["queries"], recto["queries_without_qrels"]), (5, 6, 3))
        qrels = {"q0": {"0": 1}, "q1": {"1": 2, "2": 1}}
        self.check(results, {f"{language}-{q}": grades for language in ("english", "french", "german")
                             for q, grades in qrels.items()})
        self.assertEqual([s["hf_subset"] for s in results["scores"]["test"]], ["de", "en", "fr"])
        run = read_run(self.path("o/run.trec"))
        for subset, language in (("de", "german"), ("en", "english"), ("fr", "french")):
            wanted = reference(run, {f"{language}-{q}": grades for q, grades in qrels.items()}, "ndcg_at_5")
            found = next(s for s in results["scores"]["test"] if s["hf_subset"] == subset)
            self.assertAlmostEqual(found["main_score"], wanted, delta=1e-9)
        self.assertEqual(sorted(recto["systems"]["model"]["by_language"]), ["de", "en", "fr"])
        self.assertEqual(sorted(recto["systems"]), ["model", "random"], "there are no words for BM25")
        self.assertIn("BM25 is left out: no page has a text", self.path("o/table.md").read_text())
        self.assertIn("BM25 is left out: no page has a text", self.path("o/report.html").read_text())

    def write_languages(self, name, pictures):
        """A corpus for each language, of these pictures under the ids 0, 1, …."""
        for language, numbers in pictures.items():
            self.table(f"{name}/{language}-corpus/test-00000-of-00001.parquet",
                       {"id": list(range(len(numbers))),
                        "image": [{"bytes": picture(i), "path": None} for i in numbers]}, image=True)
            self.table(f"{name}/{language}-queries/test-00000-of-00001.parquet",
                       {"id": [0, 1, 2], "text": [f"{language} {i}" for i in range(3)]})
            self.table(f"{name}/{language}-qrels/test-00000-of-00001.parquet",
                       {"query-id": [0, 1, 2], "corpus-id": [0, 1, 2], "score": [1, 1, 1]})

    def test_a_corpus_for_each_language(self):
        """A question is asked over its own corpus: the same as each language measured alone."""
        corpora = {"english": range(4), "french": range(10, 15), "german": range(4)}
        self.write_languages("many", corpora)
        out = self.succeed("eval", "--data", self.path("many"), "--model", model(), "--longest-edge", 100,
                           "--output", self.path("o"))
        self.assertIn("2 corpora", out.err)
        tasks = {"many.english+german": ["english", "german"], "many.french": ["french"]}
        self.assertEqual(sorted(p.name for p in self.path("o").iterdir() if p.is_dir()), sorted(tasks))
        for task, languages in tasks.items():
            results = json.loads((self.path("o") / task / "results.json").read_text())
            pages = len(corpora[languages[0]])
            self.assertEqual((results["task_name"], results["recto"]["pages"]), (task, pages))
            found = read_run(self.path("o") / task / "run.trec")
            self.assertEqual({f"{language}-{i}" for language in languages for i in range(3)}, set(found))
            for language in languages:
                alone = f"only-{language}"
                self.write_languages(alone, {language: corpora[language]})
                self.evaluated(alone, "--longest-edge", 100, name=f"o-{language}")
                for query, hits in read_run(self.path(f"o-{language}/run.trec")).items():
                    self.assertEqual(set(hits), {str(i) for i in range(pages)}, "pages keep the ids of the set")
                    for page, score in hits.items():
                        self.assertAlmostEqual(found[query][page], score, delta=1e-6)
            qrels = {f"{language}-{i}": {str(i): 1} for language in languages for i in range(3)}
            self.assertAlmostEqual(results["recto"]["main_score"], reference(found, qrels, "ndcg_at_5"), delta=1e-9)

    def test_vectors_and_runs_of_several_corpora(self):
        """Pages may have the name of their corpus in front, since one table holds them all."""
        self.write_languages("two", {"english": range(3), "french": range(5, 8)})
        lines = [{"id": f"{language}-{i}", "query": f"{language} {i}"} for language in ("english", "french") for i in range(3)]
        for language, first in (("english", 0), ("french", 5)):
            for i in range(3):
                self.write(f"{language}{i}.png", picture(first + i))
                lines.append({"id": f"p-{language}-{i}", "image": str(self.path(f"{language}{i}.png"))})
        pages = [{**line, "id": line["id"][2:]} for line in lines if "image" in line]
        self.write_lines("pages.jsonl", pages)
        self.write_lines("queries.jsonl", [line for line in lines if "query" in line])
        for name in ("pages", "queries"):
            self.succeed("embed", "--model", model(), "--longest-edge", 100, "--input", self.path(f"{name}.jsonl"),
                         "--output", self.path(f"{name}.parquet"))
        run = self.write("theirs.trec", "".join(f"{language}-{i} Q0 {language}-{i} 1 1 t\n"
                                                for language in ("english", "french") for i in range(3)))
        self.succeed("eval", "--data", self.path("two"), "--model", model(), "--longest-edge", 100, "--vectors",
                     f"table={self.path('pages.parquet')},{self.path('queries.parquet')}", "--run", run,
                     "--output", self.path("o"))
        for task in ("two.english", "two.french"):
            systems = json.loads((self.path("o") / task / "results.json").read_text())["recto"]["systems"]
            self.assertAlmostEqual(systems["table"]["main_score"], systems["model"]["main_score"], delta=1e-9)
            self.assertEqual(systems["theirs"]["main_score"], 1)
        twice = self.write("twice.trec", "english-0 Q0 english-0 1 2 t\nenglish-0 Q0 0 2 1 t\n")
        self.fail_with(1, "eval", "--data", self.path("two"), "--run", twice, "--output", self.path("p"),
                       says=["the page 0 twice, under two names"])
        self.write_languages("more/two", {"english": range(3), "french": range(7, 10)})
        self.succeed("eval", "--data", self.path("two"), "--data", self.path("more/two"), "--output", self.path("o2"))
        sets = json.loads(self.path("o2/comparisons.json").read_text())["sets"]
        self.assertEqual([s["set"] for s in sets], ["two", "two-2"])

    def test_vectors_whose_corpus_cannot_be_told_are_refused(self):
        """The same ids are other pages in another corpus."""
        self.write_languages("two", {"english": range(3), "french": range(5, 8), "german": range(3)})
        rng = np.random.default_rng(1)
        def table(name, ids):
            self.table(name, {"id": ids, "embedding": list(rng.random((len(ids), 4)).astype("f4"))})
            return self.path(name)
        queries = table("q.parquet", [f"{language}-{i}" for language in ("english", "french", "german") for i in range(3)])
        bare = table("bare.parquet", ["0", "1", "2"])
        self.fail_with(1, "eval", "--data", self.path("two"), "--vectors", f"x={bare},{queries}", "--output", self.path("p"),
                       says=["no vector of", "english-0"])
        named = table("named.parquet", [f"{language}-{i}" for language in ("german", "french") for i in range(3)])
        self.succeed("eval", "--data", self.path("two"), "--vectors", f"x={named},{queries}", "--output", self.path("o"))

    def test_one_number_for_a_set_of_several_corpora(self):
        self.write_languages("many", {"english": range(4), "french": range(10, 15), "german": range(4)})
        out = self.succeed("eval", "--data", self.path("many"), "--model", model(), "--longest-edge", 100,
                           "--output", self.path("o"))
        found = json.loads(self.path("o/comparisons.json").read_text())["sets"]
        self.assertEqual([(s["set"], s["metric"], s["subsets"]) for s in found],
                         [("many", "ndcg_at_5", ["english", "french", "german"])])
        means = []
        for task, language in (("english+german", "english"), ("english+german", "german"), ("french", "french")):
            run = read_run(self.path(f"o/many.{task}/run.trec"))
            means.append(reference({q: hits for q, hits in run.items() if q.startswith(language)},
                                   {f"{language}-{i}": {str(i): 1} for i in range(3)}, "ndcg_at_5"))
        self.assertAlmostEqual(found[0]["main_scores"]["model"], sum(means) / 3, delta=1e-9)
        self.assertIn("many, mean over english, french, german\n", out.out)
        self.assertIn("Mean over its 3 subsets: english, french, german", self.path("o/table.md").read_text())

    def test_questions_of_several_languages_over_one_corpus(self):
        self.write_languages("shared", {"english": range(3), "french": range(3)})
        self.path("shared/english-corpus").rename(self.path("shared/corpus"))
        for file in self.path("shared/french-corpus").iterdir():
            file.unlink()
        self.path("shared/french-corpus").rmdir()
        results = self.evaluated("shared", "--longest-edge", 100)
        self.assertEqual((results["recto"]["pages"], results["recto"]["queries"]), (3, 6))
        self.check(results, {f"{language}-{i}": {str(i): 1} for language in ("english", "french") for i in range(3)})

    def test_version_3(self):
        """Names with underscores, columns and configurations of more, Markdown of each page, nDCG@10."""
        self.table("hr/corpus/test-00000-of-00001.parquet",
                   {"corpus_id": list(range(12)), "image": self.pages(12), "doc_id": ["x"] * 12,
                    "markdown": [f"# Title\n\npage word{i}" for i in range(12)],
                    "page_number_in_doc": list(range(12))}, image=True)
        self.table("hr/queries/test-00000-of-00001.parquet",
                   {"query_id": [0, 1, 2], "query": ["word3 of the page", "le mot word7", "word1"],
                    "language": ["english", "french", "english"], "query_types": [["extractive"]] * 3,
                    "answer": ["a", "b", "c"]})
        self.table("hr/qrels/test-00000-of-00001.parquet",
                   {"query_id": [0, 0, 1], "corpus_id": [3, 4, 7], "score": [2, 1, 2],
                    "content_type": [["Text"]] * 3, "bounding_boxes": [[{"annotator": 0, "x1": 1}]] * 3})
        self.table("hr/documents_metadata/test-00000-of-00001.parquet", {"doc_id": ["x"], "url": ["u"]})
        results = self.evaluated("hr", "--longest-edge", 100, "--main-metric", "ndcg_at_10")
        recto = results["recto"]
        self.assertEqual((recto["pages"], recto["queries"], recto["queries_without_qrels"]), (12, 2, 1))
        self.assertEqual(results["scores"]["test"][0]["main_score"], results["scores"]["test"][0]["ndcg_at_10"])
        self.check(results, {"0": {"3": 2, "4": 1}, "1": {"7": 2}})
        self.assertEqual(recto["systems"]["bm25"]["within_document"]["queries"], 2, "doc_id says which pages are one")
        self.assertEqual(recto["systems"]["bm25"]["within_document"]["metrics"], recto["systems"]["bm25"]["metrics"])
        self.assertEqual(ranking_of(self.path("o/run.bm25.trec"))["1"][0], "7", "the Markdown is what words search")

    def test_the_split_that_is_asked_for(self):
        """The pages of other splits are not searched, and their judgements not needed."""
        for split, pages in (("train", [0, 1, 2]), ("test", [3, 4])):
            self.table(f"two/corpus/{split}-00000-of-00001.parquet",
                       {"id": [str(i) for i in pages], "image": [self.pages(5)[i] for i in pages]}, image=True)
            self.table(f"two/queries/{split}-00000-of-00001.parquet", {"id": [split], "text": [f"of {split}"]})
            self.table(f"two/qrels/{split}-00000-of-00001.parquet",
                       {"query-id": [split], "corpus-id": [str(pages[0])], "score": [1]})
        for split, pages in (("test", 2), ("train", 3)):
            results = self.evaluated("two", "--longest-edge", 100, "--split", split, name=split)
            self.assertEqual((results["recto"]["pages"], results["recto"]["queries"]), (pages, 1))
            self.assertEqual(list(results["scores"]), [split])
        self.fail_with(1, "eval", "--data", self.path("two"), "--split", "validation", "--output", self.path("p"),
                       says=["no judgements of the split \"validation\""])


if __name__ == "__main__":
    unittest.main()
