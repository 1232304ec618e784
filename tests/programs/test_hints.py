# SPDX-License-Identifier: BSD-2-Clause
"""Where a gatekeeper sends an endpoint over TLS: under the rules of the entry
that it was reached by, so never to TCP, and never to another server's name or
certificate."""
import signal
import socket
import threading
import unittest

import harness

DEVICE = "0090332f688a"
LISTED, NAMED = "127.0.0.1", "127.0.0.2"


class Pki(harness.Pki):
    CONFIG = harness.Pki.CONFIG + f"""
[elsewhere]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:other.example, IP:{NAMED}
"""


class Hints(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.pki = Pki.shared(cls)
        cls.pki.make("device", DEVICE, "device", "ca")
        cls.pki.make("gk-other", "gk.example", "gatekeeper", "ca")
        cls.pki.make("elsewhere", "other.example", "elsewhere", "ca")

    def setUp(self):
        super().setUp()
        self.file = self.dir / "gk.ini"
        self.file.write_text(
            f"[registration]\nopen = yes\n[gatekeeper]\nalternate = {NAMED}\n"
        )
        self.at = f"{LISTED}:{harness.free_port()}"
        self.port = int(self.at.rpartition(":")[2])
        self.gk = self.listed()

    def listed(self):
        """The gatekeeper of the list; it names the other."""
        return self.gatekeeper(
            "-c", self.file, *self.pki.own("gk"), "--trust", self.pki.cert("ca"),
            tls=self.at, tcp="off",
        )  # fmt: skip

    def other(self, own):
        """The gatekeeper that is named, at the same port of another address."""
        return self.gatekeeper(
            "--open", "--state", self.dir / "other", *self.pki.own(own),
            "--trust", self.pki.cert("ca"), tls=f"{NAMED}:{self.port}", tcp="off",
        )  # fmt: skip

    def device(self, *arguments):
        ep = self.endpoint(
            f"tls:{self.at}", "--hardware-id", "auto", "--failback", "1",
            *self.pki.own("device"), *arguments,
        )  # fmt: skip
        ep.expect("registered", peer=self.at, transport="tls")
        return ep

    def trusting(self, *arguments):
        return self.device("--trust", self.pki.cert("ca"), *arguments)

    def comes_back(self, ep):
        """It was nowhere else, and is with the first again."""
        again = self.listed()
        ep.expect("registered", peer=self.at, transport="tls")
        again.expect("registered", names=[DEVICE], transport="tls")
        self.assertEqual(
            {e["peer"] for e in ep.events if e["event"] == "registered"}, {self.at}
        )
        self.assertEqual(ep.stop(), 0)

    def test_who_is_named_is_known_by_the_name_of_who_named_it(self):
        other = self.other("gk-other")
        ep = self.trusting()
        self.gk.signal(signal.SIGKILL)
        got = other.expect("registered", names=[DEVICE], transport="tls")
        self.assertEqual((got["auth"], got["cn"]), ("open", DEVICE))
        ep.expect("registered", peer=f"{NAMED}:{self.port}", transport="tls")
        tls = [e for e in ep.events if e["event"] == "tls"][-1]
        self.assertEqual((tls["cn"], tls["verified"]), ("gk.example", True))
        self.assertFalse(tls["resumed"])
        # back again, as soon as the list's own is there
        self.listed().expect("registered", names=[DEVICE])
        self.assertEqual(ep.stop(), 0)

    def test_who_sends_it_away_is_left_for_who_is_named(self):
        other = self.other("gk-other")
        ep = self.trusting()
        self.gk.signal(signal.SIGTERM)
        ep.expect("unregistered", why="REJECTED")
        other.expect("registered", names=[DEVICE], transport="tls")
        ep.expect("registered", peer=f"{NAMED}:{self.port}", transport="tls")
        self.assertEqual(self.gk.wait(), 0)
        self.assertEqual(ep.stop(), 0)

    def test_a_certificate_for_the_address_that_was_named_does_not_do(self):
        other = self.other("elsewhere")
        ep = self.trusting()
        self.gk.signal(signal.SIGKILL)
        refused = ep.expect("refused", code="SERVER_NAME")
        self.assertEqual(refused["peer"], f"{NAMED}:{self.port}")
        other.expect("refused", code="CERT_REFUSED_BY_PEER")
        self.comes_back(ep)

    def test_the_name_that_was_given_counts_for_who_is_named_too(self):
        self.other("elsewhere")
        ep = self.trusting("--server-name", "gk.example")
        self.gk.signal(signal.SIGKILL)
        ep.expect("refused", code="SERVER_NAME")
        self.comes_back(ep)

    def test_a_pin_counts_for_who_is_named_too(self):
        other = self.other("gk-other")  # same name, same authority
        ep = self.device("--pin")
        self.gk.signal(signal.SIGKILL)
        refused = ep.expect("refused", code="SERVER_CHANGED")
        self.assertEqual(refused["peer"], f"{NAMED}:{self.port}")
        other.expect("refused", code="CERT_REFUSED_BY_PEER")
        self.comes_back(ep)
        (entry,) = self._command(
            "h46017-cert", "--state", self.dir / "endpoint", "trust", "list"
        )
        self.assertEqual(entry["label"], f"pin:{self.at}")

    def test_the_pinned_certificate_is_good_at_either_address(self):
        other = self.other("gk")
        ep = self.device("--pin")
        self.gk.signal(signal.SIGKILL)
        other.expect("registered", names=[DEVICE], transport="tls")
        self.assertEqual(ep.stop(), 0)

    def test_who_is_named_is_never_spoken_to_in_the_open(self):
        first = []
        with socket.create_server((NAMED, self.port)) as plain:

            def answer():
                while True:
                    try:
                        c, _ = plain.accept()
                    except OSError:
                        return
                    with c:
                        first.append(c.recv(16))

            threading.Thread(target=answer, daemon=True).start()
            # a gatekeeper that takes TCP is no way out either
            tcp = self.gatekeeper(
                "--open", "--state", self.dir / "other", tcp=f"{NAMED}:0"
            )
            ep = self.trusting()
            self.gk.signal(signal.SIGKILL)
            while not first:
                ep.expect("backoff")
            self.comes_back(ep)
            plain.shutdown(socket.SHUT_RDWR)
        for octets in first:  # a handshake record, or nothing
            self.assertIn(octets[:2], (b"\x16\x03", b""))
        self.assertNotIn("connected", [e["event"] for e in tcp.events])


if __name__ == "__main__":
    unittest.main()
