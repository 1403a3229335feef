"""The models that come with recto keep their promises: transformers and tokenizers agree with recto on them, they
are small, and their cards say what they are. They are used where no model is named."""
import json
import os
import struct
import unittest

import numpy as np

from support import BUILD, SOURCE, Case, document_pdf, model, read_tensors

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is read: everything lies in the directory

# How far recto may be from transformers in fp64, beside transformers' own fp32: a layer with sharp attention makes
# much of the last bits of what comes in.
TIMES = 4
STATES = 1e-5  # and as a share of the largest value of the layer
VECTOR = 2e-5
PIXEL = 2 / 255 + 1e-6  # one step of a byte, after normalising
LANGUAGES = {
    "en": "The torque of the main valve is listed in the table on page 12.",
    "fr": "L'élève a déjà reçu la réponse à cette question, où qu'elle soit.",
    "de": "Die Größe der Öffnung überschreitet das zulässige Maß um 3 mm.",
    "es": "El año pasado la compañía publicó un informe más extenso.",
    "it": "La città è più bella perché c'è già molta luce, però fa freddo.",
    "pt": "A informação não está disponível nas configurações do cartão.",
    "nl": "De coördinator heeft de gegevens van de machine geüpdatet.",
    "pl": "Zażółć gęślą jaźń: źródło światła świeci jaśniej niż księżyc.",
}


def page_picture(path):
    """A page with headings and lines of text, rendered as a PNG."""
    import pypdfium2

    lines = [f"{number}. {text}" for number, text in enumerate(list(LANGUAGES.values())[:6] * 4, 1)]
    pdf = path.with_suffix(".pdf")
    pdf.write_bytes(document_pdf([["The main valve"] + lines]))
    with pypdfium2.PdfDocument(pdf) as document:
        document[0].render(scale=1.5).to_pil().convert("RGB").save(path)
    return path


def tensor_types(path):
    """{name: type} of a safetensors file."""
    with path.open("rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    return {name: tensor["dtype"] for name, tensor in header.items() if name != "__metadata__"}


class Shipped:
    """The tests; a class for each model says which and what it promises."""

    name = ""
    megabytes = 0
    card_keys = ("license", "language", "library_name", "pipeline_tag")

    def setUp(self):
        super().setUp()
        self.model = SOURCE / "models" / self.name
        self.assertTrue((self.model / "config.json").exists(), f"{self.model} holds no model")

    # ---- transformers

    def load(self, dtype):
        from transformers import AutoModelForImageTextToText

        loaded, info = AutoModelForImageTextToText.from_pretrained(
            self.model, dtype=dtype, local_files_only=True, output_loading_info=True)
        self.assertEqual({key: list(value) for key, value in info.items() if value}, {})
        return loaded.model.eval()

    def inspect(self, *arguments):
        output = self.path("seen.safetensors")
        self.succeed("inspect", "--model", self.model, *arguments, "--layers", "--output", output)
        return read_tensors(output)[0]

    def vector(self, *arguments):
        output = self.path("vector.safetensors")
        self.succeed("embed", "--model", self.model, *arguments, "--output", output)
        return read_tensors(output)[0]["embeddings"][0]

    def forward(self, reference, seen):
        """What each module that recto names gives in transformers, for the same ids and pixels."""
        import torch

        states = {}

        def keep(name):
            def hook(_, __, output):
                state = output[0] if isinstance(output, tuple) else output
                # The convolution's [views, hidden, rows, columns], as patches.
                states[name] = state.flatten(2).transpose(1, 2) if state.dim() == 4 else state
            return hook

        modules = dict(reference.named_modules())
        hooks = [modules[name].register_forward_hook(keep(name)) for name in seen if name in modules]
        ids = torch.from_numpy(seen["input_ids"].astype(np.int64))[None]
        inputs = {"input_ids": ids}
        if "pixel_values" in seen:
            inputs["pixel_values"] = torch.from_numpy(seen["pixel_values"])[None].to(reference.dtype)
        if self.contract()["attention"] == "bidirectional":
            inputs["attention_mask"] = torch.zeros(1, 1, ids.shape[1], ids.shape[1], dtype=reference.dtype)
        with torch.no_grad():
            states["last_hidden_state"] = reference(**inputs).last_hidden_state
        for hook in hooks:
            hook.remove()
        return {name: state.detach().numpy().reshape(seen[name].shape) for name, state in states.items()}

    def contract(self):
        return json.loads((self.model / "retriever.json").read_text())

    def pooled(self, wanted, query, grid):
        contract = self.contract()
        states = wanted["last_hidden_state"]
        pooled = states[-1] if contract["pooling"] == "last" else states.mean(0)
        if contract["pooling"] == "vocabulary":
            pooled = self.from_vocabulary(wanted.get("connector.modality_projection"), query, contract["sparse"], grid)
        return pooled / np.linalg.norm(pooled)

    def from_vocabulary(self, visual, query, sparse, grid):
        """docs/formats/contract.md, "Vectors from the vocabulary", in double precision."""
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        head = {name: value.double().numpy() for name, value in load_file(self.model / "sparse_head.safetensors").items()}
        if visual is None:
            library = Tokenizer.from_file(str(self.model / "tokenizer.json"))
            ids = [id for word in query.split() for id in library.encode(" " + word).ids]
            weights = np.log1p(np.bincount(ids, minlength=len(head["bias"])))
            return weights @ head["dense.weight"] + head["dense.text_bias"]
        table = load_file(self.model / "model.safetensors")["model.text_model.embed_tokens.weight"].double().numpy()
        of_second = np.zeros(len(visual), bool)
        if len(grid) == 4:
            first, second = np.prod(grid[:2]), np.prod(grid[2:])
            of_second[first:first + second] = True
        of_second = of_second.repeat(visual[0].size // table.shape[1])
        visual = visual.reshape(-1, table.shape[1])
        states = visual / np.sqrt((visual**2).mean(1, keepdims=True) + 1e-5) * head["norm.weight"]
        logits = (states + states @ head["projection.weight"].T) @ table.T + head["bias"]
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        last = sparse.get("candidates", len(table)) - 1
        shares[shares < -np.sort(-shares, 1)[:, last:last + 1]] = 0
        edges = [shares[of_second == edge].sum(0) for edge in ((False, True) if of_second.any() else (False,))]
        weights = np.mean([np.log1p(sparse.get("gain", 1) * sparse["saturation"] * sums) for sums in edges], 0)
        return weights @ head["dense.weight"] + head["dense.page_bias"]

    def check_states(self, exact, rounded, *arguments):
        """Against transformers in fp64; its fp32 shows what rounding alone does."""
        seen = self.inspect(*arguments)
        wanted, near = self.forward(exact, seen), self.forward(rounded, seen)
        config = json.loads((self.model / "config.json").read_text())
        layers = {f"text_model.layers.{i}" for i in range(config["text_config"]["num_hidden_layers"])}
        self.assertLessEqual(layers, set(wanted))
        for name, states in wanted.items():
            allowed = TIMES * np.abs(near[name] - states).max() + STATES * np.abs(states).max()
            self.assertLess(np.abs(seen[name] - states).max(), allowed, f"{arguments[0]}: {name}")
        np.testing.assert_allclose(self.vector(*arguments), self.pooled(wanted, arguments[1], seen["grid"]), atol=VECTOR)
        return seen

    def test_transformers_gives_the_same_states(self):
        import torch

        references = self.load(torch.float64), self.load(torch.float32)
        self.check_states(*references, "--query", LANGUAGES["en"])
        image = page_picture(self.path("page.png"))
        seen = self.check_states(*references, "--image", image)
        self.assertIn("pixel_values", seen)
        self.check_processor(image, seen)

    def check_processor(self, image, seen):
        """Its ids are recto's, and its pixels are but for the rounding of a resize. It knows no second edge."""
        from PIL import Image
        from transformers import AutoProcessor

        if "second_edge" in self.contract():
            seen = self.inspect("--second-edge", 0, "--image", image)
        processor = AutoProcessor.from_pretrained(self.model, local_files_only=True)
        batch = processor(text=self.contract()["document_prompt"], images=[Image.open(image)], return_tensors="np")
        self.assertEqual(batch["input_ids"][0].tolist(), seen["input_ids"].tolist())
        self.assertEqual(batch["pixel_values"][0].shape, seen["pixel_values"].shape)
        self.assertLessEqual(np.abs(batch["pixel_values"][0] - seen["pixel_values"]).max(), PIXEL)

    # ---- files

    def test_it_is_small(self):
        # The retriever's weights are a link to those of the base, of which no byte is trained.
        size = sum(path.stat().st_size for path in self.model.rglob("*") if path.is_file() and not path.is_symlink())
        self.assertLessEqual(size, self.megabytes * 1_000_000)
        weights = sorted(self.model.glob("model*.safetensors"))
        self.assertTrue(weights)
        for path in weights:
            self.assertLessEqual(set(tensor_types(path).values()), {"BF16", "F16"}, path)

    def test_the_tokenizer(self):
        from tokenizers import Tokenizer

        library = Tokenizer.from_file(str(self.model / "tokenizer.json"))
        lines = self.write_lines("texts.jsonl", [{"text": text} for text in LANGUAGES.values()])
        self.succeed("tokenize", "--model", self.model, "--input", lines, "--output", self.path("ids.jsonl"))
        rows = [json.loads(line)["ids"] for line in self.path("ids.jsonl").read_text().splitlines()]
        self.assertEqual(len(rows), len(LANGUAGES))
        for (language, text), ids in zip(LANGUAGES.items(), rows):
            with self.subTest(language=language):
                self.assertEqual(ids, library.encode(text).ids)
                # The tokenizer of a nano model reads small letters alone.
                self.assertIn(library.decode(ids), (text, text.lower()))

    def test_the_card(self):
        import yaml

        card = (self.model / "README.md").read_text(encoding="utf-8")
        self.assertTrue(card.startswith("---\n"), "README.md has no YAML front matter")
        front, _, text = card[4:].partition("\n---\n")
        values = yaml.safe_load(front)
        for key in self.card_keys:
            self.assertTrue(values.get(key), f"README.md says nothing of {key}")
        self.assertIn("en", values["language"])
        self.assertTrue(text.strip())


class NanoBase(Shipped, Case):
    name = "nano"
    megabytes = 25


class NanoRetriever(Shipped, Case):
    name = "nano-retriever"
    megabytes = 15
    card_keys = (*Shipped.card_keys, "base_model")


class NoModelNamed(Case):
    """Commands without --model."""

    retriever, base = SOURCE / "models/nano-retriever", SOURCE / "models/nano"

    def outputs(self, ending, *command):
        """The output of a command without a model, with the retriever, and with RECTO_MODEL."""
        outputs = [self.path(name + ending) for name in ("default", "named", "variable")]
        told = self.succeed(*command, "--output", outputs[0])
        self.assertIn(f"no model is named: {self.retriever} is used", told.err)
        self.assertEqual(self.succeed(*command, "--output", self.path("quiet" + ending), "--quiet").err, "")
        named = self.succeed(*command, "--output", outputs[1], "--model", self.retriever)
        self.assertNotIn("no model is named", named.err)
        self.succeed(*command, "--output", outputs[2], env={"RECTO_MODEL": str(model())})
        return [output.read_bytes() for output in outputs]

    def test_the_retriever_is_used(self):
        lines = self.write_lines("lines.jsonl", [{"text": "The main valve"}])
        for ending, command in ((".safetensors", ["embed", "--query", "valve"]),
                                (".safetensors", ["inspect", "--query", "valve", "--layers"]),
                                (".jsonl", ["tokenize", "--input", lines])):
            with self.subTest(command=command[0]):
                default, named, variable = self.outputs(ending, *command)
                self.assertEqual(default, named)
                self.assertNotEqual(default, variable)

    def test_help_tells_it(self):
        for command in (["embed"], ["inspect"], ["tokenize"], ["index", "create"]):
            text = " ".join(self.succeed(*command, "--help").out.split())
            self.assertIn("(default: the nano retriever that comes with recto)", text, command)
        self.assertIn("(default: the nano base that comes with recto)",
                      " ".join(self.succeed("train", "--help").out.split()))

    def test_an_index(self):
        index = self.path("index")
        told = self.succeed("index", "create", index)
        self.assertIn(f"no model is named: {self.retriever} is used", told.err)
        self.succeed("index", "add", index, self.write("a.pdf", document_pdf([["one"], ["two"]])))
        found = self.succeed("search", "--index", index, "--query", "two", "--json", "--verbose")
        self.assertEqual(len(json.loads(found.out)["hits"]), 2)
        self.assertIn(f"the model of {index} is {self.retriever}", found.err)

    @unittest.skipUnless((BUILD / "recto-train").exists(), "built without recto-train")
    def test_training_starts_from_the_base(self):
        pairs = self.write_lines("pairs.jsonl", [{"query": f"valve {i}", "passage": f"The valve {i} is open."}
                                                 for i in range(4)])
        told = self.succeed("train", "--data", pairs, "--output", self.path("tuned"), "--max-steps", 1, "--batch-size", 2,
                            "--eval-queries", 0, "--verbose")
        self.assertIn(f"no model is named: {self.base} is used", told.err)
        self.succeed("embed", "--model", self.path("tuned"), "--query", "valve", "--output", self.path("v.npy"))


if __name__ == "__main__":
    unittest.main()
