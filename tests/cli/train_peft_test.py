"""Adapters that recto trained in the real PEFT, and adapters that PEFT wrote in recto: the same vectors."""
import copy
import functools
import json
import os
import unittest
import warnings

import numpy as np

from support import golden_models, read_tensors
from train_runs_test import Training

VECTOR = 2e-5
TEXT = r".*text_model\.layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\..*_proj)"
VISION = r".*vision_model\.encoder\.layers\.\d+\.(self_attn\.(q|k|v|out)_proj|mlp\.fc\d)"
# What is trained by recto, as its options say it.
TRAINED = {
    "lora": ["--lora-alpha", 8],
    "rslora": ["--lora-rslora", "--lora-alpha", 8, "--lora-init", "gaussian"],
    "dora": ["--lora-dora"],
    "rsdora": ["--lora-dora", "--lora-rslora", "--lora-dropout", 0.1],
    "vision": ["--lora-targets", VISION],
    "vision-rsdora": ["--lora-targets", VISION, "--lora-dora", "--lora-rslora"],
    "everything": ["--lora-targets", "all-linear"],
    "everything-dora": ["--lora-targets", "all-linear", "--lora-dora"],
}
# What is written by PEFT, as its LoraConfig says it.
WRITTEN = {
    "lora": {"target_modules": TEXT},
    "vision": {"target_modules": VISION},
    "vision-rsdora": {"target_modules": VISION, "use_rslora": True, "use_dora": True},
    "everything-dora": {"target_modules": ["q_proj", "v_proj", "down_proj", "fc1", "out_proj", "proj"],
                        "use_dora": True},
    "patterns": {"target_modules": TEXT, "use_rslora": True, "rank_pattern": {r"layers\.0\..*q_proj": 6},
                 "alpha_pattern": {r"layers\.1\..*up_proj": 5}},
}


@functools.lru_cache(maxsize=None)
def loaded(base):
    """The model that transformers makes of a directory."""
    import torch
    from transformers import AutoModel
    from transformers.utils import logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return AutoModel.from_pretrained(base, dtype=torch.float32).eval()


def cases(kinds):
    """Each kind with the first golden model, the last one with the others too."""
    bases = golden_models()
    return [(bases[0], kind) for kind in kinds] + [(base, list(kinds)[-1]) for base in bases[1:]]


class Peft(Training):
    def setUp(self):
        super().setUp()
        os.environ["HF_HUB_OFFLINE"] = "1"
        for message in (".*adapter keys.*", ".*missing.*key.*"):  # PEFT only warns of keys it does not find
            warnings.filterwarnings("error", message=message)
        self.image = self.path("beir/images/3.png")

    def train_from(self, base, output, *more):
        arguments = self.arguments(output, "--lr", 0.01, "--eval-queries", 0, *more)
        arguments[arguments.index("--model") + 1] = base
        self.succeed(*arguments)

    def with_adapter(self, base, adapter):
        from peft import PeftModel
        return PeftModel.from_pretrained(copy.deepcopy(loaded(base)), adapter).eval()

    def inputs(self, base):
        """Ids and pixels of a query and a page, as recto makes them."""
        found = []
        for arguments in (["--query", "what stands on page 3"], ["--image", self.image]):
            output = self.path("inputs.safetensors")
            self.succeed("inspect", "--model", base, "--longest-edge", 64, *arguments, "--output", output)
            found.append(read_tensors(output)[0])
            output.unlink()
        return found

    def vectors_of_peft(self, wrapped, inputs):
        import torch
        vectors = []
        for tensors in inputs:
            more = {}
            if "pixel_values" in tensors:
                more["pixel_values"] = torch.from_numpy(tensors["pixel_values"])[None]
            with torch.no_grad():
                ids = torch.from_numpy(tensors["input_ids"].astype(np.int64))[None]
                state = wrapped(input_ids=ids, **more).last_hidden_state[0, -1]
            vectors.append((state / state.norm()).numpy())
        return np.stack(vectors)

    def vectors(self, *source):
        output = self.path("vectors.safetensors")
        self.succeed("embed", *source, "--longest-edge", 64, "--query", "what stands on page 3", "--image", self.image,
                     "--output", output)
        return read_tensors(output)[0]["embeddings"]

    def assert_near(self, found, wanted):
        self.assertLessEqual(float(np.abs(found - wanted).max()), VECTOR)

    def assert_far(self, found, wanted):
        self.assertGreater(float(np.abs(found - wanted).max()), 1e-3)

    def test_what_recto_trained_loads_in_peft(self):
        for base, kind in cases(TRAINED):
            with self.subTest(base=base.name, kind=kind):
                output = self.path(f"{base.name}-{kind}")
                self.train_from(base, output, "--max-steps", 2, "--lora-r", 3, *TRAINED[kind])
                config = json.loads((output / "adapter/adapter_config.json").read_text())
                for name in ("rslora", "dora"):
                    self.assertEqual(config["use_" + name], "--lora-" + name in TRAINED[kind])
                adapted = self.vectors("--model", base, "--adapter", output / "adapter")
                self.assert_far(self.vectors("--model", base), adapted)
                self.assert_near(self.vectors("--model", output), adapted)
                inputs, wrapped = self.inputs(base), self.with_adapter(base, output / "adapter")
                self.assert_near(self.vectors_of_peft(wrapped, inputs), adapted)
                self.assert_near(self.vectors_of_peft(wrapped.merge_and_unload(), inputs), adapted)

    def write_by_peft(self, base, options, adapter):
        import torch
        from peft import LoraConfig, get_peft_model
        torch.manual_seed(3)
        config = LoraConfig(task_type="FEATURE_EXTRACTION", r=4, lora_alpha=2, init_lora_weights=False, **options)
        wrapped = get_peft_model(copy.deepcopy(loaded(base)), config).eval()
        with torch.no_grad():
            for name, parameter in wrapped.named_parameters():
                if "magnitude" in name:
                    parameter.mul_(1.1)
        wrapped.save_pretrained(adapter)
        return wrapped

    def test_what_peft_wrote_loads_in_recto(self):
        for base, kind in cases(WRITTEN):
            with self.subTest(base=base.name, kind=kind):
                adapter, output = self.path(f"{base.name}-{kind}"), self.path(f"{base.name}-{kind}-next")
                wrapped = self.write_by_peft(base, WRITTEN[kind], adapter)
                inputs, found = self.inputs(base), self.vectors("--model", base, "--adapter", adapter)
                self.assert_far(self.vectors("--model", base), found)
                self.assert_near(found, self.vectors_of_peft(wrapped, inputs))
                # One can go on training it, and what comes of it is PEFT's again.
                self.train_from(base, output, "--max-steps", 1, "--adapter", adapter)
                adapted = self.vectors("--model", output)
                self.assert_far(found, adapted)
                self.assert_near(self.vectors_of_peft(self.with_adapter(base, output / "adapter"), inputs), adapted)


if __name__ == "__main__":
    unittest.main()
