"""Options, help, exit statuses, configuration files."""
import json
import unittest

from support import BUILD, Case, model, read_tensors, recto

COMMANDS = [["doctor"], ["model", "create"], ["model", "merge"], ["model", "tokenizer"], ["curate"], ["dataset", "scan"], ["dataset", "text-vectors"],
            ["synthesize"], ["train"], ["eval"], ["compare"], ["embed"], ["index", "create"], ["index", "add"], ["search"],
            ["inspect"], ["tokenize"]]


class Usage(Case):
    def test_help_names_every_command(self):
        result = self.succeed("--help")
        for command in COMMANDS:
            self.assertIn(f"  {command[0]} ", result.out)
        self.assertEqual(result.err, "")

    def test_every_command_has_help(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                result = self.succeed(*command, "--help")
                self.assertIn("--quiet", result.out)
                self.assertIn("--config", result.out)
                for line in result.out.splitlines():
                    self.assertLessEqual(len(line), 110, line)

    def test_every_option_has_an_environment_variable(self):
        for command in COMMANDS:
            for line in self.succeed(*command, "--help").out.replace("\n" + " " * 34, " ").splitlines():
                if line.startswith("  --") and not line.startswith("  --version"):
                    name = line.split()[0].rstrip(",")[2:]
                    self.assertIn("RECTO_" + name.upper().replace("-", "_"), line, command)

    def test_help_names_the_options_of_the_contract(self):
        wanted = {
            "embed": "--model --query --image --pdf --input --output --dimensions --precision --longest-edge "
                     "--image-splitting --position-ids --resample-order --threads --batch-tokens --keep-going",
            "inspect": "--model --text --query --image --messages --output --layers",
            "tokenize": "--model --input --output",
            "curate": "--output --test-documents",
            "synthesize": "--leave-out --fonts --output --pages --pages-per-document --seed --threads",
            "train": "--model --data --output --method --loss --epochs --max-steps --batch-size --lr --temperature "
                     "--seed --lora-r --objective --hold-out --leave-out --page-tiles --fresh --page-scales --muon-lr --decay",
            "eval": "--model --data --output --qrels --run --dimensions --stored --longest-edges --training",
            "compare": "--qrels --metric --seed --output",
            "index create": "--model",
            "search": "--index --query --k --json --contact-sheet",
            "model create": "--preset --tokenizer --seed --output",
            "model tokenizer": "--size --document-pages --leave-out --keep-going --output",
            "doctor": "--json",
        }
        for command, options in wanted.items():
            text = self.succeed(*command.split(), "--help").out
            for option in options.split():
                self.assertIn(option + " " if option != "--k" else "--k ", text.replace("\n", " "), command)

    def test_version(self):
        self.assertRegex(self.succeed("--version").out, r"^recto \d+\.\d+\.\d+\n$")

    def test_wrong_usage(self):
        m = model()
        o = self.path("o.npy")
        for arguments, says in (
                ([], "needs a command"),
                (["nonsense"], "nonsense"),
                (["index"], "needs a command"),
                (["index", "nonsense"], "nonsense"),
                (["embed"], "is required"),
                (["embed", "--model", m, "--query", "a"], "--output"),
                (["embed", "--model", m, "--output", o], "nothing to embed"),
                (["embed", "--model", m, "--query", "a", "--output", "out.csv"], ".safetensors"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--surprise"], "--surprise"),
                (["embed", "--model", m, "--query", "a", "--output", o, "more"], "more"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--threads", "many"], "--threads"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--threads", "-1"], "--threads"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--batch-tokens", "0"], "--batch-tokens"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--precision", "bf16"], "fp32"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--image-splitting", "maybe"], "off"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--position-ids", "x"], "identity"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--resample-order", "x"], "pillow13"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--dimensions", "7"], "7"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--longest-edge", "0"], "--longest-edge"),
                (["embed", "--model", m, "--query", "a", "--output", o, "--config", "gone.toml"], "gone.toml"),
                (["embed", "--model"], "--model"),
                (["embed", "--threads", "1", "--threads", "2"], "--threads is given 2 times; once is wanted"),
                (["inspect", "--model", m, "--output", o], "one of"),
                (["inspect", "--model", m, "--text", "a", "--query", "b", "--output", o], "one of"),
                (["tokenize", "--model", m], "--"),
                (["model", "create", "--preset", "giant", "--output", o], "nano"),
                (["search", "--index", "i", "--query", "q", "--k", "0"], "--k"),
                (["search", "--index", "i", "--query", "q", "--contact-sheet", "found.jpg"], ".png"),
                (["search", "--index", "i", "--query", "q", "--contact-sheet", "found"], ".png"),
                *((["model", "create", "--preset", "nano", "--output", o, f"--seed={seed}"],
                   "--seed: \"" + seed + "\" is no seed; integers from 0 to 18446744073709551615 are")
                  for seed in ("-1", "18446744073709551616", "1.5", "1e3", "0x10", "many")),
                (["train", "--model", m, "--data", m, "--output", o, "--method", "magic"], "lora"),
                (["train", "--model", m, "--data", m, "--output", o, "--objective", "magic"], "reading"),
        ):
            with self.subTest(arguments=arguments):
                result = self.fail_with(2, *arguments, says=[says])
                self.assertIn("--help", result.err)
                self.assertEqual(result.out, "")
                self.assert_absent(o)

    def test_quiet_says_nothing(self):
        result = self.succeed("embed", "--model", model(), "--query", "a", "--output", self.path("o.npy"), "--quiet")
        self.assertEqual((result.out, result.err), ("", ""))

    def test_train_without_its_program(self):
        self.fail_with(1, "train", "--model", model(), "--data", self.path("d"), "--output", self.path("o"),
                       env={"RECTO_TRAIN": str(self.path("nowhere"))}, says=["RECTO_TRAIN", "nowhere, which does not exist"])
        self.fail_with(1, "train", "--model", model(), "--data", self.path("d"), "--output", self.path("o"),
                       env={"RECTO_TRAIN": str(self.write("text", "no program"))}, says=["RECTO_TRAIN", "is no program"])

    def test_the_largest_seed(self):
        self.succeed("model", "create", "--preset", "nano", "--seed", 2**64 - 1, "--output", self.path("m"))

    @unittest.skipUnless((BUILD / "recto-train").exists(), "built without recto-train")
    def test_train_speaks_of_the_command_that_was_called(self):
        result = self.fail_with(2, "train", "--model", model(), "--data", self.path("d"), "--output", self.path("o"),
                                "--lora-r", 0, says=["\"recto train --help\""])
        self.assertNotIn("recto-train", result.err)

    def test_index_of_another_model(self):
        self.succeed("model", "create", "--preset", "nano", "--seed", "1", "--output", self.path("other"))
        self.succeed("index", "create", self.path("i"), "--model", model())
        self.fail_with(1, "search", "--index", self.path("i"), "--model", self.path("other"), "--query", "a",
                       says=["contract"])
        self.fail_with(1, "index", "add", self.path("i"), self.path("other"), says=["no PDF"])
        self.fail_with(1, "search", "--index", self.path("gone"), "--query", "a", says=["gone"])
        self.fail_with(2, "index", "create", self.path("i"), "--model", model(), says=["exists"])


class Settings(Case):
    """The same option from the command line, the environment and a file."""

    def contract(self, *arguments, **options):
        output = self.path("out.safetensors")
        self.succeed("embed", "--model", model(), "--query", "a", "--output", output, *arguments, **options)
        return read_tensors(output)[1]["contract"]

    def test_the_command_line_wins_over_the_environment_over_the_file(self):
        file = self.write("c.toml", "longest-edge = 127\n")
        plain = self.contract()
        by = {edge: self.contract("--longest-edge", edge) for edge in (61, 127, 251)}
        self.assertEqual(len({plain, *by.values()}), 4)
        self.assertEqual(self.contract("--config", file), by[127])
        self.assertEqual(self.contract(env={"RECTO_CONFIG": str(file)}), by[127])
        self.assertEqual(self.contract(env={"RECTO_LONGEST_EDGE": "251"}), by[251])
        self.assertEqual(self.contract("--config", file, env={"RECTO_LONGEST_EDGE": "251"}), by[251])
        self.assertEqual(self.contract("--config", file, "--longest-edge", 61,
                                       env={"RECTO_LONGEST_EDGE": "251"}), by[61])

    def test_tables_of_commands(self):
        file = self.write("c.toml", "[embed]\nlongest-edge = 127\n[index.create]\nlongest-edge = 251\n"
                                    "[doctor]\njson = true\n")
        self.assertEqual(self.contract("--config", file), self.contract("--longest-edge", 127))
        self.assertTrue(self.succeed("doctor", "--config", file).out.startswith("{"))

    def test_lists_flags_and_required_options(self):
        output = self.path("listed.safetensors")
        file = self.write("c.toml", f'model = "{model()}"\noutput = "{output}"\nquery = ["one", "two, [three]"]\n'
                                    'keep-going = true\nquiet = true\n')
        result = self.succeed("embed", "--config", file)
        self.assertEqual(result.err, "")
        self.assertEqual(json.loads(read_tensors(output)[1]["ids"]), ["query:1", "query:2"])

    def test_unknown_keys_are_errors(self):
        for content, says in (("surprise = 1", "surprise"), ("[embed]\nsurprise = 1", "surprise"),
                              ("[nonsense]\na = 1", "nonsense"), ("[index.nonsense]\na = 1", "nonsense"),
                              ("[search]\nsurprise = 1", "surprise"), ("longest-edge = [1, 2]", "one value"),
                              ("longest-edge = 1979-05-27", "longest-edge"), ("longest-edge = ", "toml"),
                              ("longest-edge = \"wide\"", "longest-edge"), ("config = \"x\"", "config"),
                              ("longest_edge = 1", "did you mean \"longest-edge\"?"),
                              ("[embedd]\na = 1", "did you mean \"embed\"?"),
                              ("[train]\nlearning-rate = 1", "\"recto train --help\" names"),
                              ("[train]\ntemprature = 1", "did you mean \"temperature\"?")):
            file = self.write("c.toml", content + "\n")
            with self.subTest(content=content):
                self.fail_with(2, "embed", "--model", model(), "--query", "a", "--output", self.path("o.npy"),
                               "--config", file, says=[says])

    def test_a_misspelt_key_is_told_without_a_list_of_all(self):
        file = self.write("c.toml", "[train]\nbach-size = 8\n")
        result = self.fail_with(2, "train", "--config", file)
        line = result.err.splitlines()[0]
        self.assertEqual(line, f'recto: {file}:2: unknown key "bach-size" for "recto train"; did you mean "batch-size"? '
                               '"recto train --help" names its options, which are its keys')

    def test_bad_values_name_where_they_stand(self):
        words = (("threads", "many", "--threads: \"many\" is no whole number"),
                 ("threads", "1.5", "--threads: \"1.5\" is no whole number"),
                 ("keep-going", "maybe", "--keep-going: \"maybe\" is neither true nor false"),
                 ("longest-edge", "0", "--longest-edge: "),
                 ("image-splitting", "maybe", "--image-splitting: maybe not in {on,off}"))
        arguments = ["embed", "--model", model(), "--query", "a", "--output", self.path("o.npy")]
        for key, value, says in words:
            variable = "RECTO_" + key.upper().replace("-", "_")
            file = self.write("c.toml", f"quiet = true\n{key} = \"{value}\"\n")
            with self.subTest(key=key, value=value):
                self.fail_with(2, *arguments, env={variable: value},
                               says=[says, f"(--{key} is set by {variable} in the environment)"])
                self.fail_with(2, *arguments, "--config", file, says=[says, f"(--{key} is set at {file}:2)"])
                self.fail_with(2, *arguments, env={variable: value, "RECTO_CONFIG": str(file)},
                               says=[f"(--{key} is set by {variable} in the environment)"])
                if key != "keep-going":
                    given = self.fail_with(2, *arguments, f"--{key}", value, says=[says])
                    self.assertNotIn("is set", given.err)

    @unittest.skipUnless((BUILD / "recto-train").exists(), "built without recto-train")
    def test_values_that_cannot_be_meant_name_where_they_stand(self):
        arguments = ["train", "--model", model(), "--data", self.path("d"), "--output", self.path("o")]
        file = self.write("c.toml", "[train]\n\nlr = -1\n")
        says = "--lr is -1; a number above 0 is wanted"
        self.fail_with(2, *arguments, "--config", file, says=[f"{says} (--lr is set at {file}:3)"])
        self.fail_with(2, *arguments, env={"RECTO_LR": "-1"}, says=[f"{says} (--lr is set by RECTO_LR in the"])
        self.assertNotIn("is set", self.fail_with(2, *arguments, "--lr", -1, says=[says]).err)
        for value, says in (("fast", "--lr: \"fast\" is no number"), ("1e-4x", "--lr: \"1e-4x\" is no number")):
            self.fail_with(2, *arguments, env={"RECTO_LR": value}, says=[says, "RECTO_LR"])
        # One number to recto embed, a list to recto train.
        self.fail_with(1, *arguments, env={"RECTO_DIMENSIONS": "64,32"}, says=["is not a directory"])
        self.fail_with(2, *arguments, env={"RECTO_DIMENSIONS": "64,many"}, says=["\"many\" is no whole number", "RECTO_DIM"])


class Doctor(Case):
    def test_text(self):
        result = self.succeed("doctor")
        self.assertIn("GFLOP/s", result.out)
        self.assertIn("recto is ready", result.out)

    def test_json(self):
        report = json.loads(self.succeed("doctor", "--json").out)
        self.assertTrue(report["usable"])
        for name in ("recto", "onednn", "arrow", "sqlite", "pdfium"):
            self.assertRegex(report["versions"][name], r"^\d+\.", name)
        self.assertGreater(report["gemm"]["one_thread_gflops"], 0)
        self.assertGreater(report["memory"]["available_bytes"], 0)
        self.assertGreater(report["disk"]["free_bytes"], 0)
        if (BUILD / "recto-train").exists():
            self.assertTrue(report["tools"]["recto-train"])
            self.assertRegex(report["versions"]["torch"], r"^\d+\.")

    def test_what_is_missing_is_said(self):
        gone = str(self.path("gone"))
        result = self.fail_with_report(env={"RECTO_PAGE_WORKER": gone})
        self.assertIn("RECTO_PAGE_WORKER", json.dumps(result["problems"]))
        result = json.loads(self.succeed("doctor", "--json", env={"RECTO_TRAIN": gone}).out)
        self.assertIn("recto-train", json.dumps(result["problems"]))

    def fail_with_report(self, **options):
        result = recto("doctor", "--json", **options)
        self.assertEqual(result.status, 1, str(result))
        return json.loads(result.out)


if __name__ == "__main__":
    unittest.main()
