"""The whole way of the data on small PDFs: curate, train, evaluate, index, search."""
import json
import os
import signal
import unittest

import numpy as np

from support import BUILD, Case, Started, document_pdf, golden_models, model, noise_png, read_png, read_tensors

WORDS = ("anchor bearing casing dowel engine flange gasket hinge inlet journal keyway lever manifold nozzle outlet "
         "piston quill rotor shaft turbine union valve washer yoke").split()


def manual(number, pages=4, verb="Mounting"):
    """A document whose headings are its own and stand on their pages."""
    document = []
    for page in range(pages):
        words = [WORDS[(number * 7 + page * 3 + i) % len(WORDS)] for i in range(4)]
        heading = f"{verb} the {words[0]} of the {words[1]} {number}{page}"
        document.append([heading] + [f"The {w} of machine {number} is checked on page {page}, step {i}."
                                     for i, w in enumerate(words * 3)])
    return document_pdf(document, title=f"Manual {number}")


class Documents(Case):
    def setUp(self):
        super().setUp()
        for number in range(6):
            self.write(f"pdf/manual-{number}.pdf", manual(number))
        self.write("pdf/held-out.pdf", manual(9))
        self.write("pdf/scan.png", noise_png(200, 280, 1))


class Index(Documents):
    def setUp(self):
        super().setUp()
        self.index = self.path("index")
        self.succeed("index", "create", self.index, "--model", model())

    def search(self, query, *arguments):
        return json.loads(self.succeed("search", "--index", self.index, "--query", query, "--json", *arguments).out)

    def test_add_and_search(self):
        report = json.loads(self.succeed("index", "add", self.index, self.path("pdf"), "--json").out)
        self.assertEqual((report["documents"], report["pages"], report["present"]), (8, 29, 0))
        again = json.loads(self.succeed("index", "add", self.index, self.path("pdf"), "--json").out)
        self.assertEqual((again["documents"], again["present"], again["index_pages"]), (0, 8, 29))
        found = self.search("how to mount the valve", "--k", 5)
        scores = [hit["score"] for hit in found["hits"]]
        self.assertEqual([hit["rank"] for hit in found["hits"]], [1, 2, 3, 4, 5])
        self.assertEqual(scores, sorted(scores, reverse=True))
        for hit in found["hits"]:
            self.assertEqual(hit["page_id"], f"{hit['document_id']}-{hit['page']}")
            self.assertTrue(os.path.exists(hit["path"]), hit)
        self.assertEqual(len(self.search("valve", "--k", 1000)["hits"]), 29)
        text = self.succeed("search", "--index", self.index, "--query", "valve", "--k", 2).out
        self.assertEqual(len(text.splitlines()), 2)

    def test_scores_are_those_of_embed(self):
        self.succeed("index", "add", self.index, self.path("pdf/manual-0.pdf"), self.path("pdf/scan.png"))
        output = self.path("v.safetensors")
        self.succeed("embed", "--model", model(), "--query", "valve", "--pdf", self.path("pdf/manual-0.pdf"),
                     "--image", self.path("pdf/scan.png"), "--output", output)
        rows = read_tensors(output)[0]["embeddings"]
        wanted = np.sort(rows[1:] @ rows[0])[::-1]
        found = [hit["score"] for hit in self.search("valve", "--k", 10)["hits"]]
        np.testing.assert_allclose(found, wanted, atol=2e-5)

    def test_contact_sheet(self):
        self.succeed("index", "add", self.index, self.path("pdf/manual-0.pdf"), self.path("pdf/scan.png"))
        sheet = self.path("found.png")
        sizes = []
        for query in ("valve", "the other query"):
            self.succeed("search", "--index", self.index, "--query", query, "--k", 3, "--contact-sheet", sheet)
            sizes.append(read_png(sheet.read_bytes()))
        self.assertEqual(sizes[0].shape, sizes[1].shape)
        self.assertGreater(sizes[0].shape[1], 3 * 320)
        self.assertFalse(np.array_equal(sizes[0], sizes[1]))

    def test_an_empty_index_finds_nothing(self):
        self.assertEqual(self.search("valve")["hits"], [])

    def test_bad_files(self):
        self.write("pdf/broken.pdf", b"no pdf")
        self.fail_with(1, "index", "add", self.index, self.path("pdf"), says=["broken.pdf"])
        result = self.fail_with(1, "index", "add", self.index, self.path("pdf"), "--keep-going", "--json",
                                says=["broken.pdf"])
        self.assertEqual(json.loads(result.out)["index_pages"], 29)
        self.assertEqual(len(self.search("valve", "--k", 100)["hits"]), 29)

    def test_a_model_that_moved(self):
        moved = self.copy_model("first")
        self.succeed("index", "create", self.path("other"), "--model", moved)
        moved.rename(self.path("second"))
        self.fail_with(1, "search", "--index", self.path("other"), "--query", "a", says=["first", "--model"])
        self.succeed("search", "--index", self.path("other"), "--model", self.path("second"), "--query", "a")

    def test_settings_of_the_index_are_kept(self):
        self.succeed("index", "create", self.path("small"), "--model", model(), "--longest-edge", 70,
                     "--image-splitting", "off")
        self.succeed("index", "add", self.path("small"), self.path("pdf/manual-1.pdf"))
        found = json.loads(self.succeed("search", "--index", self.path("small"), "--query", "a", "--json").out)
        self.assertEqual(len(found["hits"]), 4)

    def test_interrupted_add_keeps_whole_documents(self):
        for number in range(60):
            self.write(f"many/{number:02}.pdf", manual(number + 20, pages=2))
        started = Started("index", "add", self.index, self.path("many"))
        started.wait_for(b"index ")
        started.send(signal.SIGINT)
        self.assertEqual(started.finish(), 130, started.text)
        pages = len(self.search("valve", "--k", 1000)["hits"])
        self.assertEqual(pages % 2, 0)
        self.assertLess(pages, 120)
        self.succeed("index", "add", self.index, self.path("many"))
        self.assertEqual(len(self.search("valve", "--k", 1000)["hits"]), 120)


class WholeWay(Documents):
    def curate(self, name, *arguments):
        return self.succeed("curate", self.path("pdf"), "--output", self.path(name), "--test-documents", "held*",
                            *arguments)

    def test_every_stage(self):
        report = json.loads(self.curate("data", "--longest-edge", 400, "--json").out)
        self.assertEqual(report["documents"], 8)
        self.assertEqual(report["splits"]["test"]["documents"], 1)
        self.assertGreater(report["splits"]["test"]["queries"], 0)
        tuned = self.train() if (BUILD / "recto-train").exists() else model()
        lines = self.succeed("eval", "--model", tuned, "--data", self.path("data"), "--output", self.path("results"),
                             "--name", "after").out.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["after", "bm25", "random"])
        for line in lines:
            self.assertRegex(line, r"^\w+ nDCG@5 [01]\.\d{4} hit@1 [01]\.\d{4} queries \d+ pages \d+$")
        for name in ("results.json", "per_query.jsonl", "run.trec"):
            self.assertGreater((self.path("results") / name).stat().st_size, 0)
        self.succeed("index", "create", self.path("index"), "--model", tuned)
        self.succeed("index", "add", self.path("index"), self.path("pdf/held-out.pdf"))
        found = json.loads(self.succeed("search", "--index", self.path("index"), "--query", "mounting the valve",
                                        "--k", 3, "--json", "--contact-sheet", self.path("found.png")).out)
        self.assertEqual(len(found["hits"]), 3)
        read_png(self.path("found.png").read_bytes())

    def train(self):
        """A few steps from every golden model; the last is used on."""
        for number, base in enumerate(golden_models()):
            tuned = self.path(f"tuned-{number}")
            self.succeed("train", "--model", base, "--data", self.path("data"), "--output", tuned, "--method",
                         "lora" if number else "full", "--max-steps", 2, "--batch-size", 4, "--lr", "1e-3", "--seed",
                         1, "--longest-edge", 100, "--threads", 2, timeout=240)
            self.assertTrue((tuned / "retriever.json").exists())
        self.succeed("embed", "--model", tuned, "--query", "a", "--output", self.path("q.npy"))
        return tuned

    def test_same_input_same_dataset(self):
        self.curate("one", "--threads", 1)
        self.curate("two", "--threads", 2)
        names = [sorted(p.relative_to(self.path(d)) for p in self.path(d).rglob("*") if p.is_file())
                 for d in ("one", "two")]
        self.assertEqual(*names)
        for name in names[0]:
            if name.name != "run.json":
                self.assertEqual((self.path("one") / name).read_bytes(), (self.path("two") / name).read_bytes(), name)

    def test_what_cannot_be_curated(self):
        self.fail_with(2, "curate", self.path("pdf"), "--output", self.path("d"), "--test-documents", "nothing*",
                       says=["nothing*"])
        self.fail_with(1, "curate", self.path("gone"), "--output", self.path("d"), says=["gone"])
        self.assert_absent(self.path("d"))
        self.write("bad/a.pdf", b"no pdf")
        self.fail_with(1, "curate", self.path("bad"), "--output", self.path("d"), says=["a.pdf"])
        self.assert_absent(self.path("d"))
        self.fail_with(1, "eval", "--model", model(), "--data", self.path("pdf"), "--output", self.path("r"),
                       says=["dataset"])
        self.assert_absent(self.path("r"))


if __name__ == "__main__":
    unittest.main()
