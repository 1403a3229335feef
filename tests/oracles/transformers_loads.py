"""What transformers and PEFT make of what recto wrote; prints JSON for the C++ tests.

    transformers_loads.py models DIR...
    transformers_loads.py adapters BASE (ADAPTER MERGED.safetensors)...
"""
import hashlib
import json
import sys

import torch
from safetensors.torch import load_file

DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


def weights_sha256(tensors):
    """The weights hash of docs/formats.md, written independently of recto."""
    sha = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        shape = "[" + ", ".join(str(n) for n in tensor.shape) + "]"
        sha.update(f"{name}\0{DTYPES[tensor.dtype]}\0{shape}\0".encode())
        sha.update(tensor.contiguous().view(torch.uint8).numpy().tobytes())
    return sha.hexdigest()


def describe(directory):
    from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText, AutoProcessor

    config = AutoConfig.from_pretrained(directory)
    head = config.architectures[0].endswith("ForConditionalGeneration")
    loader = AutoModelForImageTextToText if head else AutoModel
    model, info = loader.from_pretrained(directory, dtype="auto", output_loading_info=True)
    tensors = {n.removeprefix("model."): t for n, t in model.state_dict().items()}
    if config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    processor = AutoProcessor.from_pretrained(directory)
    return {
        "class": type(model).__name__,
        "architecture": config.architectures[0],
        "problems": {k: list(v) for k, v in info.items() if v},
        "parameters": sum(p.numel() for p in model.parameters()),
        "weights_sha256": weights_sha256(tensors),
        "processor": type(processor).__name__,
        "tokenizer_size": len(processor.tokenizer),
        "ids": processor.tokenizer("Größe 12 <image>").input_ids,
        "image_token_id": config.image_token_id,
        "image_seq_len": processor.image_seq_len,
        "longest_edge": processor.image_processor.size["longest_edge"],
        "tile": processor.image_processor.max_image_size["longest_edge"],
        "image_splitting": processor.image_processor.do_image_splitting,
        "chat": processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "x"}]}],
            add_generation_prompt=True),
    }


def merge(base, adapter, merged):
    import warnings

    from peft import PeftModel
    from transformers import AutoModel

    warnings.filterwarnings("error", message=".*adapter keys.*")  # PEFT only warns of misplaced keys
    model = AutoModel.from_pretrained(base, dtype=torch.float32)
    model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    ours = load_file(merged)
    theirs = model.state_dict()
    return {"worst": max(float((theirs[n] - t.float()).abs().max()) for n, t in ours.items()),
            "compared": len(ours)}


if sys.argv[1] == "models":
    print(json.dumps([describe(d) for d in sys.argv[2:]]))
else:
    base, rest = sys.argv[2], sys.argv[3:]
    print(json.dumps([merge(base, a, m) for a, m in zip(rest[::2], rest[1::2])]))
