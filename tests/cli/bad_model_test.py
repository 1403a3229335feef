"""Models that are not what they should be: an error that names the file, the tensor or the key."""
import gzip
import json
import struct
import unittest

from support import Case, recto, smollm2_tokenizer


def rewrite_json(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def read_header(data):
    size, = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + size]), data[8 + size:]


def with_header(header, body):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


class BadWeights(Case):
    """Models that must be refused before anything is computed."""

    def setUp(self):
        super().setUp()
        self.model = self.copy_model()
        self.files = sorted(self.model.glob("*.safetensors"))
        self.weights = self.files[0]
        self.output = self.path("out.safetensors")

    def refuse(self, *says):
        self.fail_with(1, "embed", "--model", self.model, "--query", "a page", "--output", self.output, says=says)
        self.assert_absent(self.output)

    def change_header(self, change):
        header, body = read_header(self.weights.read_bytes())
        body = change(header, body) or body
        self.weights.write_bytes(with_header(header, body))

    def some_tensor(self, header):
        names = sorted(name for name in header if name != "__metadata__")
        return next((name for name in names if "layers.0." in name), names[0])

    def test_missing_file(self):
        self.weights.unlink()
        self.refuse("safetensors")

    def test_no_model_directory(self):
        self.fail_with(1, "embed", "--model", self.path("nowhere"), "--query", "a", "--output", self.output,
                       says=["nowhere"])
        self.assert_absent(self.output)

    def test_truncated(self):
        data = self.weights.read_bytes()
        for size in (0, 4, 8, 100, len(data) // 2, len(data) - 1):
            with self.subTest(size=size):
                self.weights.write_bytes(data[:size])
                self.refuse(self.weights.name)

    def test_header_longer_than_the_file(self):
        data = self.weights.read_bytes()
        for size in (len(data), 2**31, 2**63, 2**64 - 1):
            with self.subTest(size=size):
                self.weights.write_bytes(struct.pack("<Q", size) + data[8:])
                self.refuse(self.weights.name)

    def test_header_that_is_no_json(self):
        for header in (b"{", b"[]", b"null", b'{"a": 1}', b"\xff\xfe", b'{"a":{"dtype":"F32"}}', b"[" * 100000):
            with self.subTest(header=header[:20]):
                self.weights.write_bytes(struct.pack("<Q", len(header)) + header)
                self.refuse(self.weights.name)

    def test_overlapping_tensors(self):
        def overlap(header, body):
            sizes = {}
            for name in sorted(n for n in header if n != "__metadata__"):
                begin, end = header[name]["data_offsets"]
                if end - begin in sizes:
                    header[name]["data_offsets"] = sizes[end - begin]
                    return
                sizes[end - begin] = [begin, end]
            raise AssertionError("no two tensors of one size")
        self.change_header(overlap)
        self.refuse(self.weights.name)

    def test_offsets_beyond_the_file(self):
        def beyond(header, body):
            header[self.some_tensor(header)]["data_offsets"] = [len(body), len(body) + 64]
        self.change_header(beyond)
        self.refuse(self.weights.name)

    def test_wrong_dtype(self):
        for dtype in ("F64", "I32", "Q9"):
            def retype(header, body, dtype=dtype):
                header[self.some_tensor(header)]["dtype"] = dtype
            saved = self.weights.read_bytes()
            with self.subTest(dtype=dtype):
                self.change_header(retype)
                self.refuse(self.weights.name)
            self.weights.write_bytes(saved)

    def test_values_that_are_no_numbers(self):
        """A tensor of the text model, which a query needs."""
        for self.weights in self.files:
            header, body = read_header(self.weights.read_bytes())
            name = next((name for name in header if "text_model.norm" in name), None)
            if name is not None:
                break
        end = header[name]["data_offsets"][1]
        self.weights.write_bytes(with_header(header, body[:end - 4] + b"\xff" * 4 + body[end:]))
        self.refuse(self.weights.name, name, "holds nan at [", "must be finite")

    def test_wrong_shape(self):
        name = []

        def reshape(header, body):
            name.append(next(n for n in sorted(header) if n != "__metadata__" and
                             len(set(header[n]["shape"])) == 2))
            header[name[0]]["shape"].reverse()
        self.change_header(reshape)
        self.refuse(name[0].removeprefix("model."))

    def test_missing_tensor(self):
        name = []

        def rename(header, body):
            name.append(self.some_tensor(header))
            header["model.text_model.surplus.weight"] = header.pop(name[0])
        self.change_header(rename)
        result = recto("embed", "--model", self.model, "--query", "a", "--output", self.output)
        self.assertEqual(result.status, 1, str(result))
        self.assertTrue(name[0].removeprefix("model.") in result.err or "text_model.surplus.weight" in result.err,
                        str(result))
        self.assert_absent(self.output)

    def test_unknown_tensor(self):
        def add(header, body):
            header["model.text_model.surplus.weight"] = {"dtype": "F32", "shape": [2],
                                                         "data_offsets": [len(body), len(body) + 8]}
            return body + bytes(8)
        self.change_header(add)
        self.refuse("text_model.surplus.weight")


class BadConfiguration(Case):
    def setUp(self):
        super().setUp()
        self.model = self.copy_model()
        self.output = self.path("out.safetensors")

    def refuse(self, *says):
        self.fail_with(1, "embed", "--model", self.model, "--query", "a page", "--output", self.output, says=says)
        self.assert_absent(self.output)

    def test_needed_keys(self):
        config = self.model / "config.json"
        saved = config.read_text()

        def drop(data, key):
            data.pop(key, None)
            for value in data.values():
                if isinstance(value, dict):
                    drop(value, key)
        for key in ("rope_theta", "rms_norm_eps", "vision_config", "text_config", "model_type", "patch_size",
                    "image_size", "hidden_size"):
            with self.subTest(key=key):
                rewrite_json(config, lambda data: drop(data, key))
                self.refuse("config.json", key)
            config.write_text(saved)

    def test_files_that_are_no_json(self):
        for name in ("config.json", "tokenizer.json", "preprocessor_config.json", "processor_config.json"):
            path = self.model / name
            saved = path.read_bytes() if path.exists() else None
            for content in (b"", b"{", b'{"a": "\xff\xfe"}', b"\x00\x01\x02", b"[1, 2]", b"[" * 200000):
                with self.subTest(name=name, content=content[:12]):
                    path.write_bytes(content)
                    self.refuse(name)
            path.write_bytes(saved) if saved is not None else path.unlink()

    def test_contract_that_is_none(self):
        path = self.model / "retriever.json"
        for content in ("{", "[]", "{}", '{"format_version": 99}', '{"surprise": 1}'):
            with self.subTest(content=content):
                path.write_text(content)
                self.refuse("retriever.json")

    def test_tokenizer_of_another_vocabulary(self):
        path = self.model / "tokenizer.json"
        tokenizer, other = path.read_bytes(), gzip.decompress(smollm2_tokenizer().read_bytes())
        if json.loads(tokenizer)["model"]["vocab"] != json.loads(other)["model"]["vocab"]:
            path.write_bytes(other)
            self.refuse("tokenizer")
        renamed = json.loads(tokenizer)
        for token in renamed["added_tokens"]:
            if token["content"] == "<image>":
                token["content"] = "<picture>"
        path.write_text(json.dumps(renamed))
        self.refuse("<image>")

    def test_sizes_that_do_not_fit_the_weights(self):
        def change(data):
            data["text_config"]["num_hidden_layers"] += 1
        rewrite_json(self.model / "config.json", change)
        self.refuse("text_model.layers")

    def test_sizes_that_are_absurd(self):
        for value in (0, -1, 2**31, 2**62, 1.5, "64", None):
            saved = (self.model / "config.json").read_text()

            def change(data, value=value):
                data["text_config"]["hidden_size"] = value
            with self.subTest(value=value):
                rewrite_json(self.model / "config.json", change)
                self.refuse("hidden_size")
            (self.model / "config.json").write_text(saved)


if __name__ == "__main__":
    unittest.main()
