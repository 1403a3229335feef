"""What is seen of a training: metrics, TensorBoard, the report, the progress bar."""
import html
import json
import re
import signal
import unittest
from pathlib import Path

from support import Started, model
from whole_way_test import Documents, manual

EVENTS = "tensorboard/events.out.tfevents.0000000000.recto"


class TrainSeen(Documents):
    def setUp(self):
        super().setUp()
        self.succeed("curate", self.path("pdf"), "--output", self.path("data"), "--longest-edge", 300)
        self.output = self.path("out")
        self.arguments = ["train", "--model", model(), "--data", self.path("data"), "--output", self.output,
                          "--batch-size", 4, "--longest-edge", 70, "--threads", 1, "--lora-r", 2,
                          "--epochs", 100]

    def metrics(self):
        return [json.loads(line) for line in (self.output / "metrics.jsonl").read_text().splitlines()]

    def tensorboard(self):
        """What TensorBoard's own reader finds. (A wheel of packages/requirements.txt: scripts/setup.)"""
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator, TENSORS
        reader = EventAccumulator(str(self.output / "tensorboard"), size_guidance={TENSORS: 0})
        reader.Reload()
        return reader

    def interrupted(self, *arguments):
        """A run that is ended by SIGINT after its second step or a later one."""
        started = Started(*self.arguments, "--max-steps", 400, *arguments)
        started.wait_for(b"epoch ")
        started.send(signal.SIGINT)
        self.assertEqual(started.finish(), 130, started.text)
        return started

    def report(self):
        """The report's text, and the steps of its first curve, the loss."""
        text = (self.output / "train_report.html").read_text()
        chart = json.loads(html.unescape(re.search(r'data-chart="([^"]*)"', text)[1]))
        return text, chart["series"][-1]["x"]

    def check_events(self):
        """TensorBoard's curves are the lines of metrics.jsonl, each once."""
        reader = self.tensorboard()
        lines = self.metrics()
        steps = [line for line in lines if "loss" in line]
        measured = [line for line in lines if "ndcg_at_5" in line]
        self.assertEqual([line["step"] for line in steps], list(range(1, len(steps) + 1)))
        for tag, key, wanted in (("train/loss", "loss", steps), ("train/lr", "lr", steps),
                                 ("train/gradient_norm", "gradient_norm", steps),
                                 ("train/pairs_per_second", "pairs_per_second", steps),
                                 ("held_out/ndcg_at_5", "ndcg_at_5", measured)):
            found = reader.Scalars(tag)
            self.assertEqual([event.step for event in found], [line["step"] for line in wanted], tag)
            for event, line in zip(found, wanted):
                self.assertAlmostEqual(event.value, line[key], delta=1e-6 * max(1, abs(line[key])))
        times = [event.wall_time for event in reader.Scalars("train/loss")]
        self.assertEqual(times, sorted(times))
        self.assertEqual(reader.Tags()["tensors"], ["settings"])
        cells = [cell.decode() for cell in reader.Tensors("settings")[0].tensor_proto.string_val]
        self.assertEqual(dict(zip(cells[::2], cells[1::2]))["`batch_size`"], "`4`")
        return len(steps)

    def test_tensorboard_reads_the_curves(self):
        self.succeed(*self.arguments, "--max-steps", 5, "--eval-every", 2, "--eval-queries", 10)
        self.assertEqual(self.check_events(), 5)
        self.assertEqual([path.name for path in (self.output / "tensorboard").iterdir()], [Path(EVENTS).name])
        text, steps = self.report()
        self.assertTrue("<p>Finished after 5 steps.</p>" in text)
        self.assertEqual(steps, [1, 2, 3, 4, 5])
        for name in json.loads((self.output / "train.json").read_text())["settings"]:
            self.assertTrue(f"<dt><code>{name}</code></dt>" in text, name)

    def test_a_resumed_run_stands_there_once(self):
        self.interrupted("--checkpoint-every", 2)
        done = len([line for line in self.metrics() if "loss" in line])
        started = Started("train", *self.arguments[1:], "--max-steps", 400, "--checkpoint-every", 2, "--resume")
        started.wait_for(b"epoch ")
        started.send(signal.SIGINT)
        self.assertEqual(started.finish(), 130, started.text)
        self.assertGreater(self.check_events(), done)
        text, steps = self.report()
        self.assertTrue(re.search(r"<p>Ended after step \d+ of 400: interrupted</p>", text))
        self.assertEqual(steps, [line["step"] for line in self.metrics() if "loss" in line])

    def test_the_report_shows_hard_negatives_and_runs_nothing_of_theirs(self):
        hostile = "</script><img src=x onerror=alert(1)>"
        for number in range(6):
            self.write(f"hostile/{number}.pdf", manual(number, verb=hostile))
        self.succeed("curate", self.path("hostile"), "--output", self.path("more"), "--longest-edge", 300)
        self.arguments[self.arguments.index(self.path("data"))] = self.path("more")
        self.succeed(*self.arguments, "--max-steps", 2, "--eval-queries", 0)
        text = (self.output / "train_report.html").read_text()
        self.assertTrue(html.escape(hostile) in text)
        self.assertFalse("<img src=x" in text)
        self.assertEqual(text.count("</script>"), 1)
        self.assertGreater(text.count('<li class="negative">'), 3)
        self.assertGreater(text.count("data:image/jpeg;base64,/9j/"), 6)

    def test_the_bar_tells_where_the_training_stands(self):
        started = self.interrupted("--eval-queries", 10)
        text = started.text.decode()
        self.assertIn("held-out pages ", text)
        self.assertRegex(text, r"train (\[[# ]+\] )?\d+/\d+ \d+% [\d.]+ pairs/s left \w+ epoch \d+/\d+ loss \d+\.\d+")
        for line in re.split(r"\r\x1b\[K|\n", text):
            if line.startswith("train "):
                self.assertLess(len(line.rstrip("\r")), 80)

    def test_a_log_gets_whole_lines(self):
        result = self.succeed(*self.arguments, "--max-steps", 3, "--eval-queries", 0)
        bars = [line for line in result.err.splitlines() if line.startswith("train ")]
        self.assertRegex(bars[-1], r"^train 12/12 100% [\d.]+ pairs/s in \d+s epoch \d+/\d+ loss [\d.]+ lr [\d.e-]+$")
        self.assertNotIn("\r", result.err)


if __name__ == "__main__":
    unittest.main()
