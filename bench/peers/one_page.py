"""one_page.py MODEL PAGE LONGEST_EDGE: from nothing to one page's vector, then the end."""
import sys

import torch
from PIL import Image

from common import embed_page, load_model, load_processor

image = Image.open(sys.argv[2]).convert("RGB")
pixels = load_processor(int(sys.argv[3]))(image, return_tensors="np")["pixel_values"][0]
print(len(pixels), float(embed_page(load_model(sys.argv[1]), torch.from_numpy(pixels))[0]))
