"""recto train --objective reading from outside: killed and resumed, and what transformers makes of the result."""
import json
import os
import signal
import subprocess
import time
import tomllib
import unittest

import numpy as np

from support import BUILD, RECTO, SOURCE, Case, environment, noise_png, read_tensors
from tokenizer_learning_test import corpus

FONTS = "/usr/share/fonts/truetype/dejavu"  # of fonts-dejavu-core


@unittest.skipUnless((BUILD / "recto-train").exists(), "built without recto-train")
class Reading(Case):
    def setUp(self):
        super().setUp()
        self.pdfs = corpus(self.path("pdfs"))
        self.succeed("model", "tokenizer", self.pdfs, "--size", 360, "--output", self.path("tokenizer.json"))
        self.succeed("model", "create", "--preset", "nano", "--seed", 3, "--tokenizer", self.path("tokenizer.json"),
                     "--output", self.path("random"))
        self.config = self.write("reading.toml", "\n".join([
            'objective = "reading"', "batch-size = 2", "max-steps = 6", "warmup = 1", "threads = 1", "checkpoint-every = 2",
            "eval-tiles = 2", "hold-out = ['.*/document-2\\.pdf']", 'page-scales = "0.9-1.1"']))

    def arguments(self, output, *more):
        return ["train", "--config", self.config, "--model", self.path("random"), "--data", self.pdfs, "--output",
                self.path(output), "--no-progress", *more]

    def kill_after(self, wanted, *arguments):
        process = subprocess.Popen([str(RECTO), *map(str, arguments)], env=environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        while process.poll() is None and not wanted.exists():
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def test_a_killed_run_gives_the_same_bytes_and_transformers_the_same_states(self):
        result = self.succeed(*self.arguments("whole"))
        self.assertRegex(result.out, r"steps 6 loss .*\nheld-out characters \d\.\d+ tokens .* error rate of tiles .* "
                                     r"of lines .* tiles 2 lines 2\n")
        train = json.loads(self.path("whole/train.json").read_text())
        self.assertEqual(train["finished"], True)
        self.assertIn("line_error_rate", train["held_out"])
        self.kill_after(self.path("killed/checkpoints/step-00000002"), *self.arguments("killed"))
        self.succeed(*self.arguments("killed", "--resume"))
        for name in ("model.safetensors", "config.json", "retriever.json", "tokenizer.json"):
            self.assertEqual(self.path("killed").joinpath(name).read_bytes(),
                             self.path("whole").joinpath(name).read_bytes(), name)
        self.check_transformers(self.path("whole"))

    def check_transformers(self, directory):
        try:
            import torch
            from transformers import AutoModelForImageTextToText
        except ImportError:
            self.skipTest("no transformers")
        image = self.write("page.png", noise_png(200, 280, 1))
        self.succeed("inspect", "--model", directory, "--image", image, "--layers", "--output", self.path("s.safetensors"))
        seen, _ = read_tensors(self.path("s.safetensors"))
        model, info = AutoModelForImageTextToText.from_pretrained(directory, dtype=torch.float32,
                                                                  output_loading_info=True)
        self.assertEqual({key: list(value) for key, value in info.items() if value}, {})
        with torch.no_grad():
            states = model.model(input_ids=torch.from_numpy(seen["input_ids"].astype(np.int64))[None],
                                 pixel_values=torch.from_numpy(seen["pixel_values"])[None]).last_hidden_state[0].numpy()
        self.assertLess(np.abs(states - seen["last_hidden_state"]).max(), 1e-3 * np.abs(states).max())

    def test_the_script_that_makes_the_base(self):
        """Its own settings name what they should; with small ones it makes a model, and goes on."""
        parts = sorted(path.name for path in (SOURCE / "models/nano").glob("reading*.toml"))
        for name in ("tokenizer.toml", "synthetic.toml", *parts):
            self.assertIn("debian-policy", (SOURCE / "models/nano" / name).read_text())
        self.path("settings").mkdir()
        self.write("settings/tokenizer.toml", "size = 350\nleave-out = ['.*/document-2\\.pdf']")
        self.write("settings/synthetic.toml", "pages = 4\npages-per-document = 2\nleave-out = ['.*/document-2\\.pdf']")
        for name in parts:
            self.path(f"settings/{name}").write_bytes(self.config.read_bytes())
        settings = {"RECTO": str(RECTO), "NANO_CONFIG": str(self.path("settings")), "NANO_FONTS": FONTS}
        weights = set()
        for steps in (len(parts), 0):
            made = subprocess.run([str(SOURCE / "scripts/make_nano_base"), str(self.path("base")), f"{self.pdfs}:2"],
                                  env=environment(settings), capture_output=True, text=True)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.assertEqual(made.stdout.count("steps 6"), steps, made.stdout)
            weights.add(self.path("base/fifth/model.safetensors").read_bytes())
        self.assertEqual(len(weights), 1)
        self.assertNotEqual(self.path("base/first/model.safetensors").read_bytes(), weights.pop())
        self.assertEqual(len(list(self.path("base/synthetic").glob("*.pdf"))), 2)
        self.succeed("embed", "--model", self.path("base/fifth"), "--query", "fox", "--output", self.path("q.npy"))

    def test_the_settings_of_the_base_are_taken(self):
        path = SOURCE / "models/nano/reading.toml"
        result = self.succeed(
            "train", "--config", path, "--model", self.path("random"), "--data", self.pdfs, "--output", self.path("out"),
            "--no-progress", "--leave-out", r".*/document-1\.pdf", "--hold-out", r".*/document-2\.pdf", "--max-steps", 1,
            "--batch-size", 2, "--precision", "fp32", "--eval-tiles", 1)
        self.assertIn("the warm-up of 50 steps is longer than the training of 1", result.err)
        settings = json.loads(self.path("out/train.json").read_text())["settings"]
        wanted = tomllib.loads(path.read_text())
        for name in ("muon-lr", "decay", "page-tiles", "page-scales", "heading-tiles", "line-tiles", "degraded-tiles",
                     "transcribed-tiles", "document-pages", "warmup"):
            self.assertEqual(settings[name.replace("-", "_")], wanted[name], name)

    def test_what_is_refused(self):
        self.fail_with(2, *self.arguments("o", "--device", "gpu"), says=["\"cpu\", \"cuda\" or \"cuda:N\" is wanted"])
        self.fail_with(2, *self.arguments("o", "--max-steps", 0), says=["--max-steps"])
        self.fail_with(2, *self.arguments("o", "--method", "full"), says=["--method has no meaning with --objective reading"])
        self.fail_with(2, *self.arguments("o", "--objective", "retrieval"), says=["has no meaning without --objective reading"])
        self.fail_with(1, *self.arguments("o", "--leave-out", "nothing"), says=["--leave-out \"nothing\" matches no document"])
        self.assert_absent(self.path("o"))


if __name__ == "__main__":
    unittest.main()
