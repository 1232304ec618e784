# SPDX-License-Identifier: BSD-2-Clause
"""Registration over TCP, refusals, failover, the end and the return of a
gatekeeper."""
import signal
import socket
import subprocess
import time
import unittest

import harness


class Tcp(harness.Case):
    def test_an_endpoint_goes_back_to_the_first_of_its_list(self):
        first = harness.free_port()
        gk = self.gatekeeper("--open")
        ep = self.endpoint(
            f"tcp:127.0.0.1:{first},tcp:127.0.0.1:{gk.port['tcp']}",
            "--alias", "phone", "--failback", "1",
        )  # fmt: skip
        ep.expect("backoff", code="CONNECT")
        ep.expect("registered")
        self.state = self.dir / "first"
        back = self.gatekeeper("--open", tcp=f"127.0.0.1:{first}")
        gk.expect("unregistered", why="UNREGISTERED")
        back.expect("registered", names=["phone"])
        self.assertEqual(ep.stop(), 0)

    def test_registers_at_an_open_gatekeeper(self):
        gk = self.gatekeeper("--open")
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        ep = self.endpoint(to, "--alias", "lobby", "--alias", "lobby2")
        self.assertEqual(ep.expect("connecting")["transport"], "tcp")
        ep.expect("connected")
        mine = ep.expect("registered")
        theirs = gk.expect("registered")
        self.assertEqual(theirs["names"], ["lobby", "lobby2"])
        self.assertEqual(theirs["auth"], "open")
        self.assertIsNone(theirs["cn"])
        self.assertFalse(theirs["replaced"])
        self.assertEqual(mine["endpoint"], theirs["endpoint"])
        self.assertEqual(mine["ttl"], theirs["ttl"])
        (listed,) = self.ctl("registrations")["registrations"]
        self.assertEqual(listed["names"], ["lobby", "lobby2"])
        self.assertEqual(listed["peer"], theirs["peer"])
        self.assertEqual(self.ctl("calls")["calls"], [])
        self.assertEqual(ep.stop(), 0)
        gk.expect("unregistered", names=["lobby", "lobby2"], why="UNREGISTERED")
        gk.expect("closed")
        self.assertEqual(self.ctl("registrations")["registrations"], [])
        self.assertEqual(gk.stop(), 0)

    def test_one_endpoint_calls_another(self):
        gk = self.gatekeeper("--open")
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        callee = self.endpoint(to, "--alias", "bob", "--answer")
        callee.expect("registered")
        status, caller = self.once(
            to, "--alias", "alice", "--call", "bob", "--hangup", "0"
        )
        self.assertEqual(status, 0, caller.stderr())
        gk.expect("call", state="setup", **{"from": "alice", "to": "bob"})
        gk.expect("call", state="connect")
        gk.expect("call", state="released", cause=16)
        callee.expect("call", state="released", cause=16)
        status, _ = self.once(to, "--alias", "carol", "--call", "nobody")
        self.assertEqual(status, 14)
        self.assertEqual(callee.stop(), 0)

    def test_without_devices_every_name_is_refused(self):
        gk = self.gatekeeper()
        status, ep = self.once(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x")
        self.assertEqual(status, 13, ep.stderr())
        self.assertEqual(
            gk.expect("rejected")["code"], "UNKNOWN_DEVICE", "an unconfigured name"
        )
        self.assertIn("securityDenial", [e.get("reason") for e in ep.events])

    def test_a_peers_text_draws_on_no_terminal(self):
        name, shown = "x\u009b2J\u0085\x1b[2J\u00fc\u20ac", "x??2J???[2J\u00fc\u20ac"
        port = harness.free_port()
        out = self.dir / "out"
        with out.open("wb") as file:
            gk = subprocess.Popen(
                [harness.PROGRAMS / "h46017-gk", "--state", self.state, "--tls", "off",
                 "--tcp", f"127.0.0.1:{port}"], stdout=file, stderr=file)  # fmt: skip
        self.addCleanup(gk.kill)
        end = time.monotonic() + harness.PATIENCE
        while b"listening" not in out.read_bytes() and time.monotonic() < end:
            time.sleep(0.01)
        status, ep = self.once(f"tcp:127.0.0.1:{port}", "--alias", name)
        self.assertEqual(status, 13, ep.stderr())
        said = out.read_bytes().decode()
        self.assertIn(f"names={shown}", said)
        self.assertNotRegex(said, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        gk.terminate()
        gk.wait(harness.PATIENCE)
        # nor where the operator asks who is there
        gk = self.gatekeeper("--open")
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        self.endpoint(to, "--alias", name, "--answer").expect("registered")
        self.endpoint(to, "--alias", "y", "--call", name).expect("call", state="connect")
        for command in "registrations", "calls":
            said = self.ctl(command, json_answer=False)
            self.assertIn(shown, said)
            self.assertNotRegex(said, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def test_a_device_that_needs_tls_is_refused_over_tcp(self):
        self.ctl("device", "add", "0090332f688a", "--tls-only")
        gk = self.gatekeeper()
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        status, _ = self.once(to, "--hardware-id", "0090332f688a")
        self.assertEqual(status, 13)
        got = gk.expect("rejected")
        self.assertEqual(got["code"], "TLS_REQUIRED")
        self.assertEqual(got["reason"], "securityDenial")
        self.assertEqual(got["id"], "H46017-317")
        # the same device without the flag still has to prove itself
        self.ctl("device", "set", "0090332f688a", "--no-tls-only")
        status, _ = self.once(to, "--hardware-id", "0090332f688a")
        self.assertEqual(status, 13)
        self.assertEqual(gk.expect("rejected")["code"], "UNAUTHENTICATED")
        # and an open one does not
        self.ctl("device", "set", "0090332f688a", "--auth", "open")
        status, _ = self.once(to, "--hardware-id", "0090332f688a")
        self.assertEqual(status, 0)
        self.assertEqual(gk.expect("registered")["device"], "0090332f688a")

    def test_open_never_opens_a_devices_name(self):
        self.ctl("device", "add", "0090332f688a")
        gk = self.gatekeeper("--open")
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        status, _ = self.once(to, "--alias", "0090332f688a")
        self.assertEqual(status, 13)
        self.assertEqual(gk.expect("rejected")["code"], "UNAUTHENTICATED")
        status, _ = self.once(to, "--alias", "somebody")
        self.assertEqual(status, 0)

    def test_the_second_gatekeeper_is_taken_when_the_first_is_dead(self):
        gk = self.gatekeeper("--open")
        dead = harness.free_port()
        status, ep = self.once(
            f"tcp:127.0.0.1:{dead},tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x"
        )
        self.assertEqual(status, 0, ep.stderr())
        peers = [e["peer"] for e in ep.events if e["event"] == "connecting"]
        self.assertEqual(peers[0], f"127.0.0.1:{dead}")
        self.assertEqual(peers[-1], f"127.0.0.1:{gk.port['tcp']}")
        self.assertIn("CONNECT", [e.get("code") for e in ep.events])

    def test_nobody_there_is_exit_status_10(self):
        status, ep = self.once(f"tcp:127.0.0.1:{harness.free_port()}", "--alias", "x")
        self.assertEqual(status, 10, ep.stderr())

    def test_a_name_that_has_no_address_is_exit_status_10(self):
        status, ep = self.once("tcp:nowhere.invalid", "--alias", "x")
        self.assertEqual(status, 10, ep.stderr())

    def test_refreshes_before_the_ttl(self):
        gk = self.gatekeeper("--open", "-c", self.config("min_ttl = 2"))
        ep = self.endpoint(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x", "--ttl", "2"
        )
        self.assertEqual(gk.expect("registered")["ttl"], 2)
        began = time.monotonic()
        ep.expect("refreshed")
        self.assertLess(time.monotonic() - began, 2.5)
        self.assertEqual(gk.expect("refreshed")["names"], ["x"])
        gk.expect("refreshed")
        gk.refute("unregistered", 0.1)

    def config(self, text):
        path = self.dir / "gk.ini"
        path.write_text(f"[registration]\n{text}\n")
        return path

    def test_comes_back_when_the_gatekeeper_does(self):
        gk = self.gatekeeper("--open")
        address = f"127.0.0.1:{gk.port['tcp']}"
        ep = self.endpoint(f"tcp:{address}", "--alias", "x")
        gk.expect("registered")
        ep.expect("registered")
        self.assertEqual(gk.stop(), 0)
        ep.expect("unregistered")
        back_off = ep.expect("backoff")
        self.assertGreaterEqual(back_off["seconds"], 1)
        again = self.gatekeeper("--open", tcp=address)
        again.expect("registered", names=["x"], timeout=90)
        ep.expect("registered")
        self.assertEqual(ep.stop(), 0)

    def test_many_endpoints_in_one_process(self):
        gk = self.gatekeeper("--open")
        ep = self.endpoint(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "n", "--count", "50"
        )
        names = {gk.expect("registered")["names"][0] for _ in range(50)}
        self.assertEqual(names, {f"n-{i}" for i in range(1, 51)})
        self.assertEqual(self.ctl("stats")["stats"]["registrations"], 50)
        self.assertEqual(ep.stop(), 0)
        self.assertEqual(self.ctl("stats")["stats"]["registrations"], 0)

    def test_the_ports_are_1720_and_1300_and_tls_is_meant_when_nothing_is_said(self):
        trust = ("--alias", "x", "--insecure-server")
        for to, peer, transport in (
            ("tcp:127.0.0.1", "127.0.0.1:1720", "tcp"),
            ("tls:127.0.0.1", "127.0.0.1:1300", "tls"),
            ("127.0.0.1", "127.0.0.1:1300", "tls"),
            ("h323:gk@127.0.0.1;x=y", "127.0.0.1:1300", "tls"),
            ("tcp:h323:[::1]", "[::1]:1720", "tcp"),
            ("tcp:[::1]:99", "[::1]:99", "tcp"),
        ):
            with self.subTest(to):
                ep = self.endpoint(to, *trust)
                got = ep.expect("connecting")
                self.assertEqual((got["peer"], got["transport"]), (peer, transport))
                self.assertEqual(ep.stop(), 0)
        for port in (1720, 1300):
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind(("0.0.0.0", port))
                except OSError:
                    self.skipTest(f"port {port} is taken")
        gk = self.start("h46017-gk", "--state", self.state)
        for transport, port in (("tcp", "1720"), ("tls", "1300")):
            got = gk.expect("listening", transport=transport)
            self.assertEqual(got["address"].rpartition(":")[2], port)
        self.assertEqual(gk.stop(), 0)

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as s:
                s.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        gk = self.gatekeeper("--open", tcp="[::1]:0")
        status, ep = self.once(f"tcp:[::1]:{gk.port['tcp']}", "--alias", "x")
        self.assertEqual(status, 0, ep.stderr())
        self.assertTrue(gk.expect("registered")["peer"].startswith("[::1]:"))

    def test_identities_go_out_as_what_they_are_told_to_be(self):
        gk = self.gatekeeper("--open")
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        for identity, name in (
            ("digits", "4711"),
            ("url", "h323:bob@example.org"),
            ("email", "bob@example.org"),
        ):
            status, ep = self.once(to, "--identity", identity, "--alias", name)
            self.assertEqual(status, 0, ep.stderr())
            self.assertEqual(gk.expect("registered")["names"], [name])

    def test_a_stalled_client_holds_nobody_up(self):
        gk = self.gatekeeper("--open")
        to = ("127.0.0.1", gk.port["tcp"])
        with socket.create_connection(to) as stalled:
            stalled.sendall(b"\x03\x00\xff")  # and no more
            status, ep = self.once("tcp:%s:%d" % to, "--alias", "x")
            self.assertEqual(status, 0, ep.stderr())

    def test_tls_on_the_tcp_port_is_closed(self):
        gk = self.gatekeeper("--open")
        with socket.create_connection(("127.0.0.1", gk.port["tcp"])) as s:
            s.sendall(bytes.fromhex("1603010200010001fc0303"))
            s.settimeout(harness.PATIENCE)
            self.assertEqual(s.recv(100), b"")
        self.assertEqual(gk.expect("closed")["why"], "TPKT")

    def test_ends_in_order_and_at_once_on_sigint(self):
        gk = self.gatekeeper("--open")
        ep = self.endpoint(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x")
        gk.expect("registered")
        began = time.monotonic()
        gk.signal(signal.SIGINT)
        self.assertEqual(gk.wait(), 0)
        self.assertLess(time.monotonic() - began, 6)
        ep.expect("unregistered")
        self.assertFalse((self.state / "control.sock").exists())


if __name__ == "__main__":
    unittest.main()
