"""A model with a sparse output: embed, index, search by either kind of vectors or both."""
import json
import unittest

import numpy as np
from safetensors.numpy import save_file

from support import Case, document_pdf, model, read_tensors

VOCABULARY, WIDTH = 4096, 320


class Sparse(Case):
    def setUp(self):
        super().setUp()
        self.model = self.path("model")
        self.succeed("model", "create", "--preset", "nano", "--seed", 3, "--output", self.model)
        random = np.random.default_rng(4)
        save_file({"bias": random.normal(0, 0.5, VOCABULARY).astype(np.float32),
                   "norm.weight": np.full(WIDTH, 3, np.float32),
                   "projection.weight": random.normal(0, 0.05, (WIDTH, WIDTH)).astype(np.float32)},
                  self.model / "sparse_head.safetensors")
        contract = json.loads((self.model / "retriever.json").read_text())
        contract["outputs"] = ["dense", "sparse"]
        contract["sparse"] = {"kind": "vocabulary_softmax", "tap": "connector", "saturation": 8, "top_n": 300,
                              "weights_sha256": ""}
        (self.model / "retriever.json").write_text(json.dumps(contract))
        pages = [[f"page {i} of the {word}"] * (4 + i) for i, word in enumerate(["valve", "rotor", "journal", "yoke"])]
        self.pdf = self.write("manual.pdf", document_pdf(pages))

    def rows(self, *arguments):
        """Ids and dense [n, VOCABULARY] sparse vectors of embed's output."""
        output = self.path("rows.safetensors")
        self.succeed("embed", "--model", self.model, *arguments, "--longest-edge", 512, "--output", output)
        tensors, metadata = read_tensors(output)
        rows = np.zeros((len(tensors["sparse_offsets"]) - 1, VOCABULARY))
        for i, (first, end) in enumerate(zip(tensors["sparse_offsets"], tensors["sparse_offsets"][1:])):
            rows[i, tensors["sparse_ids"][first:end]] = tensors["sparse_weights"][first:end]
        return json.loads(metadata["ids"]), rows

    def words_of(self, pages):
        """A query of ten whole words that the pages have, as the random head reads them."""
        vocabulary = json.loads((self.model / "tokenizer.json").read_text())["model"]["vocab"]
        words = {token[1:]: i for token, i in vocabulary.items() if token[0] == "\u0120" and token[1:].isalpha()}
        own = sorted(word for word, i in words.items() if 0 < (pages[:, i] > 0).sum())
        self.assertGreater(len(own), 10)
        return " ".join(own[::len(own) // 10])

    def search(self, query, *arguments):
        out = self.succeed("search", "--index", self.path("index"), "--query", query, "--json", *arguments).out
        return [(hit["page"], hit["score"]) for hit in json.loads(out)["hits"]]

    def test_embed_writes_both(self):
        ids, rows = self.rows("--query", "valve valve journal", "--pdf", self.pdf)
        self.assertEqual(len(ids), 5)
        np.testing.assert_allclose(sorted(set(np.round(rows[0][rows[0] > 0], 5))),
                                   np.round(np.log([2, 3]), 5), atol=1e-5)
        for row in rows[1:]:
            self.assertEqual((row > 0).sum(), 300)
        result = self.succeed("embed", "--model", self.model, "--query", "a", "--output", self.path("v.npy"))
        self.assertIn("sparse vectors are left out", result.err)

    def test_search_is_the_formula(self):
        index = self.path("index")
        self.succeed("index", "create", index, "--model", self.model, "--longest-edge", 512)
        self.succeed("index", "add", index, self.pdf)
        query = self.words_of(self.rows("--pdf", self.pdf)[1])
        rows = self.rows("--query", query, "--pdf", self.pdf)[1]
        pages = rows[1:]
        frequency = (1 - np.exp(-np.expm1(pages))).sum(0)
        idf = np.where(frequency > 0, np.log(5 / (frequency + 1)), 0)
        unit = lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)
        wanted = pages / np.sqrt(np.linalg.norm(pages, axis=1, keepdims=True)) @ unit(rows[0] * idf)
        self.assertGreater((wanted > 0).sum(), 1)
        found = self.search(query, "--mode", "sparse")
        self.assertEqual([page for page, _ in found], [int(p) + 1 for p in np.argsort(-wanted) if wanted[p] > 0])
        np.testing.assert_allclose([score for _, score in found], np.sort(wanted[wanted > 0])[::-1], atol=1e-5)
        dense = [page for page, _ in self.search(query, "--mode", "dense")]
        sums = {page: 1 / (5 + dense.index(page) + 1) for page in dense}
        for rank, (page, _) in enumerate(found, 1):
            sums[page] += 1 / (5 + rank)
        fused = self.search(query, "--fusion-k", 5)
        np.testing.assert_allclose([score for _, score in fused], sorted(sums.values(), reverse=True), atol=1e-6)
        self.assertEqual(fused, self.search(query, "--mode", "hybrid", "--fusion", "ranks", "--fusion-k", 5))
        scores = dict(self.search(query, "--mode", "dense"))
        sums = {page: score - min(scores.values()) + dict(found).get(page, 0) / 2 for page, score in scores.items()}
        added = self.search(query, "--fusion", "scores")
        self.assertEqual(dict(added).keys(), sums.keys())
        for page, score in added:
            self.assertAlmostEqual(score, sums[page], delta=1e-5)
        self.fail_with(2, "search", "--index", index, "--query", query, "--fusion", "scores", "--fusion-k", 5,
                       says=["--fusion-k", "--fusion ranks"])
        for option in (("--fusion", "ranks"), ("--fusion-k", 5)):
            self.fail_with(2, "search", "--index", index, "--query", query, "--mode", "dense", *option,
                           says=[f"{option[0]} does nothing without --mode hybrid"])

    def test_what_cannot_be_asked(self):
        index = self.path("dense")
        self.succeed("index", "create", index, "--model", model())
        self.fail_with(1, "search", "--index", index, "--query", "a", "--mode", "sparse", says=["no sparse vectors"])
        self.fail_with(2, "search", "--index", index, "--query", "a", "--mode", "bm25", says=["--mode"])
        (self.model / "sparse_head.safetensors").unlink()
        self.fail_with(1, "index", "create", self.path("x"), "--model", self.model, says=["sparse_head.safetensors"])


if __name__ == "__main__":
    unittest.main()
