# SPDX-License-Identifier: BSD-2-Clause
"""The demo is green, and killing it anywhere leaves nothing behind.

H46017_DEMO_TURNS=N kills it N times of each kind (default 4)."""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

DEMO = pathlib.Path(__file__).resolve().parents[2] / "examples" / "demo.sh"
PATIENCE = float(os.environ.get("H46017_PATIENCE", "20"))
TURNS = int(os.environ.get("H46017_DEMO_TURNS", "4"))
SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]
KILLERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)


class Demo(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="h46017-test-demo-")
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        # what the demo starts inherits this, so that it can be found again
        self.mark = f"H46017_TEST_MARK={os.urandom(8).hex()}"
        self.environment = dict(os.environ, TMPDIR=self.tmp)
        key, _, value = self.mark.partition("=")
        self.environment[key] = value

    def demo(self, shell="sh", **options):
        return subprocess.Popen(
            [shell, str(DEMO)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def processes(self):
        """Every process that carries the mark."""
        found = []
        for entry in os.scandir("/proc"):
            if not entry.name.isdigit():
                continue
            try:
                with open(f"/proc/{entry.name}/environ", "rb") as f:
                    if self.mark.encode() in f.read().split(b"\0"):
                        with open(f"/proc/{entry.name}/cmdline", "rb") as c:
                            found.append((int(entry.name), c.read()))
            except OSError:
                continue
        return found

    def nothing_left(self, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            left = (self.processes(), os.listdir(self.tmp))
            if left == ([], []):
                return
            time.sleep(0.05)
        for pid, _ in left[0]:
            os.kill(pid, signal.SIGKILL)
        self.fail(f"{what}: left behind: {left}")

    def test_it_is_green(self):
        for shell in SHELLS:
            with self.subTest(shell):
                demo = self.demo(shell)
                out, _ = demo.communicate(timeout=6 * PATIENCE)
                self.assertEqual(demo.returncode, 0, out)
                self.assertIn("steps went as they must", out)
                for word in ("IDENTITY_MISMATCH", "TLS_REQUIRED", "UNKNOWN_CA"):
                    self.assertIn(word, out)
                self.nothing_left("the end")

    def test_killed_at_any_moment_it_leaves_nothing(self):
        seed = int.from_bytes(os.urandom(4), "big")
        dice = random.Random(seed)
        for turn in range(TURNS):
            shell = dice.choice(SHELLS)
            number = KILLERS[turn % len(KILLERS)]
            delay = dice.uniform(0.03, 6)
            what = f"seed {seed} turn {turn}: {shell}, {number.name} at {delay:.3f} s"
            with self.subTest(what):
                # a shell of a terminal does not ignore SIGINT
                demo = self.demo(shell, preexec_fn=default_signals)
                try:
                    out, _ = demo.communicate(timeout=delay)
                except subprocess.TimeoutExpired:
                    demo.send_signal(number)
                    out, _ = demo.communicate(timeout=6 * PATIENCE)
                if demo.returncode == 0:
                    self.assertIn("steps went as they must", out, what)
                self.nothing_left(what)

    def test_any_of_its_processes_killed_it_leaves_nothing(self):
        seed = int.from_bytes(os.urandom(4), "big")
        dice = random.Random(seed)
        for turn in range(TURNS):
            demo = self.demo()
            time.sleep(dice.uniform(0.2, 1.0))
            victims = self.processes()
            if victims:
                pid, command = dice.choice(victims)
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            demo.communicate(timeout=6 * PATIENCE)
            self.nothing_left(f"seed {seed} turn {turn}: {victims and command}")


def default_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    unittest.main()
