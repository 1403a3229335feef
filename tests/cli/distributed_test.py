"""Training with several processes: the same result as with one, and an end with words when one is lost."""
import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np

from support import BUILD, RECTO, Case, document_pdf, environment, model, read_tensors, recto

TRAIN = BUILD / "recto-train"
WORDS = ("anchor bearing casing dowel engine flange gasket hinge inlet journal keyway lever manifold nozzle outlet "
         "piston quill rotor shaft turbine union valve washer yoke").split()
STEPS = 30
LEARNING_RATE = 2e-4  # the default of LoRA


def manual(number):
    pages = []
    for page in range(3):
        words = [WORDS[(number * 7 + page * 3 + i) % len(WORDS)] for i in range(4)]
        pages.append([f"Mounting the {words[0]} of the {words[1]} {number}{page}"] +
                     [f"The {word} of machine {number} is checked on page {page}." for word in words * 2])
    return document_pdf(pages, title=f"Manual {number}")


@functools.lru_cache(maxsize=None)
def dataset():
    """A small dataset, made once for all tests here."""
    directory = Path(tempfile.mkdtemp(prefix="recto-distributed-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    for number in range(6):
        (directory / f"manual-{number}.pdf").write_bytes(manual(number))
    made = recto("curate", directory, "--output", directory / "data", "--longest-edge", 200)
    assert made.status == 0, str(made)
    return directory / "data"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One recto-train that runs."""

    def __init__(self, directory, name, arguments, variables, prefix=()):
        self.log = directory / f"{name}.log"
        self.command = [*map(str, prefix), str(TRAIN), "train", *map(str, arguments)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment(variables))

    def text(self):
        return self.log.read_text("utf-8", "replace")

    def finish(self, timeout=60):
        try:
            return self.process.wait(timeout)
        finally:
            self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def torchrun(test):
    """The command that starts two processes on this machine."""
    program = Path(sys.executable).with_name("torchrun")
    if not program.exists():
        test.skipTest(f"{program} is missing")
    return [str(program), "--standalone", "--no-python", "--nproc-per-node", "2"]


@unittest.skipUnless(TRAIN.exists(), "built without recto-train")
class Distributed(Case):
    def setUp(self):
        super().setUp()
        self.running = []
        self.addCleanup(lambda: [process.kill() for process in self.running])

    def arguments(self, output, *more):
        usual = {"--model": model(), "--data": dataset(), "--output": self.path(output), "--threads": 1,
                 "--longest-edge": 128, "--batch-size": 7, "--lora-r": 4, "--epochs": 100, "--max-steps": STEPS,
                 "--checkpoint-every": 5, "--eval-queries": 4}
        return [item for option in usual.items() if option[0] not in more for item in option] + list(more)

    def start(self, arguments, variables, prefix=()):
        self.running.append(Process(self.directory, f"process-{len(self.running)}", arguments, variables, prefix))
        return self.running[-1]

    def start_ranks(self, size, arguments, variables=None):
        port = str(free_port())
        return [self.start(arguments, {"RANK": str(rank), "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1",
                                       "MASTER_PORT": port, **(variables or {})}) for rank in range(size)]

    def train(self, size, output, *more):
        """Trains with `size` processes, which must all succeed."""
        arguments = self.arguments(output, *more)
        processes = self.start_ranks(size, arguments) if size > 1 else [self.start(arguments, {})]
        for process in processes:
            self.assertEqual(process.finish(), 0, process.text())
        return processes

    def lines(self, output):
        """Lines of metrics.jsonl, as far as they are written."""
        path = self.path(output) / "metrics.jsonl"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def wait_for_step(self, output, step, processes):
        while not any(line["step"] >= step for line in self.lines(output)):
            for process in processes:
                self.assertIsNone(process.process.poll(), process.text())
            time.sleep(0.01)

    def assert_same(self, first, second):
        """Two runs have the same losses and weights to the precision of fp32."""
        losses = [np.array([line["loss"] for line in self.lines(output) if "loss" in line])
                  for output in (first, second)]
        self.assertEqual(len(losses[0]), STEPS)
        np.testing.assert_allclose(losses[1], losses[0], rtol=2e-5)
        self.assert_same_weights(first, second)
        held_out = [[line["ndcg_at_5"] for line in self.lines(output) if "ndcg_at_5" in line]
                    for output in (first, second)]
        self.assertEqual(len(held_out[0]), 2)
        np.testing.assert_allclose(held_out[1], held_out[0], atol=1e-6)

    def assert_same_weights(self, first, second):
        weights = [read_tensors(self.path(output) / "adapter/adapter_model.safetensors")[0]
                   for output in (first, second)]
        self.assertEqual(weights[0].keys(), weights[1].keys())
        for name, values in weights[0].items():
            # AdamW divides a gradient by its size: where it is hardly more than rounding, the step is rounding too.
            same = np.isclose(weights[1][name], values, atol=2e-6, rtol=2e-4)
            self.assertGreaterEqual(same.mean(), 0.99, name)
            np.testing.assert_allclose(weights[1][name], values, atol=0.02 * LEARNING_RATE * STEPS, rtol=0, err_msg=name)


class DistributedEquality(Distributed):
    def test_two_and_three_processes_do_what_one_does(self):
        for loss, more in (("infonce", ["--lora-dropout", 0.1, "--chunk-size", 3]),
                           ("symmetric", ["--dimensions", "48,24"])):
            more = ["--loss", loss, *more]
            self.train(1, f"{loss}-1", *more)
            for size in (2, 3):
                with self.subTest(loss=loss, size=size):
                    processes = self.train(size, f"{loss}-{size}", *more)
                    self.assert_same(f"{loss}-1", f"{loss}-{size}")
                    self.assertIn(f"each step is divided among {size} processes", processes[0].text())
                    for process in processes[1:]:
                        self.assertEqual(process.text(), "")  # rank 0 speaks for all

    def test_more_processes_than_pairs(self):
        more = ["--batch-size", 2, "--negatives", 0, "--eval-queries", 2]
        self.train(1, "one", *more)
        self.train(3, "three", *more)
        self.assert_same("one", "three")

    def test_the_best_states_are_those_of_one_process(self):
        more = ["--keep-best", 2, "--average-best", "--eval-every", 4, "--early-stopping", 3, "--learn-temperature",
                "--no-decay", ".*lora_B.*"]
        self.train(1, "one", *more)
        self.train(2, "two", *more)
        stopped = self.start_ranks(2, self.arguments("resumed", *more))
        self.wait_for_step("resumed", 6, stopped)
        stopped[1].process.send_signal(signal.SIGINT)
        for process in stopped:
            self.assertEqual(process.finish(), 130, process.text())
        self.train(2, "resumed", *more, "--resume")
        one, two, resumed = (json.loads((self.path(output) / "train.json").read_text())
                             for output in ("one", "two", "resumed"))
        self.assertEqual(len(one["selection"]["chosen_steps"]), 2)
        for other in (two, resumed):
            for key in ("chosen_steps", "stopped_early"):
                self.assertEqual(other["selection"][key], one["selection"][key])
            for key in ("steps", "held_out_before", "held_out_after"):
                self.assertEqual(other[key], one[key])
            self.assertAlmostEqual(other["learned_temperature"], one["learned_temperature"], places=6)
        self.assert_same_weights("one", "two")
        self.assert_same_weights("one", "resumed")

    def test_negatives_are_mined_by_all(self):
        more = ["--remine-every", 10, "--remine-ratio", 1, "--negatives", 2, "--negatives-choice", "sampled",
                "--lora-dropout", 0.1]
        mined = []
        for size in (1, 2, 3):
            self.train(size, f"run-{size}", *more)
            mined.append([line for line in self.lines(f"run-{size}") if "hard_negatives" in line])
            self.assertEqual([line["step"] for line in mined[-1]], [11, 21])
            self.assertGreater(mined[-1][0]["hard_negatives"]["new"], 0)
        for size in (2, 3):
            self.assertEqual(mined[size - 1], mined[0])
            self.assert_same("run-1", f"run-{size}")

    def launch(self, launcher, output):
        done = subprocess.run([*launcher, RECTO, "train", *map(str, self.arguments(output))], capture_output=True,
                              timeout=120, stdin=subprocess.DEVNULL, env=environment(), text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_torchrun(self):
        self.train(1, "one")
        self.launch(torchrun(self), "two")
        self.assert_same("one", "two")

    def test_mpirun(self):
        if shutil.which("mpirun") is None:
            self.skipTest("mpirun is missing")
        more = ["--oversubscribe"] + (["--allow-run-as-root"] if os.geteuid() == 0 else [])
        self.train(1, "one")
        self.launch(["mpirun", "-np", "2", *more], "two")
        self.assert_same("one", "two")

    def test_two_network_namespaces(self):
        with Namespaces(self) as network:
            port = str(free_port())
            processes = [self.start(self.arguments("two"), {"RANK": str(rank), "WORLD_SIZE": "2",
                                                            "MASTER_ADDR": network.addresses[0],
                                                            "MASTER_PORT": port}, network.prefix(rank))
                         for rank in range(2)]
            self.train(1, "one")
            for process in processes:
                self.assertEqual(process.finish(), 0, process.text())
        self.assert_same("one", "two")


class DistributedLoss(Distributed):
    """A process that is lost ends all, and the training goes on with another number."""

    def assert_ends(self, process, status, *says, timeout=30):
        self.assertEqual(process.finish(timeout), status, process.text())
        for text in says:
            self.assertIn(text, process.text())
        self.assertNotIn("terminate called", process.text())

    def resume(self, size, output):
        self.train(size, output, "--resume")
        self.train(1, "undisturbed")
        self.assert_same("undisturbed", output)

    def test_a_killed_process(self):
        processes = self.start_ranks(3, self.arguments("run"))
        self.wait_for_step("run", 6, processes)
        processes[2].process.kill()
        self.assert_ends(processes[0], 1, "rank 2 of 3 was lost", "the checkpoint is written", "--resume")
        self.assert_ends(processes[1], 1, "rank 2 of 3 was lost", "--resume, with any number of processes")
        self.resume(2, "run")

    def test_a_killed_process_of_torchrun(self):
        """torchrun then ends the others with SIGTERM."""
        log = self.path("torchrun.log")
        with open(log, "wb") as file:
            launcher = subprocess.Popen([*torchrun(self), str(RECTO), "train", *map(str, self.arguments("run"))],
                                        stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment())
        try:
            while not any(line["step"] >= 6 for line in self.lines("run")):
                self.assertIsNone(launcher.poll(), log.read_text())
                time.sleep(0.01)
            children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
            os.kill(int(children[-1]), signal.SIGKILL)
            self.assertNotEqual(launcher.wait(90), 0)
        finally:
            if launcher.poll() is None:
                launcher.terminate()
                launcher.wait()
        self.assertIn("the checkpoint is written", log.read_text("utf-8", "replace"))
        self.resume(2, "run")

    def test_the_first_process_killed(self):
        processes = self.start_ranks(2, self.arguments("run"))
        self.wait_for_step("run", 6, processes)
        processes[0].process.kill()
        self.assert_ends(processes[1], 1, "rank 0 of 2 was lost", "--resume, with any number of processes")
        self.resume(1, "run")

    def test_a_process_that_falls_silent(self):
        processes = self.start_ranks(2, self.arguments("run", "--dist-timeout", 2))
        self.wait_for_step("run", 2, processes)
        processes[1].process.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        self.assert_ends(processes[0], 1, "rank 1 of 2 was lost (no sign of life for")
        self.assertLess(time.monotonic() - start, 10)
        processes[1].process.send_signal(signal.SIGCONT)
        self.assert_ends(processes[1], 1, "of 2 was lost")

    def test_an_interrupt_of_one_ends_all(self):
        processes = self.start_ranks(3, self.arguments("run"))
        self.wait_for_step("run", 3, processes)
        processes[1].process.send_signal(signal.SIGTERM)
        self.assert_ends(processes[0], 130, "rank 1 of 3 was interrupted after step", "the checkpoint is written")
        self.assert_ends(processes[1], 130, "interrupted after step", "--resume")
        self.assert_ends(processes[2], 130, "rank 1 of 3 was interrupted")
        self.resume(2, "run")

    def test_a_network_that_breaks(self):
        with Namespaces(self) as network:
            port = str(free_port())
            processes = [self.start(self.arguments("run", "--dist-timeout", 3),
                                    {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": network.addresses[0],
                                     "MASTER_PORT": port}, network.prefix(rank)) for rank in range(2)]
            self.wait_for_step("run", 2, processes)
            network.cut()
            self.assert_ends(processes[0], 1, "rank 1 of 2 was lost")
            self.assert_ends(processes[1], 1, "rank 0 of 2 was lost")


    def test_a_training_that_diverges_ends_in_all(self):
        for process in self.start_ranks(2, self.arguments("run", "--lr", 1e30, "--warmup", 0)):
            self.assert_ends(process, 1, "in 5 steps in a row")


class DistributedStart(Distributed):
    """What is wrong at the start is said at once, by all that know."""

    def test_wrong_environment(self):
        for variables, says in (({"RANK": "0"}, "RANK but not WORLD_SIZE"),
                                ({"RANK": "2", "WORLD_SIZE": "2"}, "ranks go from 0 to 1"),
                                ({"RANK": "x", "WORLD_SIZE": "2"}, 'RANK is "x"'),
                                ({"RANK": "1", "WORLD_SIZE": "2"}, "MASTER_ADDR is not set"),
                                ({"OMPI_COMM_WORLD_RANK": "1"}, "OMPI_COMM_WORLD_RANK but not")):
            with self.subTest(variables=variables):
                process = self.start(self.arguments("run"), variables)
                self.assertEqual(process.finish(), 2, process.text())
                self.assertIn(says, process.text())
        self.assert_absent(self.path("run"))

    def test_nobody_there(self):
        place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
        for rank, says in (("1", "could not reach rank 0 at 127.0.0.1"), ("0", "rank 1 did not come within 1 s")):
            process = self.start(self.arguments("run", "--dist-timeout", 1), {"RANK": rank, **place})
            self.assertEqual(process.finish(), 1, process.text())
            self.assertIn(says, process.text())
            self.assertIn("--dist-timeout", process.text())
        self.assert_absent(self.path("run"))

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("0.0.0.0", 0))
            taken.listen()
            process = self.start(self.arguments("run"), {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                                                         "MASTER_PORT": str(taken.getsockname()[1])})
            self.assertEqual(process.finish(), 1, process.text())
            self.assertIn("cannot listen on port", process.text())
            self.assertIn("MASTER_PORT", process.text())

    def test_no_such_interface(self):
        for process in self.start_ranks(2, self.arguments("run"), {"GLOO_SOCKET_IFNAME": "nonsense0"}):
            self.assertIn(process.finish(), (1, 2))
            self.assertIn('GLOO_SOCKET_IFNAME is "nonsense0"', process.text())

    def test_what_all_have_alike_is_told_once(self):
        says = "--batch-size is 500, but there are"
        processes = self.train(2, "out", "--batch-size", 500, "--max-steps", 1, "--eval-queries", 0)
        self.assertEqual([process.text().count(says) for process in processes], [1, 0])

    def test_processes_that_do_not_agree(self):
        port = str(free_port())
        processes = [self.start(self.arguments("run", "--lr", rate),
                                {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                                 "MASTER_PORT": port}) for rank, rate in enumerate((1e-4, 2e-4))]
        for process in processes:
            self.assertEqual(process.finish(), 1, process.text())
            self.assertIn("rank 1 has lr = 0.0002, but rank 0 has 0.0001", process.text())

    def test_a_failure_of_one_is_told_by_all(self):
        port = str(free_port())
        processes = []
        for rank in range(2):
            arguments = self.arguments("run")
            if rank == 1:
                arguments = self.arguments("run", "--data", self.path("gone"))
            processes.append(self.start(arguments, {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_PORT": port,
                                                    "MASTER_ADDR": "127.0.0.1"}))
        self.assertEqual(processes[1].finish(), 1, processes[1].text())
        self.assertEqual(processes[0].finish(), 1, processes[0].text())
        self.assertIn("gone", processes[1].text())
        self.assertIn("rank 1 of 2 failed: ", processes[0].text())
        self.assertIn("gone", processes[0].text())


class Namespaces:
    """Two network namespaces joined by a cable, where this may be made."""

    def __init__(self, test):
        self.test = test
        self.names = [f"recto{os.getpid()}{side}" for side in "ab"]
        self.addresses = ["10.213.77.1", "10.213.77.2"]

    def run(self, *arguments):
        return subprocess.run(["ip", *arguments], capture_output=True, text=True)

    def __enter__(self):
        if shutil.which("ip") is None:
            self.test.skipTest("the program ip (iproute2) is missing")
        commands = [["netns", "add", name] for name in self.names]
        commands.append(["-n", self.names[0], "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns",
                         self.names[1]])
        for name, address in zip(self.names, self.addresses):
            commands += [["-n", name, "address", "add", f"{address}/24", "dev", "cable"],
                         ["-n", name, "link", "set", "cable", "up"], ["-n", name, "link", "set", "lo", "up"]]
        for command in commands:
            done = self.run(*command)
            if done.returncode != 0:
                self.__exit__()
                self.test.skipTest(f"no network namespaces here: ip {' '.join(command)}: {done.stderr.strip()}")
        return self

    def __exit__(self, *_):
        for name in self.names:
            self.run("netns", "delete", name)

    def prefix(self, side):
        return ["ip", "netns", "exec", self.names[side]]

    def cut(self):
        self.run("-n", self.names[0], "link", "set", "cable", "down")
