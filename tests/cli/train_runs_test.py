"""recto train from outside: runs that are killed, bad input, settings from a file."""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import time
import unittest

import pyarrow.parquet as pq

from support import BUILD, RECTO, Case, environment, golden_models, model, noise_png, read_tensors

TRAINED = ("model.safetensors", "retriever.json", "config.json")


@unittest.skipUnless((BUILD / "recto-train").exists(), "built without recto-train")
class Training(Case):
    """A dataset of 24 pages in 8 documents, two of which are for validation."""

    def setUp(self):
        super().setUp()
        root = self.path("beir")
        corpus, queries, judged = [], [], {"train": [], "validation": []}
        for page in range(24):
            split = "validation" if page >= 18 else "train"
            self.write(f"beir/images/{page}.png", noise_png(90, 120, page))
            corpus.append({"_id": str(page), "title": "", "text": "", "image": f"images/{page}.png",
                           "metadata": {"document_id": f"d{page // 3}"}})
            queries.append({"_id": f"q{page}", "text": f"what stands on page {page}"})
            judged[split].append(f"q{page}\t{page}\t1\n")
        self.write_lines("beir/corpus.jsonl", corpus)
        self.write_lines("beir/queries.jsonl", queries)
        for split, lines in judged.items():
            self.write(f"beir/qrels/{split}.tsv", "query-id\tcorpus-id\tscore\n" + "".join(lines))
        self.data = self.path("data")
        self.succeed("dataset", "import", root, "--output", self.data)

    def arguments(self, output, *more):
        batch = [] if "--batch-size" in more else ["--batch-size", 4]
        return ["train", "--model", model(), "--data", self.data, "--output", self.path(output), *batch, "--threads", 1,
                "--longest-edge", 64, "--no-progress", *more]

    def train(self, output, *more):
        return self.succeed(*self.arguments(output, *more))

    def metrics(self, output):
        lines = []
        for line in self.path(output).joinpath("metrics.jsonl").read_text().splitlines():
            row = json.loads(line)
            for key in ("seconds", "pairs_per_second"):
                row.pop(key, None)
            lines.append(row)
        return lines

    def assert_same_result(self, output, wanted):
        for name in TRAINED:
            self.assertEqual((self.path(output) / name).read_bytes(), (self.path(wanted) / name).read_bytes(), name)
        self.assertEqual(self.metrics(output), self.metrics(wanted))


class Killed(Training):
    """kill -9 and --resume: the bytes of the run that nothing disturbed."""

    def kill_when(self, output, moment, *arguments):
        """Starts or resumes the run and kills it at `moment`. Returns False when it was over before."""
        process = subprocess.Popen([str(RECTO), *map(str, self.arguments(output, *arguments, *self.resuming(output)))],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=environment())
        try:
            while process.poll() is None:
                if moment():
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.0002)
            errors = process.communicate(timeout=120)[1].decode()
        finally:
            process.kill()
        self.assertIn(process.returncode, (0, -signal.SIGKILL), errors)
        return process.returncode != 0

    def resuming(self, output):
        """A run that was killed before it had written anything begins anew."""
        return ["--resume"] if (self.path(output) / "train.json").exists() else []

    def steps_done(self, output):
        try:
            return (self.path(output) / "metrics.jsonl").read_bytes().count(b'"loss"')
        except FileNotFoundError:
            return 0

    def hidden(self, folder):
        """What is being written there."""
        try:
            return [name for name in os.listdir(folder) if name.startswith(".")]
        except FileNotFoundError:
            return []

    def finish(self, output, *arguments):
        if not (self.path(output) / "retriever.json").exists():
            self.train(output, *arguments, *self.resuming(output))

    def kill_at_steps(self, output, steps, *arguments):
        for step in steps:
            self.kill_when(output, lambda step=step: self.steps_done(output) >= step, *arguments)
        self.finish(output, *arguments)

    def kill_in_writes(self, output, folder, *arguments):
        """Kills the run again and again while something is written into `folder`; how often it hit."""
        hits = 0
        for _ in range(4):
            if not self.kill_when(output, lambda: bool(self.hidden(folder)), *arguments):
                break
            hits += bool(self.hidden(folder))
        self.finish(output, *arguments)
        return hits

    def test_at_several_steps(self):
        run = ["--max-steps", 6, "--epochs", 9, "--checkpoint-every", 2, "--lora-r", 2, "--lora-dropout", 0.2,
               "--eval-every", 2, "--keep-best", 2, "--average-best"]
        self.train("whole", *run)
        self.kill_at_steps("killed", (1, 3, 5), *run)
        self.assert_same_result("killed", "whole")

    def test_while_a_checkpoint_is_written(self):
        run = ["--max-steps", 4, "--epochs", 9, "--checkpoint-every", 1, "--method", "full", "--eval-queries", 0,
               "--gradient-checkpointing"]
        self.train("whole", *run)
        self.assertGreater(self.kill_in_writes("killed", self.path("killed/checkpoints"), *run), 0)
        self.assert_same_result("killed", "whole")
        self.assertEqual(self.hidden(self.path("killed/checkpoints")), [])

    def test_a_damaged_checkpoint_is_said_and_the_one_before_it_used(self):
        run = ["--max-steps", 4, "--epochs", 9, "--checkpoint-every", 1, "--lora-r", 2, "--eval-queries", 0]
        self.train("whole", *run)
        self.kill_when("killed", lambda: (self.path("killed/checkpoints/step-00000003")).exists(), *run)
        file = self.path("killed/checkpoints/step-00000003/optimizer.safetensors")
        data = bytearray(file.read_bytes())
        data[-5] ^= 1
        file.write_bytes(data)
        shutil.rmtree(self.path("killed/checkpoints/step-00000004"), ignore_errors=True)
        for name in TRAINED:
            (self.path("killed") / name).unlink(missing_ok=True)
        result = self.train("killed", *run, "--resume")
        self.assertIn("step-00000003 is damaged", result.err)
        self.assertIn("the one before it is used", result.err)
        self.assertIn("resuming after step 2", result.err)
        self.assert_same_result("killed", "whole")


class KilledOften(Killed):
    """The same at random moments, for longer."""

    def test_at_several_steps(self):
        random.seed(5)
        for method in ("lora", "full"):
            run = ["--max-steps", 16, "--epochs", 9, "--checkpoint-every", 3, "--method", method, "--eval-every", 4,
                   "--keep-best", 2, "--early-stopping", 9]
            if method == "lora":
                run += ["--lora-dora", "--lora-dropout", 0.1, "--merge", "off"]
            self.train(f"whole-{method}", *run)
            output = f"killed-{method}"
            for _ in range(12):
                end = time.monotonic() + random.uniform(0.3, 6)
                if not self.kill_when(output, lambda: time.monotonic() > end, *run):
                    break
            self.finish(output, *run)
            self.assert_same_result(output, f"whole-{method}")

    def test_while_a_checkpoint_is_written(self):
        """Also the best states and the model itself."""
        run = ["--max-steps", 6, "--epochs", 9, "--checkpoint-every", 1, "--method", "full", "--eval-every", 1,
               "--keep-best", 2]
        self.train("whole", *run)
        for place in ("checkpoints", "best", "."):
            output = f"killed-{place.strip('.')}"
            self.kill_in_writes(output, self.path(output) / place, *run)
            self.assert_same_result(output, "whole")


class FullDisk(Training):
    """A small disk of its own, where one may be made."""

    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")
        self.disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.disk], capture_output=True).returncode != 0:
            self.skipTest("mounting a small disk is not allowed here")
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)

    def resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", self.disk], check=True)

    def test_the_last_checkpoint_stays_valid(self):
        run = ["--max-steps", 6, "--epochs", 9, "--checkpoint-every", 1, "--method", "full", "--eval-queries", 0]
        self.train("whole", *run)
        checkpoint = sum(file.stat().st_size for file in self.path("whole/checkpoints/step-00000006").iterdir())
        self.resize(int(2.5 * checkpoint))  # the third does not fit beside the two before it
        result = self.fail_with(1, *self.arguments("disk/run", *run), says=["no space left"])
        self.assertIn("step-00000003", result.err)
        self.assertEqual(sorted(os.listdir(self.disk / "run/checkpoints")), ["step-00000001", "step-00000002"])
        self.fail_with(1, *self.arguments("disk/run", *run, "--resume"), says=["no space left", "resuming after step 2"])
        self.resize("1g")
        result = self.train("disk/run", *run, "--resume")
        self.assertNotIn("damaged", result.err)
        self.assertIn("resuming after step 2", result.err)
        self.assert_same_result("disk/run", "whole")


class Guards(Training):
    def test_pages_that_fall_together_are_said(self):
        """By the mean cosine of two pages of the step, here all of them and the model as it was."""
        result = self.train("out", "--batch-size", 18, "--max-steps", 1, "--lora-r", 2, "--eval-queries", 0)
        self.assertIn("step 1: the vectors of its 18 pages are nearly the same", result.err)
        warning, = (line for line in self.metrics("out") if line.get("warning") == "collapse")
        images = [argument for page in range(18) for argument in ("--image", self.path(f"beir/images/{page}.png"))]
        self.succeed("embed", "--model", model(), "--longest-edge", 64, *images, "--output", self.path("v.safetensors"))
        vectors = read_tensors(self.path("v.safetensors"))[0]["embeddings"].astype(float)
        cosines = vectors @ vectors.T
        mean = (cosines.sum() - 18) / (18 * 17)
        self.assertGreater(mean, 0.95)
        self.assertAlmostEqual(warning["page_cosine"], mean, places=5)

    def test_a_warm_up_that_lasts_as_long_as_the_training_is_said(self):
        for warmup, says in ((2, "the warm-up of 2 steps is as long as the training of 2"),
                             (8, "the warm-up of 8 steps is longer than the training of 2"),
                             (1, None), (0.9, None)):
            with self.subTest(warmup=warmup):
                result = self.train(f"out-{warmup}", "--max-steps", 2, "--lora-r", 2, "--eval-queries", 0, "--warmup", warmup)
                self.assertIn(says or "", result.err)
                self.assertEqual("the warm-up" in result.err, says is not None, result.err)

    def test_what_is_frozen_is_said_with_its_count(self):
        result = self.train("out", "--method", "full", "--freeze", r"vision_model\..*", "--max-steps", 1, "--eval-queries",
                            0)
        names = [name.removeprefix("model.") for name in read_tensors(self.path("out/model.safetensors"))[0]]
        frozen = sum(name.startswith("vision_model.") for name in names)
        self.assertIn(rf"--freeze vision_model\..*: {frozen} parameters stay as they are", result.err)


class BadTraining(Training):
    def refuse(self, says, *more, status=1, **changes):
        arguments = self.arguments("out", *more)
        for name, value in changes.items():
            arguments[arguments.index("--" + name) + 1] = value
        self.fail_with(status, *arguments, says=says)
        self.assert_absent(self.path("out"))

    def test_weights_that_are_no_numbers(self):
        broken = self.copy_model("broken")
        for file in broken.glob("*.safetensors"):
            data = bytearray(file.read_bytes())
            size, = struct.unpack("<Q", data[:8])
            for name, entry in json.loads(data[8:8 + size]).items():
                if name.endswith("text_model.norm.weight"):
                    begin = 8 + size + entry["data_offsets"][0]
                    data[begin:begin + 4] = b"\xff" * 4  # in bf16 as in fp32
                    file.write_bytes(data)
        self.refuse(["text_model.norm.weight", "nan"], model=broken)

    def test_a_contract_that_is_not_of_the_model(self):
        self.train("trained", "--max-steps", 1, "--lora-r", 2, "--eval-queries", 0)
        file = self.path("trained/retriever.json")
        contract = json.loads(file.read_text())
        contract["dimensions"] = [contract["dimensions"][0] * 2]
        file.write_text(json.dumps(contract))
        self.refuse(["retriever.json", "dimensions"], model=self.path("trained"))

    def test_an_adapter_of_another_model(self):
        self.train("first", "--max-steps", 1, "--lora-r", 2, "--eval-queries", 0)
        self.refuse(["first/adapter", "was trained on another base model"], "--adapter", self.path("first/adapter"),
                    model=self.path("first"))
        self.path("first/adapter/retriever.json").unlink()
        if len(golden_models()) > 1:
            self.refuse(["text_model.layers."], "--adapter", self.path("first/adapter"),
                        model=golden_models()[1])

    def test_settings_that_cannot_be_meant(self):
        for says, more in ((["--lr is 0", "above 0"], ["--lr", 0]),
                           (["--freeze"], ["--lr-group", ".*=0"]),
                           (["--lr-group vision matches none"], ["--lr-group", "vision=2"]),
                           (["--no-decay norms matches none"], ["--no-decay", "norms"]),
                           (["selects no linear layer"], ["--lora-targets", "vision"]),
                           (["--merge off keeps adapters apart"], ["--method", "full", "--merge", "off"]),
                           (["--eval-every"], ["--keep-best", 2])):
            with self.subTest(more=more):
                self.refuse(says, *more, status=2)
        for more in (["--negatives", 0], []):
            self.refuse(["nothing to tell its page from"], *more, status=2, **{"batch-size": 1})
        self.train("searched", "--batch-size", 1, "--remine-every", 1, "--max-steps", 1, "--eval-queries", 0)

    def test_adapter_options_have_no_meaning_for_full_fine_tuning(self):
        for name, *value in (["lora-r", 8], ["lora-alpha", 8], ["lora-dropout", 0.1], ["lora-init", "gaussian"],
                             ["lora-targets", "all-linear"], ["lora-rslora"], ["lora-dora"]):
            with self.subTest(name=name):
                self.refuse([f"--{name} has no meaning with --method full", "leave it out, or take --method lora"],
                            "--method", "full", f"--{name}", *value, status=2)

    def test_a_split_without_pairs(self):
        for split, says in (("train", "nothing to train on"), ("validation", "nothing to measure by (--eval-queries 0")):
            file, = (self.data / "qrels").glob(f"{split}-*.parquet")
            rows = pq.read_table(file)
            pq.write_table(rows.slice(0, 0), file)
            with self.subTest(split=split):
                self.refuse([f"the {split} split has", says, "\"recto dataset validate\""])
            pq.write_table(rows, file)

    def test_nothing_held_out_is_said(self):
        passages = self.write_lines("pairs.jsonl", [{"query": f"q {i}", "passage": f"p {i}"} for i in range(8)])
        arguments = self.arguments("out", "--max-steps", 1, "--lora-r", 2)
        arguments[arguments.index("--data") + 1] = passages
        says = "nothing watches this training, which takes held-out queries, but there are none"
        self.assertIn(says, self.succeed(*arguments).err)
        shutil.rmtree(self.path("out"))
        self.assertNotIn(says, self.succeed(*arguments, "--eval-queries", 0).err)

    def test_another_model_is_not_resumed_with(self):
        self.train("out", "--max-steps", 1, "--lora-r", 2, "--eval-queries", 0)
        arguments = self.arguments("out", "--max-steps", 1, "--lora-r", 2, "--eval-queries", 0, "--resume")
        self.succeed("model", "create", "--preset", "nano", "--seed", 1, "--output", self.path("other"))
        arguments[arguments.index("--model") + 1] = self.path("other")
        self.fail_with(1, *arguments, says=["is of a run with model_weights_sha256 = ", "resume with the same settings"])

    def test_a_model_whose_files_changed_is_not_resumed_with(self):
        base = self.copy_model()
        arguments = self.arguments("out", "--max-steps", 1, "--lora-r", 2, "--eval-queries", 0)
        arguments[arguments.index("--model") + 1] = base
        self.succeed(*arguments)
        for name, change in (("config.json", lambda j: j["text_config"].update(rms_norm_eps=1e-3)),
                             ("tokenizer.json", lambda j: j.update(version="1.1"))):
            original = (base / name).read_text()
            content = json.loads(original)
            change(content)
            (base / name).write_text(json.dumps(content))
            with self.subTest(name):
                self.fail_with(1, *arguments, "--resume",
                               says=[f"the model's {name} has changed since", "put back what it was"])
            (base / name).write_text(original)
        self.succeed(*arguments, "--resume")

    def test_a_misspelt_key(self):
        file = self.write("train.toml", "[train]\nlora_r = 2\n")
        self.refuse(["train.toml:2", "did you mean \"lora-r\"?"], "--config", file, status=2)

    def test_settings_from_a_file(self):
        file = self.write("train.toml", '[train]\nlora-r = 2\nmax-steps = 1\neval-queries = 0\npooling = "mean"\n'
                                        'lr-group = [".*q_proj.*=2", ".*v_proj.*=0.5"]\n')
        self.train("out", "--config", file)
        settings = json.loads(self.path("out/train.json").read_text())["settings"]
        self.assertEqual(settings["lora_r"], 2)
        self.assertEqual(settings["lr_groups"], [".*q_proj.*=2", ".*v_proj.*=0.5"])
        self.assertEqual(json.loads(self.path("out/retriever.json").read_text())["pooling"], "mean")


class Merging(Training):
    def vectors(self, *source):
        output = self.path("vectors.safetensors")
        self.succeed("embed", *source, "--query", "what stands on page 3", "--image", self.path("beir/images/3.png"),
                     "--output", output)
        return read_tensors(output)[0]["embeddings"]

    def test_on_demand(self):
        run = ["--max-steps", 2, "--lora-r", 2, "--lr", 0.01, "--eval-queries", 0, "--lora-dora", "--attention",
               "bidirectional"]
        self.train("merged", *run)
        self.train("apart", *run, "--merge", "off")
        self.succeed("model", "merge", "--model", self.path("apart"), "--output", self.path("later"))
        self.succeed("model", "merge", "--model", model(), "--adapter", self.path("merged/adapter"), "--output",
                     self.path("named"))
        wanted = self.vectors("--model", self.path("merged"))
        for source in (["apart"], ["later"], ["named"]):
            found = self.vectors("--model", self.path(source[0]))
            self.assertLessEqual(float(abs(found - wanted).max()), 2e-5, source)
        found = self.vectors("--model", model(), "--adapter", self.path("apart/adapter"))
        self.assertLessEqual(float(abs(found - wanted).max()), 2e-5)
        self.assertGreater(float(abs(self.vectors("--model", model()) - wanted).max()), 1e-3)

    def test_what_cannot_be_merged(self):
        self.fail_with(2, "model", "merge", "--model", model(), "--output", self.path("out"), says=["--adapter"])
        self.fail_with(1, "model", "merge", "--model", model(), "--adapter", self.path("gone"), "--output",
                       self.path("out"), says=["gone/adapter_config.json"])
        self.assert_absent(self.path("out"))


if __name__ == "__main__":
    unittest.main()
