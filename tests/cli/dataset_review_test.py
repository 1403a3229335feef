"""recto dataset apply-review: what a reviewer rejects goes."""
import json
import unittest

from dataset_support import DatasetCase, bytes_of, table


class DatasetReview(DatasetCase):
    def review(self, decisions, dataset=None, name="review.json"):
        made_of = dataset or json.loads(self.succeed("dataset", "info", self.dataset, "--json").out)["dataset"]
        return self.write(name, json.dumps({
            "format": "recto-review", "format_version": 1, "dataset": made_of,
            "decisions": [{"query_id": q, "page_id": p, "decision": d, **({"note": n} if n else {})}
                          for q, p, d, n in decisions]}))

    def test_rejected_pairs_go(self):
        review = self.review([("q0", self.page_id(0), "accept", ""), ("q1", self.page_id(1), "reject", "wrong page"),
                              ("q2", self.page_id(5), "reject", "")])
        report = json.loads(self.succeed("dataset", "apply-review", self.dataset, review, "--json").out)
        self.assertEqual(report, {"accepted": 1, "rejected": 2, "absent": 0, "queries_dropped": 1,
                                  "negatives_dropped": 0})
        self.assertTrue(self.validate(self.dataset)["valid"])
        self.assertEqual([r["query_id"] for r in table(self.dataset, "queries", "train")], ["q0", "q1"])
        self.assertEqual({(r["query_id"], r["page_id"]) for r in table(self.dataset, "qrels", "train")},
                         {("q0", self.page_id(0)), ("q0", self.page_id(6)), ("q1", self.page_id(2))})
        rows = [(r["item"], r["decision"], r["reason"]) for r in table(self.dataset, "audit") if r["stage"] == "review"]
        self.assertIn(("q1", "dropped", f"rejected: page {self.page_id(1)}: wrong page"), rows)
        self.assertIn(("q0", "kept", f"accepted: page {self.page_id(0)}"), rows)
        self.assertIn(("q2", "dropped", "no answer is left"), rows)
        manifest = json.loads((self.dataset / "manifest.json").read_text())
        self.assertEqual(manifest["reviews"][0]["rejected"], 2)
        # A second session of the same page, whose dataset has changed since.
        old = json.loads(review.read_text())["dataset"]
        second = self.review([("q0", self.page_id(0), "accept", ""), ("q2", self.page_id(5), "reject", "")], old, "2.json")
        report = json.loads(self.succeed("dataset", "apply-review", self.dataset, second, "--json").out)
        self.assertEqual((report["accepted"], report["absent"]), (1, 1))

    def test_negatives_of_a_dropped_query_go(self):
        self.dataset = self.mined
        review = self.review([("q0", self.page_id(0), "reject", "")])
        self.succeed("dataset", "apply-review", self.mined, review, "--output", self.path("reviewed"))
        self.assertEqual([r["query_id"] for r in table(self.path("reviewed"), "negatives")], ["q1"])
        self.assertEqual(len(table(self.mined, "negatives")), 4)
        self.assertTrue(self.validate(self.path("reviewed"))["valid"])

    def test_refusals(self):
        before = bytes_of(self.dataset)
        good = ("q0", self.page_id(0), "reject", "")
        other = self.review([good], "0" * 64, "other.json")
        self.fail_with(1, "dataset", "apply-review", self.dataset, other, says=["0000", "--force"])
        for decisions, says in (([("q0", self.page_id(9), "reject", "")], "has not"),
                                ([good, ("q0", self.page_id(0), "accept", "")], "accepted and rejected"),
                                ([("q0", self.page_id(0), "perhaps", "")], "perhaps")):
            self.fail_with(1, "dataset", "apply-review", self.dataset, self.review(decisions), says=[says])
        for content in ("{}", "[]", "no JSON", '{"format": "recto-review", "format_version": 2}',
                        '{"format": "recto-review", "format_version": 1, "dataset": "a"}'):
            self.fail_with(1, "dataset", "apply-review", self.dataset, self.write("r.json", content))
        self.assertEqual(bytes_of(self.dataset), before)
        self.succeed("dataset", "apply-review", self.dataset, other, "--force")
        self.fail_with(1, "dataset", "apply-review", self.dataset, other, says=["0000"])


if __name__ == "__main__":
    unittest.main()
