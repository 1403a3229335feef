"""--feature-store of recto train, and of recto eval after it, from outside: runs that are killed, run side by side, or meet a full disk."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import RECTO, Case, environment, model, recto
from whole_way_test import manual


class FeatureStore(Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = Path(tempfile.mkdtemp(prefix="recto-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        (cls.shared / "pdf").mkdir()
        for number in range(5):
            (cls.shared / f"pdf/manual-{number}.pdf").write_bytes(manual(number))
        result = recto("curate", cls.shared / "pdf", "--output", cls.shared / "data", "--longest-edge", 400)
        assert result.status == 0, str(result)
        cls.train_once(cls.shared / "undisturbed")

    @classmethod
    def arguments(cls, output, *more):
        return ["train", "--model", model(), "--data", cls.shared / "data", "--output", output, "--batch-size", 4,
                "--epochs", 1, "--lora-r", 2, "--longest-edge", 256, "--threads", 1, "--eval-queries", 0, *more]

    @classmethod
    def train_once(cls, output, *more, **options):
        result = recto(*cls.arguments(output, *more), timeout=240, **options)
        assert result.status == 0, str(result)
        return result

    def weights(self, output):
        return (output / "model.safetensors").read_bytes()

    def counts(self, output):
        return json.loads((output / "train.json").read_text())["features"]

    def segments(self):
        return sorted(self.path("store").rglob("*.features"))

    def start(self, name):
        command = [str(RECTO), *map(str, self.arguments(self.path(name), "--feature-store", self.path("store")))]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, env=environment(), start_new_session=True)

    def test_killed_at_any_moment(self):
        # As many bytes as a segment has when its run is killed: with no page, some, all of them.
        for number, size in enumerate((1, 20_000, 100_000, 200_000)):
            process = self.start(f"killed-{number}")
            while process.poll() is None and sum(f.stat().st_size for f in self.segments()) < size:
                time.sleep(0.002)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        whole = self.path("whole")
        result = self.train_once(whole, "--feature-store", self.path("store"))
        self.assertNotIn("damaged", result.err)
        self.assertEqual(self.weights(whole), self.weights(self.shared / "undisturbed"))
        counts = self.counts(whole)
        self.assertGreater(counts["from_store"], 0)
        self.assertEqual(counts["from_store"] + counts["computed"], self.counts(self.shared / "undisturbed")["computed"])
        # A run that was killed goes on, too.
        if not (self.path("killed-0") / "retriever.json").exists():
            resumed = recto(*self.arguments(self.path("killed-0"), "--feature-store", self.path("store"), "--resume"))
            if resumed.status == 0:  # else it was killed before it had begun to write its output
                self.assertEqual(self.weights(self.path("killed-0")), self.weights(whole))

    def test_side_by_side(self):
        processes = [self.start(f"run-{number}") for number in range(3)]
        for process in processes:
            self.assertEqual(process.wait(timeout=240), 0)
        pages = self.counts(self.shared / "undisturbed")["computed"]
        for number in range(3):
            run = self.path(f"run-{number}")
            self.assertEqual(self.weights(run), self.weights(self.shared / "undisturbed"))
            counts = self.counts(run)
            self.assertEqual(counts["from_store"] + counts["computed"], pages)
        after = self.path("after")
        result = self.train_once(after, "--feature-store", self.path("store"))
        self.assertRegex(result.err, f"features: {pages} pages from the store, 0 computed")
        self.assertEqual(self.counts(after), {"from_store": pages, "computed": 0, "vision_views": 0})

    def test_eval_reads_what_a_training_has_stored(self):
        def measured(name, measured_model, *options):
            result = recto("eval", "--data", self.shared / "data", "--split", "train", "--model", measured_model, "--longest-edge", 256,
                           "--threads", 1, "--output", self.path(name), *options)
            self.assertEqual(result.status, 0, str(result))
            return result.err, (self.path(name) / "run.trec").read_bytes()

        trained, store = self.path("trained"), self.path("store")
        self.train_once(trained, "--feature-store", store)
        for name, measured_model in (("tuned", trained), ("base", model())):
            err, run = measured(name, measured_model, "--feature-store", store)
            self.assertRegex(err, r"model: features: \d+ pages from the store, 0 computed")
            self.assertEqual(run, measured(f"{name}-anew", measured_model)[1])

    def test_a_disk_that_is_really_full(self):
        disk = self.path("disk")
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("mounting a small disk is not allowed here")
        try:
            for name in ("first", "second"):
                result = self.train_once(self.path(name), "--feature-store", disk / "store")
                self.assertIn("from here on nothing more is stored in it", result.err)
                self.assertEqual(self.weights(self.path(name)), self.weights(self.shared / "undisturbed"))
            self.assertGreater(self.counts(self.path("second"))["from_store"], 0)
            self.assertGreater(self.counts(self.path("second"))["computed"], 0)
        finally:
            subprocess.run(["umount", str(disk)], check=False)

    def test_what_is_no_store(self):
        self.write("papers/thesis.pdf", b"mine")
        for place in (self.path("papers"), self.path("papers/thesis.pdf")):
            self.fail_with(2, *self.arguments(self.path("o"), "--feature-store", place),
                           says=[str(place), "is no feature store"])
        self.fail_with(2, *self.arguments(self.path("o"), "--feature-dtype", "int8"), says=["fp16"])
        self.fail_with(2, *self.arguments(self.path("o"), "--feature-store", self.path("s"), "--lora-targets",
                                          "all-linear"),
                       says=["--feature-store", "this run trains them"])
        self.assert_absent(self.path("o"))
        self.assertEqual((self.path("papers/thesis.pdf")).read_bytes(), b"mine")


if __name__ == "__main__":
    unittest.main()
