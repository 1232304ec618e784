# SPDX-License-Identifier: BSD-2-Clause
"""Names that are held, connections that are lost, a NAT in between, and the
settings of all that, changed while it runs."""
import shutil
import signal
import socket
import tempfile
import unittest

import harness

DEVICE = "0090332f688a"


class Names(harness.Case):
    def configured(self, text, *arguments, **listen):
        self.file = self.dir / "gk.ini"
        self.file.write_text(text)
        gk = self.gatekeeper("-c", self.file, *arguments, **listen)
        self.to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        return gk

    def test_a_holder_that_lives_keeps_its_name(self):
        gk = self.configured("[registration]\nopen = yes\n")
        ep = self.endpoint(self.to, "--alias", "lobby")
        ep.expect("registered")
        status, other = self.once(self.to, "--alias", "lobby")
        self.assertEqual(status, 13, other.stderr())
        got = gk.expect("rejected", names=["lobby"])
        self.assertEqual((got["code"], got["reason"]), ("DUPLICATE_ALIAS", "duplicateAlias"))
        self.assertEqual(len(self.ctl("registrations")["registrations"]), 1)
        self.assertEqual(ep.stop(), 0)

    def test_a_holder_that_is_dead_loses_it(self):
        gk = self.configured("[registration]\nopen = yes\nprobe_timeout = 1\n")
        ep = self.endpoint(self.to, "--alias", "lobby")
        first = gk.expect("registered")["conn"]
        ep.signal(signal.SIGSTOP)  # its connection stands, and nobody is there
        status, other = self.once(self.to, "--alias", "lobby")
        self.assertEqual(status, 0, other.stderr())
        gk.expect("unregistered", conn=first, why="KEEPALIVE")
        gk.expect("registered", names=["lobby"])
        ep.signal(signal.SIGCONT)

    def test_a_reload_changes_whom_a_name_is_given_to(self):
        gk = self.configured("[registration]\nopen = yes\nduplicates = reject\n")
        ep = self.endpoint(self.to, "--alias", "lobby")
        ep.expect("registered")
        self.assertEqual(self.once(self.to, "--alias", "lobby")[0], 13)
        self.file.write_text("[registration]\nopen = yes\nduplicates = allow\n")
        self.ctl("reload")
        self.assertEqual(self.once(self.to, "--alias", "lobby")[0], 0)
        self.file.write_text("[registration]\nopen = yes\nduplicates = perhaps\n")
        self.ctl("reload", status=1)
        self.assertIn(f"{self.file}:3: [registration] duplicates", gk.stderr())
        self.assertEqual(self.once(self.to, "--alias", "lobby")[0], 0)
        self.assertEqual(ep.stop(), 0)

    def test_alternates_have_to_be_addresses(self):
        gk = self.configured(
            "[gatekeeper]\nalternate = 192.0.2.7\nalternate = [2001:db8::7]:1719\n"
        )
        for bad in ("gk.example", "192.0.2.7:x", "192.0.2.256", ""):
            with self.subTest(bad):
                self.file.write_text(f"[gatekeeper]\nalternate = {bad}\n")
                self.ctl("reload", status=1)
                self.assertIn(f"{self.file}:2: [gatekeeper] alternate", gk.stderr())
        self.file.write_text("[gatekeeper]\n" + "alternate = 192.0.2.7\n" * 17)
        self.ctl("reload", status=1)
        self.file.write_text("[gatekeeper]\n" + "alternate = 192.0.2.7\n" * 16)
        self.ctl("reload")

    def test_an_alternate_that_the_gatekeeper_named_is_gone_to(self):
        gk = self.configured(
            "[registration]\nopen = yes\n[gatekeeper]\nalternate = 127.0.0.2\n"
        )
        other = self.gatekeeper(
            "--open", "--state", self.dir / "other", tcp=f"127.0.0.2:{gk.port['tcp']}"
        )
        ep = self.endpoint(self.to, "--alias", "lobby", "--failback", "1")
        ep.expect("registered", names=["lobby"])
        gk.signal(signal.SIGKILL)
        other.expect("registered", names=["lobby"])
        ep.expect("registered", peer=f"127.0.0.2:{gk.port['tcp']}")
        # and the list's own is preferred once it is back
        again = self.gatekeeper("-c", self.file, tcp=f"127.0.0.1:{gk.port['tcp']}")
        again.expect("registered", names=["lobby"])
        self.assertEqual(ep.stop(), 0)

    def test_more_at_once_than_is_served_wait_or_come_back(self):
        gk = self.configured(
            "[registration]\nopen = yes\n[limits]\nfull_rate = 5\n"
        )
        ep = self.endpoint(self.to, "--alias", "many", "--count", "20")
        for _ in range(20):
            gk.expect("registered")
        self.assertEqual(self.ctl("stats")["stats"]["registrations"], 20)
        self.assertEqual(ep.stop(), 0)

    def test_handshakes_that_stall_are_limited_and_end(self):
        gk = self.configured(
            "[limits]\nhandshakes = 1\nhandshake_timeout = 1\n", tls="127.0.0.1:0"
        )
        with socket.create_connection(("127.0.0.1", gk.port["tls"])):
            first = gk.expect("connected", transport="tls")["conn"]
            with socket.create_connection(("127.0.0.1", gk.port["tls"])) as second:
                gk.expect("closed", why="LIMIT")
                second.settimeout(harness.PATIENCE)
                self.assertEqual(second.recv(1), b"")
            gk.expect("refused", conn=first, code="TLS_TIMEOUT")
        self.assertEqual(self.ctl("stats")["stats"]["handshakes"], 0)

    def test_behind_a_nat_the_connection_is_all_there_is(self):
        gk = self.configured("[registration]\nopen = yes\nmin_ttl = 1\nttl_spread = 0\n")
        relay = harness.Relay(gk.port["tcp"])
        self.addCleanup(relay.close)
        ep = self.endpoint(
            f"tcp:127.0.0.2:{relay.port}", "--alias", "inside", "--ttl", "2"
        )
        got = gk.expect("registered", names=["inside"])
        self.assertEqual([got["peer"]], relay.sources)
        gk.expect("refreshed", names=["inside"])
        # what the gatekeeper has to say goes the same way back
        self.ctl("drop", "inside")
        ep.expect("unregistered")
        gk.expect("registered", names=["inside"])
        self.assertEqual(ep.stop(), 0)
        gk.expect("unregistered", why="UNREGISTERED")


class Grace(harness.Case):
    def test_a_device_that_is_back_in_time_has_its_registration(self):
        directory = tempfile.mkdtemp(prefix="h46017-test-")
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        pki = harness.Pki(directory)
        pki.make("device", DEVICE, "device", "ca")
        self.ctl("device", "add", DEVICE)
        file = self.dir / "gk.ini"
        file.write_text("[registration]\nregistration_grace = 60\n")
        gk = self.gatekeeper(
            "-c", file, *pki.own("gk"), "--trust", pki.cert("ca"), tls="127.0.0.1:0"
        )

        def device():
            return self.endpoint(
                f"tls:127.0.0.1:{gk.port['tls']}", "--hardware-id", "auto",
                *pki.own("device"), "--trust", pki.cert("ca"),
            )  # fmt: skip

        ep = device()
        first = gk.expect("registered")
        ep.signal(signal.SIGKILL)
        lost = gk.expect("lost", names=[DEVICE])
        self.assertEqual((lost["conn"], lost["endpoint"]), (first["conn"], first["endpoint"]))
        (held,) = self.ctl("registrations")["registrations"]
        self.assertIsNone(held["conn"])
        self.assertIn("without a connection", self.ctl("registrations", json_answer=False))
        ep = device()
        again = gk.expect("registered")
        self.assertEqual(again["endpoint"], first["endpoint"])
        self.assertTrue(again["replaced"])
        # one that waits is no obstacle to anything
        ep.signal(signal.SIGKILL)
        gk.expect("lost")
        self.ctl("drop", DEVICE)
        self.assertIsNone(gk.expect("unregistered")["conn"])
        ep = device()
        self.assertNotEqual(gk.expect("registered")["endpoint"], first["endpoint"])
        ep.signal(signal.SIGKILL)
        gk.expect("lost")
        self.assertEqual(gk.stop(), 0)
        gk_events = [e["event"] for e in gk.events]
        self.assertEqual(gk_events.count("unregistered"), 2)


if __name__ == "__main__":
    unittest.main()
