"""What a training takes of memory, beside what it says before its start."""
import os
import re
import subprocess
import unittest

from support import BUILD, RECTO, environment
from train_runs_test import Training


class TrainMemory(Training):
    """The 256M sizes with random weights: large enough that a copy of the weights is seen."""

    def setUp(self):
        super().setUp()
        self.base = self.path("256m")
        self.succeed("model", "create", "--preset", "256m", "--seed", 1, "--output", self.base)

    def megabytes(self, *more):
        """The most that a run takes, and what it said it would."""
        output = self.path(f"out{len(list(self.directory.glob('out*')))}")
        arguments = self.arguments(output, "--max-steps", 1, "--eval-queries", 0, *more)
        arguments[arguments.index("--model") + 1] = self.base
        arguments[arguments.index("--longest-edge") + 1] = 512
        process = subprocess.Popen([str(RECTO), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
        errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        self.assertEqual(process.returncode, 0, errors)
        return usage.ru_maxrss * 1024 / 1e6, int(re.search(r"memory: about (\d+) MB", errors)[1])

    def test_no_more_than_is_said(self):
        store = ["--feature-store", self.path("store")]
        for name, more in {"lora": store, "features known": store,
                           "frozen": ["--method", "full", "--freeze", r"vision_model\..*", "--freeze", r"connector\..*"],
                           "half": ["--dtype", "bf16"]}.items():
            with self.subTest(name):
                peak, said = self.megabytes(*more)
                self.assertLess(peak, 1.15 * said)
                self.assertGreater(peak, 0.6 * said)


if __name__ == "__main__":
    unittest.main()
