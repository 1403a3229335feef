"""peer.py MODEL PAGE: the peers' side of bench/run. Answers lines "MEASURE [ARGUMENT]" with JSON, as
recto-bench does: the same work through transformers, torch and Pillow."""
import io
import json
import sys
import time

from common import embed_page, embed_query, load_model, load_processor, query_ids


class Measures:
    def __init__(self, model, page):
        self.directory = model
        self.raw = open(page, "rb").read()
        self.loaded = None

    @property
    def model(self):
        if self.loaded is None:
            self.loaded = load_model(self.directory)
        return self.loaded

    def decode(self):
        from PIL import Image

        return Image.open(io.BytesIO(self.raw)).convert("RGB")

    def tower(self, _):
        import torch

        config = self.model.config.vision_config
        pixels = torch.rand(1, 3, config.image_size, config.image_size) * 2 - 1
        def work():
            with torch.inference_mode():
                self.model.vision_model(pixel_values=pixels)

        return {}, work

    def views(self, longest_edge):
        processor = load_processor(longest_edge)
        return {}, lambda: processor(self.decode(), return_tensors="np")

    def page(self, longest_edge):
        import torch

        processor = load_processor(longest_edge)
        model = self.model

        def work():
            pixels = processor(self.decode(), return_tensors="np")["pixel_values"][0]
            embed_page(model, torch.from_numpy(pixels))

        return {}, work

    def query(self, tokens):
        ids = query_ids(tokens)
        vector = embed_query(self.model, ids)
        return {"vector": vector[:8].tolist()}, lambda: embed_query(self.model, ids)


def main():
    measures = Measures(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        name, _, argument = line.strip().partition(" ")
        answer, work = getattr(measures, name)(int(argument or 0))
        start, cpu = time.perf_counter(), time.process_time()
        work()
        answer["seconds"] = time.perf_counter() - start
        answer["cpu_seconds"] = time.process_time() - cpu
        print(json.dumps(answer), flush=True)


main()
