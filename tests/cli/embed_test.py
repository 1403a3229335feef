"""recto embed, inspect and model create: rows, order, ids, formats, contract."""
import hashlib
import json
import unittest

import numpy as np

from support import GOLDENS, SOURCE, Case, document_pdf, model, noise_png, read_tensors


def read_npy(path):
    return np.load(path, allow_pickle=False)


class Rows(Case):
    def setUp(self):
        super().setUp()
        for i in range(3):
            self.write(f"i{i}.png", noise_png(40 + 9 * i, 30, i))
        self.write("a.pdf", document_pdf([["first"], ["second"]]))
        self.write("b.pdf", document_pdf([["other"]]))

    def embed(self, *arguments):
        output = self.path("out.safetensors")
        result = self.succeed("embed", "--model", model(), *arguments, "--output", output)
        tensors, metadata = read_tensors(output)
        self.assertEqual(set(tensors), {"embeddings"})
        self.assertEqual(tensors["embeddings"].dtype, np.float32)
        self.assertRegex(metadata["contract"], "^[0-9a-f]{64}$")
        np.testing.assert_allclose(np.linalg.norm(tensors["embeddings"], axis=1), 1, atol=1e-5)
        self.result = result
        return json.loads(metadata["ids"]), tensors["embeddings"]

    def test_order_is_queries_images_pdfs_lines(self):
        lines = self.write_lines("l.jsonl", [
            {"id": "z", "passage": "a passage"}, {"id": 7, "query": "a query"}, {"id": "p2", "pdf": "a.pdf", "page": 2},
            {"id": "c", "image": "i1.png", "text": "with words"}, {"id": "q", "query": "what?", "image": "i1.png"},
            {"id": "i", "image": "i0.png"}])
        a, b = self.path("a.pdf"), self.path("b.pdf")
        i0, i2 = self.path("i0.png"), self.path("i2.png")
        ids, rows = self.embed("--input", lines, "--pdf", b, "--image", i2, "--query", "one", "--pdf", a, "--image",
                               i0, "--query", "two")
        self.assertEqual(ids, ["query:1", "query:2", str(i2), str(i0), f"{b}#page=1", f"{a}#page=1", f"{a}#page=2",
                               "z", "7", "p2", "c", "q", "i"])
        self.assertEqual(rows.shape[0], 13)
        by_id = dict(zip(ids, rows))
        np.testing.assert_allclose(by_id["p2"], by_id[f"{a}#page=2"], atol=1e-5)
        np.testing.assert_allclose(by_id["i"], by_id[str(i0)], atol=1e-5)
        for first, second in (("c", "q"), ("query:1", "query:2"), (f"{a}#page=1", f"{a}#page=2")):
            self.assertGreater(np.abs(by_id[first] - by_id[second]).max(), 1e-4)

    def test_the_same_input_twice_is_two_equal_rows(self):
        ids, rows = self.embed("--query", "a", "--query", "a")
        self.assertEqual(ids, ["query:1", "query:2"])
        np.testing.assert_array_equal(rows[0], rows[1])

    def test_ids_differ(self):
        image, pdf = self.path("i0.png"), self.path("b.pdf")
        odd = self.write("b.pdf#page=1", noise_png(20, 20, 7))
        ids, rows = self.embed("--image", image, "--image", image, "--pdf", pdf, "--image", image, "--pdf", pdf)
        self.assertEqual(ids, [f"{image}", f"{image}#2", f"{image}#3", f"{pdf}#page=1", f"{pdf}#2#page=1"])
        np.testing.assert_allclose(rows[1:3], rows[[0, 0]], atol=1e-5)
        np.testing.assert_allclose(rows[4], rows[3], atol=1e-5)
        self.assertEqual(self.embed("--image", odd, "--pdf", pdf)[0], [f"{odd}", f"{pdf}#2#page=1"])

    def test_a_line_with_the_id_of_another_row(self):
        pdf = self.path("a.pdf")
        for taken in ("query:2", str(self.path("i0.png")), f"{pdf}#page=2"):
            with self.subTest(taken=taken):
                lines = self.write_lines("l.jsonl", [{"id": "mine", "query": "x"}, {"id": taken, "query": "y"}])
                output = self.path("none.npy")
                self.fail_with(1, "embed", "--model", model(), "--query", "a", "--query", "b", "--image",
                               self.path("i0.png"), "--pdf", pdf, "--input", lines, "--output", output,
                               says=["l.jsonl:2", f'the id "{taken}" is that of an earlier row'])
                self.assert_absent(output)
        lines = self.write_lines("l.jsonl", [{"id": "query:3", "query": "x"}, {"id": f"{pdf}#page=x", "query": "y"}])
        self.assertEqual(self.embed("--query", "a", "--pdf", pdf, "--input", lines)[0][-2:],
                         ["query:3", f"{pdf}#page=x"])

    def test_batches_change_nothing(self):
        lines = self.write_lines("l.jsonl", [{"id": i, "query": "word " * (i % 13 + 1)} for i in range(60)] +
                                 [{"id": f"p{i}", "image": f"i{i}.png"} for i in range(3)])
        ids, wanted = self.embed("--input", lines)
        for tokens in (1, 37, 100_000):
            again, rows = self.embed("--input", lines, "--batch-tokens", tokens, "--threads", 2)
            self.assertEqual(again, ids)
            np.testing.assert_allclose(rows, wanted, atol=1e-5)

    def test_paths_are_relative_to_the_table(self):
        self.write("sub/page.png", noise_png(20, 20, 5))
        lines = self.write_lines("sub/l.jsonl", [{"id": "a", "image": "page.png"}])
        self.assertEqual(self.embed("--input", lines)[0], ["a"])

    def test_parquet_input(self):
        """Images out of a table that datasets wrote; a row whose query is empty is skipped."""
        folder = GOLDENS / "parquet"
        if not (folder / "expected.json").exists():
            folder = SOURCE / "tests/goldens/parquet"
        rows = json.loads((folder / "expected.json").read_text())["rows"]
        output = self.path("t.safetensors")
        result = self.fail_with(1, "embed", "--model", model(), "--input", folder / "pages.parquet", "--keep-going",
                                "--output", output)
        good = [i for i, query in enumerate(rows["query"]) if query.strip()]
        self.assertEqual(json.loads(read_tensors(output)[1]["ids"]), [rows["id"][i] for i in good])
        self.assertEqual(result.err.count("skipped:"), len(rows["id"]) - len(good))

    def test_settings_make_another_contract(self):
        def contract(*arguments):
            self.embed("--query", "a", *arguments)
            return read_tensors(self.path("out.safetensors"))[1]["contract"]
        seen = [contract(), contract("--longest-edge", 101), contract("--position-ids", "hf-4.55-fp32"),
                contract("--resample-order", "pillow13"), contract("--image-splitting", "on"),
                contract("--image-splitting", "off"), contract("--image-splitting", "on", "--second-edge", 300)]
        self.assertEqual(len(set(seen)), 6)  # one of on and off is the model's own
        self.assertEqual(contract("--threads", 1), seen[0])

    def test_a_directory_without_contract_is_said_once(self):
        self.embed("--query", "a")
        if not (model() / "retriever.json").exists():
            self.assertEqual(self.result.err.count("retriever.json"), 1, self.result.err)

    def test_dimensions_of_the_contract(self):
        directory = self.copy_model()
        self.succeed("embed", "--model", directory, "--query", "a", "--output", self.path("full.safetensors"))
        full = read_tensors(self.path("full.safetensors"))[0]["embeddings"]
        width = full.shape[1]
        self.succeed("embed", "--model", directory, "--query", "a", "--output", self.path("same.npy"),
                     "--dimensions", width)
        result = self.fail_with(2, "embed", "--model", directory, "--query", "a", "--output", self.path("half.npy"),
                                "--dimensions", width // 2, says=[str(width)])
        self.assertIn(str(width // 2), result.err)

    def test_json_report(self):
        result = self.succeed("embed", "--model", model(), "--query", "a", "--output", self.path("o.npy"), "--json")
        report = json.loads(result.out)
        self.assertEqual((report["rows"], report["failed"]), (1, 0))


class Formats(Case):
    """One table in four formats: the same ids and the same numbers."""

    def test_all(self):
        lines = self.write_lines("l.jsonl", [{"id": f"id {i} \u00e9", "query": f"query {i}"} for i in range(7)])
        wanted, metadata = None, None
        for ending in ("safetensors", "npy", "jsonl", "parquet"):
            output = self.path(f"out.{ending}")
            self.succeed("embed", "--model", model(), "--input", lines, "--output", output)
            if ending == "safetensors":
                tensors, metadata = read_tensors(output)
                wanted = tensors["embeddings"]
                ids = json.loads(metadata["ids"])
            elif ending == "npy":
                np.testing.assert_array_equal(read_npy(output), wanted)
            elif ending == "jsonl":
                rows = [json.loads(line) for line in output.read_text().splitlines()]
                self.assertEqual([row["id"] for row in rows], ids)
                vectors = np.array([next(v for v in row.values() if isinstance(v, list)) for row in rows], np.float32)
                np.testing.assert_array_equal(vectors, wanted)
            else:
                self.assertEqual(output.read_bytes()[:4], b"PAR1")
        self.assertEqual(ids, [f"id {i} \u00e9" for i in range(7)])

    def test_same_input_same_bytes(self):
        digests = set()
        for name in ("a.safetensors", "b.safetensors"):
            self.succeed("embed", "--model", model(), "--query", "x", "--query", "y", "--output", self.path(name))
            digests.add(hashlib.sha256(self.path(name).read_bytes()).hexdigest())
        self.assertEqual(len(digests), 1)


class Models(Case):
    def create(self, name, seed):
        self.succeed("model", "create", "--preset", "nano", "--seed", seed, "--output", self.path(name))
        files = sorted(self.path(name).glob("*.safetensors"))
        return [hashlib.sha256(f.read_bytes()).hexdigest() for f in files]

    def test_nano(self):
        first, same, other = self.create("a", 1), self.create("b", 1), self.create("c", 2)
        self.assertEqual(first, same)
        self.assertNotEqual(first, other)
        self.write("page.png", noise_png(200, 300, 1))
        self.succeed("embed", "--model", self.path("a"), "--query", "a page", "--image", self.path("page.png"),
                     "--output", self.path("o.safetensors"))
        self.fail_with(2, "model", "create", "--preset", "nano", "--output", self.path("a"), says=["exists"])


class Inspecting(Case):
    def inspect(self, *arguments):
        output = self.path("o.safetensors")
        self.succeed("inspect", "--model", model(), *arguments, "--output", output)
        return read_tensors(output)[0]

    def test_texts_have_ids_and_an_empty_grid(self):
        found = self.inspect("--text", "some text")
        self.assertEqual(set(found), {"input_ids", "grid"})
        self.assertEqual(found["grid"].tolist(), [0, 0])

    def test_images_have_pixels(self):
        self.write("p.png", noise_png(120, 400, 1))
        found = self.inspect("--image", self.path("p.png"))
        views, channels, height, width = found["pixel_values"].shape
        rows, columns = found["grid"].tolist()
        self.assertEqual((channels, height), (3, width))
        self.assertEqual(views, rows * columns + 1)

    def test_a_second_edge_has_a_grid_beside_the_first(self):
        self.write("p.png", noise_png(120, 400, 1))
        found = self.inspect("--image", self.path("p.png"), "--image-splitting", "on", "--second-edge", 600)
        first, second = found["grid"].reshape(2, 2).prod(1).tolist()
        self.assertGreater(second, 0)
        self.assertEqual(found["pixel_values"].shape[0], first + second + 1)

    def test_two_images_have_a_grid_each(self):
        for i, size in enumerate(((120, 400), (400, 120))):
            self.write(f"p{i}.png", noise_png(*size, i))
        messages = self.write("m.json", json.dumps([{"role": "user", "content": [
            {"type": "image", "path": "p0.png"}, {"type": "image", "path": "p1.png"},
            {"type": "text", "text": "Compare."}]}]))
        found = self.inspect("--messages", messages)
        grids = found["grid"].tolist()
        self.assertEqual(len(grids), 2)
        self.assertEqual(found["pixel_values"].shape[0], sum(r * c + 1 for r, c in grids))
        alone = [self.inspect("--image", self.path(f"p{i}.png"))["pixel_values"] for i in range(2)]
        np.testing.assert_array_equal(found["pixel_values"], np.concatenate(alone))


if __name__ == "__main__":
    unittest.main()
