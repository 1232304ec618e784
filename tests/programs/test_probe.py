# SPDX-License-Identifier: BSD-2-Clause
"""h46017-cert probe: what is behind a port. openssl s_server, an echo and a box
that takes every connection are there to fool it."""
import socket
import subprocess
import threading
import unittest

import harness


class Listener:
    """Takes connections, and does with each what it is told to."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.kept = []
        self.serve = serve
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                peer = self.socket.accept()[0]
            except OSError:
                return
            self.kept.append(peer)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def cleanup(self):
        self.socket.close()
        for peer in self.kept:
            peer.close()


def echo(peer):
    try:
        while data := peer.recv(4096):
            peer.sendall(data)
    except OSError:
        pass


class Probe(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.pki = harness.Pki.shared(cls)

    def setUp(self):
        super().setUp()
        self.here = self.dir / "here"  # where the probe is made from

    def probe(self, at, *arguments, status=0, **how):
        return self.cert(
            "--state", self.here, "probe", at, *arguments, status=status, **how
        )

    def trust(self):
        self.cert("--state", self.here, "trust", "add", self.pki.cert("ca"))

    def serve(self, *arguments):
        return self.gatekeeper(
            *self.pki.own("gk"), "--client-cert", "none", *arguments, tls="127.0.0.1:0"
        )

    def listener(self, serve):
        server = Listener(serve)
        self.addCleanup(server.cleanup)
        return f"127.0.0.1:{server.port}"

    def s_server(self, *arguments):
        port = harness.free_port()
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert",
             self.pki.cert("gk"), "-key", self.pki.key("gk"), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

        def end():
            server.kill()
            server.communicate()

        self.addCleanup(end)
        while b"ACCEPT" not in server.stdout.readline():
            self.assertIsNone(server.poll())
        return f"127.0.0.1:{port}"

    def test_a_gatekeeper_over_tls_that_an_endpoint_here_would_believe(self):
        gk = self.serve("--open")
        self.trust()
        at = f"127.0.0.1:{gk.port['tls']}"
        got = self.probe(at)
        (visit,) = got["visits"]
        self.assertEqual((visit["transport"], visit["h46017"]), ("tls", True))
        self.assertEqual(visit["answer"], "registrationConfirm")
        tls = visit["tls"]
        self.assertTrue(tls["accepted"])
        self.assertEqual([x["subject"] for x in tls["chain"]], ["CN=gk.example"])
        self.assertEqual(tls["trusted_by"], self.cert("show", self.pki.cert("ca"))["sha256"])
        gk.expect("registered", names=["h46017-probe"])
        gk.expect("unregistered", why="UNREGISTERED")
        # what a person reads
        text = self.probe(at, json_answer=False)
        self.assertIn("a gatekeeper with H.460.17", text)
        self.assertIn("an endpoint here accepts it", text)
        self.assertFalse((self.here / "credentials").exists(), "looking makes none")

    def test_a_refused_registration_is_an_answer_too_and_tcp_is_told_apart(self):
        pcap = self.dir / "gk.pcap"
        gk = self.serve("--pcap", pcap)
        got = self.probe(f"127.0.0.1:{gk.port['tcp']}")
        (visit,) = got["visits"]
        self.assertEqual((visit["transport"], visit["tls"]), ("tcp", None))
        self.assertEqual((visit["answer"], visit["reason"]), ("registrationReject", "securityDenial"))
        gk.expect("rejected", names=["h46017-probe"])
        gk.expect("closed")
        gk.stop()
        self.judge(pcap, "registrationRequest", "registrationReject")

    def test_what_is_not_trusted_is_shown_all_the_same(self):
        gk = self.serve("--open")
        at = f"127.0.0.1:{gk.port['tls']}"
        got = self.probe(at, status=1)
        self.assertEqual(got["code"], "UNKNOWN_CA")
        (visit,) = got["visits"]
        self.assertTrue(visit["h46017"])
        self.assertFalse(visit["tls"]["accepted"])
        self.assertEqual(visit["tls"]["chain"][0]["subject"], "CN=gk.example")
        self.trust()
        for arguments, code in (
            (("--server-name", "other.example"), "SERVER_NAME"),
            (("--server-dn", "CN=gk.example,O=Else"), "SERVER_NAME"),
            (("--server-dn", "CN=GK.example"), None),
            (("--server-name", "gk.example"), None),
        ):
            with self.subTest(arguments):
                got = self.probe(at, *arguments, status=1 if code else 0)
                self.assertEqual(got.get("code"), code)
        self.assertEqual(self.probe(at, "--server-dn", "nothing", status=1)["code"], "DN")

    def test_a_cn_is_no_name_where_that_is_asked_for(self):
        self.pki.make("by-cn", "by-cn.example", "nameless", "ca")
        gk = self.gatekeeper(
            *self.pki.own("by-cn"), "--client-cert", "none", "--open", tls="127.0.0.1:0"
        )
        self.trust()
        at = f"127.0.0.1:{gk.port['tls']}"
        name = ("--server-name", "by-cn.example")
        self.assertTrue(self.probe(at, *name)["visits"][0]["tls"]["accepted"])
        got = self.probe(at, *name, "--server-san", status=1)
        self.assertEqual(got["code"], "SERVER_NAME")
        # what is there is told all the same
        self.assertTrue(got["visits"][0]["h46017"])
        gk.stop()
        at = f"127.0.0.1:{self.serve('--open').port['tls']}"
        self.probe(at, "--server-name", "gk.example", "--server-san")

    def test_a_subject_is_all_that_is_said_of_a_server(self):
        for more in (("--server-san",), ("--server-name", "gk.example")):
            with self.subTest(more):
                self.probe("127.0.0.1:9", "--server-dn", "CN=gk", *more,
                           status=2, json_answer=False)

    def test_a_gatekeeper_that_wants_a_certificate_says_so(self):
        gk = self.serve("--client-cert", "require")
        self.trust()
        got = self.probe(f"127.0.0.1:{gk.port['tls']}", status=1)
        self.assertEqual(got["code"], "CERT_REFUSED_BY_PEER")
        gk.expect("refused", code="CERT_MISSING")
        self.cert("--state", self.here, "selfsigned", "--cn", "mine")
        self.probe(f"127.0.0.1:{gk.port['tls']}", status=1)
        mine = gk.expect("refused", code="SELF_SIGNED_UNTRUSTED")["rejected_id"]
        self.ctl("rejected", "trust", mine)
        got = self.probe(f"127.0.0.1:{gk.port['tls']}")
        self.assertEqual(got["visits"][0]["answer"], "registrationReject")

    def test_who_only_says_back_what_it_hears_is_no_gatekeeper(self):
        at = self.listener(echo)
        got = self.probe(at, "--timeout", "1", status=1)
        (visit,) = got["visits"]
        self.assertEqual((visit["h46017"], visit["echo"], visit["connected"]), (False, True, True))
        self.assertIn("sends back", self.probe(at, "--timeout", "1", status=1, json_answer=False))

    def test_a_box_that_takes_every_connection_is_none_either(self):
        got = self.probe(self.listener(lambda peer: None), "--timeout", "1", status=1)
        (visit,) = got["visits"]
        self.assertEqual((visit["connected"], visit["heard"], visit["h46017"]), (True, False, False))
        self.assertEqual(visit["code"], "TIMEOUT")
        got = self.probe(self.listener(lambda peer: peer.close()), "--timeout", "1", status=1)
        self.assertEqual(got["visits"][0]["h46017"], False)
        got = self.probe(f"127.0.0.1:{harness.free_port()}", status=1)
        self.assertEqual((got["code"], got["visits"][0]["connected"]), ("CONNECT", False))
        self.assertEqual(len(got["visits"]), 1)

    def test_a_tls_server_of_another_kind_is_none(self):
        self.trust()
        for how in ((), ("-rev",), ("-www",)):
            with self.subTest(how):
                got = self.probe(self.s_server(*how), "--timeout", "1", status=1)
                (visit,) = got["visits"]
                self.assertEqual((visit["transport"], visit["h46017"]), ("tls", False))
                self.assertTrue(visit["tls"]["accepted"])

    def test_usage(self):
        for arguments in ((), ("a", "b"), ("",), ("::1",), ("a", "--timeout", "0")):
            self.probe(*(arguments or ("--json",)), status=2, json_answer=False)


if __name__ == "__main__":
    unittest.main()
