# SPDX-License-Identifier: BSD-2-Clause
"""What a newcomer copies works: endpoint_poll.c at a real gatekeeper."""
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness

DEVICE = "0090332f688a"


class EndpointPoll(harness.Case):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix="h46017-test-")
        cls.addClassCleanup(shutil.rmtree, directory, ignore_errors=True)
        cls.pki = harness.Pki(directory)
        cls.pki.make("device", DEVICE, "device", "ca")

    def poll(self, port, name):
        phone = subprocess.Popen(
            [harness.PROGRAMS / "endpoint_poll", "127.0.0.1", str(port),
             self.pki.cert("device"), self.pki.key("device"),
             self.pki.cert("ca"), name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(phone.stdout.close)
        self.addCleanup(phone.wait)
        self.addCleanup(phone.kill)
        return phone

    def test_it_registers_and_goes_in_order(self):
        self.ctl("device", "add", DEVICE, "--tls-only")
        gk = self.gatekeeper(
            *self.pki.own("gk"), "--trust", self.pki.cert("ca"), tls="127.0.0.1:0"
        )
        phone = self.poll(gk.port["tls"], DEVICE)
        got = gk.expect("registered", names=[DEVICE])
        self.assertEqual(got["auth"], "certificate")
        self.assertIn("registered", phone.stdout.readline())
        phone.send_signal(signal.SIGTERM)
        gk.expect("unregistered", why="UNREGISTERED")
        self.assertEqual(phone.wait(harness.PATIENCE), 0)

    def test_it_says_why_it_is_refused(self):
        self.ctl("device", "add", DEVICE, "--tls-only")
        gk = self.gatekeeper(
            *self.pki.own("gk"), "--trust", self.pki.cert("ca"), tls="127.0.0.1:0"
        )
        phone = self.poll(gk.port["tls"], "0090332f0bad")
        gk.expect("rejected", reason="securityDenial")
        self.assertIn("securityDenial", phone.stdout.readline())


if __name__ == "__main__":
    unittest.main()
