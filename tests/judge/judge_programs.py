#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A whole life over real TCP, captured on either side by the programs and judged
by tshark: refused (RRJ), registered, refreshed, unregistered, and ended by the
gatekeeper.

    H46017_PROGRAMS=DIR judge_programs.py JUDGE DIRECTORY-OF-HARNESS"""

import collections
import re
import shutil
import subprocess
import sys

JUDGE = sys.argv.pop(1)
sys.path.insert(0, sys.argv.pop(1))
import harness  # noqa: E402  (its directory is an argument)


class Judged(harness.Case):
    def judge(self, capture):
        done = subprocess.run(
            [sys.executable, JUDGE, "--pcap", capture, "--ras-only"],
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


if __name__ == "__main__":
    if shutil.which("tshark") is None:
        print("tshark is not there")
        sys.exit(77)
    harness.unittest.main()
