"""recto curate from outside: archives and provenance, a model endpoint, evaluation sets, a judge, shards; Python's
datasets reads the result."""
import io
import json
import os
import subprocess
import sys
import unittest
import zipfile

from dataset_support import bytes_of, datasets
from dataset_support import table as rows
from support import SOURCE, Case, document_pdf, model
from whole_way_test import manual

SERVER = os.path.join(os.path.dirname(__file__), "..", "endpoint", "chat_server.py")


class CurateCase(Case):
    def setUp(self):
        super().setUp()
        for number in range(5):
            self.write(f"pdf/manual-{number}.pdf", manual(number))

    def curate(self, *arguments, name="dataset", **options):
        self.succeed("curate", self.path("pdf"), "--output", self.path(name), "--longest-edge", 400, "--ocr", "off",
                     *arguments, **options)
        return self.path(name)


class CurateSources(CurateCase):
    def archive(self, *extra):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as file:
            file.writestr("inside/manual-7.pdf", manual(7))
            for name, content in extra:
                file.writestr(name, content)
        return data.getvalue()

    def test_archives_and_provenance(self):
        self.write("pdf/more.zip", self.archive())
        table = self.write("sources.csv", "glob,title,licence,url,language\n"
                                          "more.zip,The archive,CC0-1.0,https://example.org/more.zip,en\n"
                                          "manual-1.pdf,,GPL-2.0,,en\n")
        dataset = self.curate("--sources", table, "--require-licence")
        documents = {row["source_name"]: row for row in rows(dataset, "documents")}
        self.assertEqual(sorted(documents), ["manual-1.pdf", "more.zip/inside/manual-7.pdf"])
        self.assertEqual(documents["more.zip/inside/manual-7.pdf"]["title"], "The archive")
        self.assertEqual(documents["more.zip/inside/manual-7.pdf"]["url"], "https://example.org/more.zip")
        self.assertEqual(documents["manual-1.pdf"]["licence"], "GPL-2.0")
        self.assertIn("GPL-2.0", (dataset / "README.md").read_text())
        reasons = [row["reason"] for row in rows(dataset, "audit") if row["stage"] == "file"]
        self.assertEqual(sum("no licence" in reason for reason in reasons), 4)

    def test_a_member_that_leads_out_is_refused(self):
        self.write("pdf/evil.zip", self.archive(("../../evil.pdf", manual(8))))
        self.fail_with(1, "curate", self.path("pdf"), "--output", self.path("dataset"), says=["evil.zip"])
        result = self.fail_with(1, "curate", self.path("pdf"), "--output", self.path("dataset"), "--keep-going")
        self.assertIn("evil.pdf", result.err)
        self.assertIn("evil.zip/inside/manual-7.pdf",
                      {row["source_name"] for row in rows(self.path("dataset"), "documents")})
        self.assertFalse(list(self.directory.parent.glob("evil.pdf")))

    def test_licences_need_a_table(self):
        self.fail_with(2, "curate", self.path("pdf"), "--output", self.path("dataset"), "--require-licence",
                       says=["licence"])


class CurateWhole(CurateCase):
    def test_datasets_reads_every_table_and_validate_agrees(self):
        dataset = self.curate()
        for table in ("documents", "pages", "queries", "qrels", "negatives", "audit"):
            loaded = datasets.load_dataset(str(dataset), table)
            self.assertTrue(sum(split.num_rows for split in loaded.values()), table)
        pages = datasets.load_dataset(str(dataset), "pages")["train"]
        self.assertEqual(max(pages[0]["image"].size), 400)
        self.assertEqual(len(pages[0]["word_boxes"]), 4 * len(pages[0]["words"]))
        self.assertEqual(pages[0]["language"], "en")
        self.assertEqual({row["content_class"] for row in rows(dataset, "pages")} -
                         {"text", "table", "figure", "mixed", "cover", "index"}, set())
        self.succeed("dataset", "validate", dataset)
        report = (dataset / "report.html").read_text()
        self.assertIn("Content-Security-Policy", report)
        self.assertNotIn('src="http', report)

    def test_shards_join_to_the_single_run(self):
        seed = ["--seed", 2**64 - 1]
        single = self.curate(*seed)
        shards = [self.curate(*seed, "--shard", f"{i}/2", name=f"shard-{i}") for i in (1, 2)]
        self.succeed("dataset", "merge", *shards, "--output", self.path("merged"))
        self.assertEqual(bytes_of(self.path("merged")), bytes_of(single))
        self.fail_with(1, "dataset", "merge", shards[0], "--output", self.path("half"), says=["shard 2 of 2"])
        self.fail_with(2, "curate", self.path("pdf"), "--output", self.path("x"), "--shard", "3/2", says=["3/2"])
        self.fail_with(1, "dataset", "merge", single, shards[0], "--output", self.path("two"),
                       says=["finished dataset", "one run", "--data"])

    def test_steps_that_are_left_out_for_comparisons(self):
        whole = self.curate()
        settings = json.loads((whole / "manifest.json").read_text())["settings"]
        self.assertEqual((settings["cleaning"], settings["near_duplicates"]), (True, True))
        for option, key in (("cleaning", "cleaning"), ("near-duplicates", "near_duplicates")):
            result = self.succeed("curate", self.path("pdf"), "--output", self.path(option), "--longest-edge", 400,
                                  "--ocr", "off", f"--{option}", "off")
            self.assertRegex(result.err, f"warning: For comparisons only: .*--{option} off")
            settings = json.loads((self.path(option) / "manifest.json").read_text())["settings"]
            self.assertIs(settings[key], False)
            self.assertIn(f"(--{option} off)", (self.path(option) / "report.html").read_text())
            self.succeed("dataset", "validate", self.path(option))
            self.fail_with(2, "curate", self.path("pdf"), "--output", whole, "--longest-edge", 400, "--ocr", "off",
                           f"--{option}", "off", says=["exists"])
            self.fail_with(2, "curate", self.path("pdf"), "--output", self.path("x"), f"--{option}", "no",
                           says=[f"--{option}"])
        stages = {row["stage"] for row in rows(self.path("cleaning"), "audit")}
        self.assertNotIn("round_trip", stages)
        self.assertNotIn("rules", stages)
        self.assertEqual({row["near_group"] for row in rows(self.path("near-duplicates"), "pages")}, {""})

    def test_splits_by_name(self):
        dataset = self.curate("--test-documents", "manual-2.pdf", "--validation-documents", "manual-[23].pdf")
        splits = {row["source_name"]: row["split"] for row in rows(dataset, "documents")}
        self.assertEqual(splits, {"manual-0.pdf": "train", "manual-1.pdf": "train", "manual-2.pdf": "test",
                                  "manual-3.pdf": "validation", "manual-4.pdf": "train"})
        settings = json.loads((dataset / "manifest.json").read_text())["settings"]
        self.assertEqual(settings["validation_documents"], ["manual-[23].pdf"])
        self.assertEqual(settings["validation_share"], 0, "nothing is drawn besides")
        self.fail_with(2, "curate", self.path("pdf"), "--output", self.path("none"), "--validation-documents", "nothing*",
                       says=['"nothing*" of validation documents matches none of 5 files'])

    def test_what_is_excluded_is_not_there(self):
        first = self.curate("--test-documents", "manual-2.pdf")
        second = self.curate("--exclude", first / "pages" / "test-00000-of-00001.parquet", name="second")
        names = {row["source_name"] for row in rows(second, "documents")}
        self.assertEqual(names, {f"manual-{i}.pdf" for i in (0, 1, 3, 4)})
        dropped = [row for row in rows(second, "audit") if row["stage"] == "decontamination"
                   and row["decision"] == "dropped" and row["item"].rsplit("-", 1)[-1].isdigit()]
        self.assertEqual(len(dropped), 4)
        self.fail_with(1, "curate", self.path("pdf"), "--output", self.path("third"), "--longest-edge", 400,
                       "--exclude", first, says=["--exclude"])

    def test_a_retriever_judges(self):
        dataset = self.curate("--judge", model(), "--round-trip", 20, "--negatives", 2)
        miners = {row["miner"] for row in rows(dataset, "negatives")}
        self.assertIn("judge", miners | {"judge"} if not miners else miners)
        trips = [row for row in rows(dataset, "audit") if row["stage"] == "round_trip"]
        self.assertTrue(trips)
        self.assertEqual({row["threshold"] for row in trips}, {20.0})

    def test_tools_are_asked_once(self):
        log = self.path("asked")
        tesseract = self.write("bin/tesseract", f"#!/bin/sh\necho $1 >> '{log}'\necho tesseract 9.9\n")
        tesseract.chmod(0o755)
        self.succeed("curate", self.path("pdf"), "--output", self.path("dataset"), "--longest-edge", 400,
                     env={"PATH": f"{tesseract.parent}:{os.environ['PATH']}"})
        self.assertEqual(log.read_text().split(), ["--version", "--list-langs"])

    def test_options_that_cannot_be_meant(self):
        for arguments, says in [(["--generator", "nonsense"], "nonsense"), (["--negative-ranks", "5"], "1-50"),
                                (["--endpoint", "http://localhost:1"], "--generator openai"),
                                (["--dry-run"], "--generator openai"), (["--llm", "x"], "--llm"),
                                (["--test-share", "0.9", "--validation-share", "0.5"], "--test-share 0.9"),
                                (["--negative-ranks", "50-1"], "50-1"),
                                (["--balance-temperature", "2"], "--max-queries"),
                                (["--generator", "openai"], "endpoint")]:
            self.fail_with(2, "curate", self.path("pdf"), "--output", self.path("dataset"), *arguments, says=[says])
            self.assert_absent(self.path("dataset"))


class CuratePrompt(Case):
    PROMPT = (SOURCE / "src/curate/prompts/queries.txt").read_text()

    def test_is_printed_without_paths_and_output(self):
        file = self.write("c.toml", "print-prompt = true\n")
        for arguments, options in ((["--print-prompt"], {}), ([], {"env": {"RECTO_PRINT_PROMPT": "1"}}),
                                   (["--config", file], {}),
                                   (["--print-prompt", self.path("absent"), "--output", self.path("dataset")], {})):
            with self.subTest(arguments=arguments, options=options):
                result = self.succeed("curate", *arguments, **options)
                self.assertEqual((result.out, result.err), (self.PROMPT, ""))
        self.assert_absent(self.path("dataset"), self.path("dataset.partial"))

    def test_is_not_printed_unasked(self):
        self.fail_with(2, "curate", says=["required"])
        self.fail_with(2, "curate", env={"RECTO_PRINT_PROMPT": "false"}, says=["required"])
        self.assertIn("GFLOP/s", self.succeed("doctor", env={"RECTO_PRINT_PROMPT": "1"}).out)


class CurateEndpoint(CurateCase):
    KEY = "sk-of-this-test-alone"

    def setUp(self):
        super().setUp()
        self.log = self.path("requests")
        self.server = subprocess.Popen([sys.executable, SERVER, str(self.log)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.stdin.close)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.port = int(self.server.stdout.readline())

    def requests(self):
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def ask(self, steps, *arguments, name="dataset"):
        return self.curate("--generator", "openai", "--generator", "default", "--endpoint",
                           f"http://127.0.0.1:{self.port}/{steps}", "--llm", "m", "--endpoint-cache",
                           self.path("cache"), *arguments, name=name, env={"RECTO_API_KEY": self.KEY})

    def test_four_kinds_a_page_and_nothing_asked_twice(self):
        first = self.ask("ok", "--round-trip", 0)
        kinds = {row["kind"] for row in rows(first, "queries")}
        self.assertLessEqual({"main", "secondary", "visual", "semantic", "heading"}, kinds)
        self.assertEqual({row["method"] for row in rows(first, "queries") if row["kind"] == "main"}, {"openai:m"})
        self.assertEqual(self.requests(), 20)
        again = self.ask("ok", "--round-trip", 0, name="again")
        self.assertEqual(self.requests(), 20)
        self.assertEqual(bytes_of(again), bytes_of(first))
        for name, content in {**bytes_of(first), **bytes_of(self.path("cache"))}.items():
            self.assertNotIn(self.KEY.encode(), content, name)
        self.succeed("dataset", "validate", first)

    def test_a_dry_run_asks_nothing(self):
        result = self.succeed("curate", self.path("pdf"), "--output", self.path("dry"), "--generator", "openai",
                              "--endpoint", f"http://127.0.0.1:{self.port}/ok", "--llm", "m", "--dry-run",
                              "--longest-edge", 400)
        self.assertEqual(self.requests(), 0)
        self.assertIn("20", result.err)
        self.assert_absent(self.path("dry"), self.path("dry.partial"))

    def test_a_dry_run_of_a_shard_counts_its_part(self):
        counts = []
        for i in (1, 2):
            result = self.succeed("curate", self.path("pdf"), "--output", self.path("dry"), "--generator", "openai",
                                  "--endpoint", f"http://127.0.0.1:{self.port}/ok", "--llm", "m", "--dry-run",
                                  "--endpoint-cache", self.path("cache"), "--longest-edge", 400, "--shard", f"{i}/2",
                                  "--json")
            counts.append(json.loads(result.out)["pages"])
            self.assertIn(f"{counts[-1]} would be asked", result.err)
            self.assert_absent(self.path("dry"), self.path("dry.partial"))
        self.assertEqual(counts, [12, 8])
        self.assertEqual(self.requests(), 0)

    def test_shards_join_to_the_single_run(self):
        single = self.ask("ok")
        shards = [self.ask("ok", "--shard", f"{i}/2", name=f"shard-{i}") for i in (1, 2)]
        self.assertEqual(self.requests(), 20)
        self.succeed("dataset", "merge", *shards, "--output", self.path("merged"))
        self.assertEqual(self.requests(), 20)
        manifest = json.loads((self.path("merged") / "manifest.json").read_text())
        self.assertEqual(manifest["settings"]["endpoint"]["model"], "m")
        self.assertIn("the model m", (self.path("merged") / "README.md").read_text())
        self.assertEqual(bytes_of(self.path("merged")), bytes_of(single))
        other = self.ask("ok", "--shard", "2/2", "--temperature", 1, name="other")
        self.fail_with(1, "dataset", "merge", shards[0], other, "--output", self.path("mixed"),
                       says=["the setting endpoint"])

    def test_a_refused_key_ends_the_run(self):
        result = self.fail_with(2, "curate", self.path("pdf"), "--output", self.path("dataset"), "--keep-going",
                                "--longest-edge", 400, "--generator", "openai", "--llm", "m", "--endpoint-cache",
                                self.path("cache"), "--endpoint", f"http://127.0.0.1:{self.port}/401",
                                env={"RECTO_API_KEY": self.KEY}, says=["401"])
        self.assertNotIn(self.KEY, result.err)
        self.assert_absent(self.path("dataset"))


if __name__ == "__main__":
    unittest.main()
