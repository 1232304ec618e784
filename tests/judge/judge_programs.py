#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A whole life over real TCP, captured on either side by the programs and judged
by tshark: refused (RRJ), registered, refreshed, unregistered, and ended by the
gatekeeper; and a call from TLS to TCP with H.245 both ways.

    H46017_PROGRAMS=DIR judge_programs.py JUDGE DIRECTORY-OF-HARNESS"""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

JUDGE = sys.argv.pop(1)
sys.path.insert(0, sys.argv.pop(1))
import harness  # noqa: E402  (its directory is an argument)


class Judged(harness.Case):
    def judge(self, capture, *how):
        done = subprocess.run(
            [sys.executable, JUDGE, "--pcap", capture, *(how or ["--ras-only"])],
            stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        said = re.search(r"RAS: (.*): clean", done.stdout).group(1)
        return collections.Counter(said.split(","))

    def test_what_is_said_over_tcp(self):
        ini = self.dir / "gk.ini"
        ini.write_text("[registration]\nmin_ttl = 2\n")
        gk_pcap = self.dir / "gk.pcap"
        gk = self.gatekeeper("-c", ini, "--pcap", gk_pcap)
        to = "tcp:127.0.0.1:%d" % gk.port["tcp"]
        captures = [self.dir / ("ep%d.pcap" % n) for n in range(3)]

        # nobody knows this one
        status, _ = self.once(to, "--alias", "stranger", "--pcap", captures[0])
        self.assertEqual(status, 13)

        self.ctl("device", "add", "lobby", "--auth", "open", json_answer=False)
        ep = self.endpoint(to, "--alias", "lobby", "--ttl", "2",
                           "--pcap", captures[1])
        ep.expect("registered")
        ep.expect("refreshed")
        ep.expect("refreshed")
        self.assertEqual(ep.stop(), 0)

        # and this one the gatekeeper sends away
        ep = self.endpoint(to, "--alias", "lobby", "--pcap", captures[2])
        ep.expect("registered")
        self.ctl("drop", "lobby", json_answer=False)
        ep.expect("unregistered")
        ep.stop()
        gk.stop()

        refused = self.judge(captures[0])
        self.assertGreaterEqual(refused["registrationReject"], 1)
        life = self.judge(captures[1])
        self.assertEqual(life["registrationRequest"], 1)
        self.assertGreaterEqual(life["registrationRequest/keepAlive"], 2)
        self.assertEqual(life["registrationConfirm"],
                         1 + life["registrationRequest/keepAlive"])
        self.assertEqual(life["unregistrationRequest"], 1)
        self.assertEqual(life["unregistrationConfirm"], 1)
        dropped = self.judge(captures[2])
        self.assertGreaterEqual(dropped["unregistrationRequest"], 1)
        self.assertGreaterEqual(dropped["unregistrationConfirm"], 1)
        # the gatekeeper's capture holds all of it
        whole = self.judge(gk_pcap)
        self.assertEqual(whole, refused + life + dropped)

    def fields(self, capture, *names):
        """What tshark finds of each, in the order of the capture."""
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                ["tshark", "-n", "-r", capture, "-T", "fields",
                 *(x for name in names for x in ("-e", name))],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                env=dict(os.environ, HOME=home, WIRESHARK_CONFIG_DIR=home),
                check=True)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        return [[x for row in rows for x in row[i].split(",") if x]
                for i in range(len(names))]

    def test_a_call_from_tls_to_tcp(self):
        pki = harness.Pki(self.dir / "pki").make("alice", "alice", "device", "ca")
        ca = ("--trust", pki.cert("ca"))
        self.ctl("device", "add", "alice")
        self.ctl("device", "add", "bob", "--auth", "open")
        pcap = {who: self.dir / f"{who}.pcap" for who in ("gk", "alice", "bob")}
        gk = self.gatekeeper(*pki.own("gk"), *ca, "--pcap", pcap["gk"],
                             tls="127.0.0.1:0")
        bob = self.endpoint("tcp:127.0.0.1:%d" % gk.port["tcp"], "--alias", "bob",
                            "--answer", "--pcap", pcap["bob"])
        bob.expect("registered")
        status, alice = self.once(
            "tls:127.0.0.1:%d" % gk.port["tls"], "--hardware-id", "alice",
            *pki.own("alice"), *ca, "--call", "bob", "--hangup", "1",
            "--pcap", pcap["alice"])
        self.assertEqual(status, 0, alice.stderr())
        gk.expect("call", state="released")
        self.assertEqual(bob.stop(), 0)
        gk.stop()

        whole = self.judge(pcap["gk"], "--port", "1720")
        for who in ("alice", "bob"):
            said = self.judge(pcap[who], "--port", "1720")
            for kind in ("admissionRequest", "admissionConfirm",
                         "disengageRequest", "disengageConfirm"):
                self.assertEqual((kind, said[kind]), (kind, 1))
                self.assertEqual((kind, whole[kind]), (kind, 2))
            types, *h245 = self.fields(
                pcap[who], "q931.message_type", "h245.request",
                "h245.response", "h245.command")
            # Setup, Call Proceeding, Alerting, Connect, Release Complete; the
            # called side rings after its admission
            self.assertEqual(
                [t for t in types if int(t, 0) != 0x62],
                ["0x05", "0x02", "0x01", "0x07", "0x5a"])
            # the capabilities of both and one determination; their answers,
            # that of the determination twice; the end
            self.assertEqual(sorted(h245[0]), ["1", "2", "2"])
            self.assertEqual(sorted(h245[1]), ["1", "1", "3", "3"])
            self.assertEqual(h245[2], ["5"])


if __name__ == "__main__":
    if shutil.which("tshark") is None:
        print("tshark is not there")
        sys.exit(77)
    harness.unittest.main()
