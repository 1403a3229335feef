"""recto model tokenizer, and models that have what it made."""
import json
import unittest

from support import Case, document_pdf

SENTENCES = ["The quick brown fox jumps over the lazy dog", "Der schnelle braune Fuchs springt \xfcber den Hund",
             "Le renard brun saute par-dessus le chien", "El zorro marr\xf3n salta sobre el perro 2024"]


def corpus(folder, documents=3):
    """PDFs with sentences of four languages."""
    folder.mkdir()
    for number in range(documents):
        pages = [[SENTENCES[(number + page + line) % 4] + f" {line}" for line in range(12)] for page in range(3)]
        (folder / f"document-{number}.pdf").write_bytes(document_pdf(pages))
    return folder


class TokenizerLearning(Case):
    def test_hugging_face_gives_the_same_ids(self):
        try:
            from tokenizers import Tokenizer
        except ImportError:
            self.skipTest("no tokenizers library")
        folder = corpus(self.path("pdfs"))
        for name in ("a", "b"):
            self.succeed("model", "tokenizer", folder, "--size", 380, "--output", self.path(name + ".json"))
        self.assertEqual(self.path("a.json").read_bytes(), self.path("b.json").read_bytes())
        self.succeed("model", "create", "--preset", "nano", "--tokenizer", self.path("a.json"), "--output",
                     self.path("model"))
        self.assertEqual(json.loads(self.path("model/config.json").read_text())["text_config"]["vocab_size"], 380)
        texts = SENTENCES + ["THE DOG'S 1234 <image> <|im_start|>User: Query: \xdcBER<end_of_utterance>",
                             "\u201cquoted\u201d \ufb01ne \u0130 \u03a3 \u65e5\u672c", ""]
        lines = self.write_lines("texts.jsonl", [{"text": t} for t in texts])
        self.succeed("tokenize", "--model", self.path("model"), "--input", lines, "--output", self.path("ids.jsonl"))
        ids = [json.loads(line)["ids"] for line in self.path("ids.jsonl").read_text().splitlines()]
        library = Tokenizer.from_file(str(self.path("model/tokenizer.json")))
        self.assertEqual(ids, [library.encode(t).ids for t in texts])
        self.assertLess(len(ids[0]), 20)  # words it has seen are few tokens
        # Vectors of the model with it are made, too.
        self.succeed("embed", "--model", self.path("model"), "--query", "the fox", "--output", self.path("q.npy"))

    def test_bad_input(self):
        folder = corpus(self.path("pdfs"), 1)
        output = self.path("t.json")
        (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
        self.fail_with(1, "model", "tokenizer", folder, "--size", 320, "--output", output, says=["broken.pdf"])
        self.assert_absent(output)
        self.fail_with(1, "model", "tokenizer", folder, "--size", 320, "--output", output, "--keep-going",
                       says=["broken.pdf"])
        self.assertTrue(output.exists())
        self.succeed("model", "tokenizer", folder, "--size", 320, "--output", self.path("whole.json"), "--leave-out",
                     ".*broken.*")
        self.assertEqual(self.path("whole.json").read_bytes(), output.read_bytes())
        self.fail_with(1, "model", "tokenizer", folder, "--output", self.path("x.json"), "--leave-out", "nothing",
                       says=["--leave-out \"nothing\" matches no document"])
        self.fail_with(1, "model", "tokenizer", self.path("pdfs/document-0.pdf"), "--size", 4096, "--output",
                       self.path("large.json"), says=["a smaller --size"])
        self.fail_with(1, "model", "tokenizer", self.path("gone"), "--output", self.path("x.json"), says=["gone"])
        no_smolvlm = json.loads(output.read_text())
        no_smolvlm["added_tokens"] = no_smolvlm["added_tokens"][:3]
        self.fail_with(1, "model", "create", "--preset", "nano", "--tokenizer",
                       self.write("few.json", json.dumps(no_smolvlm)), "--output", self.path("m"),
                       says=["<end_of_utterance>"])
        self.assert_absent(self.path("m"))


if __name__ == "__main__":
    unittest.main()
