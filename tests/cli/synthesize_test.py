"""recto synthesize: PDFs of synthetic pages."""
import signal
import subprocess
import unittest

from support import Case, Started, document_pdf

FONTS = "/usr/share/fonts/truetype/dejavu"  # of fonts-dejavu-core
LINES = [f"The quick brown fox jumps over the lazy dog {line}" for line in range(30)]


class Synthesize(Case):
    def source(self):
        folder = self.path("pdfs")
        folder.mkdir(exist_ok=True)
        (folder / "fox.pdf").write_bytes(document_pdf([LINES] * 3))
        return folder

    def test_pages_with_a_text_layer(self):
        output = self.path("out")
        result = self.succeed("synthesize", self.source(), "--fonts", FONTS, "--pages", 5, "--pages-per-document", 3,
                              "--output", output)
        self.assertIn("5 pages", result.err)
        self.assertEqual([file.name for file in sorted(output.iterdir())], ["fox-00001.pdf", "fox-00002.pdf"])
        text = "".join(subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout
                       for file in output.iterdir())
        self.assertGreater(text.lower().count("quick"), 20)
        self.fail_with(2, "synthesize", self.source(), "--fonts", FONTS, "--output", output, says=["out"])

    def test_bad_input(self):
        folder, output = self.source(), self.path("out")
        empty = self.path("empty")
        empty.mkdir()
        for arguments, says in (
                (["--fonts", empty], "scripts/fetch_debian_fonts"),
                (["--fonts", self.path("gone")], "gone"),
                (["--fonts", FONTS, "--leave-out", "nothing"], "--leave-out \"nothing\" matches no document"),
                (["--fonts", FONTS, "--leave-out", ".*fox.*"], "there is no PDF")):
            with self.subTest(arguments=arguments):
                self.fail_with(1, "synthesize", folder, *arguments, "--output", output, says=[says])
                self.assert_absent(output)
        self.fail_with(2, "synthesize", folder, "--output", output, says=["--fonts"])
        self.fail_with(2, "synthesize", folder, "--fonts", FONTS, "--output", output, "--pages", 0, says=["--pages"])

    def test_ctrl_c_leaves_nothing(self):
        output = self.path("out")
        started = Started("synthesize", self.source(), "--fonts", FONTS, "--pages", 1_000_000, "--output", output)
        self.addCleanup(lambda: started.process.poll() is None and started.process.kill())
        started.wait_for(b"synthetic pages ")
        started.send(signal.SIGINT)
        self.assertEqual(started.finish(), 130, started.text)
        self.assert_absent(output)


if __name__ == "__main__":
    unittest.main()
