"""What the behaviour tests share: the built programs, the golden models, inputs good and bad."""
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path

import numpy as np
from safetensors import safe_open

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["RECTO_BUILD_DIRECTORY"])
RECTO = BUILD / "recto"
GOLDENS = Path(os.environ.get("RECTO_GOLDENS") or SOURCE / "tests/goldens")


def golden_models():
    """The golden model directories; there must be one."""
    found = sorted(p.parent for p in (GOLDENS / "models").glob("*/config.json"))
    assert found, f"no golden model in {GOLDENS}/models"
    return found


def model():
    """A golden model for tests of behaviour: the first one."""
    return golden_models()[0]


def models_goldens(path):
    return path.with_name(path.name + "-goldens")


def smollm2_tokenizer():
    """The compressed SmolLM2 tokenizer.json, of the repository when the set has none."""
    found = GOLDENS / "tokenizer/smollm2/tokenizer.json.gz"
    return found if found.exists() else SOURCE / "tests/goldens/tokenizer/smollm2/tokenizer.json.gz"


def read_tensors(path):
    with safe_open(str(path), "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}


class Result:
    """Status and output of a program that ended."""

    def __init__(self, arguments, status, out, err):
        self.arguments, self.status, self.out, self.err = arguments, status, out, err

    def __str__(self):
        return f"{' '.join(map(str, self.arguments))}\nstatus {self.status}\nstdout: {self.out[-2000:]}\nstderr: {self.err[-4000:]}"


def environment(extra=None):
    """The environment without settings of recto's own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RECTO_")}
    clean.update(extra or {})
    return clean


def recto(*arguments, env=None, timeout=120, **options):
    """Runs recto; the time limit is the test that it does not hang."""
    command = [str(RECTO), *map(str, arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
                          env=environment(env), **options)
    return Result(command, done.returncode, done.stdout.decode("utf-8", "replace"),
                  done.stderr.decode("utf-8", "replace"))


class Case(unittest.TestCase):
    """A test with a directory of its own."""

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="recto-test-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def path(self, name):
        return self.directory / name

    def write(self, name, content):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def write_lines(self, name, rows):
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))

    def succeed(self, *arguments, **options):
        result = recto(*arguments, **options)
        self.assertEqual(result.status, 0, str(result))
        return result

    def fail_with(self, status, *arguments, says=(), **options):
        """Runs recto, which must end with `status` and say each of `says` on stderr."""
        result = recto(*arguments, **options)
        self.assertEqual(result.status, status, str(result))
        self.assertNotIn("internal error", result.err, str(result))
        self.assertTrue(result.err.strip(), str(result))
        for text in says:
            self.assertIn(text.lower(), result.err.lower(), str(result))
        return result

    def assert_absent(self, *paths):
        """The outputs, and anything half-written beside them, are not there."""
        for path in paths:
            self.assertFalse(path.exists(), path)
            left = [p.name for p in path.parent.glob(f".{path.name}*")] if path.parent.exists() else []
            self.assertEqual(left, [])

    def copy_model(self, name="model"):
        """A copy of a golden model that a test may break."""
        shutil.copytree(model(), self.path(name), copy_function=shutil.copyfile)
        for path in [self.path(name), *self.path(name).rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        return self.path(name)


# ---- images


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, rows=None, depth=8, colour=2):
    """A PNG file; `rows` are its raw scan lines, a gray gradient when absent."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    if rows is None:
        line = b"".join(bytes([x * 255 // max(1, width - 1)]) * (channels * depth // 8) for x in range(width))
        rows = [line] * height
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def noise_png(width, height, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width * 3), dtype=np.uint8)
    return png(width, height, [row.tobytes() for row in pixels])


def read_png(data):
    """Pixels [height, width, 3] of an 8-bit RGB PNG without interlacing."""
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) == (8, 2), (depth, colour)
    body, position = b"", 8
    while position < len(data):
        size, = struct.unpack(">I", data[position:position + 4])
        if data[position + 4:position + 8] == b"IDAT":
            body += data[position + 8:position + 8 + size]
        position += 12 + size
    lines = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + width * 3).astype(np.int32)
    out = np.zeros((height, width * 3), np.int32)
    for y in range(height):
        kind, line = lines[y, 0], lines[y, 1:]
        above = out[y - 1] if y else np.zeros(width * 3, np.int32)
        if kind in (0, 2):
            out[y] = (line + (above if kind == 2 else 0)) & 255
            continue
        for x in range(width * 3):
            left, corner = (out[y, x - 3], above[x - 3]) if x >= 3 else (0, 0)
            guess = left + above[x] - corner
            paeth = min((abs(guess - left), 0, left), (abs(guess - above[x]), 1, above[x]),
                        (abs(guess - corner), 2, corner))[2]
            out[y, x] = (line[x] + {1: left, 3: (left + above[x]) // 2, 4: paeth}[kind]) & 255
    return out.reshape(height, width, 3).astype(np.uint8)


# ---- PDFs


def pdf(objects, root=1, extra=b""):
    """A PDF file of numbered objects (bytes, the first is number 1), with a correct table."""
    out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % o for o in offsets)
    return out + b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, root, extra, start)


def stream(data, dictionary=b""):
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), dictionary, data)


def text_page(lines, size=12):
    """Content stream of a page with lines of text, and a bar that depends on them."""
    body = b"BT /F1 %d Tf 72 760 Td %d TL\n" % (size, size + 6)
    body += b"".join(b"(%s) Tj T*\n" % line.encode("latin-1") for line in lines)
    shade = zlib.crc32(" ".join(lines).encode()) % 97
    return body + b"ET\n0.%02d 0.4 0.6 rg 72 %d 300 60 re f\n" % (shade, 60 + shade)


def document_pdf(pages, outline=True, title="Test document"):
    """A PDF with a page for each list of lines; an outline entry leads to each, named by its first line."""
    count = len(pages)
    page_numbers = [4 + 2 * i for i in range(count)]
    first_entry = 4 + 2 * count + 1
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % (b"/Outlines %d 0 R" % (first_entry - 1) if outline else b""),
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, b" ".join(b"%d 0 R" % n for n in page_numbers)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, lines in zip(page_numbers, pages):
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
                       b"/Resources << /Font << /F1 3 0 R >> >> >>" % (number + 1))
        objects.append(stream(text_page(lines)))
    objects.append(b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>" %
                   (first_entry, first_entry + count - 1, count))
    for i, (number, lines) in enumerate(zip(page_numbers, pages)):
        links = (b"/Prev %d 0 R " % (first_entry + i - 1) if i else b"") + \
                (b"/Next %d 0 R" % (first_entry + i + 1) if i + 1 < count else b"")
        objects.append(b"<< /Title (%s) /Parent %d 0 R /Dest [%d 0 R /Fit] %s >>" %
                       (lines[0].encode("latin-1"), first_entry - 1, number, links))
    objects.append(b"<< /Title (%s) >>" % title.encode())
    return pdf(objects, extra=b"/Info %d 0 R" % len(objects))


# ---- processes that are interrupted


class Started:
    """A recto that runs, its stderr a terminal, so that progress shows at once."""

    def __init__(self, *arguments):
        self.master, slave = os.openpty()
        self.process = subprocess.Popen([str(RECTO), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=slave, env=environment(),
                                        start_new_session=True)
        os.close(slave)
        self.text = b""

    def read(self):
        """More of stderr; False at its end."""
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data
        return bool(data)

    def wait_for(self, text):
        while text not in self.text:
            assert self.read(), self.text

    def send(self, number, group=True):
        (os.killpg if group else os.kill)(self.process.pid, number)

    def finish(self, timeout=60):
        """Exit status, once it has ended."""
        try:
            return self.process.wait(timeout)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
            while self.read():
                pass
            os.close(self.master)
