"""recto eval and recto compare from outside: runs, judgements, several systems, bad input."""
import base64
import hashlib
import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support import GOLDENS, Case, document_pdf, model

QRELS = GOLDENS / "metrics/qrels.txt"
TIES = GOLDENS / "metrics/run_ties.txt"
FLOATS = GOLDENS / "metrics/run_floats.txt"


class EmbeddingsServer(ThreadingHTTPServer):
    """Speaks as vLLM and Cohere do. The vector of a text or picture comes from its hash; the first request fails."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.lock = [], threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append((self.path, self.headers.get("Authorization"), body))
            first = len(self.server.requests) == 1
        if first:
            return self.answer(503, {"error": "warming up"})
        if body["model"] == "text only" and "messages" in body:
            return self.answer(400, {"error": "no pictures"})
        if body["model"] == "unknown":
            return self.answer(404, {"error": "no such model"})
        contents = [m["content"] for m in body.get("messages", body.get("inputs", []))]
        items = body.get("input", body.get("texts"))
        if items is None:
            items = [base64.b64decode(c[0]["image_url"]["url"].split(",")[1]) for c in contents]
        vectors = [[b - 128 for b in hashlib.sha256(i if isinstance(i, bytes) else i.encode()).digest()] for i in items]
        if self.path == "/v2/embed":
            return self.answer(200, {"embeddings": {"float": vectors}})
        return self.answer(200, {"data": [{"index": i, "embedding": v} for i, v in enumerate(vectors)][::-1]})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


class Compare(Case):
    def test_two_runs(self):
        lines = self.succeed("compare", TIES, f"other={FLOATS}", "--qrels", QRELS, "--output", self.path("o")).out
        self.assertRegex(lines, r"(?m)^run_ties nDCG@5 0\.\d{4} \[0\.\d{4}, 0\.\d{4}\] queries \d+$")
        self.assertIn("other is better than run_ties", lines)
        self.assertIn("p 0.0009766 exact", lines)
        self.assertIn("seed 0, 10000 bootstrap samples", lines)
        results = json.loads((self.path("o") / "results.json").read_text())
        self.assertEqual(results["recto"]["comparisons"][0]["verdict"], "other is better than run_ties")
        self.assertEqual(results["recto"]["resampling"]["seed"], 0)
        rows = [json.loads(line) for line in (self.path("o") / "per_query.jsonl").read_text().splitlines()]
        self.assertEqual(len(rows[0]), 1 + 7 * 7)
        for name in ("report.html", "table.md", "per_query.other.jsonl", "run.other.trec"):
            self.assertGreater((self.path("o") / name).stat().st_size, 0, name)

    def test_the_same_run_is_not_distinguishable(self):
        out = self.succeed("compare", TIES, f"copy={TIES}", "--qrels", QRELS, "--metric", "mrr_at_10").out
        self.assertIn("run_ties and copy are not distinguishable", out)
        self.assertIn("win/tie/loss 0/", out)

    def test_seeds_decide(self):
        def drawn(*more):
            return self.succeed("compare", TIES, FLOATS, "--qrels", QRELS, *more).out
        self.assertEqual(drawn(), drawn("--seed", 0))
        self.assertNotEqual(drawn(), drawn("--seed", 1))

    def test_missing_queries_count_as_nothing(self):
        qrels = self.write("q.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
        a = self.write("a.trec", "q1 Q0 d1 1 1 t\nq2 Q0 d2 1 1 t\n")
        b = self.write("b.trec", "q1 Q0 d1 1 1 t\nq9 Q0 d2 1 1 t\n")
        result = self.succeed("compare", a, b, "--qrels", qrels)
        self.assertIn("a nDCG@5 1.0000", result.out)
        self.assertIn("b nDCG@5 0.5000", result.out)
        self.assertIn("run b: 1 of 2 queries are not in it and count as 0", result.err)
        self.assertIn("run b: 1 queries have no judgement", result.err)

    def test_bad_runs(self):
        qrels = self.write("q.txt", "q1 0 d1 1\n")
        good = self.write("good.trec", "q1 Q0 d1 1 1 t\n")
        for name, content, says in (("nan", "q1 Q0 d1 1 nan t\n", "not finite"),
                                    ("twice", "q1 Q0 d1 1 1 t\nq1 Q0 d1 2 1 t\n", "found twice"),
                                    ("fields", "q1 d1 1\n", "3 fields"),
                                    ("strangers", "q8 Q0 d1 1 1 t\n", "none of its 1 queries"),
                                    ("empty", "", "an empty run")):
            with self.subTest(name):
                bad = self.write(f"{name}.trec", content)
                self.fail_with(1, "compare", good, bad, "--qrels", qrels, "--output", self.path("o"), says=[says, name])
                self.assert_absent(self.path("o"))
        twice = self.write("twice.txt", "q1 0 d1 1\nq1 0 d1 2\n")
        self.fail_with(1, "compare", good, f"b={good}", "--qrels", twice, says=["judged twice", "twice.txt:2"])
        self.fail_with(2, "compare", good, "--qrels", qrels, says=["one run alone"])
        self.fail_with(2, "compare", good, good, "--qrels", qrels, says=["NAME=PATH"])
        self.fail_with(2, "compare", good, f"b={good}", "--qrels", qrels, "--metric", "ndcg_at_4",
                       says=["ndcg_at_4", "did you mean"])
        self.fail_with(2, "compare", good, f"b={good}", says=["--qrels"])


class Eval(Case):
    def curated(self):
        pages = [[f"Chapter {word}", f"About the {word} and its parts"] for word in
                 ("valve", "pump", "engine", "river", "bridge", "museum")]
        self.write("pdf/held-out.pdf", document_pdf(pages))
        # Of pages with few words the look alone would decide whether they are those of the test.
        other = [[f"Part {i}"] + [f"words {i} and more words of line {line}" for line in range(4)] for i in range(3)]
        self.write("pdf/other.pdf", document_pdf(other, title="Other"))
        self.succeed("curate", self.path("pdf"), "--output", self.path("data"), "--test-documents", "held*",
                     "--longest-edge", 200, "--ocr", "off", "--round-trip", 0)
        return self.path("data")

    def test_judgements_and_runs(self):
        out = self.succeed("eval", "--qrels", QRELS, "--run", TIES, "--run", f"b={FLOATS}", "--output",
                           self.path("o")).out
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["run_ties", "b"])
        self.fail_with(2, "eval", "--qrels", QRELS, "--output", self.path("p"), says=["--run"])
        self.fail_with(2, "eval", "--output", self.path("p"), says=["--data"])
        self.assert_absent(self.path("p"))

    def test_systems_of_a_model(self):
        data = self.curated()
        sizes = json.loads(self.succeed("eval", "--data", data, "--output", self.path("base"), "--json").out)
        self.assertEqual(sorted(sizes["recto"]["systems"]), ["bm25", "random"])
        result = self.succeed("eval", "--data", data, "--model", model(), "--output", self.path("o"), "--stored",
                              "fp32,int8,binary", "--longest-edges", "100,140", "--bm25", "1.2,0.75", "--bm25",
                              "0.9,0.4", "--run", f"theirs={self.path('base')}/run.trec", "--training", data,
                              "--name", "tiny")
        names = [line.split()[0] for line in result.out.splitlines()]
        self.assertEqual(names, ["tiny", "tiny-int8", "tiny-binary", "tiny-e140", "tiny-e140-int8",
                                 "tiny-e140-binary", "theirs", "bm25", "bm25-k0.9-b0.4", "random"])
        self.assertIn("theirs and bm25 are not distinguishable", result.err)
        run = json.loads((self.path("o") / "run.json").read_text())
        self.assertGreater(run["systems"]["model"]["pages_per_second"], 0)
        self.assertGreater(run["systems"]["model"]["seconds_per_query"], 0)
        self.assertGreater(run["peak_memory_bytes"], 1 << 20)
        sizes = [run["systems"][name]["bytes_per_page"] for name in ("model", "model-int8", "model-binary")]
        self.assertEqual(sizes, [sizes[0], sizes[0] // 4 + 4, sizes[0] // 32])
        results = json.loads((self.path("o") / "results.json").read_text())["recto"]
        self.assertFalse(results["contamination"]["flagged"])
        self.assertGreater(results["systems"]["model"]["within_document"]["queries"], 0)
        for grouping in ("by_language", "by_kind", "by_class", "macro"):
            self.assertTrue(results["systems"]["bm25"][grouping], grouping)

    def test_several_models(self):
        data = self.curated()
        out = self.succeed("eval", "--data", data, "--model", model(), "--other-model", f"again={model()}",
                           "--longest-edge", 100, "--output", self.path("o"), "--name", "first")
        self.assertEqual([line.split()[0] for line in out.out.splitlines()], ["first", "again", "bm25", "random"])
        self.assertIn("model and again are not distinguishable", out.err)
        self.assertEqual((self.path("o") / "run.trec").read_text().replace("recto-model", "recto-again"),
                         (self.path("o") / "run.again.trec").read_text())

    def test_a_model_behind_an_endpoint(self):
        data = self.curated()
        runs = []
        for api, path in (("openai", "/v1/embeddings"), ("cohere", "/v2/embed")):
            with self.subTest(api):
                server = EmbeddingsServer()
                self.addCleanup(server.server_close)
                self.addCleanup(server.shutdown)
                out = self.path(api)
                self.succeed("eval", "--data", data, "--embeddings-endpoint", server.address(), "--embeddings-model",
                             "big", "--embeddings-api", api, "--embeddings-name", "theirs", "--query-prefix", "Query: ",
                             "--dimensions", "32,8", "--output", out, env={"RECTO_API_KEY": "sesame"})
                results = json.loads((out / "results.json").read_text())["recto"]["systems"]
                self.assertEqual(sorted(results), ["bm25", "random", "theirs", "theirs-d8"])
                self.assertIn("big behind an endpoint", results["theirs"]["description"])
                self.assertEqual({r[0] for r in server.requests}, {path})
                self.assertEqual({r[1] for r in server.requests}, {"Bearer sesame"})
                texts = [t for r in server.requests for t in r[2].get("input", r[2].get("texts", []))]
                self.assertEqual(len(texts), 6)
                self.assertTrue(all(t.startswith("Query: ") for t in texts))
                self.assertEqual(len(server.requests), 1 + 6 + 1, "the first was asked again")
                runs.append((out / "run.trec").read_text())
        self.assertEqual(runs[0], runs[1])
        server = EmbeddingsServer()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.fail_with(1, "eval", "--data", data, "--embeddings-endpoint", server.address(), "--embeddings-model",
                       "unknown", "--output", self.path("none"), says=["HTTP 404", "no such model", "/v1/embeddings"])
        self.assert_absent(self.path("none"))
        self.fail_with(2, "eval", "--data", data, "--embeddings-endpoint", server.address(), "--output",
                       self.path("none"), says=["--embeddings-model"])

    def test_a_task_of_each_kind(self):
        data = self.curated()
        out = self.succeed("eval", "--data", data, "--kind", "heading", "--output", self.path("o")).out
        self.assertTrue(out.startswith("bm25 "))
        self.fail_with(2, "eval", "--data", data, "--kind", "poem", "--output", self.path("p"), says=["heading"])

    def test_options_that_change_nothing_are_refused(self):
        data = self.curated()
        for option, value, needs in (("--dimensions", 16, "--vectors"), ("--stored", "int8", "--vectors"),
                                     ("--longest-edges", 100, "--model"), ("--longest-edge", 100, "--model"), ("--second-edge", 100, "--model"),
                                     ("--adapter", self.path("a"), "--model"), ("--feature-store", self.path("f"), "--model"),
                                     ("--feature-dtype", "fp16", "--feature-store"), ("--name", "mine", "--model"),
                                     ("--query-prefix", "query: ", "--embeddings-endpoint"),
                                     ("--page-prompt", "page", "--embeddings-endpoint"),
                                     ("--embeddings-api", "cohere", "--embeddings-endpoint"),
                                     ("--embeddings-name", "theirs", "--embeddings-endpoint"),
                                     ("--embeddings-model", "big", "--embeddings-endpoint")):
            self.fail_with(2, "eval", "--data", data, option, value, "--output", self.path("p"),
                           says=[f"{option} does nothing without", needs])
        qrels, run = self.write("qrels", "q 0 d 1\n"), self.write("r.trec", "q Q0 d 1 1 t\n")
        for option, value, needs in (("--stored", "int8", "--vectors"), ("--bm25", "0.9,0.4", "--data"),
                                     ("--split", "train", "--data"), ("--subsets", "language", "--data")):
            self.fail_with(2, "eval", "--qrels", qrels, "--run", run, option, value, "--output", self.path("p"),
                           says=[f"{option} does nothing without", needs])
        self.assert_absent(self.path("p"))

    def test_layouts_of_other_tools(self):
        data = self.curated()
        wanted = self.succeed("eval", "--data", data, "--output", self.path("own")).out
        for layout in ("mteb", "vidore"):
            with self.subTest(layout):
                self.succeed("dataset", "export", data, "--format", layout, "--split", "test", "--output",
                             self.path(layout))
                out = self.succeed("eval", "--data", self.path(layout), "--output", self.path(layout + "-o")).out
                self.assertEqual([line.split("queries")[1] for line in out.splitlines()],
                                 [line.split("queries")[1] for line in wanted.splitlines() if not line.startswith("bm25")],
                                 "the layout has no text that BM25 could search")

    def test_pages_are_seen_once(self):
        data, store = self.curated(), self.path("features")

        def measured(name, *options):
            result = self.succeed("eval", "--data", data, "--model", model(), "--output", self.path(name), "--threads", 1, *options)
            return result.err, (self.path(name) / "run.trec", self.path(name) / "results.json")

        _, wanted = measured("without")
        counts = (("first", "0 pages from the store, 6 computed"), ("second", "6 pages from the store, 0 computed"))
        for name, said in counts:
            err, files = measured(name, "--feature-store", store)
            self.assertIn(f"model: features: {said}", err)
            for ours, theirs in zip(files, wanted):
                self.assertEqual(ours.read_bytes(), theirs.read_bytes(), ours)
        # What the speed would be is not known then.
        run = json.loads((self.path("second") / "run.json").read_text())
        self.assertEqual((run["page_seconds"], run["systems"]["model"]["pages_per_second"]), (0, 0))
        rounded = []
        for name, said in counts:
            err, files = measured(f"{name}-bf16", "--feature-store", store, "--feature-dtype", "bf16")
            self.assertIn(f"model: features: {said}", err)
            rounded.append([file.read_bytes() for file in files])
        self.assertEqual(rounded[0], rounded[1])
        self.assertNotEqual(rounded[0][0], wanted[0].read_bytes())
        papers = self.write("papers/thesis.pdf", b"mine").parent
        self.fail_with(2, "eval", "--data", data, "--model", model(), "--feature-store", papers, "--output", self.path("o"),
                       says=[str(papers), "is no feature store"])
        self.assert_absent(self.path("o"))

    def test_a_contaminated_set_is_flagged(self):
        data = self.curated()
        self.succeed("curate", self.path("pdf"), "--output", self.path("train"), "--test-documents", "other*",
                     "--longest-edge", 200, "--ocr", "off", "--round-trip", 0)
        result = self.succeed("eval", "--data", data, "--training", self.path("train"), "--output", self.path("o"))
        self.assertIn("is contaminated", result.err)
        found = json.loads((self.path("o") / "results.json").read_text())["recto"]["contamination"]
        self.assertEqual((found["flagged"], found["documents"], found["pages"]), (True, 1, 6))
        self.assertEqual(found["untouched_queries"], 0)
        self.assertIsNone(found["systems"]["bm25"]["without"])
        # The same pages in the layout of another tool.
        self.succeed("dataset", "export", data, "--format", "ogc", "--split", "test", "--output", self.path("ogc"))
        self.succeed("eval", "--data", data, "--training", self.path("ogc"), "--output", self.path("again"))
        found = json.loads((self.path("again") / "results.json").read_text())["recto"]["contamination"]
        self.assertEqual((found["training"], found["flagged"], found["untouched_queries"]), (["ogc"], True, 0))
        self.assertGreater(found["queries"], 0)


if __name__ == "__main__":
    unittest.main()
