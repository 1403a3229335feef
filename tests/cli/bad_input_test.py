"""Bad input: a clear message, exit status 1 (2 for wrong usage), nothing half-written, no hang."""
import json
import os
import struct
import subprocess
import unittest
import zlib

from pyarrow import parquet

from support import (GOLDENS, RECTO, SOURCE, Case, document_pdf, environment, model,
                     noise_png, pdf, png, read_tensors, recto, stream)


class BadImages(Case):
    def embed(self, path, status=1, says=()):
        output = self.path("out.safetensors")
        if status == 0:
            self.succeed("embed", "--model", model(), "--image", path, "--output", output)
            self.assertEqual(read_tensors(output)[0]["embeddings"].shape[0], 1)
            return
        self.fail_with(status, "embed", "--model", model(), "--image", path, "--output", output,
                       says=[path.name, *says])
        self.assert_absent(output)

    def source(self, name):
        found = GOLDENS / "images/src" / name
        return found if found.exists() else SOURCE / "tests/goldens/images/src" / name

    def test_not_an_image(self):
        for name, content in (("a.png", b""), ("b.jpg", b"hello"), ("c.gif", b"GIF89a"), ("d.webp", b"RIFF1234WEBP"),
                              ("e.png", b"\x89PNG\r\n\x1a\n"), ("f.png", document_pdf([["page"]]))):
            with self.subTest(name=name):
                self.embed(self.write(name, content))

    def test_missing_and_folder(self):
        self.embed(self.path("nowhere.png"))
        self.path("folder.png").mkdir()
        self.embed(self.path("folder.png"))

    def test_corrupt(self):
        for name in ("photo_160x120.jpg", "noise_37x53.png", "anim_2frames_40x30.gif"):
            data = bytearray(self.source(name).read_bytes())
            middle = len(data) // 2
            data[middle:middle + 40] = bytes(b ^ 0xA5 for b in data[middle:middle + 40])
            with self.subTest(name=name):
                # What a decoder cannot notice (a JPEG without checksums) may pass, but never crash.
                result = recto("embed", "--model", model(), "--image", self.write("x-" + name, bytes(data)),
                               "--output", self.path("out.npy"))
                self.assertIn(result.status, (0, 1), str(result))
                if name.endswith(".png"):
                    self.assertEqual(result.status, 1, str(result))
                self.assertNotIn("internal error", result.err)

    def test_truncated(self):
        for name in ("photo_160x120.jpg", "noise_37x53.png", "anim_2frames_40x30.gif"):
            data = self.source(name).read_bytes()
            for size in (3, 30, len(data) // 3):
                with self.subTest(name=name, size=size):
                    self.embed(self.write("short-" + name, data[:size]))

    def test_one_pixel(self):
        self.embed(self.write("one.png", png(1, 1)), 0)

    def test_16_bit(self):
        self.embed(self.write("deep.png", png(24, 16, depth=16, colour=0)), 0)
        self.embed(self.write("deep-rgb.png", png(24, 16, depth=16, colour=2)), 0)

    def test_cmyk(self):
        self.embed(self.source("cmyk_96x64.jpg"), 0)

    def test_40000_pixels_wide(self):
        self.embed(self.write("wide.png", png(40000, 2, [bytes(120000)] * 2)), says=["40000"])

    def test_decompression_bomb(self):
        for width, height in ((20000, 20000), (100000, 100000), (2**31 - 1, 2**31 - 1)):
            with self.subTest(width=width):
                honest = png(8, 8)
                header = struct.pack(">II", width, height)
                bomb = bytearray(honest)
                bomb[16:24] = header
                bomb[29:33] = struct.pack(">I", zlib.crc32(bytes(bomb[12:29])))
                self.embed(self.write("bomb.png", bytes(bomb)))

    def test_bytes_in_a_table(self):
        lines = self.write_lines("lines.jsonl", [{"id": "a", "image": "gone.png"}])
        self.fail_with(1, "embed", "--model", model(), "--input", lines, "--output", self.path("o.npy"),
                       says=["lines.jsonl", "gone.png"])


class BadPdfs(Case):
    def refuse(self, name, content, *says):
        path = self.write(name, content)
        for output in (self.path("out.safetensors"),):
            self.fail_with(1, "embed", "--model", model(), "--pdf", path, "--output", output, says=[name, *says])
            self.assert_absent(output)

    def test_encrypted(self):
        objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
                   b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
                   b"<< /Filter /Standard /V 1 /R 2 /Length 40 /P -44 /O <%s> /U <%s> >>" % (b"ab" * 32, b"cd" * 32)]
        self.refuse("locked.pdf", pdf(objects, extra=b"/Encrypt 4 0 R /ID [<%s> <%s>]" % (b"01" * 16, b"01" * 16)),
                    "encrypted")

    def test_empty(self):
        self.refuse("empty.pdf", b"")
        self.refuse("no-pages.pdf", pdf([b"<< /Type /Catalog /Pages 2 0 R >>",
                                         b"<< /Type /Pages /Count 0 /Kids [] >>"]))

    def test_truncated(self):
        data = document_pdf([["page"]] * 3)
        for size in (5, 20, 200):
            with self.subTest(size=size):
                self.refuse("short.pdf", data[:size])

    def test_self_referencing(self):
        kids = b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>"
        self.refuse("loop.pdf", pdf([b"<< /Type /Catalog /Pages 2 0 R >>", kids]))
        # A page whose content draws a form that draws itself: rendered or refused, never endless.
        objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
                   b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R "
                   b"/Resources << /XObject << /F 5 0 R >> >> >>",
                   stream(b"/F Do"),
                   stream(b"/F Do", b"/Type /XObject /Subtype /Form /BBox [0 0 200 200] "
                                          b"/Resources << /XObject << /F 5 0 R >> >>")]
        path = self.write("form.pdf", pdf(objects))
        result = recto("embed", "--model", model(), "--pdf", path, "--output", self.path("form.npy"))
        self.assertIn(result.status, (0, 1), str(result))

    def test_not_a_pdf(self):
        self.refuse("text.pdf", b"This is no PDF.\n" * 100)
        self.refuse("zeros.pdf", bytes(5000))
        self.refuse("image.pdf", b"MZ\x90\x00" + bytes(1000))

    def test_page_that_is_not_there(self):
        self.write("one.pdf", document_pdf([["only page"]]))
        for page, says in ((2, "1 page"), (0, "page"), (-1, "page")):
            lines = self.write_lines("lines.jsonl", [{"id": "a", "pdf": "one.pdf", "page": page}])
            with self.subTest(page=page):
                self.fail_with(1, "embed", "--model", model(), "--input", lines, "--output", self.path("o.npy"),
                               says=["lines.jsonl", says])


class BadTexts(Case):
    def test_query_of_100_000_words(self):
        text = " ".join(f"word{i % 997}" for i in range(100_000))
        lines = self.write_lines("long.jsonl", [{"id": "long", "query": text}, {"id": "short", "query": "word"}])
        result = self.succeed("embed", "--model", model(), "--input", lines, "--output", self.path("o.safetensors"))
        self.assertIn("cut to", result.err)
        self.assertEqual(read_tensors(self.path("o.safetensors"))[0]["embeddings"].shape[0], 2)

    def test_empty_query(self):
        for text in ("", "  ", "\n\t"):
            with self.subTest(text=text):
                self.fail_with(1, "embed", "--model", model(), "--query", text, "--output", self.path("o.npy"),
                               says=["empty"])
                self.assert_absent(self.path("o.npy"), self.path("o.npy.ids.json"))

    def test_special_tokens_in_a_query_are_text(self):
        for token in ("<image>", "<end_of_utterance>", "<|im_start|>"):
            self.succeed("inspect", "--model", model(), "--query", f"find {token} here", "--output",
                         self.path("q.safetensors"))
            self.succeed("inspect", "--model", model(), "--text", token, "--output", self.path("t.safetensors"))
            special, = read_tensors(self.path("t.safetensors"))[0]["input_ids"].tolist()
            ids = read_tensors(self.path("q.safetensors"))[0]["input_ids"].tolist()
            self.assertNotIn(special, ids[1:-1], token)

    def test_odd_queries_are_taken_as_they_are(self):
        for text in ("{}", "[a,b]", "%%", "--model", "a,b", "\"quoted\"", "-5", "a=b", "\u6f22\u5b57 \U0001F389"):
            with self.subTest(text=text):
                lines = self.write_lines("q.jsonl", [{"id": "q", "query": text}])
                self.succeed("embed", "--model", model(), f"--query={text}", "--query", text, "--input", lines,
                             "--output", self.path("o.safetensors"))
                vectors = read_tensors(self.path("o.safetensors"))[0]["embeddings"]
                self.assertEqual(vectors.shape[0], 3)
                self.assertLess(abs(vectors - vectors[2]).max(), 1e-5)

    def test_arguments_that_are_not_utf8(self):
        command = [os.fsencode(RECTO), b"embed", b"--model", os.fsencode(model()), b"--query", b"caf\xe9",
                   b"--output", os.fsencode(self.path("o.npy"))]
        done = subprocess.run(command, capture_output=True, env=environment(), timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"UTF-8", done.stderr)


class BadLines(Case):
    def refuse(self, lines, *says):
        path = self.write("lines.jsonl", lines)
        self.fail_with(1, "embed", "--model", model(), "--input", path, "--output", self.path("o.npy"),
                       says=["lines.jsonl", *says])
        self.assert_absent(self.path("o.npy"))

    def test_lines(self):
        good = '{"id": "a", "query": "x"}\n'
        for line, says in (("{", "2"), ("[]", "2"), ('{"id": "b"}', "2"), ('{"query": "x"}', "id"),
                           ('{"id": "b", "query": 5}', "query"), ('{"id": "b", "pdf": "x.pdf"}', "page"),
                           ('{"id": "b", "query": "x", "passage": "y"}', "passage"),
                           ('{"id": "a", "query": "twice"}', "\"a\""),
                           ('{"id": "b", "text": "alone"}', "passage"),
                           ('{"id": "b", "query": "\\ud800"}', "2")):
            with self.subTest(line=line):
                self.refuse(good + line + "\n", says)

    def test_bytes_that_are_not_utf8(self):
        self.refuse(b'{"id": "a", "query": "\xff\xfe"}\n', "utf-8")

    def test_missing_empty_and_other_files(self):
        self.fail_with(1, "embed", "--model", model(), "--input", self.path("gone.jsonl"), "--output",
                       self.path("o.npy"), says=["gone.jsonl"])
        self.fail_with(2, "embed", "--model", model(), "--input", self.write("a.csv", "x"), "--output",
                       self.path("o.npy"), says=["a.csv"])
        self.fail_with(1, "embed", "--model", model(), "--input", self.write("a.parquet", b"PAR1 no"), "--output",
                       self.path("o.npy"), says=["a.parquet"])
        self.fail_with(1, "embed", "--model", model(), "--input", self.write("empty.jsonl", ""), "--output",
                       self.path("o.npy"))

    def test_tokenize_names_the_line(self):
        for line, says in (("{", "2"), ('{"ids": []}', "text"), ('{"text": 5}', "text"), ("", "2")):
            path = self.write("t.jsonl", '{"text": "a"}\n' + line + '\n{"text": "b"}\n')
            with self.subTest(line=line):
                self.fail_with(1, "tokenize", "--model", model(), "--input", path, "--output", self.path("o.jsonl"),
                               says=["t.jsonl line 2", says])
                self.assert_absent(self.path("o.jsonl"))

    def test_messages(self):
        for content, says in (("{}", "messages"), ("[]", "messages"), ('[{"role": "user"}]', "content"),
                              ('[{"role": "user", "content": [{"type": "image"}]}]', "path"),
                              ('[{"role": "user", "content": [{"type": "image", "url": "https://a/b.png"}]}]',
                               "network"),
                              ('[{"role": "user", "content": [{"type": "image", "path": "gone.png"}]}]', "gone.png"),
                              ('[{"role": "user", "content": [{"type": "video"}]}]', "video")):
            with self.subTest(content=content):
                self.fail_with(1, "inspect", "--model", model(), "--messages", self.write("m.json", content),
                               "--output", self.path("o.safetensors"), says=["m.json", says])
                self.assert_absent(self.path("o.safetensors"))


class KeepGoing(Case):
    def setUp(self):
        super().setUp()
        self.write("bad.png", b"no image")
        self.write("good.png", noise_png(40, 30, 1))
        self.write("bad.pdf", b"no pdf")
        self.write("good.pdf", document_pdf([["one"], ["two"]]))
        self.lines = self.write("lines.jsonl", "\n".join([
            '{"id": "a", "query": "first"}', '{broken', '{"id": "b", "image": "bad.png"}',
            '{"id": "c", "image": "good.png"}', '{"id": "a", "query": "twice"}', '{"id": "d", "query": "  "}',
            '{"id": "e", "pdf": "good.pdf", "page": 2}', '{"id": "f", "pdf": "good.pdf", "page": 3}',
            '{"id": "g", "passage": "last"}']) + "\n")

    def arguments(self, output):
        return ["embed", "--model", model(), "--image", self.path("bad.png"), "--image", self.path("good.png"),
                "--pdf", self.path("bad.pdf"), "--pdf", self.path("good.pdf"), "--input", self.lines,
                "--output", output]

    def test_good_rows_are_written_and_the_status_says_so(self):
        output = self.path("out.safetensors")
        result = self.fail_with(1, *self.arguments(output), "--keep-going")
        self.assertEqual(result.err.count("skipped:"), 7, str(result))
        for text in ("bad.png", "bad.pdf", "lines.jsonl:2", "lines.jsonl:5", "lines.jsonl:6", "lines.jsonl:8"):
            self.assertIn(text, result.err)
        tensors, metadata = read_tensors(output)
        good = str(self.path("good.pdf"))
        self.assertEqual(json.loads(metadata["ids"]),
                         [str(self.path("good.png")), f"{good}#page=1", f"{good}#page=2", "a", "c", "e", "g"])
        self.assertEqual(tensors["embeddings"].shape[0], 7)

    def test_without_it_nothing_is_written(self):
        output = self.path("out.safetensors")
        self.fail_with(1, *self.arguments(output), says=["bad.png"])
        self.assert_absent(output)

    def test_nothing_good_at_all(self):
        output = self.path("out.safetensors")
        self.fail_with(1, "embed", "--model", model(), "--image", self.path("bad.png"), "--keep-going", "--output",
                       output, says=["bad.png"])
        self.assert_absent(output)


    def test_an_image_as_a_pdf(self):
        output = self.path("out.npy")
        self.fail_with(1, "embed", "--model", model(), "--pdf", self.path("good.png"), "--output", output,
                       says=["good.png", "--image"])
        lines = self.write_lines("pages.jsonl", [{"id": "a", "pdf": "good.png", "page": 1}])
        self.fail_with(1, "embed", "--model", model(), "--input", lines, "--output", output,
                       says=["pages.jsonl:1", "good.png", "column image"])
        self.assert_absent(output)
        self.fail_with(1, "embed", "--model", model(), "--pdf", self.path("good.png"), "--pdf", self.path("good.pdf"),
                       "--keep-going", "--output", output, says=["skipped:", "good.png"])
        self.assertTrue(output.exists())


class Curating(Case):
    """curate treats bad files as embed and index add do."""

    def setUp(self):
        super().setUp()
        self.output = self.path("data")
        for name, lines in (("a.pdf", ["mounting the valve"]), ("m.pdf", ["draining the tank"]),
                            ("z.pdf", ["changing the filter"])):
            self.write("in/" + name, document_pdf([lines, ["second page of " + name]]))

    def add_bad_files(self):
        noise = noise_png(60, 40, 2)
        self.bad = ["c-short.pdf", "d-fake.pdf", "n-empty.png", "o-short.png", "p-text.jpg"]
        for name, content in zip(self.bad, (document_pdf([["page"]] * 3)[:200], b"no PDF at all", b"",
                                            noise[:len(noise) // 2], b"no picture")):
            self.write("in/" + name, content)

    def curate(self, *arguments):
        return ["curate", self.path("in"), "--output", self.output, "--longest-edge", 100, *arguments]

    def test_the_first_bad_file_ends_it(self):
        self.add_bad_files()
        for threads in (1, 3):
            result = self.fail_with(1, *self.curate("--threads", threads), says=["c-short.pdf"])
            for name in self.bad[1:]:
                self.assertNotIn(name, result.err)
            self.assert_absent(self.output)

    def test_a_corrupt_image_ends_it(self):
        noise = noise_png(60, 40, 2)
        self.write("in/b.png", noise[:len(noise) // 2])
        self.fail_with(1, *self.curate(), says=["b.png"])
        self.assert_absent(self.output)

    def test_keep_going_names_each_and_writes_the_rest(self):
        self.add_bad_files()
        errors = set()
        for threads in (1, 3):
            self.output = self.path(f"data-{threads}")
            result = self.fail_with(1, *self.curate("--threads", threads, "--keep-going", "--json"))
            named = [line for line in result.err.splitlines() if "skipped: " in line]
            self.assertEqual(len(named), len(self.bad), str(result))
            for name, line in zip(self.bad, named):
                self.assertIn(name, line)
            errors.add("\n".join(named))
            report = json.loads(result.out)
            self.assertEqual((report["documents"], report["failed"]), (3, len(self.bad)))
            reasons = "\n".join(row["reason"] for file in sorted(self.output.glob("audit/*.parquet"))
                                for row in parquet.read_table(file).to_pylist() if row["decision"] == "dropped")
            for name in self.bad:
                self.assertIn(name, reasons)
        self.assertEqual(len(errors), 1)

    def test_keep_going_with_nothing_bad(self):
        self.succeed(*self.curate("--keep-going"))

    def test_a_file_that_may_not_be_read(self):
        self.path("in/link.pdf").symlink_to("/proc/self/mem")
        self.fail_with(1, "curate", self.path("in/a.pdf"), self.path("in/link.pdf"), "--output", self.output,
                       says=["link.pdf"])
        self.assert_absent(self.output)


if __name__ == "__main__":
    unittest.main()
