"""Writes image files of every kind recto reads to DIR, and beside each FILE.rgb: the pixels that
Pillow gives (EXIF applied, alpha over white), or that the PNG specification gives where Pillow is
known to be wrong. Files that lie in DIR already are decoded too. Used by decode_oracle_test.cc.

    python pillow_oracle.py DIR
"""
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps

OUT = sys.argv[1]
RNG = np.random.default_rng(5)
EXPECTED = {}  # file name -> HWC uint8, where Pillow does not decide


def path(name):
    return os.path.join(OUT, name)


def smooth(height, width, channels):
    """Pixels with gradients, edges and noise."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * (3 + c) + y * (5 - c)) % 256 for c in range(channels)]
    pixels = np.stack(planes, -1) + RNG.integers(-9, 10, (height, width, channels))
    pixels[height // 3: height // 2, width // 4: width // 2] = 255 * (np.arange(channels) % 2)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def over_white(rgb, alpha):
    image = Image.fromarray(np.concatenate([rgb, alpha[..., None]], -1), "RGBA")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


# ---- PNG, written by hand: every colour type and depth, plain and Adam7, with and without tRNS

def png_rows(samples, depth):
    """Filtered (type 0) rows of [height, width, channels] samples."""
    rows = []
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            data = flat.astype(">u2").tobytes()
        elif depth == 8:
            data = flat.astype(np.uint8).tobytes()
        else:
            bits = ((flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8)
            data = np.packbits(bits.reshape(-1)).tobytes()
        rows.append(b"\0" + data)
    return b"".join(rows)


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
         (1, 0, 2, 1)]


def write_png(name, samples, depth, colour, interlaced, palette=None, trns=None, orientation=None):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    height, width = samples.shape[:2]
    if interlaced:
        passes = [samples[y::dy, x::dx] for y, x, dy, dx in ADAM7]
        data = b"".join(png_rows(p, depth) for p in passes if p.size)
    else:
        data = png_rows(samples, depth)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    with open(path(name), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head))
        if palette is not None:
            file.write(chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
        if trns is not None:
            file.write(chunk(b"tRNS", trns))
        file.write(chunk(b"IDAT", zlib.compress(data)))
        if orientation is not None:  # behind the pixels, where it may stand too
            file.write(chunk(b"eXIf", exif(orientation).tobytes()[6:]))
        file.write(chunk(b"IEND", b""))


def gray_of(samples, depth):
    value = samples[..., 0].astype(np.uint32)
    value = value >> 8 if depth == 16 else value * 255 // (2**depth - 1)
    return np.repeat(value[..., None], 3, -1).astype(np.uint8)


def png_gray(depth, interlaced, transparent):
    samples = RNG.integers(0, 2**depth, (11, 13, 1))
    name = f"png_gray{depth}_{'adam7' if interlaced else 'plain'}{'_trns' if transparent else ''}.png"
    key = int(samples[2, 3, 0])
    write_png(name, samples, depth, 0, interlaced, trns=struct.pack(">H", key) if transparent else None)
    if depth == 16 or transparent:  # Pillow clips 16 bits, and compares the key with scaled samples
        alpha = np.where((samples[..., 0] == key) & transparent, 0, 255).astype(np.uint8)
        EXPECTED[name] = over_white(gray_of(samples, depth), alpha)


def png_palette(depth, interlaced, transparent):
    size = 2**depth - (depth == 8) * 40  # fewer entries than indices allow
    samples = RNG.integers(0, size, (11, 13, 1))
    name = f"png_palette{depth}_{'adam7' if interlaced else 'plain'}{'_trns' if transparent else ''}.png"
    alpha = bytes(RNG.integers(0, 256, max(1, size // 2)).tolist()) if transparent else None
    write_png(name, samples, depth, 3, interlaced, palette=RNG.integers(0, 256, (size, 3)), trns=alpha)


def png_direct(colour, channels, depth, interlaced, transparent):
    samples = RNG.integers(0, 2**depth, (11, 13, channels))
    name = f"png_colour{colour}_{depth}_{'adam7' if interlaced else 'plain'}{'_trns' if transparent else ''}.png"
    trns = samples[4, 5].astype(">u2").tobytes() if transparent else None
    write_png(name, samples, depth, colour, interlaced, trns=trns)
    if depth == 16 and transparent:  # Pillow compares the key with 8-bit samples
        alpha = np.where((samples == samples[4, 5]).all(-1), 0, 255).astype(np.uint8)
        EXPECTED[name] = over_white((samples >> 8).astype(np.uint8), alpha)


def png_files():
    for interlaced in (False, True):
        for transparent in (False, True):
            for depth in (1, 2, 4, 8, 16):
                png_gray(depth, interlaced, transparent)
            for depth in (1, 2, 4, 8):
                png_palette(depth, interlaced, transparent)
            for depth in (8, 16):
                png_direct(2, 3, depth, interlaced, transparent)
        for depth in (8, 16):
            png_direct(4, 2, depth, interlaced, False)
            png_direct(6, 4, depth, interlaced, False)
    for orientation in range(1, 9):
        write_png(f"png_exif{orientation}.png", smooth(9, 14, 3).astype(int), 8, 2, False,
                  orientation=orientation)
    alpha_ramp = np.zeros((256, 256, 4), np.uint8)
    alpha_ramp[..., 3] = np.arange(256)[:, None]
    alpha_ramp[..., :3] = np.arange(256)[None, :, None]
    Image.fromarray(alpha_ramp, "RGBA").save(path("png_every_alpha.png"))


# ---- JPEG, WebP and GIF, written by Pillow

def jpeg_files():
    for height, width in ((1, 1), (8, 8), (17, 33), (61, 47)):
        image = Image.fromarray(smooth(height, width, 3))
        for subsampling in (0, 1, 2):
            for progressive in (False, True):
                image.save(path(f"jpeg_{width}x{height}_s{subsampling}_{progressive}.jpg"), quality=83,
                           subsampling=subsampling, progressive=progressive)
        image.convert("L").save(path(f"jpeg_gray_{width}x{height}.jpg"), quality=70)
        Image.fromarray(smooth(height, width, 4), "CMYK").save(path(f"jpeg_cmyk_{width}x{height}.jpg"))
    image = Image.fromarray(smooth(40, 30, 3))
    for orientation in range(1, 9):
        image.save(path(f"jpeg_exif{orientation}.jpg"), exif=exif(orientation))
    image.save(path("jpeg_rgb_stored.jpg"), keep_rgb=True)
    image.save(path("jpeg_restart.jpg"), restart_marker_blocks=2)


def webp_files():
    rgb = Image.fromarray(smooth(45, 67, 3))
    rgba = Image.fromarray(smooth(45, 67, 4), "RGBA")
    for name, image in (("rgb", rgb), ("rgba", rgba)):
        for lossless in (False, True):
            image.save(path(f"webp_{name}_{lossless}.webp"), lossless=lossless, quality=80)
        image.save(path(f"webp_{name}_animated.webp"), save_all=True, append_images=[image.rotate(180)],
                   duration=100, lossless=True)
    for orientation in range(1, 9):
        rgb.save(path(f"webp_exif{orientation}.webp"), exif=exif(orientation))
    Image.fromarray(smooth(1, 1, 3)).save(path("webp_1x1.webp"))


def moved(name, source, left, top, width, height):
    """A copy of a GIF whose first frame stands at (left, top) on a screen of width x height."""
    data = bytearray(open(path(source), "rb").read())
    data[6:10] = struct.pack("<HH", width, height)
    position = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 128 else 0)
    while data[position] == 0x21:
        position += 2
        while data[position]:
            position += 1 + data[position]
        position += 1
    assert data[position] == 0x2C
    data[position + 1:position + 5] = struct.pack("<HH", left, top)
    open(path(name), "wb").write(data)


def gif_files():
    for height, width in ((1, 1), (23, 31)):
        image = Image.fromarray(smooth(height, width, 3))
        for interlace in (0, 1):
            image.quantize(40).save(path(f"gif_{width}x{height}_i{interlace}.gif"), interlace=interlace)
            image.convert("L").save(path(f"gif_gray_{width}x{height}_i{interlace}.gif"), interlace=interlace)
    indexed = Image.fromarray(smooth(23, 31, 3)).quantize(16)
    indexed.save(path("gif_transparent.gif"), transparency=5)
    indexed.save(path("gif_frames.gif"), save_all=True, append_images=[indexed.rotate(180)], transparency=2)
    for source in ("gif_transparent.gif", "gif_31x23_i1.gif", "gif_gray_31x23_i0.gif"):
        if os.path.exists(path(source)):
            moved(source.replace(".gif", "_moved.gif"), source, 4, 7, 60, 50)
            moved(source.replace(".gif", "_beyond.gif"), source, 4, 7, 20, 50)


def pixels_of(name):
    if name in EXPECTED:
        return EXPECTED[name]
    image = ImageOps.exif_transpose(Image.open(path(name)))
    if "A" in image.getbands() or image.info.get("transparency") is not None:
        rgba = np.asarray(image.convert("RGBA"))
        return over_white(rgba[..., :3], rgba[..., 3])
    return np.asarray(image.convert("RGB"))


png_files()
jpeg_files()
webp_files()
gif_files()
for file_name in sorted(os.listdir(OUT)):
    pixels = pixels_of(file_name)
    with open(path(file_name + ".rgb"), "wb") as out:
        out.write(struct.pack("<II", pixels.shape[1], pixels.shape[0]) + pixels.tobytes())
