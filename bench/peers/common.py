"""What the peers' programs share: threads, the model in transformers, the page picture."""
import os
import warnings

THREADS = int(os.environ.get("BENCH_THREADS", "1"))
os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
warnings.filterwarnings("ignore")


def load_model(directory):
    """The bare model in fp32 with torch's fused attention, the fastest eager path."""
    import torch
    from transformers import AutoModel

    torch.set_num_threads(THREADS)
    model = AutoModel.from_pretrained(directory, dtype=torch.float32, attn_implementation="sdpa")
    return model.eval().requires_grad_(False)


def load_processor(longest_edge, tile=512):
    """transformers' PIL image processor of the family."""
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    return Idefics3ImageProcessorPil(
        size={"longest_edge": longest_edge}, max_image_size={"longest_edge": tile},
        do_image_splitting=True, resample=1, image_mean=[0.5] * 3, image_std=[0.5] * 3)


def page_ids(config, views):
    """As many ids as the default contract gives a page of `views` views."""
    tokens = (config.vision_config.image_size // config.vision_config.patch_size
              // config.scale_factor) ** 2
    text = 14 + 2 * views
    return [17] * (text - 1) + [config.image_token_id] * (tokens * views) + [17]


def query_ids(tokens):
    return [17 + i * 131 % 1000 for i in range(tokens)]


def embed_query(model, ids):
    import torch

    with torch.inference_mode():
        states = model.text_model(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state
        return torch.nn.functional.normalize(states[0, -1], dim=-1)


def embed_page(model, pixels):
    """Tile by tile, which is faster on one core than all views in a batch."""
    import torch

    with torch.inference_mode():
        features = torch.cat([
            model.connector(model.vision_model(pixel_values=view[None]).last_hidden_state)[0]
            for view in pixels])
        ids = torch.tensor([page_ids(model.config, len(pixels))])
        embeds = model.text_model.embed_tokens(ids)
        embeds[ids == model.config.image_token_id] = features
        states = model.text_model(inputs_embeds=embeds, use_cache=False).last_hidden_state
        return torch.nn.functional.normalize(states[0, -1], dim=-1)


def write_page(path):
    """An A4 page of 1654 x 2339 pixels (200 dpi): lines of words, a coloured box, a noisy photo."""
    import numpy
    from PIL import Image, ImageDraw

    rng = numpy.random.default_rng(0)
    page = Image.new("RGB", (1654, 2339), "white")
    draw = ImageDraw.Draw(page)
    for y in range(120, 2200, 38):
        x = 120
        while x < 1500:
            width = int(rng.integers(20, 140))
            word = "".join(chr(97 + int(c)) for c in rng.integers(0, 26, max(2, width // 9)))
            draw.text((x, y), word, fill=(20, 20, 20), font_size=26)
            x += width + 14
    draw.rectangle((200, 900, 1400, 1400), fill=(120, 160, 210))
    pixels = numpy.asarray(page).copy()
    pixels[1500:1900, 300:1300] = rng.integers(0, 255, (400, 1000, 3), dtype=numpy.uint8)
    Image.fromarray(pixels).save(path, quality=90)
