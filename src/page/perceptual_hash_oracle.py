"""Perceptual hashes by Pillow and numpy, for comparison. Reads DIR/N.rgb (u32 width, u32 height,
RGB rows) for N = 1, 2, ... and prints a line for each: the hash of recto's definition (luma averaged
over blocks, then Lanczos), and the hash without the first step (Pillow's "L", then Lanczos).

    python perceptual_hash_oracle.py DIR
"""
import os
import struct
import sys

import numpy as np
from PIL import Image


def block_mean(rgb):
    height, width, _ = rgb.shape
    factor = max(1, max(width, height) // 256)
    columns, rows = min(factor, width), min(factor, height)
    height, width = height // rows, width // columns
    blocks = rgb[:height * rows, :width * columns].astype(np.int64)
    sums = blocks.reshape(height, rows, width, columns, 3).sum(axis=(1, 3))
    whole = columns * rows << 16
    return ((sums @ np.array([19595, 38470, 7471]) + whole // 2) // whole).astype(np.uint8)


def dct(x):
    n = len(x)
    basis = np.cos(np.pi * (2 * np.arange(n)[None] + 1) * np.arange(n)[:, None] / (2 * n))
    return basis @ x


def phash(gray):
    small = np.asarray(gray.resize((64, 64), Image.LANCZOS), dtype=np.float64)
    low = dct(dct(small).T).T[:16, :16].reshape(-1)
    bits = low > np.median(low[1:])
    return np.packbits(bits).tobytes().hex()


number = 1
while os.path.exists(path := os.path.join(sys.argv[1], f"{number}.rgb")):
    data = open(path, "rb").read()
    width, height = struct.unpack("<II", data[:8])
    rgb = np.frombuffer(data, np.uint8, offset=8).reshape(height, width, 3)
    print(phash(Image.fromarray(block_mean(rgb))), phash(Image.fromarray(rgb).convert("L")))
    number += 1
