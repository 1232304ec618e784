# SPDX-License-Identifier: BSD-2-Clause
"""tools/load with a few endpoints: its figures, and what it says of a
gatekeeper that does not take them all."""
import json
import pathlib
import subprocess
import sys
import unittest

import harness

LOAD = pathlib.Path(__file__).resolve().parents[2] / "tools" / "load"


class Load(harness.Case):
    def load(self, *arguments):
        done = subprocess.run(
            [sys.executable, LOAD, "--build", harness.PROGRAMS.parent,
             *map(str, arguments)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=240)  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def test_all_register_and_come_back(self):
        status, out, errors = self.load("-n", 40, "--down", 0.2, "--timeout", 100)
        self.assertEqual(status, 0, errors)
        result = json.loads(out)
        self.assertTrue(result["ok"])
        self.assertEqual((result["endpoints"], result["few"]), (40, 20))
        for member in ("registered_s", "back_s", "gk_cpu_s", "gk_again_cpu_s",
                       "gk_peak_kib", "gk_again_peak_kib", "first_us", "last_us"):
            self.assertGreater(result[member], 0, member)
        self.assertEqual(len(result["ep_peak_kib"]), 2)
        self.assertGreater(min(result["ep_peak_kib"]), 0)

    def test_some_that_are_left_out_are_a_failure(self):
        config = self.dir / "gk.ini"
        config.write_text("[registration]\nopen = yes\n[limits]\nconnections = 6\n")
        status, out, errors = self.load("-n", 8, "-c", config, "--timeout", 4)
        self.assertEqual(status, 1, errors)
        self.assertFalse(json.loads(out)["ok"])
        self.assertIn("6 of 8 are registered", errors)

    def test_what_does_not_start_is_no_result(self):
        config = self.dir / "gk.ini"
        config.write_text("[registration]\nopen = perhaps\n")
        status, out, errors = self.load("-n", 8, "-c", config)
        self.assertEqual((status, out), (2, ""), errors)
        self.assertIn("gk.ini:2", errors)
        self.assertEqual(self.load("-n", 1)[0], 2)


if __name__ == "__main__":
    unittest.main()
