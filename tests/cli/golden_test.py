"""Reference values through the programs: what a user gets is what transformers computes."""
import gzip
import hashlib
import json
import unittest

import numpy as np

from support import GOLDENS, Case, golden_models, models_goldens, read_tensors, smollm2_tokenizer

ACTIVATION, VECTOR = 5e-5, 2e-5
NOT_ACTIVATIONS = {"tiles_u8", "hf_position_ids", "logits", "logits_last", "rope_cos", "rope_sin", "input_ids"}


def normalized_bytes():
    """fp32 value of each byte: rescaled in double precision, then normalised in single."""
    rescaled = (np.arange(256) * (1 / 255)).astype(np.float32)
    return (rescaled - np.float32(0.5)) / np.float32(0.5)


class Golden(Case):
    """Compares what the set has; a test that finds nothing to compare is skipped."""

    def setUp(self):
        super().setUp()
        self.compared, self.reasons = 0, []

    def pass_over(self, reason):
        """A part of the set is not compared; the loop over the rest goes on."""
        print(f"not tested: {reason}")
        self.reasons.append(reason)

    def has(self, path):
        """Whether `path` is there; passes over it when it is not."""
        if not path.exists():
            self.pass_over(f"{path} is missing")
        return path.exists()

    def finish(self):
        """The last line of a test."""
        if not self.compared:
            self.skipTest("; ".join(self.reasons) or "nothing to compare in this set of golden files")

    def cases(self, path, section):
        """The "images" or "texts" of a model; those whose image is missing are passed over.

        A list of (number of the case, case)."""
        file = models_goldens(path) / "cases.json"
        cases = json.loads(file.read_text()).get(section) if self.has(file) else []
        if cases is None:
            self.pass_over(f"{file} has no {section}")
        return [(i, case) for i, case in enumerate(cases or [])
                if section == "texts" or self.has(models_goldens(path) / case["file"])]

    def queries(self, path):
        """The texts that were given to the model as a query, not in a prompt of their own."""
        return [(i, case) for i, case in self.cases(path, "texts")
                if case["prompt"] == f"<|im_start|>User: Query: {case['text']}<end_of_utterance>"]

    def inspect(self, model, *arguments):
        output = self.path("inspected.safetensors")
        self.succeed("inspect", "--model", model, *arguments, "--output", output)
        return read_tensors(output)[0]

    def embed(self, model, *arguments):
        output = self.path("embedded.safetensors")
        self.succeed("embed", "--model", model, *arguments, "--output", output)
        tensors, metadata = read_tensors(output)
        return dict(zip(json.loads(metadata["ids"]), tensors["embeddings"]))

    def assert_near(self, found, wanted, tolerance, message):
        self.assertEqual(found.shape, wanted.shape, message)
        self.assertLessEqual(float(np.abs(found - wanted).max()), tolerance, message)

    def image_arguments(self, case):
        return ["--longest-edge", case["L"], "--image-splitting", "on" if case["split"] else "off"]


class TokenizeGolden(Golden):
    def check(self, directory, cases):
        rows = [json.loads(line) for line in cases.read_text(encoding="utf-8").splitlines()]
        self.assertTrue(rows)
        lines = self.write_lines("texts.jsonl", [{"text": row["text"]} for row in rows])
        self.succeed("tokenize", "--model", directory, "--input", lines, "--output", self.path("ids.jsonl"))
        found = [json.loads(line) for line in self.path("ids.jsonl").read_text().splitlines()]
        self.assertEqual(len(found), len(rows))
        for row, line in zip(rows, found):
            self.assertEqual(line, {"ids": row["ids"]}, row["text"])
        self.compared += 1

    def test_every_model(self):
        for path in golden_models():
            cases = GOLDENS / f"tokenizer/cases_{path.name}.jsonl"
            if self.has(cases):
                self.check(path, cases)
        self.finish()

    def test_smollm2(self):
        cases = GOLDENS / "tokenizer/cases_smollm2.jsonl"
        if not cases.exists():
            self.skipTest(f"{cases} is missing")
        self.write("smollm2/tokenizer.json", gzip.decompress(smollm2_tokenizer().read_bytes()))
        self.check(self.path("smollm2"), cases)


class InspectGolden(Golden):
    def check_ids_of_text(self, path, option, text, case):
        with self.subTest(model=path.name, option=option, text=text):
            found = self.inspect(path, option, text)
            self.assertEqual(found["input_ids"].dtype, np.int32)
            self.assertEqual(found["input_ids"].tolist(), case["ids"])
            self.assertNotIn("pixel_values", found)
        self.compared += 1

    def test_ids_of_texts_and_queries(self):
        for path in golden_models():
            for _, case in self.cases(path, "texts"):
                self.check_ids_of_text(path, "--text", case["prompt"], case)
            for _, case in self.queries(path):
                self.check_ids_of_text(path, "--query", case["text"], case)
        self.finish()

    def test_ids_grid_and_pixels_of_images(self):
        lut = normalized_bytes()
        for path in golden_models():
            for i, case in self.cases(path, "images"):
                with self.subTest(model=path.name, image=case["file"]):
                    found = self.inspect(path, "--image", models_goldens(path) / case["file"],
                                         *self.image_arguments(case))
                    self.assertEqual(found["input_ids"].tolist(), case["ids"])
                    self.assertEqual(found["grid"].dtype, np.int32)
                    self.assertEqual(found["grid"].tolist(), [case["rows"], case["cols"]])
                    self.assertEqual(found["pixel_values"].dtype, np.float32)
                    activations = models_goldens(path) / f"activations_img{i}.safetensors"
                    if activations.exists() and "tiles_u8" in read_tensors(activations)[0]:
                        tiles = read_tensors(activations)[0]["tiles_u8"]
                        np.testing.assert_array_equal(found["pixel_values"], lut[tiles])
                self.compared += 1
        self.finish()

    def check_layers(self, path, golden_file, *arguments):
        if not self.has(golden_file):
            return
        golden = read_tensors(golden_file)[0]
        found = self.inspect(path, "--layers", *arguments)
        self.assertEqual(found["input_ids"].tolist(), golden["input_ids"].tolist())
        for name in sorted(set(golden) - NOT_ACTIVATIONS):
            with self.subTest(model=path.name, file=golden_file.name, tensor=name):
                self.assertIn(name, found)
                self.assert_near(found[name], golden[name], ACTIVATION, name)
            self.compared += 1

    def test_layers_of_images(self):
        for path in golden_models():
            for i, case in self.cases(path, "images"):
                self.check_layers(path, models_goldens(path) / f"activations_img{i}.safetensors", "--image",
                                  models_goldens(path) / case["file"], *self.image_arguments(case))
        self.finish()

    def test_layers_of_texts(self):
        for path in golden_models():
            for i, case in self.cases(path, "texts"):
                self.check_layers(path, models_goldens(path) / f"activations_text{i}.safetensors", "--text",
                                  case["prompt"])
        self.finish()

    def test_legacy_position_ids(self):
        """The file says which states, not of which page: one with as many tokens and one view."""
        for path in golden_models():
            file = models_goldens(path) / "position_ids.safetensors"
            if not self.has(file):
                continue
            golden = read_tensors(file)[0]["legacy_last_hidden_state"]
            distances = []
            for _, case in self.cases(path, "images"):
                if case["rows"] or len(case["ids"]) != len(golden):
                    continue
                found = self.inspect(path, "--layers", "--position-ids", "hf-4.55-fp32", "--image",
                                     models_goldens(path) / case["file"], *self.image_arguments(case))
                distances.append(float(np.abs(found["last_hidden_state"] - golden).max()))
            if not distances:
                self.pass_over(f"no page of {file}")
                continue
            self.assertLessEqual(min(distances), ACTIVATION, path.name)
            self.compared += 1
        self.finish()

    def test_pixels_of_every_kind_of_image(self):
        """The hashes of float32 pixel values, for the tile size of some golden model."""
        file = GOLDENS / "images/cases.json"
        if not file.exists():
            self.skipTest(f"{file} is missing")
        tiles = {}
        for path in golden_models():
            tiles.setdefault(json.loads((path / "config.json").read_text())["vision_config"]["image_size"], path)
        for case in json.loads(file.read_text())["cases"]:
            if case["pil_mode"].startswith("I;16"):  # ours scales 16-bit samples, Pillow clips them
                continue
            if not self.has(GOLDENS / "images" / case["file"]):
                continue
            for run in case["runs"]:
                plain = case["rgb_sha256"] == case["rgb_exif_transposed_sha256"]
                if run["T"] not in tiles or not (run["exif_transposed"] or plain):
                    continue
                with self.subTest(file=case["file"], L=run["L"], split=run["split"]):
                    found = self.inspect(tiles[run["T"]], "--image", GOLDENS / "images" / case["file"],
                                         *self.image_arguments(run))
                    self.assertEqual(found["grid"].tolist(), [run["rows"], run["cols"]])
                    digest = hashlib.sha256(found["pixel_values"].tobytes()).hexdigest()
                    self.assertEqual(digest, run["pixel_values_f32_sha256"])
                self.compared += 1
        self.finish()

    def test_chat_messages(self):
        file = GOLDENS / "prompts/cases.json"
        if not file.exists():
            self.skipTest(f"{file} is missing")
        path = golden_models()[0]
        for number, case in enumerate(json.loads(file.read_text()).get("chat_template", [])):
            images = sum(item["type"] == "image" for m in case["messages"] for item in m["content"])
            if images:
                continue
            with self.subTest(case=number):
                messages = self.write("messages.json", json.dumps(case["messages"]))
                extra = ["--add-generation-prompt"] if case["add_generation_prompt"] else []
                found = self.inspect(path, "--messages", messages, *extra)["input_ids"].tolist()
                self.assertEqual(found, self.inspect(path, "--text", case["text"])["input_ids"].tolist())
            self.compared += 1
        self.finish()

    def test_chat_with_an_image_is_the_document_prompt(self):
        for path in golden_models():
            cases = self.cases(path, "images")
            if not cases:
                continue
            image = models_goldens(path) / cases[0][1]["file"]
            question = "What is shown in this image?"
            messages = self.write("chat.json", json.dumps([{"role": "user", "content": [
                {"type": "image", "path": str(image)}, {"type": "text", "text": question}]}]))
            chat = self.inspect(path, "--messages", messages, "--add-generation-prompt")
            document = self.inspect(path, "--image", image)
            self.assertEqual(chat["input_ids"].tolist(), document["input_ids"].tolist()[:-1])
            np.testing.assert_array_equal(chat["pixel_values"], document["pixel_values"])
            np.testing.assert_array_equal(chat["grid"], document["grid"])
            self.compared += 1
        self.finish()


class EmbedGolden(Golden):
    def golden_vectors(self, path):
        file = models_goldens(path) / "vectors.safetensors"
        return read_tensors(file)[0] if self.has(file) else {}

    def check_vector(self, found, golden, key, message):
        if key not in golden:
            self.pass_over(f"no vector {key}")
            return
        self.assert_near(found, golden[key], VECTOR, message)
        self.compared += 1

    def test_queries(self):
        for path in golden_models():
            golden, queries = self.golden_vectors(path), self.queries(path)
            if not golden or not queries:
                continue
            found = self.embed(path, *[a for _, case in queries for a in ("--query", case["text"])])
            for place, (i, case) in enumerate(queries):
                self.check_vector(found[f"query:{place + 1}"], golden, f"text{i}.last_l2", case["text"])
        self.finish()

    def test_images(self):
        for path in golden_models():
            golden = self.golden_vectors(path)
            for i, case in self.cases(path, "images") if golden else []:
                image = models_goldens(path) / case["file"]
                found = self.embed(path, "--image", image, *self.image_arguments(case))
                self.check_vector(found[str(image)], golden, f"img{i}.last_l2", case["file"])
        self.finish()

    def test_alone_in_a_batch_in_another_order(self):
        for path in golden_models():
            images = [models_goldens(path) / case["file"] for _, case in self.cases(path, "images")]
            if not images:
                continue
            together = self.embed(path, *[a for image in images for a in ("--image", image)])
            others = ("--query", "a query beside them", "--threads", 2)
            reverse = self.embed(path, *[a for image in reversed(images) for a in ("--image", image)], *others)
            small = self.embed(path, *[a for image in images for a in ("--image", image)], "--batch-tokens", 1)
            for image in images:
                alone = self.embed(path, "--image", image)[str(image)]
                for found in (together, reverse, small):
                    self.assert_near(found[str(image)], alone, 1e-5, image.name)
            self.compared += 1
        self.finish()

    def merged(self, model, adapter):
        output = self.path(f"merged-{adapter.name}")
        self.succeed("model", "merge", "--model", model, "--adapter", adapter, "--output", output)
        return output

    def test_adapters(self):
        for folder in sorted(p for p in (GOLDENS / "peft").glob("*") if p.is_dir()):
            model = GOLDENS / "models" / folder.name
            if not all(map(self.has, (model / "config.json", folder / "vectors.safetensors", folder / "cases.json"))):
                continue
            golden = read_tensors(folder / "vectors.safetensors")[0]
            case = json.loads((folder / "cases.json").read_text())
            image = GOLDENS / case["image"]
            query = case["text_prompt"].split("Query: ")[1].split("<end_of_utterance>")[0]
            page = self.has(image)
            inputs = ["--query", query] + (["--image", image] if page else [])
            splitting = ["--image-splitting", "on" if case["split"] else "off"]
            for name in ["base", *case["variants"]]:
                if name != "base" and not self.has(folder / name):
                    continue
                for source in [[model]] if name == "base" else [[model, "--adapter", folder / name],
                                                                [self.merged(model, folder / name)]]:
                    with self.subTest(model=model.name, adapter=name, source=source):
                        found = self.embed(*source, *inputs, *splitting)
                        self.check_vector(found["query:1"], golden, f"{name}.text", name)
                        if page:
                            self.check_vector(found[str(image)], golden, f"{name}.{image.stem}", name)
        self.finish()

    def test_sentence_transformers_directory(self):
        for file in sorted((GOLDENS / "st").glob("*-cases.json")):
            name = file.name[:-len("-cases.json")]
            vectors = GOLDENS / f"st/{name}-vectors.safetensors"
            if not self.has(vectors) or not self.has(GOLDENS / "st" / name):
                continue
            golden = read_tensors(vectors)[0]
            texts = json.loads(file.read_text())["text_batch"]["texts"]
            found = self.embed(GOLDENS / "st" / name, *[a for t in texts for a in ("--query", t)])
            for i, text in enumerate(texts):
                self.assert_near(found[f"query:{i + 1}"], golden["text_single"][i], VECTOR, text)
            self.compared += 1
        self.finish()


if __name__ == "__main__":
    unittest.main()
