# SPDX-License-Identifier: BSD-2-Clause
"""Registration over TLS: by certificate alone; everybody else is refused, with
the reason on both sides."""
import os
import socket
import stat
import subprocess
import unittest

import harness

DEVICE = "0090332f688a"


class Tls(harness.Case):
    @classmethod
    def setUpClass(cls):
        import shutil
        import tempfile

        directory = tempfile.mkdtemp(prefix="h46017-test-")
        cls.addClassCleanup(shutil.rmtree, directory, ignore_errors=True)
        cls.pki = harness.Pki(directory)
        cls.pki.make("device", DEVICE, "device", "ca")
        cls.pki.make("impostor", "0090332f0bad", "device", "ca")
        cls.pki.make("strange-ca", "Another authority", "authority")
        cls.pki.make("strange", DEVICE, "device", "strange-ca")
        cls.pki.make("self", DEVICE, "device")

    def setUp(self):
        super().setUp()
        self.ctl("device", "add", DEVICE, "--tls-only")

    def tls_gatekeeper(self, *arguments):
        pki = self.pki
        gk = self.gatekeeper(
            *pki.own("gk"), "--trust", pki.cert("ca"), *arguments, tls="127.0.0.1:0"
        )
        self.to = f"tls:127.0.0.1:{gk.port['tls']}"
        return gk

    def attempt(self, *arguments, name="auto", trust="ca"):
        if trust:
            arguments += "--trust", self.pki.cert(trust)
        return self.once(self.to, "--hardware-id", name, *arguments)

    def test_a_device_registers_with_nothing_but_its_certificate(self):
        gk = self.tls_gatekeeper()
        status, ep = self.attempt(*self.pki.own("device"))
        self.assertEqual(status, 0, ep.stderr())
        tls = gk.expect("tls")
        self.assertEqual((tls["cn"], tls["verified"]), (DEVICE, True))
        self.assertIn(tls["version"], ("TLSv1.2", "TLSv1.3"))
        got = gk.expect("registered")
        self.assertEqual(got["names"], [DEVICE])
        self.assertEqual(got["device"], DEVICE)
        self.assertEqual(got["transport"], "tls")
        self.assertEqual(got["auth"], "certificate")
        self.assertEqual(got["cn"], DEVICE)
        gk.expect("unregistered", why="UNREGISTERED")

    def test_an_interface_of_the_device_registers_too(self):
        gk = self.tls_gatekeeper()
        status, ep = self.attempt(*self.pki.own("device"), name=DEVICE + "-TEL1")
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(gk.expect("registered")["names"], [DEVICE + "-TEL1"])

    def test_an_impostor_of_the_same_authority_is_refused(self):
        gk = self.tls_gatekeeper()
        status, ep = self.attempt(*self.pki.own("impostor"), name=DEVICE)
        self.assertEqual(status, 13, ep.stderr())
        got = gk.expect("rejected")
        self.assertEqual(got["code"], "IDENTITY_MISMATCH")
        self.assertEqual(got["reason"], "securityDenial")
        self.assertEqual(got["names"], [DEVICE])
        self.assertEqual(got["cn"], "0090332f0bad")
        self.assertEqual(self.ctl("registrations")["registrations"], [])

    def test_a_certificate_of_an_unknown_authority_is_refused(self):
        gk = self.tls_gatekeeper()
        status, ep = self.attempt(*self.pki.own("strange"))
        self.assertEqual(status, 12, ep.stderr())
        self.assertEqual(gk.expect("refused")["code"], "UNKNOWN_CA")
        status, ep = self.attempt(*self.pki.own("self"))
        self.assertEqual(status, 12, ep.stderr())
        self.assertEqual(gk.expect("refused")["code"], "SELF_SIGNED_UNTRUSTED")

    def test_no_certificate_is_refused_when_one_is_required(self):
        gk = self.tls_gatekeeper()
        # until the gatekeeper closes: its alert comes behind the handshake
        said = harness.s_client(gk.port["tls"], "-ign_eof", status=None)
        self.assertIn("certificate required", said)
        self.assertEqual(gk.expect("refused")["code"], "CERT_MISSING")

    def test_request_takes_the_connection_and_not_the_registration(self):
        gk = self.tls_gatekeeper("--client-cert", "request")
        status, ep = self.attempt(*self.pki.own("strange"))
        self.assertEqual(status, 13, ep.stderr())
        tls = gk.expect("tls")
        self.assertEqual((tls["verified"], tls["code"]), (False, "UNKNOWN_CA"))
        self.assertEqual(gk.expect("rejected")["code"], "UNKNOWN_CA")
        status, ep = self.attempt(name=DEVICE)  # with one that it made itself
        self.assertEqual(status, 13, ep.stderr())
        self.assertEqual(gk.expect("rejected")["code"], "SELF_SIGNED_UNTRUSTED")
        harness.s_client(gk.port["tls"])
        tls = gk.expect("tls", cn=None)
        self.assertEqual((tls["verified"], tls["code"]), (False, "CERT_MISSING"))

    def test_a_gatekeeper_nobody_vouches_for_is_refused(self):
        gk = self.tls_gatekeeper()
        status, ep = self.attempt(*self.pki.own("device"), trust="strange-ca")
        self.assertEqual(status, 11, ep.stderr())
        self.assertIn("UNKNOWN_CA", [e.get("code") for e in ep.events])
        gk.expect("refused", code="CERT_REFUSED_BY_PEER")

    def test_a_gatekeeper_of_another_name_is_refused(self):
        self.tls_gatekeeper()
        status, ep = self.attempt(
            *self.pki.own("device"), "--server-name", "other.example"
        )
        self.assertEqual(status, 11, ep.stderr())
        self.assertIn("SERVER_NAME", [e.get("code") for e in ep.events])
        status, ep = self.attempt(
            *self.pki.own("device"), "--server-name", "gk.example"
        )
        self.assertEqual(status, 0, ep.stderr())

    def test_a_gatekeeper_is_known_by_its_whole_subject(self):
        gk = self.tls_gatekeeper()
        own = self.pki.own("device")
        status, ep = self.attempt(*own, "--server-dn", "CN=gk.example")
        self.assertEqual(status, 0, ep.stderr())
        # another certificate of the same authority does not do, nor part of it
        for dn in ("CN=gk.example,O=Example", f"CN={DEVICE}"):
            status, ep = self.attempt(*own, "--server-dn", dn)
            self.assertEqual(status, 11, ep.stderr())
            self.assertIn("SERVER_NAME", [e.get("code") for e in ep.events])
            gk.expect("refused", code="CERT_REFUSED_BY_PEER")
        status, ep = self.attempt(*own, "--server-dn", "gk.example")
        self.assertEqual(status, 2)
        self.assertIn("(DN, H46017-520)", ep.stderr())

    def test_insecure_server_believes_anybody_and_says_so(self):
        self.tls_gatekeeper()
        status, ep = self.attempt(
            *self.pki.own("device"), "--insecure-server", trust=None
        )
        self.assertEqual(status, 0, ep.stderr())
        self.assertIn("WARNING", ep.stderr())

    def test_without_anybody_to_trust_every_gatekeeper_is_refused(self):
        gk = self.tls_gatekeeper()
        status, ep = self.attempt(*self.pki.own("device"), trust=None)
        self.assertEqual(status, 11, ep.stderr())
        self.assertIn("the trust list is empty", ep.stderr())
        gk.expect("refused", code="CERT_REFUSED_BY_PEER", rejected_id=None)

    def test_no_silent_way_from_tls_to_tcp(self):
        gk = self.gatekeeper("--open")  # TCP only
        self.to = f"tls:127.0.0.1:{gk.port['tcp']}"
        status, ep = self.attempt(*self.pki.own("device"))
        self.assertIn(status, (10, 11), ep.stderr())
        self.assertEqual(gk.expect("closed")["why"], "TPKT")
        self.assertNotIn("registered", [e["event"] for e in ep.events])

    def test_tpkt_on_the_tls_port_is_refused(self):
        gk = self.tls_gatekeeper()
        with socket.create_connection(("127.0.0.1", gk.port["tls"])) as s:
            s.sendall(bytes.fromhex("03000004"))
            self.assertEqual(gk.expect("refused")["code"], "NOT_TLS")

    def test_a_clock_that_is_not_set_is_said_on_either_side(self):
        self.tls_gatekeeper()
        status, ep = self.attempt(
            *self.pki.own("device"), "--time-floor", "2999-01-01"
        )
        self.assertEqual(status, 15, ep.stderr())
        self.assertIn("CLOCK_NOT_SET", [e.get("code") for e in ep.events])
        self.state = self.dir / "other"
        gk = self.tls_gatekeeper("--time-floor", "2999-01-01")
        status, ep = self.attempt(*self.pki.own("device"))
        self.assertEqual(gk.expect("refused")["code"], "CLOCK_NOT_SET")
        self.assertNotEqual(status, 0)

    def test_makes_its_own_credentials_at_the_first_start(self):
        gk = self.gatekeeper(
            "--client-cert", "none", "--open", tls="127.0.0.1:0"
        )
        own = self.state / "credentials" / "generated.pem"
        text = subprocess.run(
            ["openssl", "x509", "-in", own, "-noout", "-text"],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        self.assertIn("CA:FALSE", text)
        self.assertIn("prime256v1", text)
        host = socket.gethostname()[:63]
        self.to = f"tls:127.0.0.1:{gk.port['tls']}"
        status, ep = self.once(
            self.to, "--alias", "x", "--server-name", host, "--trust", own
        )
        self.assertEqual(status, 0, ep.stderr())

    def test_a_key_of_another_certificate_is_refused_at_the_start(self):
        gk = self.start(
            "h46017-gk", "--state", self.state, "--tcp", "127.0.0.1:0", "--tls",
            "127.0.0.1:0", "--cert", self.pki.cert("gk"), "--key",
            self.pki.key("device"),
        )  # fmt: skip
        self.assertEqual(gk.wait(), 1)
        self.assertIn("KEY_MISMATCH", gk.stderr())

    def test_keylog_and_pcap(self):
        keylog, pcap = self.dir / "keys", self.dir / "gk.pcap"
        mine = self.dir / "ep.pcap"
        gk = self.tls_gatekeeper("--keylog", keylog, "--pcap", pcap)
        self.assertIn("WARNING: TLS secrets", gk.stderr())
        status, ep = self.attempt(*self.pki.own("device"), "--pcap", mine)
        self.assertEqual(status, 0, ep.stderr())
        gk.expect("closed")
        gk.stop()
        self.assertIn("CLIENT_", keylog.read_text())
        self.assertEqual(stat.S_IMODE(os.stat(keylog).st_mode), 0o600)
        for file in (pcap, mine):
            self.judge(file, "registrationRequest", "registrationConfirm",
                       "unregistrationRequest", "unregistrationConfirm")  # fmt: skip


if __name__ == "__main__":
    unittest.main()
