"""What happens around a run: full disks, places that cannot be written to, signals."""
import os
import resource
import shutil
import signal
import subprocess
import unittest

from support import RECTO, Case, Started, environment, model, noise_png


class Outputs(Case):
    def many_queries(self):
        return self.write_lines("many.jsonl", [{"id": str(i), "query": f"query {i}"} for i in range(400)])

    def test_full_disk(self):
        """A file size limit stands for a full disk: the write fails half-way."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        for ending in ("safetensors", "npy", "jsonl", "parquet"):
            output = self.path(f"out.{ending}")
            with self.subTest(ending=ending):
                self.fail_with(1, "embed", "--model", model(), "--input", self.many_queries(), "--output", output,
                               preexec_fn=limit, says=[output.name])
                self.assert_absent(output, self.path(f"out.{ending}.ids.json"))

    def test_messages_name_the_target(self):
        """Not the hidden place where it is written until it is complete."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        for arguments in (["model", "create", "--preset", "nano"],
                          ["embed", "--model", model(), "--input", self.many_queries()]):
            output = self.path("target.parquet")
            with self.subTest(command=arguments[0]):
                result = self.fail_with(1, *arguments, "--output", output, preexec_fn=limit, says=[str(output)])
                self.assertNotIn(".partial-", result.err)
                self.assert_absent(output)

    def test_a_disk_that_is_really_full(self):
        disk = self.path("disk")
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("mounting a small disk is not allowed here")
        try:
            for arguments in (["embed", "--input", self.many_queries()],
                              ["inspect", "--layers", "--query", " ".join(["word"] * 400)]):
                with self.subTest(command=arguments[0]):
                    self.fail_with(1, arguments[0], "--model", model(), *arguments[1:], "--output",
                                   disk / "out.safetensors", says=["space"])
                    self.assertEqual(list(disk.iterdir()), [])
            for number in range(4):
                self.write(f"in/{number}.png", noise_png(300, 200, number))
            for name, *arguments in (("a", "model", "create", "--preset", "nano"), ("b", "curate", self.path("in")),
                                     ("c", "curate", self.path("in"), "--keep-going")):
                result = self.fail_with(1, *arguments, "--output", disk / name, says=["space", str(disk / name)])
                self.assertNotIn(".partial-", result.err)
                shutil.rmtree(disk / f"{name}.partial", ignore_errors=True)  # where curate would go on
            self.assertEqual(list(disk.iterdir()), [])
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def test_stdout_that_is_full_or_closed(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([str(RECTO), "doctor", "--json"], stdout=full, stderr=subprocess.PIPE,
                                  env=environment(), timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"stdout", done.stderr)
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([str(RECTO), "--help"], stdout=write, stderr=subprocess.PIPE, env=environment(),
                              timeout=60)
        os.close(write)
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_read_only_place(self):
        place = self.path("read-only")
        place.mkdir()
        place.chmod(0o555)
        self.directory.chmod(0o755)
        directory = self.copy_model("readable")

        def drop():
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
        output = place / "out.npy"
        try:
            self.fail_with(1, "embed", "--model", directory, "--query", "a", "--output", output, preexec_fn=drop,
                           says=["out.npy", "permission"])
        except PermissionError:
            self.skipTest("the program cannot be run by another user here")
        self.assert_absent(output)

    def test_places_that_do_not_exist(self):
        self.fail_with(1, "embed", "--model", model(), "--query", "a", "--output", self.path("no/where/out.npy"),
                       says=["out.npy", "no/where", "make it first"])
        self.fail_with(1, "embed", "--model", model(), "--query", "a", "--output", "/proc/out.npy", says=["out.npy"])
        self.path("folder.npy").mkdir()
        self.fail_with(1, "embed", "--model", model(), "--query", "a", "--output", self.path("folder.npy"),
                       says=["folder.npy"])

    def test_an_old_result_survives_a_failure(self):
        output = self.write("out.safetensors", b"the old one")
        self.fail_with(1, "embed", "--model", model(), "--image", self.write("x.png", b"bad"), "--output", output)
        self.assertEqual(output.read_bytes(), b"the old one")


class Interrupts(Case):
    """A signal during a long run: status 130, and nothing left behind."""

    def start(self, output):
        image = self.write("page.png", noise_png(300, 200, 3))
        lines = self.write_lines("lines.jsonl", [{"id": i, "image": image.name} for i in range(100_000)])
        started = Started("embed", "--model", model(), "--input", lines, "--output", output)
        self.addCleanup(lambda: started.process.poll() is None and started.process.kill())
        started.wait_for(b"embed ")
        return started

    def check(self, number, group):
        output = self.path("out.safetensors")
        started = self.start(output)
        started.send(number, group)
        self.assertEqual(started.finish(), 130, started.text)
        self.assertIn(b"interrupted", started.text)
        self.assert_absent(output)

    def test_ctrl_c(self):
        self.check(signal.SIGINT, group=True)  # a terminal sends it to every process of the group

    def test_sigterm(self):
        self.check(signal.SIGTERM, group=False)

    def test_ctrl_c_is_no_bad_input(self):
        output = self.path("out.safetensors")
        started = self.start(output)
        started.send(signal.SIGINT)
        started.finish()
        self.assertNotIn(b"skipped:", started.text)


if __name__ == "__main__":
    unittest.main()
