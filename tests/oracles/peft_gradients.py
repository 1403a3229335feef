"""Loss and gradients of adapters in the real PEFT, for the C++ tests.

    peft_gradients.py BASE INPUTS.safetensors TEMPERATURE (ADAPTER GRADIENTS.safetensors)...

INPUTS has NAME.ids and, of pages, NAME.pixels; names are q0, q1, ... (queries), p0, ... (their pages) and n0, ...
(hard negatives). InfoNCE of last tokens' unit vectors. Prints the losses as JSON and writes the gradients by the names
of the bare model.
"""
import copy
import json
import sys
import warnings

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModel

warnings.filterwarnings("error", message=".*adapter keys.*")  # PEFT only warns of keys it does not find
base, inputs, temperature, *adapters = sys.argv[1:]
plain = AutoModel.from_pretrained(base, dtype=torch.float32)
tensors = load_file(inputs)


def vectors(model, side):
    found = []
    for i in range(sum(name.startswith(side) and name.endswith(".ids") for name in tensors)):
        pixels = tensors.get(f"{side}{i}.pixels")
        more = {} if pixels is None else {"pixel_values": pixels[None]}
        states = model(input_ids=tensors[f"{side}{i}.ids"].long()[None], **more).last_hidden_state
        found.append(torch.nn.functional.normalize(states[0, -1], dim=0))
    return torch.stack(found)


losses = []
for adapter, gradients in zip(adapters[::2], adapters[1::2]):
    model = PeftModel.from_pretrained(copy.deepcopy(plain), adapter, is_trainable=True).train()
    scores = vectors(model, "q") @ torch.cat([vectors(model, "p"), vectors(model, "n")]).T / float(temperature)
    loss = torch.nn.functional.cross_entropy(scores, torch.arange(len(scores)))
    loss.backward()
    losses.append(float(loss))
    save_file({name.removeprefix("base_model.model.").replace(".default", "").removesuffix(".weight"): p.grad
               for name, p in model.named_parameters() if p.requires_grad}, gradients)
print(json.dumps(losses))
