"""train_lora.py MODEL STEPS PAIRS: speed of a LoRA step (r = 32 on all seven linear layers of the text
model, InfoNCE, AdamW) over PAIRS pages of 13 cached views and as many queries of 24 tokens,
through torch and PEFT. Prints JSON."""
import json
import sys
import time

from common import load_model, page_ids

import torch
import torch.nn.functional as functional
from peft import LoraConfig, get_peft_model


def main():
    model = load_model(sys.argv[1])
    pairs = int(sys.argv[3])
    embedding = model.text_model.embed_tokens
    length = len(page_ids(model.config, 13))
    text = get_peft_model(model.text_model, LoraConfig(
        r=32, lora_alpha=32, lora_dropout=0.0, bias="none",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj",
                        "down_proj"])).train()
    optimizer = torch.optim.AdamW([p for p in text.parameters() if p.requires_grad], lr=1e-4)
    pages = torch.randn(pairs, length, embedding.embedding_dim)
    queries = torch.randint(0, 1000, (pairs, 24))

    def last(embeds):
        states = text(inputs_embeds=embeds, use_cache=False).last_hidden_state
        return functional.normalize(states[:, -1], dim=-1)

    def step():
        scores = last(embedding(queries)) @ last(pages).T / 0.02
        functional.cross_entropy(scores, torch.arange(pairs)).backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    best = float("inf")
    for _ in range(int(sys.argv[2])):
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
    print(json.dumps({"seconds_per_step": best, "pairs_per_second": pairs / best}))


main()
