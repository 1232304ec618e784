# SPDX-License-Identifier: BSD-2-Clause
"""The certificate tool: what its commands have in common."""
import unittest

import harness


class Common(harness.Case):
    def test_explains_a_code_by_name_number_and_id(self):
        for name in ("CERT_EXPIRED", "304", "h46017-304"):
            got = self.cert("explain", name)
            self.assertTrue(got["ok"])
            self.assertEqual(got["code"], "CERT_EXPIRED")
            self.assertEqual(got["id"], "H46017-304")
            self.assertEqual(got["reject_reason"], "securityDenial")
        text = self.cert("explain", "CERT_EXPIRED", json_answer=False)
        self.assertIn("renew it", text)
        every = self.cert("explain", json_answer=False)
        self.assertIn("H46017-101 INVALID_ARGUMENT", every)
        self.assertIn("H46017-903 INTERNAL", every)
        got = self.cert("explain")
        self.assertTrue(got["ok"])
        self.assertEqual(len(got["codes"]), len(every.splitlines()))
        one = self.cert("explain", "304")
        del one["ok"]
        self.assertIn(one, got["codes"])

    def test_an_unknown_code_is_exit_status_1(self):
        self.assertEqual(self.cert("explain", "NONSENSE", status=1)["code"], "NOT_FOUND")

    def test_bad_usage_is_exit_status_2(self):
        for arguments in ((), ("nonsense",), ("explain", "a", "b"), ("--nonsense",),
                          ("explain", "--nonsense"), ("explain", "--state")):
            with self.subTest(arguments):
                self.assertIn("--help", self.cert(*arguments, status=2, json_answer=False))

    def test_a_mistake_is_told_with_the_name_of_the_program(self):
        for arguments, own in (
            (("--lable", "x"), ""),
            (("trust", "add", "ca.pem", "--lable", "x"), " trust add"),
            (("explain", "304", "--lable"), " explain"),
        ):
            with self.subTest(arguments):
                first, last = self.cert(*arguments, status=2, json_answer=False).splitlines()
                self.assertEqual(first, "h46017-cert: unrecognized option '--lable'")
                self.assertEqual(last, f"Try 'h46017-cert{own} --help'.")
                words = [*own.split(), "--help"]
                self.assertIn(f"h46017-cert{own}", self.cert(*words, json_answer=False))

    def test_options_may_follow_and_precede_operands(self):
        for arguments in (("explain", "--yes", "304"), ("explain", "304", "--yes"),
                          ("--yes", "explain", "--", "304")):
            with self.subTest(arguments):
                self.assertEqual(self.cert(*arguments)["id"], "H46017-304")

    def test_help_names_every_command_and_each_has_its_own(self):
        got = self.cert("--help", json_answer=False)
        self.assertIn("explain", got)
        self.assertIn("Examples:", self.cert("explain", "--help", json_answer=False))


if __name__ == "__main__":
    unittest.main()
