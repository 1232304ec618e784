# SPDX-License-Identifier: BSD-2-Clause
"""Calls between two endpoints through a gatekeeper, over TLS and TCP."""
import struct
import unittest

import harness

# what the endpoints say in H.245, but for the number in the second
CAPABILITIES = "0200010600088175000d"
DETERMINATION = "01003280"
CAPABILITIES_ACK = "218001"
END_SESSION = "4a40"


def without_tunnelling(octets):
    """Of whole TPKTs: those of calls that end with h245Tunnelling have FALSE."""
    changed = b""
    while octets:
        size = struct.unpack(">H", octets[2:4])[0]
        tpkt, octets = octets[:size], octets[size:]
        if tpkt[8:9] in b"\1\2\5\7" and tpkt[-2:] == b"\1\x80":
            tpkt = tpkt[:-1] + b"\0"
        changed += tpkt
    return changed


class Call(harness.Case):
    def setUp(self):
        super().setUp()
        self.pki = harness.Pki(self.dir / "pki")
        self.ca = ("--trust", self.pki.cert("ca"))
        for name in ("alice", "bob"):
            self.pki.make(name, name, "device", "ca")

    def both(self):
        self.ctl("device", "add", "alice")
        self.ctl("device", "add", "bob", "--auth", "either")
        gk = self.gatekeeper(*self.pki.own("gk"), *self.ca, tls="127.0.0.1:0")
        return gk

    def tls(self, gk, name):
        to = "tls:127.0.0.1:%d" % gk.port["tls"]
        return to, "--hardware-id", name, *self.pki.own(name), *self.ca

    def h245(self, ep):
        return [e["octets"] for e in ep.events if e["event"] == "h245"]

    def states(self, ep):
        return [e["state"] for e in ep.events if e["event"] == "call"]

    def through(self, gk, callee, callee_is):
        """One call, and everything that is said of it."""
        callee.expect("registered")
        status, caller = self.once(
            *self.tls(gk, "alice"), "--call", "bob", "--hangup", "1"
        )
        self.assertEqual(status, 0, caller.stderr())
        callee.expect("call", state="released")
        steps = ["setup", "proceeding", "alerting", "connect", "released"]
        self.assertEqual(self.states(caller), steps)
        self.assertEqual(self.states(callee), steps)
        for ep, way in ((caller, "outgoing"), (callee, "incoming")):
            for event in (e for e in ep.events if e["event"] == "call"):
                self.assertEqual(event["from"], "alice")
                self.assertEqual(event["to"], "bob")
                self.assertEqual(event["direction"], way)
        seen = [gk.expect("call", state=state) for state in steps]
        for event in seen:
            self.assertEqual(event["call"], seen[0]["call"])
            self.assertEqual(event["identifier"], seen[0]["identifier"])
            self.assertEqual((event["from"], event["to"]), ("alice", "bob"))
            self.assertEqual(event["transport"], "tls")
            self.assertEqual(event["callee"]["transport"], callee_is)
        self.assertEqual(seen[-1]["cause"], 16)
        self.assertEqual(seen[-1]["code"], "CALL_RELEASED")
        self.assertEqual(seen[-1]["bandwidth"], 640)

        # what came to the caller in Connect, and its answers; and back
        said = self.h245(caller)
        self.assertEqual(said[0], CAPABILITIES)
        self.assertEqual(said[1][:8], DETERMINATION)
        self.assertIn(CAPABILITIES_ACK, said)
        heard = self.h245(callee)
        self.assertEqual(heard[0], CAPABILITIES)
        self.assertEqual(heard[1], CAPABILITIES_ACK)
        # who leads: the two outcomes are opposite
        self.assertEqual({heard[2], said[-1]}, {"2080", "20a0"})
        self.assertEqual(heard[3], END_SESSION)

    def test_from_tls_to_tls(self):
        gk = self.both()
        callee = self.endpoint(*self.tls(gk, "bob"), "--answer")
        self.through(gk, callee, "tls")
        self.assertEqual(callee.stop(), 0)

    def test_from_tls_to_tcp(self):
        gk = self.both()
        self.ctl("device", "set", "bob", "--auth", "open")
        to = "tcp:127.0.0.1:%d" % gk.port["tcp"]
        callee = self.endpoint(to, "--alias", "bob", "--answer")
        self.through(gk, callee, "tcp")
        self.assertEqual(callee.stop(), 0)

    def test_the_operator_sees_it_and_an_end_of_either_side_ends_it(self):
        gk = self.gatekeeper("--open")
        to = "tcp:127.0.0.1:%d" % gk.port["tcp"]
        callee = self.endpoint(to, "--alias", "bob", "--answer")
        callee.expect("registered")
        caller = self.endpoint(to, "--alias", "alice", "--call", "bob",
                               "--hangup", "600")
        caller.expect("call", state="connect")
        gk.expect("call", state="connect")
        (call,) = self.ctl("calls")["calls"]
        self.assertEqual((call["from"], call["to"]), ("alice", "bob"))
        self.assertEqual(call["state"], "connect")
        self.assertIn("alice to bob, connect", self.ctl("calls", json_answer=False))
        self.assertEqual(self.ctl("stats")["stats"]["calls"], 1)
        # each has said how many more it can take
        left = {r["names"][0]: r["calls_left"]
                for r in self.ctl("registrations")["registrations"]}
        self.assertEqual(left["alice"], left["bob"])
        self.assertGreater(left["alice"], 0)
        # the callee goes without a word
        callee.process.kill()
        gone = caller.expect("call", state="released")
        self.assertEqual(gone["cause"], 27)
        record = gk.expect("call", state="released")
        self.assertEqual(record["cause"], 27)
        self.assertIsNone(record["callee"]["conn"])
        self.assertEqual(self.ctl("calls")["calls"], [])
        self.assertEqual(self.ctl("stats")["stats"]["calls_total"], 1)
        self.assertEqual(caller.stop(), 0)

    def test_calls_that_do_not_come_about(self):
        gk = self.gatekeeper("--open")
        to = "tcp:127.0.0.1:%d" % gk.port["tcp"]
        deaf = self.endpoint(to, "--alias", "deaf")
        deaf.expect("registered")
        status, ep = self.once(to, "--alias", "alice", "--call", "nobody")
        self.assertEqual(status, 14)
        over = [e for e in ep.events if e["event"] == "call"]
        self.assertEqual(over[-1]["code"], "REJECTED")
        self.assertEqual(over[-1]["cause"], 20)
        # without --answer every call is refused
        status, ep = self.once(to, "--alias", "alice", "--call", "deaf")
        self.assertEqual(status, 14)
        over = [e for e in ep.events if e["event"] == "call"]
        self.assertEqual(over[-1]["state"], "released")
        self.assertEqual(over[-1]["cause"], 21)
        self.assertEqual(self.states(deaf), [])
        refused = deaf.expect("call", state="released")
        self.assertEqual((refused["from"], refused["to"]), ("alice", "deaf"))

    def test_the_limits_of_the_configuration_hold(self):
        ini = self.dir / "gk.ini"
        ini.write_text("[limits]\ncalls = 1\ncall_bandwidth = 320\n")
        gk = self.gatekeeper("--open", "-c", ini)
        to = "tcp:127.0.0.1:%d" % gk.port["tcp"]
        callee = self.endpoint(to, "--alias", "bob", "--answer")
        callee.expect("registered")
        caller = self.endpoint(to, "--alias", "alice", "--call", "bob",
                               "--hangup", "600")
        caller.expect("call", state="connect")
        self.assertEqual(gk.expect("call", state="connect")["bandwidth"], 320)
        status, ep = self.once(to, "--alias", "carol", "--call", "bob")
        self.assertEqual(status, 14, ep.stderr())
        self.assertEqual(caller.stop(), 0)
        gk.expect("call", state="released", **{"from": "alice"})
        status, ep = self.once(to, "--alias", "carol", "--call", "bob",
                               "--hangup", "0")
        self.assertEqual(status, 0, ep.stderr())

    def test_leave_to_call_may_be_given_beforehand(self):
        ini = self.dir / "gk.ini"
        ini.write_text("[registration]\npre_granted = yes\n"
                       "[limits]\nall_bandwidth = 1000\ncall_report = 1\n")
        gk = self.gatekeeper("--open", "-c", ini)
        to = "tcp:127.0.0.1:%d" % gk.port["tcp"]
        self.endpoint(to, "--alias", "bob", "--answer").expect("registered")
        status, ep = self.once(to, "--alias", "alice", "--call", "bob",
                               "--hangup", "0")
        self.assertEqual(status, 0, ep.stderr())
        # nobody asked how much it may have
        self.assertEqual(gk.expect("call", state="connect")["bandwidth"], 0)

    def test_who_does_not_tunnel_h245_gets_a_call_without(self):
        gk = self.gatekeeper("--open")
        relay = harness.Relay(gk.port["tcp"], without_tunnelling)
        self.addCleanup(relay.close)
        to = "tcp:127.0.0.1:%d" % gk.port["tcp"]
        by = "tcp:127.0.0.2:%d" % relay.port
        callee = self.endpoint(by, "--alias", "bob", "--answer")
        callee.expect("registered")
        # the one, then the other says so too: who hangs up has no more to say
        for caller, said in (by, []), (to, [CAPABILITIES]):
            status, ep = self.once(caller, "--alias", "alice", "--call", "bob",
                                   "--hangup", "0")  # fmt: skip
            self.assertEqual(status, 0, ep.stderr())
            over = callee.expect("call", state="released")
            self.assertEqual((over["cause"], over["code"]), (16, "CALL_RELEASED"))
            self.assertEqual(self.h245(ep)[:1], said)
        self.assertEqual(callee.stop(), 0)

    def test_what_cannot_be_sent_ends_the_call_and_nothing_else(self):
        ini = self.dir / "gk.ini"
        ini.write_text("[registration]\npre_granted = yes\n")
        gk = self.gatekeeper("--open", "-c", ini)
        ep = self.endpoint("tcp:127.0.0.1:%d" % gk.port["tcp"], "--alias", "alice",
                           "--call", "a" * 257)  # fmt: skip
        over = ep.expect("call", state="released")
        self.assertEqual((over["cause"], over["code"]), (41, "OUT_OF_RANGE"))
        gk.expect("registered")
        gk.refute("unregistered", 1)
        self.assertEqual(ep.stop(), 0)


if __name__ == "__main__":
    unittest.main()
