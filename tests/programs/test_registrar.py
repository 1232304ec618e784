# SPDX-License-Identifier: BSD-2-Clause
"""Names that are held, connections that are lost, a NAT in between, and the
settings of all that, changed while it runs."""
import shutil
import signal
import socket
import struct
import tempfile

import harness

DEVICE = "0090332f688a"

# a full RRQ for DEVICE in its Facility and TPKT
RRQ = bytes.fromhex(
    "0300005f08020000627e005305281001001081018049014000110000400001003e"
    "0e800000060008914a0006000000020001400b00300030003900300033003300320066"
    "003600380038006100b500534c348b000000020077010001000180"
)


class Names(harness.Case):
    def configured(self, text, *arguments, **listen):
        self.file = self.dir / "gk.ini"
        self.file.write_text(text)
        gk = self.gatekeeper("-c", self.file, *arguments, **listen)
        self.to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        return gk

    def who_does_not_read(self, gk):
        """A peer that asks and asks, and takes no answer."""
        deaf = socket.socket()
        self.addCleanup(deaf.close)
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", gk.port["tcp"]))
        for _ in range(500):
            deaf.sendall(RRQ * 100)

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

    def test_a_reload_drops_no_connection_registration_or_call(self):
        gk = self.configured("[registration]\nopen = yes\n")
        bob = self.endpoint(self.to, "--alias", "bob", "--answer")
        bob.expect("registered")
        alice = self.endpoint(self.to, "--alias", "alice", "--call", "bob", "--hangup", "60")
        gk.expect("call", state="connect")
        self.file.write_text(
            "[registration]\nopen = yes\nttl = 60\n[limits]\nregistrations = 1\ncalls = 1\n"
        )
        gk.signal(signal.SIGHUP)
        gk.expect("reloaded")
        # they are all there still, and are told nothing
        self.assertEqual(len(self.ctl("registrations")["registrations"]), 2)
        (call,) = self.ctl("calls")["calls"]
        self.assertEqual(call["state"], "connect")
        self.assertEqual(alice.stop(), 0)
        gk.expect("call", state="released")
        self.assertEqual(bob.stop(), 0)
        for program in alice, bob:
            events = [e["event"] for e in program.events]
            self.assertEqual(events.count("registered"), 1)
            self.assertNotIn("backoff", events)

    def test_the_end_is_told_to_everybody_whoever_does_not_listen(self):
        gk = self.configured(
            "[registration]\nopen = yes\n[limits]\nrequest_rate = 0\noutput = 1000000000\n"
            "[gatekeeper]\nalternate = 127.0.0.2\n"
        )
        other = self.gatekeeper(
            "--open", "--state", self.dir / "other", tcp=f"127.0.0.2:{gk.port['tcp']}"
        )
        # one that is there and does not answer, one that does not even read
        dead = self.endpoint(self.to, "--alias", "dead")
        gk.expect("registered", names=["dead"])
        dead.signal(signal.SIGSTOP)
        self.who_does_not_read(gk)
        gk.expect("registered", names=[DEVICE])
        ep = self.endpoint(self.to, "--alias", "lobby")
        ep.expect("registered")
        gk.signal(signal.SIGTERM)
        # whoever listens goes where it is sent
        ep.expect("unregistered", why="REJECTED")
        ep.expect("registered", peer=f"127.0.0.2:{gk.port['tcp']}")
        other.expect("registered", names=["lobby"])
        self.assertEqual(gk.wait(), 0)  # and the others are not waited for for ever
        gone = {e["names"][0] for e in gk.events if e["event"] == "unregistered"}
        self.assertEqual(gone, {"dead", DEVICE, "lobby"})
        dead.signal(signal.SIGCONT)
        self.assertEqual(ep.stop(), 0)

    def test_which_names_say_which_device_it_is(self):
        gk = self.configured("[registration]\nopen = yes\nidentity = h323-id\n")
        self.ctl("device", "add", "phone", "--alias", "4711", "--auth", "open")
        status, ep = self.once(
            self.to, "--alias", "phone", "--digits", "4711", "--digits", "4712"
        )
        self.assertEqual(status, 0, ep.stderr())
        got = gk.expect("registered")
        self.assertEqual((got["device"], got["names"]), ("phone", ["phone", "4711"]))
        # a name that does not count is nobody's to have
        self.assertEqual(self.once(self.to, "--digits", "4711")[0], 13)
        self.assertEqual(gk.expect("rejected")["code"], "UNKNOWN_DEVICE")
        self.file.write_text("[registration]\nidentity = digits\n")
        self.ctl("reload")
        self.assertEqual(self.once(self.to, "--digits", "4711")[0], 0)
        self.file.write_text("[registration]\nidentity = all\n")
        self.ctl("reload")
        self.assertEqual(
            self.once(self.to, "--alias", "phone", "--digits", "4712")[0], 13
        )

    def test_a_rule_that_is_too_loose_does_not_count(self):
        gk = self.configured("[registration]\nmatch = prefix\n")
        for name, rule in (("conference", "prefix"), (DEVICE, "serial")):
            self.ctl("device", "add", name, "--auth", "open", "--match", rule)
        fits = {
            "prefix": ("conferenceroom", DEVICE + "-TEL1", DEVICE),
            "serial": (DEVICE + "-TEL1", DEVICE),
            "exact": (DEVICE,),
        }
        for rule, names in fits.items():
            self.file.write_text(f"[registration]\nmatch = {rule}\n")
            self.ctl("reload")
            for name in ("conferenceroom", DEVICE + "-TEL1", DEVICE):
                with self.subTest(rule=rule, name=name):
                    status, _ = self.once(self.to, "--alias", name)
                    self.assertEqual(status == 0, name in names)

    def test_the_other_limits_of_the_configuration_hold(self):
        gk = self.configured(
            "[registration]\nopen = yes\ngrace = 1\nmin_ttl = 1\nttl_spread = 0\nstrict = yes\n"
            "[limits]\naliases = 1\nmalformed = 0\npdu = 1024\npending_timeout = 5\n"
            "answers = 0\nanswer_time = 0\noutput = 4096\n"
        )
        status, ep = self.once(self.to, "--alias", "a", "--alias", "b")
        self.assertEqual(status, 13, ep.stderr())
        self.assertEqual(gk.expect("rejected")["code"], "LIMIT")
        with socket.create_connection(("127.0.0.1", gk.port["tcp"])) as s:
            s.sendall(b"\3\0\4\1")
            gk.expect("closed", why="TOO_LARGE")
        with socket.create_connection(("127.0.0.1", gk.port["tcp"])) as s:
            s.sendall(b"\0\3\0\4")  # a swapped keep-alive
            gk.expect("closed", why="TPKT")
        ep = self.endpoint(self.to, "--alias", "late", "--ttl", "1")
        gk.expect("registered")
        ep.signal(signal.SIGSTOP)
        gk.expect("unregistered", why="TTL_EXPIRED")
        ep.signal(signal.SIGCONT)
        for bad in ("[limits]\naliases = 0", "[registration]\ngrace = 0",
                    "[registration]\nmatch = loose", "[limits]\npdu = 100"):  # fmt: skip
            with self.subTest(bad):
                self.file.write_text(bad + "\n")
                self.ctl("reload", status=1)

    def raw(self, gk):
        s = socket.create_connection(("127.0.0.1", gk.port["tcp"]), harness.PATIENCE)
        self.addCleanup(s.close)
        return s

    def test_a_repetition_is_answered_from_what_is_kept(self):
        gk = self.configured("[registration]\nopen = yes\n")
        for limits, served in ("", 1), ("answers = 0", 2), ("answer_time = 0", 2):
            with self.subTest(limits):
                self.file.write_text(f"[registration]\nopen = yes\n[limits]\n{limits}\n")
                self.ctl("reload")
                before = self.ctl("stats")["stats"]["registered_total"]
                with self.raw(gk) as s:
                    for _ in range(2):
                        s.sendall(RRQ)
                        self.assertGreater(len(s.recv(4096)), 0)
                    after = self.ctl("stats")["stats"]["registered_total"]
                self.assertEqual(after - before, served)
                gk.expect("unregistered")

    def test_who_waits_is_told_for_how_long(self):
        gk = self.configured("[registration]\nopen = yes\n[limits]\nrip_delay = 2\n")
        holder, newcomer = self.raw(gk), self.raw(gk)
        holder.sendall(RRQ)
        gk.expect("registered", names=[DEVICE])
        newcomer.sendall(RRQ)  # the holder is asked whether it lives
        rip = newcomer.recv(4096)
        self.assertIn(struct.pack(">H", 2000 - 1), rip)  # its delay, in PER

    def test_nobody_waits_for_longer_than_a_request_may(self):
        gk = self.configured(
            "[registration]\nopen = yes\n[limits]\nfull_rate = 1\npending_timeout = 1\n"
        )
        self.endpoint(self.to, "--alias", "many", "--count", "5")
        gk.expect("registered")
        self.assertEqual(gk.expect("rejected")["code"], "OVERLOAD")

    def test_who_does_not_read_is_left_when_too_much_waits(self):
        gk = self.configured(
            "[registration]\nopen = yes\n[limits]\nrequest_rate = 0\noutput = 4096\n"
        )
        self.who_does_not_read(gk)
        self.assertEqual(gk.expect("unregistered")["why"], "FLOOD")

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
            "[registration]\nopen = yes\n[limits]\nfull_rate = 10\n"
        )
        ep = self.endpoint(self.to, "--alias", "many", "--count", "20")
        for _ in range(20):
            gk.expect("registered")
        self.assertNotIn("rejected", [e["event"] for e in gk.events])
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
            f"tcp:127.0.0.2:{relay.port}", "--alias", "inside", "--ttl", "1"
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
        # a reload does not end its wait, nor does anybody else's entry; other
        # terms for its device do
        ep.signal(signal.SIGKILL)
        gk.expect("lost")
        gk.signal(signal.SIGHUP)
        gk.expect("reloaded")
        self.ctl("device", "add", "other")
        self.ctl("device", "set", "other", "--tls-only")
        self.ctl("device", "remove", "other")
        ep = device()
        again = gk.expect("registered")
        self.assertEqual(again["endpoint"], first["endpoint"])
        ep.signal(signal.SIGKILL)
        gk.expect("lost")
        self.ctl("device", "set", DEVICE, "--tls-only")
        self.assertIsNone(gk.expect("unregistered")["conn"])
        ep = device()
        gk.expect("registered")
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
        self.assertEqual(gk_events.count("unregistered"), 3)


if __name__ == "__main__":
    harness.main(at_once=6)
