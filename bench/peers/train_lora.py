"""train_lora.py MODEL VIEWS FEATURES PAIRS STEPS: speed and memory of a LoRA step (r = 32 on all seven linear
layers of the text model, InfoNCE, AdamW) over PAIRS pages of VIEWS views and as many queries of 24 tokens,
through transformers and PEFT. FEATURES is "uncached" (the whole model in every step, the vision tower frozen, as
trainings through transformers run) or "cached" (the vision tower's output is given). Prints JSON."""
import json
import resource
import sys
import time

from common import load_model, page_ids

import torch
import torch.nn.functional as functional
from peft import LoraConfig, get_peft_model

TARGETS = r".*text_model\.layers\.\d+\.(self_attn\.(q|k|v|o)_proj|mlp\.(gate|up|down)_proj)"


def last(states):
    return functional.normalize(states[:, -1], dim=-1)


class Inputs:
    """A batch, and the model's way from it to unit vectors."""

    def __init__(self, model, views, pairs, cached):
        self.model = model
        self.ids = torch.tensor([page_ids(model.config, views)] * pairs)
        self.queries = torch.randint(0, 1000, (pairs, 24))
        if cached:
            self.embeds = torch.randn(*self.ids.shape, model.config.text_config.hidden_size)
        else:
            tile = model.config.vision_config.image_size
            self.pixels = torch.rand(pairs, views, 3, tile, tile) * 2 - 1
        self.cached = cached

    def text(self, **given):
        return last(self.model.text_model(use_cache=False, **given).last_hidden_state)

    def vectors(self):
        queries = self.text(input_ids=self.queries)
        if self.cached:
            return queries, self.text(inputs_embeds=self.embeds)
        states = self.model(input_ids=self.ids, attention_mask=torch.ones_like(self.ids), pixel_values=self.pixels,
                            use_cache=False).last_hidden_state
        return queries, last(states)


def main():
    model = load_model(sys.argv[1])
    views, pairs, steps = int(sys.argv[2]), int(sys.argv[4]), int(sys.argv[5])
    tuned = get_peft_model(model, LoraConfig(r=32, lora_alpha=32, lora_dropout=0.0, bias="none",
                                             target_modules=TARGETS)).train()
    optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=1e-4)
    inputs = Inputs(tuned.get_base_model(), views, pairs, sys.argv[3] == "cached")

    def step():
        queries, pages = inputs.vectors()
        functional.cross_entropy(queries @ pages.T / 0.02, torch.arange(pairs)).backward()
        optimizer.step()
        optimizer.zero_grad()

    best = {"wall": float("inf"), "cpu": float("inf")}
    for number in range(steps + 1):
        start, cpu = time.perf_counter(), time.process_time()
        step()
        if number > 0 or steps == 0:
            best["wall"] = min(best["wall"], time.perf_counter() - start)
            best["cpu"] = min(best["cpu"], time.process_time() - cpu)
    print(json.dumps({"seconds_per_step": best["wall"], "pairs_per_second": pairs / best["wall"],
                      "cpu": {"seconds_per_step": best["cpu"], "pairs_per_second": pairs / best["cpu"]},
                      "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


main()
