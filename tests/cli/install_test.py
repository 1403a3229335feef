"""cmake --install: programs that work from a moved tree, and find_package(recto)."""
import subprocess
import unittest

import numpy as np

from support import BUILD, SOURCE, Case, document_pdf, environment, model, read_tensors


class Install(Case):
    def command(self, *arguments, **options):
        done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=240, **options)
        self.assertEqual(done.returncode, 0, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def setUp(self):
        super().setUp()
        self.command("cmake", "--install", BUILD, "--prefix", self.path("first"))
        self.path("first").rename(self.path("moved"))
        self.tree = self.path("moved")

    def run_recto(self, *arguments):
        return self.command(self.tree / "bin/recto", *arguments, env=environment())

    def test_programs_work_from_a_moved_tree(self):
        libraries = self.command("ldd", self.tree / "bin/recto")
        self.assertIn(str(self.tree), libraries)
        self.assertNotIn("not found", libraries)
        self.assertNotIn(str(SOURCE), libraries)
        report = self.run_recto("doctor")
        self.assertIn("recto is ready", report)
        for name in ("libexec/recto/recto-page-worker", "libexec/recto/recto-source-worker", "lib/recto/libpdfium.so"):
            self.assertIn(str(self.tree / name), report.replace("/bin/../", "/").replace("/libexec/recto/../../", "/"))
        pdf = self.write("a.pdf", document_pdf([["one"], ["two"]]))
        if (self.tree / "bin/recto-train").exists():
            self.assertIn("torch", self.command(self.tree / "bin/recto-train", "--version"))
        self.run_recto("embed", "--model", model(), "--pdf", pdf, "--output", self.path("v.safetensors"))
        self.assertEqual(read_tensors(self.path("v.safetensors"))[0]["embeddings"].shape[0], 2)

    def test_an_index_of_the_default_model_outlives_a_move(self):
        index = self.path("index")
        self.run_recto("index", "create", index)
        self.run_recto("index", "add", index, self.write("a.pdf", document_pdf([["one"], ["two"]])))
        for place in ("again", "moved"):
            self.tree = self.tree.rename(self.path(place))
            done = subprocess.run([str(self.tree / "bin/recto"), "search", "--index", str(index), "--query", "two",
                                   "--verbose"], capture_output=True, text=True, env=environment())
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"the model of {index} is {self.tree / 'share/recto/models/nano-retriever'}", done.stderr)
            self.assertEqual(len(done.stdout.splitlines()), 2)
        # A program that lies elsewhere, here that of the build, takes its own, which is the same.
        self.command(BUILD / "recto", "search", "--index", index, "--query", "two", env=environment())

    def test_what_is_in_it(self):
        for name in ("bin/recto", "include/recto/engine/cpu_embedder.h", "lib/cmake/recto/rectoConfig.cmake",
                     "share/doc/recto/LICENSE", "share/recto/prompts/queries.txt", "share/doc/recto/THIRD_PARTY.md",
                     "share/recto/models/nano/config.json", "share/recto/models/nano-retriever/model.safetensors"):
            self.assertTrue((self.tree / name).exists(), name)
        for file in self.tree.glob("lib/cmake/recto/*.cmake"):
            self.assertNotIn(str(SOURCE), file.read_text(), file.name)
            self.assertNotIn(str(self.path("first")), file.read_text(), file.name)

    def test_find_package(self):
        build = self.path("build")
        self.command("cmake", "-G", "Ninja", "-S", SOURCE / "tests/consumer", "-B", build,
                     f"-DCMAKE_PREFIX_PATH={self.tree}", "-DCMAKE_BUILD_TYPE=Release")
        self.command("cmake", "--build", build, "-j1")
        lines = self.command(build / "consumer", model(), "a query", env=environment()).split()
        self.run_recto("embed", "--model", model(), "--query", "a query", "--output", self.path("q.safetensors"))
        wanted = read_tensors(self.path("q.safetensors"))[0]["embeddings"][0]
        np.testing.assert_allclose(np.array(lines, np.float32), wanted, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
