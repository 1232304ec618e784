# SPDX-License-Identifier: BSD-2-Clause
"""What a newcomer copies works: endpoint_poll.c at a real gatekeeper, and a real
endpoint at embed.cpp with TLS of its own making."""
import signal
import subprocess
import unittest

import harness

DEVICE = "0090332f688a"


class EndpointPoll(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.pki = harness.Pki.shared(cls)
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


class Embed(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.pki = harness.Pki.shared(cls)
        cls.pki.make("device", DEVICE, "device", "ca")
        cls.pki.make("self", DEVICE, "device")

    def setUp(self):
        super().setUp()
        self.embed = subprocess.Popen(
            [harness.PROGRAMS / "embed", "0", *self.pki.own("gk")[1::2], self.pki.cert("ca")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(self.embed.stdout.close)
        self.addCleanup(self.embed.wait)
        self.addCleanup(self.embed.kill)
        self.to = "tls:" + self.embed.stdout.readline().split()[1]

    def attempt(self, name):
        return self.once(
            self.to, "--hardware-id", "auto", *self.pki.own(name), "--trust", self.pki.cert("ca")
        )

    def test_a_registration_comes_with_whose_certificate_it_is(self):
        status, ep = self.attempt("device")
        self.assertEqual(status, 0, ep.stderr())
        (tls,) = [e for e in ep.events if e["event"] == "tls"]
        self.assertTrue(tls["verified"])
        self.assertRegex(
            self.embed.stdout.readline(), f"^ras registrationRequest [0-9]+ of {DEVICE}$"
        )
        self.assertRegex(self.embed.stdout.readline(), "^ras unregistrationRequest")
        self.embed.send_signal(signal.SIGTERM)
        self.assertEqual(self.embed.wait(harness.PATIENCE), 0)

    def test_nobody_else_comes_in(self):
        status, ep = self.attempt("self")
        self.assertEqual(status, 12, ep.stderr())
        self.assertEqual(self.embed.stdout.readline(), "refused SELF_SIGNED_UNTRUSTED\n")
        status, ep = self.attempt("device")  # and it goes on
        self.assertEqual(status, 0, ep.stderr())


if __name__ == "__main__":
    unittest.main()
