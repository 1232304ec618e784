# SPDX-License-Identifier: BSD-2-Clause
"""What h46017-ep does by itself: SRV records, URIs, many endpoints, exit
statuses."""
import json
import os
import pathlib
import resource
import subprocess
import unittest

import harness

TLS, TCP = "_h323rs-sec._tcp.example.org", "_h323rs._tcp.example.org"


def connecting(ep):
    return [(e["peer"], e["transport"]) for e in ep.events if e["event"] == "connecting"]


DUMP = harness.PROGRAMS / "dump" / "h46017-dump"


class Options(harness.Case):
    """What the library can, by an option."""

    def tunnelled(self, capture):
        """Kinds of the RAS messages of a capture, in order, with their values;
        and how many empty TPKTs there are."""
        if not DUMP.exists():
            self.skipTest("h46017-dump is not built: no libpcap")
        done = subprocess.run(
            [DUMP, "--json", "--input", "pcap", capture],
            capture_output=True, text=True, timeout=harness.PATIENCE,
        )  # fmt: skip
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        said = [next(iter(m["value"].items())) for r in rows for m in r.get("ras", ())]
        return said, sum(r.get("tpkt", {}).get("length") == 4 for r in rows)

    def test_a_grq_goes_first_where_it_is_wanted(self):
        gk = self.gatekeeper("--open")
        pcap = self.dir / "said.pcap"
        for options, kinds in (
            (("--discover",), ["gatekeeperRequest", "gatekeeperConfirm"]),
            ((), []),
        ):
            status, ep = self.once(
                f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x",
                "--pcap", pcap, *options,
            )  # fmt: skip
            self.assertEqual(status, 0, ep.stderr())
            said, _ = self.tunnelled(pcap)
            rest = ["registrationRequest", "registrationConfirm"]
            self.assertEqual([kind for kind, _ in said][: len(kinds) + 2], kinds + rest)
            self.assertEqual(said[len(kinds)][1]["discoveryComplete"], bool(kinds))

    def test_empty_tpkts_keep_a_connection_alive(self):
        file = self.dir / "gk.ini"
        file.write_text("[registration]\nmin_ttl = 1\n")
        gk = self.gatekeeper("--open", "-c", file)
        pcap = self.dir / "said.pcap"
        ep = self.endpoint(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x", "--keepalive", "1",
            "--ttl", "4", "--pcap", pcap,
        )  # fmt: skip
        ep.expect("registered")
        ep.expect("refreshed")
        self.assertEqual(ep.stop(), 0)
        self.assertGreater(self.tunnelled(pcap)[1], 0)

    def test_names_of_several_types_are_one_registration(self):
        gk = self.gatekeeper("--open")
        status, ep = self.once(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--identity", "digits",
            "--alias", "4711", "--h323-id", "lobby", "--url", "h323:bob@example.org",
            "--email", "bob@mail.example", "--digits", "4712",
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        names = ["4711", "lobby", "h323:bob@example.org", "bob@mail.example", "4712"]
        self.assertEqual(gk.expect("registered")["names"], names)
        (said,) = (e for e in ep.events if e["event"] == "registered")
        self.assertEqual(said["names"], names)

    def test_names_are_added_once_the_others_are_registered(self):
        gk = self.gatekeeper("--open")
        pcap = self.dir / "said.pcap"
        status, ep = self.once(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "first", "--add", "second",
            "--add", "third", "--pcap", pcap,
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(gk.expect("registered")["names"], ["first"])
        self.assertEqual(gk.expect("registered")["names"], ["first", "second", "third"])
        rrqs = [value for kind, value in self.tunnelled(pcap)[0] if kind == "registrationRequest"]
        said = [e["names"] for e in ep.events if e["event"] == "refreshed"]
        self.assertEqual(said, [["first", "second", "third"]])
        self.assertEqual(len(rrqs), 2)
        self.assertIn("additiveRegistration", rrqs[1])
        # one that is refused leaves those that are there
        self.ctl("device", "add", "taken")
        status, ep = self.once(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "first", "--add", "taken"
        )
        self.assertEqual(status, 13, ep.stderr())
        gk.expect("registered", names=["first"])
        gk.expect("rejected")
        gk.expect("unregistered", names=["first"], why="UNREGISTERED")
        said = [(e["event"], e["names"]) for e in ep.events if "names" in e]
        self.assertEqual(
            said,
            [("registered", ["first"]), ("rejected", ["taken"]), ("unregistered", ["first"])],
        )
        status, ep = self.once(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "taken")
        (said,) = (e for e in ep.events if e["event"] == "rejected")
        self.assertEqual(said["names"], gk.expect("rejected")["names"])

    def test_bad_options_are_exit_status_2(self):
        for bad in (
            ("--add", "x"),
            ("--alias", "x", "--keepalive", "0"),
            ("--alias", ""),
            ("--alias", "x", "--digits", "1", "--count", "2"),
            ("--alias", "x") * 17,
        ):
            with self.subTest(bad):
                status, ep = self.once("tcp:127.0.0.1:1", *bad)
                self.assertEqual(status, 2, ep.stderr())


class Once(harness.Case):
    def full(self, name):
        """A gatekeeper that has room for one registration, which is taken."""
        self.state = self.dir / name
        file = self.dir / f"{name}.ini"
        file.write_text("[limits]\nall_registrations = 1\n")
        to = f"tcp:127.0.0.1:{self.gatekeeper('--open', '-c', file).port['tcp']}"
        self.endpoint(to, "--alias", "first").expect("registered")
        return to

    def test_a_gatekeeper_without_room_is_left_for_the_next(self):
        full = self.full("full")
        self.state = self.dir / "second"
        gk = self.gatekeeper("--open")
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        status, ep = self.once(f"{full},{to}", "--alias", "x")
        self.assertEqual(status, 0, ep.stderr())
        told = [e["reason"] for e in ep.events if e["event"] == "rejected"]
        self.assertEqual(told, ["resourceUnavailable"])
        gk.expect("registered", names=["x"])

    def test_none_with_room_is_exit_status_13(self):
        full, other = self.full("full"), self.full("other")
        for to in (full, f"{full},{other}"):
            with self.subTest(to):
                status, ep = self.once(to, "--alias", "x")
                self.assertEqual(status, 13, ep.stderr())
                told = [e["reason"] for e in ep.events if e["event"] == "rejected"]
                self.assertEqual(told, ["resourceUnavailable"] * len(to.split(",")))

    def test_any_other_refusal_is_the_outcome(self):
        gk, other = self.gatekeeper(), self.full("other")
        status, ep = self.once(f"tcp:127.0.0.1:{gk.port['tcp']},{other}", "--alias", "x")
        self.assertEqual(status, 13, ep.stderr())
        self.assertEqual(len(connecting(ep)), 1)


class Srv(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.pki = harness.Pki.shared(cls)
        cls.pki.make("device", "0090332f688a", "device", "ca")

    def tls_gatekeeper(self):
        self.ctl("device", "add", "0090332f688a")
        return self.gatekeeper(
            *self.pki.own("gk"), "--trust", self.pki.cert("ca"),
            tls="127.0.0.1:0", tcp="127.0.0.1:0",
        )  # fmt: skip

    def device(self, to, server, *arguments):
        return self.once(
            to, "--dns", server.address, "--hardware-id", "auto",
            *self.pki.own("device"), "--trust", self.pki.cert("ca"), *arguments,
        )  # fmt: skip

    def test_tls_records_lead_to_a_registration_over_tls(self):
        gk = self.tls_gatekeeper()
        server = self.name_server(
            {
                TLS: [(1, 0, gk.port["tls"], "localhost")],
                TCP: [(0, 0, gk.port["tcp"], "localhost")],
            }
        )
        status, ep = self.device(
            "srv:example.org", server, "--server-name", "gk.example"
        )
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(server.asked, [TLS])
        self.assertEqual(connecting(ep), [(f"localhost:{gk.port['tls']}", "tls")])
        self.assertEqual(gk.expect("registered")["auth"], "certificate")

    def test_the_certificate_has_to_be_for_the_domain_not_for_the_target(self):
        # "localhost" is no name of it, and the domain is one
        gk = self.tls_gatekeeper()
        name = "_h323rs-sec._tcp."
        row = [(0, 0, gk.port["tls"], "localhost")]
        server = self.name_server({name + "gk.example": row, name + "localhost": row})
        status, ep = self.device("srv:gk.example", server)
        self.assertEqual(status, 0, ep.stderr())
        status, ep = self.device("srv:localhost", server)
        self.assertEqual(status, 11, ep.stderr())

    def test_without_tls_records_nothing_goes_over_tcp(self):
        gk = self.tls_gatekeeper()
        for found in (harness.NameServer.NOT_FOUND, [], [(0, 0, 1300, ".")]):
            with self.subTest(found):
                server = self.name_server(
                    {TLS: found, TCP: [(0, 0, gk.port["tcp"], "localhost")]}
                )
                status, ep = self.device("srv:example.org", server)
                self.assertEqual(status, 10, ep.stderr())
                self.assertIn("tcp:srv:", ep.stderr())
                self.assertEqual(server.asked, [TLS])
                self.assertEqual(connecting(ep), [])

    def test_a_name_server_that_fails_is_no_reason_for_tcp_either(self):
        server = self.name_server({TLS: harness.NameServer.SERVER_FAILURE})
        status, ep = self.device("srv:example.org", server)
        self.assertEqual(status, 10, ep.stderr())
        self.assertNotIn(TCP, server.asked)
        self.assertNotIn("no SRV record", ep.stderr())

    def test_plain_records_are_used_when_the_list_asks_for_them(self):
        gk = self.gatekeeper("--open")
        server = self.name_server({TCP: [(0, 0, gk.port["tcp"], "localhost")]})
        status, ep = self.once(
            "srv:example.org,tcp:srv:example.org", "--insecure-server",
            "--dns", server.address, "--alias", "x",
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(server.asked, [TLS, TCP])
        self.assertEqual(connecting(ep), [(f"localhost:{gk.port['tcp']}", "tcp")])

    def test_records_are_tried_by_priority_until_one_connects(self):
        gk = self.gatekeeper("--open")
        dead = [harness.free_port() for _ in range(2)]
        server = self.name_server(
            {
                TCP: [
                    (30, 0, 9, "localhost"),
                    (20, 0, gk.port["tcp"], "localhost"),
                    (10, 5, dead[0], "localhost"),
                    (10, 5, dead[1], "localhost"),
                    (5, 0, 1720, "nowhere.invalid"),
                ]
            }
        )
        status, ep = self.once(
            "tcp:srv:example.org", "--dns", server.address, "--alias", "x"
        )
        self.assertEqual(status, 0, ep.stderr())
        ports = [int(peer.rpartition(":")[2]) for peer, _ in connecting(ep)]
        self.assertEqual(set(ports[:2]), set(dead))
        self.assertEqual(ports[2:], [gk.port["tcp"]])

    def test_targets_that_let_nothing_be_heard_do_not_hide_the_next(self):
        gk = self.gatekeeper("--open")
        ports = [self.silent_port() for _ in range(3)] + [gk.port["tcp"]]
        server = self.name_server(
            {TCP: [(i, 0, port, "127.0.0.1") for i, port in enumerate(ports)]}
        )
        ep = self.endpoint(
            "tcp:srv:example.org", "--once", "--dns", server.address, "--alias", "x"
        )
        self.assertEqual(ep.wait(harness.PATIENCE + 15), 0, ep.stderr())
        tried = [int(peer.rpartition(":")[2]) for peer, _ in connecting(ep)]
        self.assertEqual(tried, ports)
        self.assertEqual(server.asked, [TCP], "one attempt")

    def test_a_gatekeeper_that_lets_nothing_be_heard_is_exit_status_10(self):
        status, ep = self.once(f"tcp:127.0.0.1:{self.silent_port()}", "--alias", "x")
        self.assertEqual(status, 10, ep.stderr())
        self.assertIn("timed out", ep.stderr())

    def test_the_records_are_asked_for_on_every_attempt(self):
        gk = self.gatekeeper("--open")
        server = self.name_server({TCP: [(0, 0, harness.free_port(), "localhost")]})
        ep = self.endpoint(
            "tcp:srv:example.org", "--dns", server.address, "--alias", "x"
        )
        ep.expect("backoff", code="CONNECT")
        server.records = {TCP: [(0, 0, gk.port["tcp"], "localhost")]}
        ep.expect("registered")
        self.assertEqual(ep.stop(), 0)

    def goes_back(self, first, targets):
        gk = self.gatekeeper("--open")
        server = self.name_server({TCP: targets})
        ep = self.endpoint(
            f"tcp:srv:example.org,tcp:127.0.0.1:{gk.port['tcp']}",
            "--dns", server.address, "--alias", "x", "--failback", "1",
        )  # fmt: skip
        gk.expect("registered")
        self.state = self.dir / "first"
        back = self.gatekeeper("--open", tcp=f"127.0.0.1:{first}")
        back.expect("registered", names=["x"])
        self.assertEqual(ep.stop(), 0)

    def test_going_back_looks_the_first_of_the_list_up_too(self):
        first = harness.free_port()
        self.goes_back(first, [(0, 0, first, "localhost")])

    def test_going_back_tries_every_target_of_the_first(self):
        first = harness.free_port()
        silent = (10, 0, self.silent_port(), "127.0.0.1")
        self.goes_back(first, [silent, (20, 0, first, "127.0.0.1")])

    def test_a_name_server_that_is_silent_does_not_hang_the_end(self):
        with harness.socket.socket(
            harness.socket.AF_INET, harness.socket.SOCK_DGRAM
        ) as silent:
            silent.bind(("127.0.0.1", 0))
            ep = self.endpoint(
                "tcp:srv:example.org", "--alias", "x",
                "--dns", "127.0.0.1:%d" % silent.getsockname()[1],
            )  # fmt: skip
            silent.settimeout(harness.PATIENCE)
            self.assertIn(b"_h323rs", silent.recv(512))
            self.assertEqual(ep.stop(), 0)


class Usage(harness.Case):
    def ep(self, *arguments):
        done = subprocess.run(
            [harness.PROGRAMS / "h46017-ep", *arguments],
            cwd=self.dir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=harness.PATIENCE,
        )
        return done.returncode, done.stdout, done.stderr

    def test_bad_usage_is_exit_status_2_and_says_why(self):
        to = ("--gatekeeper", "tcp:127.0.0.1")
        for arguments, word in (
            ((), "--gatekeeper"),
            (to, "--alias"),
            ((*to, "--alias", "x", "--ttl", "0"), "--ttl"),
            ((*to, "--alias", "x", "--count", "0"), "--count"),
            ((*to, "--alias", "x", "--identity", "name"), "--identity"),
            ((*to, "--alias", "x", "surplus"), "surplus"),
            ((*to, "--alias", "x", "--nonsense"), "nonsense"),
            ((*to, "--alias", "x", "--cert", "c.pem"), "--key"),
            ((*to, "--alias", "x", "--server-dn", "CN=a", "--server-name", "a"), "--server-dn"),
            ((*to, "--alias", "x", "--pin", "--server-name", "a"), "--pin"),
            ((*to, "--alias", "x", "--pin", "--server-san"), "--pin"),
            ((*to, "--alias", "x", "--pin", "--trust", "ca.pem"), "--pin"),
            ((*to, "--alias", "x", "--insecure-server", "--trust", "ca.pem"), "--insecure"),
            ((*to, "--alias", "x", "--dns", "nowhere:x"), "--dns"),
            ((*to, "--alias", "12", "--identity", "digits", "--count", "2"), "digits"),
            (("--gatekeeper", "srv:", "--alias", "x"), "srv:"),
            (("--gatekeeper", "srv:a b", "--alias", "x"), "srv:"),
            (("--gatekeeper", "srv:a:1300", "--alias", "x"), "srv:"),
            (("--gatekeeper", "::1", "--alias", "x"), "[::1]"),
        ):
            with self.subTest(arguments):
                status, out, err = self.ep(*arguments)
                self.assertEqual((status, out), (2, ""), err)
                self.assertIn(word, err)

    def test_help_and_version_are_done_as_asked(self):
        status, out, _ = self.ep("--help")
        self.assertEqual(status, 0)
        for word in ("--gatekeeper", "srv:", "--count", "Exit status"):
            self.assertIn(word, out)
        self.assertEqual(self.ep("--version")[0], 0)


class Names(harness.Case):
    def test_an_h323_uri_is_an_alias_of_its_own_type(self):
        gk = self.gatekeeper("--open", "--pcap", self.dir / "gk.pcap")
        status, ep = self.once(
            f"tcp:h323:gk@127.0.0.1:{gk.port['tcp']}",
            "--alias", "4711", "--alias", "H323:bob@example.org", "--identity", "digits",
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(
            gk.expect("registered")["names"], ["4711", "H323:bob@example.org"]
        )
        gk.expect("closed")
        self.assertEqual(gk.stop(), 0)
        # dialledDigits in nibbles; url-ID (extension 0) as it is
        octets = (self.dir / "gk.pcap").read_bytes()
        self.assertIn(bytes.fromhex("01807a44"), octets)
        self.assertIn(b"H323:bob@example.org", octets)

    def test_many_with_a_uri_are_numbered_in_front_of_the_host(self):
        gk = self.gatekeeper("--open")
        ep = self.endpoint(
            f"tcp:127.0.0.1:{gk.port['tcp']}",
            "--alias", "h323:bob@example.org", "--count", "2",
        )  # fmt: skip
        names = {gk.expect("registered")["names"][0] for _ in range(2)}
        self.assertEqual(names, {f"h323:bob-{i}@example.org" for i in (1, 2)})
        self.assertEqual(ep.stop(), 0)


class Many(harness.Case):
    COUNT = 1000

    def test_a_thousand_endpoints_are_cheap_and_start_paced(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard != resource.RLIM_INFINITY and hard < self.COUNT + 100:
            self.skipTest(f"{hard} files at most")
        gk = self.gatekeeper("--open")
        ep = self.start(
            "h46017-ep", "--gatekeeper", f"tcp:127.0.0.1:{gk.port['tcp']}",
            "--alias", "n", "--count", self.COUNT,
        )  # fmt: skip
        waiting = most = 0
        for _ in range(self.COUNT):
            while True:
                got = ep.expect_any(timeout=60)
                if got["event"] == "connecting":
                    waiting += 1
                    most = max(most, waiting)
                elif got["event"] == "registered":
                    waiting -= 1
                    break
        self.assertLessEqual(most, 128)
        self.assertGreater(most, 8)
        status = pathlib.Path(f"/proc/{ep.process.pid}/status").read_text()
        rss = int(status.partition("VmRSS:")[2].split()[0])
        soft = resource.prlimit(ep.process.pid, resource.RLIMIT_NOFILE)
        self.assertEqual(*soft)
        if "H46017_NO_TIMES" not in os.environ:  # a sanitizer's share is not ours
            self.assertLess(rss, 40 * 1024, "KiB for a thousand")
        self.assertEqual(ep.stop(), 0)
        self.assertEqual(self.ctl("stats")["stats"]["registrations"], 0)


if __name__ == "__main__":
    unittest.main()
