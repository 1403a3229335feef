"""recto serve: its vectors are those of recto embed, its pages those of recto search; what clients get wrong or try is
answered, refused or outlived."""
import base64
import concurrent.futures
import contextlib
import json
import signal
import socket
import subprocess
import time
import unittest

import numpy as np

from serve_support import Server, certificate, data_url, picture, read_all, trust
from support import SOURCE, Case, document_pdf, model, noise_png, png, read_tensors

QUERIES = ["the main valve", "ölige Größen: 3 mm", "x"]
PAGES = [["The main valve", "torque 12 Nm"], ["The rotor", "speed 900"], ["Journal bearing", "oil 3 l"]]
KEY = "correct-horse-battery-staple"


class ServeCase(Case):
    def serve(self, *arguments, **options):
        server = Server(*arguments, **options)
        self.addCleanup(server.kill)
        return server

    def embedded(self, *arguments):
        output = self.path("vectors.safetensors")
        output.unlink(missing_ok=True)
        self.succeed("embed", *arguments, "--output", output)
        return read_tensors(output)[0]

    def assert_vectors(self, found, wanted):
        np.testing.assert_allclose(np.array(found, np.float64), np.array(wanted, np.float64), atol=2e-6)

    def assert_refused(self, answer, status, *says):
        self.assertEqual(answer[0], status, answer)
        text = json.dumps(answer[2])
        for part in says:
            self.assertIn(part, text)


class Serving(ServeCase):
    """One golden model."""

    def setUp(self):
        super().setUp()
        self.images = [noise_png(300, 400, seed) for seed in range(2)]
        self.paths = [self.write(f"{i}.png", image) for i, image in enumerate(self.images)]
        self.server = self.serve("--model", model())

    def of_queries(self):
        return self.embedded("--model", model(), *[word for q in QUERIES for word in ("--query", q)])["embeddings"]

    def of_images(self):
        return self.embedded("--model", model(), *[word for p in self.paths for word in ("--image", p)])["embeddings"]

    def of_rows(self, rows):
        return self.embedded("--model", model(), "--input", self.write_lines("rows.jsonl", rows))["embeddings"]

    def post(self, path, body):
        status, _, answer = self.server.ask(path, body)
        self.assertEqual(status, 200, answer)
        return answer

    def test_the_openai_client(self):
        from openai import OpenAI

        client = OpenAI(base_url=self.server.url + "/v1", api_key="none")
        name = model().name
        self.assertEqual([m.id for m in client.models.list()], [name])
        wanted = self.of_queries()
        for format in ("base64", "float"):
            answer = client.embeddings.create(model=name, input=QUERIES, encoding_format=format)
            values = [row.embedding for row in answer.data]
            if isinstance(values[0], str):
                values = [np.frombuffer(base64.b64decode(v), "<f4") for v in values]
            self.assert_vectors(values, wanted)
            self.assertEqual([row.index for row in answer.data], [0, 1, 2])
            self.assertGreater(answer.usage.prompt_tokens, 3)
        self.assert_vectors(client.embeddings.create(model=name, input=QUERIES[0]).data[0].embedding, wanted[0])

    def test_pictures_and_their_texts(self):
        inputs = [{"content": picture(self.images[0])}, {"content": picture(self.images[1])}, "x"]
        found = [row["embedding"] for row in self.post("/v1/embeddings", {"input": inputs})["data"]]
        self.assert_vectors(found, [*self.of_images(), self.of_queries()[2]])

        with_text = {"messages": [{"role": "user", "content": picture(self.images[0], "a caption")}]}
        rows = self.of_rows([{"id": 1, "image": str(self.paths[0]), "text": "a caption"},
                             {"id": 2, "image": str(self.paths[0]), "query": "a caption"},
                             {"id": 3, "passage": "a caption"}])
        for row, body in zip(rows, [with_text, {**with_text, "input_type": "query"},
                                    {"input": "a caption", "input_type": "document"}]):
            self.assert_vectors(self.post("/v1/embeddings", body)["data"][0]["embedding"], row)

    def test_cohere(self):
        queries, images = self.of_queries(), self.of_images()
        answer = self.post("/v2/embed", {"texts": QUERIES, "input_type": "search_query", "embedding_types": [
            "float", "base64", "int8", "uint8", "binary", "ubinary"]})["embeddings"]
        self.assert_vectors(answer["float"], queries)
        self.assert_vectors([np.frombuffer(base64.b64decode(v), "<f4") for v in answer["base64"]], queries)
        steps = np.rint(queries * (127 / np.abs(queries).max(1, keepdims=True)))
        np.testing.assert_allclose(answer["int8"], steps, atol=1)
        np.testing.assert_array_equal(np.array(answer["uint8"]) - 128, answer["int8"])
        np.testing.assert_array_equal(np.array(answer["ubinary"], np.uint8), np.packbits(queries >= 0, axis=1))
        np.testing.assert_array_equal(np.array(answer["binary"]) + 128, answer["ubinary"])
        self.assert_vectors(self.post("/v2/embed", {"images": [data_url(i) for i in self.images]})["embeddings"]["float"],
                            images)
        mixed = {"inputs": [{"content": picture(self.images[1])}], "input_type": "search_document"}
        answer = self.post("/v2/embed", mixed)
        self.assert_vectors(answer["embeddings"]["float"], images[1:])
        self.assertEqual(answer["meta"]["billed_units"]["images"], 1)
        texts = self.post("/v2/embed", {"texts": ["x"], "input_type": "search_document"})["embeddings"]["float"]
        self.assert_vectors(texts, self.of_rows([{"id": 1, "passage": "x"}]))

    def test_text_embeddings_inference(self):
        queries = self.of_queries()
        self.assert_vectors(self.post("/embed", {"inputs": QUERIES}), queries)
        self.assert_vectors(self.post("/embed", {"inputs": QUERIES[0], "prompt_name": "query"}), queries[:1])
        self.assert_vectors(self.post("/embed", {"inputs": ["x"], "prompt_name": "document"}),
                            self.of_rows([{"id": 1, "passage": "x"}]))
        info = self.server.ask("/info")[2]
        self.assertEqual(info["model_id"], model().name)
        self.assertEqual(info["max_client_batch_size"], 256)

    def test_wrong_requests_are_explained(self):
        image = {"type": "image_url", "image_url": {"url": "x"}}
        long = "word " * 4000
        cases = [
            ("/v1/embeddings", {}, 400, ['exactly one of', 'input', 'messages']),
            ("/v1/embeddings", {"input": []}, 400, ["input: is empty"]),
            ("/v1/embeddings", {"input": ""}, 400, ["input: the query is empty"]),
            ("/v1/embeddings", {"input": ["a", 3]}, 400, ["input[1]", "token ids"]),
            ("/v1/embeddings", {"input": [[1, 2]]}, 400, ["input[0]", "token ids"]),
            ("/v1/embeddings", {"input": [["a", "b"]]}, 400, ["input[0]"]),
            ("/v1/embeddings", {"input": [None]}, 400, ["input[0]"]),
            ("/v1/embeddings", {"input": ["a"] * 257}, 413, ["257", "256"]),
            ("/v1/embeddings", {"input": long}, 400, ["tokens", "truncate"]),
            ("/v1/embeddings", {"input": "a", "model": "gpt"}, 404, ['"gpt', model().name]),
            ("/v1/embeddings", {"input": "a", "dimensions": 3}, 400, ["dimensions: vectors of 3"]),
            ("/v1/embeddings", {"input": "a", "dimensions": "x"}, 400, ["dimensions"]),
            ("/v1/embeddings", {"input": "a", "encoding_format": "hex"}, 400, ["hex", "base64"]),
            ("/v1/embeddings", {"input": "a", "input_type": "poem"}, 400, ["poem", "document"]),
            ("/v1/embeddings", {"input": [{"content": [image]}]}, 400, ["fetches nothing", "input[0].content[0]"]),
            ("/v1/embeddings", {"input": [{"content": []}]}, 400, ["no text and no image"]),
            ("/v1/embeddings", {"input": [{"content": picture(self.images[0]) * 2}]}, 400, ["second image"]),
            ("/v1/embeddings", {"input": [{"content": picture(b"no image")}]}, 400, ["input[0]: its image: neither a PDF nor an image"]),
            ("/v1/embeddings", {"input": [{"content": picture(document_pdf([["a"]]))}]}, 400, ["a PDF"]),
            ("/v1/embeddings", {"input": [{"content": picture(png(7000, 7000, [b""]))}]}, 413, ["40000000"]),
            ("/v1/embeddings", {"messages": [{"role": "system", "content": "a"}]}, 400, ["user"]),
            ("/v1/embeddings", [1], 400, ["an object"]),
            ("/v2/embed", {"texts": ["a"], "images": ["b"]}, 400, ["exactly one of", "found 2"]),
            ("/v2/embed", {"texts": "a"}, 400, ["texts", "a list"]),
            ("/v2/embed", {"texts": ["a"], "truncate": "START"}, 400, ["START", "END"]),
            ("/v2/embed", {"texts": ["a"], "embedding_types": ["fp8"]}, 400, ["fp8", "ubinary"]),
            ("/v2/embed", {"images": ["http://127.0.0.1/x.png"]}, 400, ["images[0]", "fetches nothing"]),
            ("/v2/embed", {"images": ["data:image/png;base64,AAA"]}, 400, ["images[0]", "base64"]),
            ("/v2/embed", {"images": ["data:image/png,AAAA"]}, 400, ["images[0]", "base64"]),
            ("/embed", {}, 422, ["inputs"]),
            ("/embed", {"inputs": "a", "normalize": False}, 422, ["normalize"]),
            ("/embed", {"inputs": "a", "truncation_direction": "Left"}, 422, ["Right"]),
            ("/embed", {"inputs": long}, 422, ["tokens"]),
            ("/embed_sparse", {"inputs": "a"}, 422, ["sparse"]),
            ("/v1/search", {"query": "a"}, 404, ["--index"]),
        ]
        for path, body, status, says in cases:
            with self.subTest(path=path, body=str(body)[:80]):
                self.assert_refused(self.server.ask(path, body), status, *says)
        for raw, says in [(b"{", "the request"), (b'{"input": "a", "input": "b"}', "input"), (b"\xff", "the request"),
                          (b"[" * 100000, "the request"), (b"", "the request")]:
            self.assert_refused(self.server.ask("/v1/embeddings", raw=raw), 400, says)
        # What can be cut is cut when that is asked for.
        self.post("/v1/embeddings", {"input": long, "truncate": True})
        self.post("/embed", {"inputs": long, "truncate": True})
        self.post("/v2/embed", {"texts": [long]})
        self.assertEqual(self.server.end(), 0)

    def test_errors_have_the_form_of_their_api(self):
        for path, status, form in [
                ("/v1/embeddings", 400, lambda a: a["error"]["type"] == "invalid_request_error" and a["error"]["message"]),
                ("/v2/embed", 400, lambda a: set(a) == {"message"} and a["message"]),
                ("/embed", 422, lambda a: a["error_type"] == "Validation" and a["error"])]:
            answer = self.server.ask(path, {})
            self.assertEqual(answer[0], status)
            self.assertIn("wanted" if status == 400 else "missing", form(answer[2]))

    def test_other_paths_and_methods(self):
        self.assert_refused(self.server.ask("/nothing"), 404, "/nothing")
        self.assert_refused(self.server.ask("/v1/embeddings"), 405, "POST")
        self.assert_refused(self.server.ask("/", method="DELETE"), 405, "GET")
        self.assert_refused(self.server.ask("/"), 404, "--index")
        self.assert_refused(self.server.ask("/embed", raw=b"{}", headers={"Content-Type": "text/plain"}), 415, "json")
        status, headers, content = self.server.ask("/health", method="HEAD")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Length"], str(len('{"status":"ok"}')))
        self.assertEqual(self.server.ask("/health?x=1")[2], {"status": "ok"})
        self.assertRegex(headers["Date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        for kind, status in [("Application/JSON; charset=utf-8", 200), ("application/jsonp", 415), ("", 415)]:
            answer = self.server.ask("/embed", raw=b'{"inputs": "a"}', headers={"Content-Type": kind})
            self.assertEqual(answer[0], status, kind)

    def test_nothing_that_is_sent_is_logged(self):
        server = self.serve("--model", model(), "--verbose")
        for path, body in [("/embed", {"inputs": "marker-1"}), ("/embed", {"inputs": ["marker-2", 3]}),
                           ("/marker-3", None), ("/v1/pages/marker-4", None), ("/v1/search", {"query": "marker-5"})]:
            server.ask(path, body, {"X-Marker": "marker-6"})
        self.assertEqual(server.end(), 0)
        self.assertIn("embed 200", server.text())
        self.assertNotIn("marker", server.text())

    def test_no_address_is_fetched(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/page.png"
            part = {"type": "image_url", "image_url": {"url": url}}
            for path, body in [("/v1/embeddings", {"input": [{"content": [part]}]}), ("/v2/embed", {"images": [url]}),
                               ("/v1/embeddings", {"messages": [{"content": [part]}]}), ("/embed", {"inputs": [
                                   {"content": [part]}]})]:
                self.assertIn(self.server.ask(path, body)[0], (400, 422))
            listener.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                listener.accept()

    def test_many_clients_at_once(self):
        queries, images = self.of_queries(), self.of_images()

        def one(i):
            if i % 3 == 0:
                answer = self.post("/v1/embeddings", {"input": [{"content": picture(self.images[i % 2])}]})
                return answer["data"][0]["embedding"], images[i % 2]
            if i % 7 == 0:  # one that cannot be made does not harm the others
                self.assert_refused(self.server.ask("/v1/embeddings", {"input": ["a", ""]}), 400)
            answer = self.post("/v1/embeddings", {"input": QUERIES})
            return [row["embedding"] for row in answer["data"]], queries

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for found, wanted in pool.map(one, range(64)):
                self.assert_vectors(found, wanted)
        text = self.server.ask("/metrics")[2].decode()
        values = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}
        self.assertEqual(values['te_request_success{method="openai_embeddings"}'], 64)
        self.assertGreater(values['te_request_failure{method="openai_embeddings",status="400"}'], 0)
        self.assertEqual(values["te_queue_size"], 0)
        # All inputs went through batches, and some of them together with others.
        self.assertEqual(values["te_batch_next_size_sum"], 22 + 3 * 42)
        self.assertLess(values["te_batch_next_size_count"], 22 + 3 * 42)
        for name in ("te_embed_queue_duration", "te_embed_tokenization_duration", "te_embed_inference_duration"):
            self.assertGreater(values[f"{name}_count"], 0)

    def test_memory_does_not_grow(self):
        def ask(count):
            for i in range(count):
                self.post("/v1/embeddings", {"input": [QUERIES[0], {"content": picture(self.images[i % 2])}]})
        ask(60)
        before = self.server.resident_kib()
        ask(180)
        self.assertLess(self.server.resident_kib() - before, 16 << 10)


class ServingSearch(ServeCase):
    """An index of the model that comes with recto."""

    def setUp(self):
        super().setUp()
        self.pdf = self.write("manual.pdf", document_pdf(PAGES))
        self.index = self.path("index")
        self.succeed("index", "create", self.index)
        self.succeed("index", "add", self.index, self.pdf)

    def test_without_a_name_the_model_is_the_one_that_comes_with_recto(self):
        for arguments in [(), ("--index", self.index)]:
            server = self.serve(*arguments)
            self.assertEqual(server.ask("/v1/models")[2]["data"][0]["id"], "nano-retriever")
            wanted = self.embedded("--query", "valve", "--image", self.write("a.png", png(300, 400)))
            body = {"input": ["valve", {"content": picture(png(300, 400))}]}
            found = [row["embedding"] for row in server.ask("/v1/embeddings", body)[2]["data"]]
            self.assert_vectors(found, wanted["embeddings"])
            answer = server.ask("/embed_sparse", {"inputs": body["input"]})[2]
            offsets = wanted["sparse_offsets"]
            for i, entries in enumerate(answer):
                part = slice(offsets[i], offsets[i + 1])
                self.assertEqual([e["index"] for e in entries], wanted["sparse_ids"][part].tolist())
                self.assert_vectors([e["value"] for e in entries], wanted["sparse_weights"][part])
            self.assertEqual(server.end(), 0)

    def test_dimensions(self):
        server = self.serve()
        for number in json.loads((SOURCE / "models/nano-retriever/retriever.json").read_text())["dimensions"]:
            wanted = self.embedded("--query", "valve", "--dimensions", number)["embeddings"]
            for path, body in [("/v1/embeddings", {"input": "valve", "dimensions": number}),
                               ("/embed", {"inputs": "valve", "dimensions": number}),
                               ("/v2/embed", {"texts": ["valve"], "input_type": "search_query", "output_dimension": number})]:
                answer = server.ask(path, body)[2]
                found = answer if isinstance(answer, list) else (
                    [answer["data"][0]["embedding"]] if "data" in answer else answer["embeddings"]["float"])
                self.assert_vectors(found, wanted)

    def test_pages_are_those_of_search(self):
        server = self.serve("--index", self.index)
        for mode in ("dense", "sparse", "hybrid", None):
            more = ["--mode", mode] if mode else []
            wanted = json.loads(self.succeed("search", "--index", self.index, "--query", "oil of the journal", "--k", 2,
                                             "--json", *more).out)
            body = {"query": "oil of the journal", "k": 2, **({"mode": mode} if mode else {})}
            status, _, found = server.ask("/v1/search", body)
            self.assertEqual(status, 200, found)
            images = [hit.pop("image") for hit in found["hits"]]
            self.assertEqual(found.pop("truncated"), False)
            for hit, other in zip(found["hits"], wanted["hits"]):
                self.assertAlmostEqual(hit.pop("score"), other.pop("score"), places=5)
            self.assertEqual(found, wanted)
            status, headers, jpeg = server.ask(images[0])
            self.assertEqual((status, headers["Content-Type"], jpeg[:3]), (200, "image/jpeg", b"\xff\xd8\xff"))
            page = server.ask(images[0].removesuffix("/image"))[2]
            self.assertEqual(page["page_id"], found["hits"][0]["page_id"])
            self.assertEqual(page["text"].split("\n")[0].strip(), PAGES[page["page"] - 1][0])
        ranks = server.ask("/v1/search", {"query": "valve", "fusion": "ranks", "fusion_k": 10})
        self.assertEqual(ranks[0], 200, ranks)
        for body, says in [({"query": " "}, "query"), ({}, "query"), ({"query": "a", "k": 0}, "k: 0"),
                           ({"query": "a", "k": 1001}, "1000"), ({"query": "a", "mode": "fast"}, "fast"),
                           ({"query": "a", "fusion": "sum"}, "sum"), ({"query": "a", "fusion_k": 3}, "fusion_k"),
                           ({"query": "a", "mode": "dense", "fusion": "ranks"}, "hybrid"),
                           ({"query": "a", "fusion": "ranks", "fusion_k": -1}, "fusion_k")]:
            self.assert_refused(server.ask("/v1/search", body), 400, says)
        for path in ("/v1/pages/x/image", "/v1/pages/", "/v1/pages/../../etc/passwd", f"/v1/pages/{'0' * 64}-1"):
            self.assert_refused(server.ask(path), 404, "no page")

    def test_documents_that_are_added_later_are_found(self):
        server = self.serve("--index", self.index)
        self.assertEqual(len(server.ask("/v1/search", {"query": "valve"})[2]["hits"]), 3)
        self.succeed("index", "add", self.index, self.write("b.pdf", document_pdf([["Gasket"], ["Gearbox"]])))
        deadline = time.monotonic() + 30
        while len(hits := server.ask("/v1/search", {"query": "valve"})[2]["hits"]) < 5:
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual({hit["source_name"] for hit in hits}, {"manual.pdf", "b.pdf"})
        self.assertEqual(server.ask("/info")[2]["index"]["pages"], 5)

    def test_the_search_page(self):
        server = self.serve("--index", self.index)
        status, headers, page = server.ask("/")
        self.assertEqual((status, headers.get_content_type()), (200, "text/html"))
        self.assertIn("script-src 'self'", headers["Content-Security-Policy"])
        self.assertEqual(page, (SOURCE / "web/index.html").read_bytes())
        for name, kind in [("search.js", "text/javascript"), ("search.css", "text/css"),
                           ("icon.svg", "image/svg+xml")]:
            self.assertIn(f'"/{name}"'.encode(), page)
            status, headers, content = server.ask(f"/{name}")
            self.assertEqual((status, headers.get_content_type()), (200, kind))
            self.assertEqual(content, (SOURCE / "web" / name).read_bytes())

    def test_a_damaged_index_is_no_fault_of_the_client(self):
        server = self.serve("--index", self.index)
        data = bytearray((self.index / "vectors.bin").read_bytes())
        data[-1] ^= 1
        (self.index / "vectors.bin").write_bytes(data)
        self.assert_refused(server.ask("/v1/search", {"query": "valve"}), 500, "log")
        server.wait_for("do not agree with their checksum")
        self.assertEqual(server.ask("/health")[0], 200)

    def test_eval_measures_it_as_a_model(self):
        dataset = self.path("dataset")
        self.succeed("curate", self.pdf, "--output", dataset, "--near-duplicates", "off", "--test-documents", "*")
        server = self.serve()
        result = self.path("result")
        self.succeed("eval", "--data", dataset, "--model", SOURCE / "models/nano-retriever", "--embeddings-endpoint",
                     server.url, "--embeddings-model", "nano-retriever", "--output", result)
        runs = [[line.split()[:4] for line in (result / name).read_text().splitlines()]
                for name in ("run.trec", "run.endpoint.trec")]
        self.assertEqual(runs[0], runs[1])
        self.assertGreater(len(runs[0]), len(PAGES))


class ServingLimits(ServeCase):
    """What is too large, too many, too slow or no HTTP."""

    def test_sizes_are_named(self):
        server = self.serve("--model", model(), "--max-body-mib", 1, "--max-inputs", 2)
        big = b'{"input": "' + b"x" * (1 << 20) + b'"}'
        self.assert_refused(server.ask("/v1/embeddings", raw=big), 413, str(len(big)), str(1 << 20))
        self.assert_refused(server.ask("/v1/embeddings", {"input": ["a"] * 3}), 413, "input: has 3 inputs", "at most 2")
        self.assert_refused(server.ask("/embed", {"inputs": "x" * 300_000}), 413, "300000 bytes", str(256 << 10))
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in [big[:700000], big[700000:]]) + b"0\r\n\r\n"
        head = b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self.assertIn(b" 413 ", server.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks))
        small = b'{"input": "a"}'
        answer = server.send(head + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
                             b"".join(b"1\r\n%c\r\n" % c for c in small) + b"0\r\n\r\n")
        self.assertIn(b" 200 ", answer)
        self.assertIn(b" 431 ", server.send(b"GET /health HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n"))
        self.assertEqual(server.ask("/health")[0], 200)

    def test_what_is_no_http(self):
        server = self.serve("--model", model())
        for data in [b"\0" * 100, b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00" + b"a" * 500,
                     b"POST /embed HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n",
                     b"POST /embed HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"]:
            self.assertIn(b" 400 ", server.send(data)[:20], data)
        with server.connect() as connection:  # gone in the middle of a body
            connection.sendall(b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               b"Content-Length: 100\r\n\r\n{")
        self.assertEqual(server.ask("/embed", {"inputs": "a"})[0], 200)
        self.assertEqual(server.end(), 0)

    def test_json_of_many_values(self):
        """Neither time with the square of their number, nor memory for all of them."""
        server = self.serve("--model", model())
        for piece in (b"{},", b"[],", b"1,"):
            start, before = time.monotonic(), server.resident_kib()
            body = b'{"inputs": "a", "more": [' + piece * ((20 << 20) // len(piece)) + b"0]}"
            self.assert_refused(server.ask("/embed", raw=body), 413, "100000 values")
            self.assertLess(time.monotonic() - start, 20)
            self.assertLess(server.resident_kib() - before, 200 << 10)
        self.assertEqual(server.end(), 0)

    def test_heads_that_can_be_read_twice(self):
        server = self.serve("--model", model())
        head = b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        inner = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for more, status in [(b"Transfer-Encoding: gzip\r\n", 501), (b"Transfer-Encoding: gzip, chunked\r\n", 501),
                             (b"Host: other\r\n", 400), (b"Content-Encoding: gzip\r\nContent-Length: 44\r\n", 415)]:
            answer = server.send(head + more + b"\r\n" + inner)
            self.assertIn(b" %d " % status, answer[:20], more)
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, more)

    def test_bodies_have_room_together(self):
        server = self.serve("--model", model())
        head = (b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Expect: 100-continue\r\n%s\r\n\r\n")
        with contextlib.ExitStack() as stack:
            def open_one(length):
                connection = stack.enter_context(server.connect())
                connection.sendall(head % length)
                return connection.recv(1000)[:12]
            # What has no length yet takes none.
            for _ in range(20):
                self.assertEqual(open_one(b"Transfer-Encoding: chunked"), b"HTTP/1.1 100")
            self.assertEqual(server.ask("/embed", {"inputs": "a"})[0], 200)
            found = [open_one(b"Content-Length: %d" % (60 << 20)) for _ in range(9)]
            self.assertEqual(found, [b"HTTP/1.1 100"] * 8 + [b"HTTP/1.1 503"])
            self.assertEqual(server.ask("/embed", {"inputs": "a"})[0], 200)
        self.assertEqual(server.end(), 0)

    def test_few_files(self):
        server = self.serve("--model", model(), before=["prlimit", "--nofile=300:300"])
        self.assertIn("at most 150 connections", server.text())
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(server.connect())
            for _ in range(200):
                stack.enter_context(server.connect())
            body = json.dumps({"inputs": [{"content": picture(png(60, 80))}]}).encode()
            first.sendall(b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                          b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            self.assertIn(b" 200 ", read_all(first)[:20])
        self.assertEqual(server.ask("/health")[0], 200)

    def test_one_more_than_can_be_in_hand(self):
        server = self.serve("--max-requests", 1)
        body = {"input": [{"content": picture(noise_png(60, 80, 1))}] * 20}
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(server.ask, "/v1/embeddings", body)
            while "te_embed_inference_duration_count" not in server.ask("/metrics")[2].decode():
                self.assertFalse(first.done(), first)
            status, headers, answer = server.ask("/embed", {"inputs": "a"})
            self.assert_refused((status, headers, answer), 429, "Overloaded")
            self.assertEqual(headers["Retry-After"], "1")
            self.assertEqual(server.ask("/health")[0], 200)
            self.assertIn('te_request_failure{method="embed",status="429"} 1', server.ask("/metrics")[2].decode())
            self.assertEqual(first.result()[0], 200)
        self.assertEqual(server.ask("/embed", {"inputs": "a"})[0], 200)

    def test_a_connection_takes_many_requests(self):
        server = self.serve("--model", model())
        body = b'{"inputs": "a"}'
        one = (b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body)) + body
        last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.assertEqual(server.send(one * 5 + last).count(b"HTTP/1.1 200 "), 6)


class ServingKeys(ServeCase):
    """Who is let in."""

    def test_everything_but_health_wants_a_key(self):
        keys = self.write("keys", f"# of the intranet\n{KEY}\n\nanother-key-of-32-characters-0000\n")
        server = self.serve("--model", model(), "--api-key-file", keys, "--host", "0.0.0.0")
        server.url = f"http://127.0.0.1:{server.port}"
        basic = base64.b64encode(f"anyone:{KEY}".encode()).decode()
        paths = [("/v1/embeddings", {"input": "a"}), ("/v2/embed", {"texts": ["a"]}), ("/embed", {"inputs": "a"}),
                 ("/embed_sparse", {"inputs": "a"}), ("/v1/search", {"query": "a"}), ("/v1/models", None),
                 ("/info", None), ("/metrics", None), ("/", None), ("/search.js", None), ("/nothing", None),
                 ("/v1/pages/x", None)]
        for path, body in paths:
            for header in (None, "Bearer wrong", KEY, f"Bearer {KEY}x", "Bearer", "Basic !", "Basic " + base64.b64encode(
                    KEY.encode()).decode(), "Bearer # of the intranet"):
                headers = {"Authorization": header} if header else {}
                self.assert_refused(server.ask(path, body, headers), 401, "Authorization")
        self.assertEqual(server.ask("/health")[0], 200)
        for header in (f"Bearer {KEY}", f"bearer  {KEY}", f"Basic {basic}", "Bearer another-key-of-32-characters-0000"):
            self.assertEqual(server.ask("/embed", {"inputs": "a"}, {"Authorization": header})[0], 200)
        self.assertIn("Basic", server.ask("/")[1]["WWW-Authenticate"])
        self.assertNotIn(KEY, server.text())
        from openai import OpenAI
        client = OpenAI(base_url=server.url + "/v1", api_key=KEY)
        self.assertEqual(len(client.embeddings.create(model=model().name, input="a").data), 1)

    def test_without_a_key_other_names_are_no_way_in(self):
        server = self.serve("--model", model())
        for host, status in [("evil.example", 403), ("evil.example:80", 403), ("127.0.0.1.evil.example", 403),
                             ("localhost", 200), ("LOCALHOST:80", 200), ("[::1", 403), (f"127.0.0.1:{server.port}", 200), ("[::1]:80", 200), ("::1", 403)]:
            answer = server.send(f"GET /v1/models HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            self.assertIn(f" {status} ".encode(), answer[:20], host)
        server = self.serve("--model", model(), "--without-key")
        self.assertEqual(server.ask("/v1/models", headers={"Host": "evil.example"})[0], 200)

    def test_what_cannot_be_started(self):
        keys = self.write("keys", KEY)
        cert, key = certificate(self.directory)
        locked = self.path("locked.pem")
        subprocess.run(["openssl", "ec", "-aes256", "-passout", "pass:secret", "-in", key, "-out", locked], check=True,
                       capture_output=True)
        taken = self.serve("--model", model()).port
        for status, arguments, says in [
                (2, ["--host", "0.0.0.0"], ["--api-key-file", "--without-key"]),
                (2, ["--host", "example.org", "--without-key"], ["--host", "address"]),
                (2, ["--api-key-file", keys, "--without-key"], ["exclude"]),
                (2, ["--tls-key", key], ["--tls-certificate"]),
                (1, ["--api-key-file", self.path("none")], ["none"]),
                (1, ["--api-key-file", self.write("short", "secret")], ["short line 1", "at least 16"]),
                (1, ["--api-key-file", self.write("blank", "# nothing\n")], ["holds no key"]),
                (1, ["--api-key-file", self.write("bad", "schlüssel-schlüssel")], ["bad line 1", "ascii"]),
                (1, ["--tls-certificate", keys, "--tls-key", key], ["keys", "pem"]),
                (1, ["--tls-certificate", cert, "--tls-key", keys], ["key", "pem"]),
                (1, ["--tls-certificate", cert, "--tls-key", locked], ["locked.pem", "without a pass phrase"]),
                (1, ["--port", taken], [str(taken), "--port"]),
                (1, ["--index", self.path("none")], ["none", "index create"]),
                (2, ["--max-inputs", 0], ["--max-inputs"])]:
            result = self.fail_with(status, "serve", "--model", model(), *(
                arguments if "--port" in arguments else ["--port", 0, *arguments]), says=says)
            self.assertNotIn("schl", result.err)
            self.assertNotIn("secret", result.err)

    def test_tls(self):
        cert, key = certificate(self.directory)
        server = self.serve("--model", model(), "--tls-certificate", cert, "--tls-key", key)
        self.assertTrue(server.url.startswith("https://"))
        wanted = self.embedded("--model", model(), "--query", "x")["embeddings"]
        for _ in range(2):
            self.assert_vectors(server.ask("/embed", {"inputs": "x"}, context=trust(cert))[2], wanted)
        big = {"inputs": "x" * (65 << 20)}
        self.assert_refused(server.ask("/embed", big, context=trust(cert)), 413, str(64 << 20))
        self.assertNotIn(b"200", server.send(b"GET /health HTTP/1.1\r\n\r\n"))
        self.assertEqual(server.ask("/health", context=trust(cert))[0], 200)
        self.assertEqual(server.end(), 0)

    def test_options_from_the_environment(self):
        keys = self.write("keys", KEY)
        server = self.serve(env={"RECTO_MODEL": str(model()), "RECTO_API_KEY_FILE": str(keys), "RECTO_MODEL_NAME": "ours"})
        self.assertEqual(server.ask("/v1/models")[0], 401)
        answer = server.ask("/v1/models", headers={"Authorization": f"Bearer {KEY}"})[2]
        self.assertEqual(answer["data"][0]["id"], "ours")


class ServingEnd(ServeCase):
    """A server that is told to end."""

    def asked(self, server, images):
        """A thread that asks for vectors of many pictures, which are in the model's hands by now."""
        body = {"input": [{"content": picture(noise_png(60, 80, i % 4))} for i in range(images)]}
        pool = concurrent.futures.ThreadPoolExecutor(1)
        future = pool.submit(server.ask, "/v1/embeddings", body)
        self.addCleanup(pool.shutdown)
        while "te_embed_inference_duration_count" not in server.ask("/metrics")[2].decode():
            self.assertFalse(future.done(), future)
        return future

    def test_what_is_in_hand_is_answered(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.serve()
            with server.connect() as idle:
                future = self.asked(server, 12)
                server.process.send_signal(number)
                self.assertEqual(read_all(idle), b"")  # it had asked nothing
                status, headers, answer = future.result()
                self.assertEqual((status, len(answer["data"])), (200, 12))
                self.assertEqual(headers["Connection"], "close")
            with self.assertRaises(OSError):
                server.connect()
            self.assertEqual(server.process.wait(60), 0)
            server.wait_for("the server has ended")

    def test_not_longer_than_was_said(self):
        server = self.serve("--drain-seconds", 0)
        future = self.asked(server, 250)
        server.process.send_signal(signal.SIGTERM)
        start = time.monotonic()
        self.assert_refused(future.result(), 503)
        self.assertEqual(server.process.wait(60), 0)
        self.assertLess(time.monotonic() - start, 20)  # and not the minutes of 250 pictures

    def test_a_second_signal_ends_it_at_once(self):
        server = self.serve()
        self.asked(server, 250)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("ending")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(30), 130)


if __name__ == "__main__":
    unittest.main()
