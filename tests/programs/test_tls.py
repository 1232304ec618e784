# SPDX-License-Identifier: BSD-2-Clause
"""Registration over TLS: by certificate alone; everybody else is refused, with
the reason on both sides."""
import os
import signal
import socket
import stat
import subprocess
import unittest

import harness

DEVICE = "0090332f688a"


class Tls(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.pki = harness.Pki.shared(cls)
        cls.pki.make("device", DEVICE, "device", "ca")
        cls.pki.make("impostor", "0090332f0bad", "device", "ca")
        cls.pki.make("strange-ca", "Another authority", "authority")
        cls.pki.make("strange", DEVICE, "device", "strange-ca")
        cls.pki.make("self", DEVICE, "device")
        cls.pki.make("gk-anew", "gk.example", "gatekeeper", "ca")

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

    def test_the_four_files_root_and_intermediate_own_certificate_and_key(self):
        pki = self.pki
        pki.make("site", "Site authority", "authority", "ca")
        pki.make("phone", DEVICE, "device", "site")
        chain = self.dir / "chain.pem"
        chain.write_bytes(pki.cert("phone").read_bytes() + pki.cert("site").read_bytes())
        own = "--cert", chain, "--key", pki.key("phone")
        # whoever knows the root needs the intermediate from the peer
        gk = self.tls_gatekeeper()
        status, _ = self.attempt(*pki.own("phone"))
        self.assertEqual(status, 12)
        gk.expect("refused")
        status, ep = self.attempt(*own)
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(gk.expect("registered")["cn"], DEVICE)
        self.assertEqual(gk.stop(), 0)
        # or has it among those that are trusted
        gk = self.tls_gatekeeper("--trust", pki.cert("site"))
        status, ep = self.attempt(*pki.own("phone"))
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(gk.expect("registered")["cn"], DEVICE)

    def test_an_interface_of_the_device_registers_too(self):
        gk = self.tls_gatekeeper()
        status, ep = self.attempt(*self.pki.own("device"), name=DEVICE + "-TEL1")
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(gk.expect("registered")["names"], [DEVICE + "-TEL1"])

    def test_a_device_known_by_its_uri_stays_when_another_device_changes(self):
        self.pki.make("lobby", "lobby", "device", "ca")
        self.ctl("device", "add", "lobby")
        gk = self.tls_gatekeeper()
        ep = self.endpoint(
            self.to, "--alias", "h323:lobby", "--trust", self.pki.cert("ca"),
            *self.pki.own("lobby"),
        )  # fmt: skip
        gk.expect("registered", names=["h323:lobby"], auth="certificate")
        self.ctl("device", "add", "another")
        self.ctl("reload")
        gk.refute("unregistered", 0.5)
        self.ctl("device", "remove", "lobby")
        gk.expect("unregistered", names=["h323:lobby"])
        ep.stop()

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

    def old_device(self):
        """What it shows: a key of 1024 bits, in the trust list."""
        pki = self.pki
        if not pki.cert("old").exists():
            pki.openssl(
                "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", f"/CN={DEVICE}",
                "-keyout", pki.key("old"), "-out", pki.cert("old"), "-days", "2",
            )  # fmt: skip
        self.cert("trust", "add", pki.cert("old"), "--as", "end-entity")
        return ("-cert", *map(str, (pki.cert("old"), "-key", pki.key("old"))),
                "-cipher", "DEFAULT@SECLEVEL=1")  # fmt: skip

    def test_an_old_key_needs_the_profile_that_says_so(self):
        show = self.old_device()
        gk = self.tls_gatekeeper()
        harness.s_client(gk.port["tls"], *show, status=None)
        refused = gk.expect("refused", code="CERT_WEAK")["rejected_id"]
        # to trust it would change nothing, and is not said to
        got = self.ctl("rejected", "trust", refused, status=1)
        self.assertEqual((got["code"], got["added"]), ("CERT_WEAK", []))
        said = self.ctl("rejected", "trust", refused, status=1, json_answer=False)
        self.assertIn("legacy-device profile", said)
        self.assertEqual([e["id"] for e in self.ctl("rejected", "list")], [refused])
        gk.stop()
        gk = self.tls_gatekeeper("--profile", "legacy-device")
        harness.s_client(gk.port["tls"], *show, status=None)
        tls = gk.expect("tls")
        self.assertEqual((tls["cn"], tls["verified"]), (DEVICE, True))

    def test_old_keys_have_a_listener_of_their_own(self):
        pki, show = self.pki, self.old_device()
        old = "[tls old]\nlisten = 127.0.0.1:0\nprofile = legacy-device\n"
        other = "[tls other]\nlisten = 127.0.0.1:0\nclient_cert = none\n"
        shown = f"cert = {pki.cert('gk-anew')}\nkey = {pki.key('gk-anew')}\n"
        file = self.dir / "gk.ini"
        file.write_text(old + other + shown)
        gk = self.tls_gatekeeper("--config", file)
        port = {"": gk.port["tls"]}
        for name in "old", "other":
            said = gk.expect("listening", name=name)
            self.assertEqual(said["transport"], "tls")
            port[name] = int(said["address"].rpartition(":")[2])
        # each by its own terms; what is not said is as in [tls]
        harness.s_client(port[""], *show, status=None)
        self.assertEqual(gk.expect("refused")["code"], "CERT_WEAK")
        ticket = self.dir / "ticket"
        harness.s_client(port["old"], *show, "-tls1_2", "-sess_out", ticket, status=None)
        self.assertEqual(gk.expect("tls")["cn"], DEVICE)
        harness.s_client(port["other"], *show)
        gk.expect("tls", verified=False, cn=None)
        own = {n: self.peer_cert(p, *show) for n, p in port.items()}
        self.assertEqual(own[""], own["old"])
        self.assertNotEqual(own[""], own["other"])
        # a ticket of the one is none at the other
        harness.s_client(port["old"], *show, "-tls1_2", "-sess_in", ticket, status=None)
        gk.expect("tls", resumed=True)
        harness.s_client(port[""], *show, "-tls1_2", "-sess_in", ticket, status=None)
        gk.expect("refused", code="CERT_WEAK")
        # a device registers there as elsewhere, and a reload takes new terms
        status, ep = self.once(
            f"tls:127.0.0.1:{port['old']}", "--hardware-id", "auto",
            *pki.own("device"), "--trust", pki.cert("ca"),
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        file.write_text(old.replace("legacy-device", "modern") + other)
        gk.signal(signal.SIGHUP)
        gk.expect("reloaded")
        self.assertNotIn("next start", gk.stderr())
        harness.s_client(port["old"], *show, status=None)
        gk.expect("refused", code="CERT_WEAK")
        self.assertEqual(self.peer_cert(port["other"]), own[""])
        # one that goes stays as it is until the next start
        file.write_text(old)
        gk.signal(signal.SIGHUP)
        gk.expect("reloaded")
        self.assertIn("next start", gk.stderr())
        harness.s_client(port["other"])
        gk.expect("tls", verified=False, cn=None)

    def peer_cert(self, port, *arguments):
        said = harness.s_client(port, *arguments, status=None)
        return said[said.index("-----BEGIN") : said.index("-----END")]

    def test_a_listener_that_is_not_one_is_refused_with_its_line(self):
        file = self.dir / "gk.ini"
        many = "".join(f"[tls {i}]\nlisten = 127.0.0.1:0\n" for i in range(4))
        for text, why in (
            ("[tls old]\nprofile = modern\n", "[tls old] does not say where to listen"),
            ("[tls old]\nlisten = off\n", "[tls old] does not say where to listen"),
            ("[tls old]\ntrust = x.pem\n", "gk.ini:2: [tls old] trust: there is no such"),
            ("[tls ]\nlisten = *:0\n", "gk.ini:2: [tls ] listen: a listener's name"),
            (f"[tls {'n' * 32}]\nlisten = *:0\n", "a listener's name"),
            ("[tls old]\nlisten = *:0\ncert = a\n", "each cert needs its key"),
            (many, "gk.ini:8: [tls 3] listen: there are at most 4 listeners"),
        ):
            with self.subTest(text=text):
                file.write_text(text)
                gk = self.start("h46017-gk", "--config", file, "--state", self.state)
                self.assertNotEqual(gk.wait(), 0)
                self.assertIn(why, gk.stderr())

    def test_what_was_signed_with_sha1_is_for_the_profile_of_that_name(self):
        pki = self.pki.make("sha1", DEVICE, "device", "ca")
        pki.openssl("x509", "-req", "-in", pki.dir / "sha1.csr", "-CA", pki.cert("ca"), "-CAkey",
                    pki.key("ca"), "-CAcreateserial", "-sha1", "-extfile",
                    pki.dir / "openssl.cnf", "-extensions", "device", "-out", pki.cert("sha1"))  # fmt: skip
        # an endpoint of ours would not even show it
        show = ("-tls1_2", "-cipher", "DEFAULT:@SECLEVEL=0", *map(str, (
            "-cert", pki.cert("sha1"), "-key", pki.key("sha1"))))  # fmt: skip
        for profile in "modern", "legacy-device":
            gk = self.tls_gatekeeper("--profile", profile)
            harness.s_client(gk.port["tls"], *show, status=None)
            self.assertEqual(gk.expect("refused")["code"], "CERT_WEAK")
            gk.stop()
        gk = self.tls_gatekeeper("--profile", "legacy-sha1")
        harness.s_client(gk.port["tls"], *show)
        self.assertEqual(gk.expect("tls")["cn"], DEVICE)
        self.assertIn("WARNING: --profile legacy-sha1", gk.stderr())

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

    def test_a_cn_is_no_name_where_that_is_asked_for(self):
        own = self.pki.own("device")
        gk = self.tls_gatekeeper()
        status, ep = self.attempt(*own, "--server-san", "--server-name", "gk.example")
        self.assertEqual(status, 0, ep.stderr())
        gk.stop()
        self.pki.make("by-cn", "by-cn.example", "nameless", "ca")
        by_cn = self.gatekeeper(
            *self.pki.own("by-cn"), "--trust", self.pki.cert("ca"), tls="127.0.0.1:0"
        )
        self.to = f"tls:127.0.0.1:{by_cn.port['tls']}"
        for switch, code in ((), 0), (("--server-san",), 11):
            status, ep = self.attempt(*own, *switch, "--server-name", "by-cn.example")
            self.assertEqual(status, code, ep.stderr())
        self.assertIn("SERVER_NAME", [e.get("code") for e in ep.events])

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

    def pinned(self, status, *arguments):
        got, ep = self.once(
            self.to, "--hardware-id", "auto", *self.pki.own("device"), "--pin", *arguments
        )
        self.assertEqual(got, status, ep.stderr())
        return ep

    @staticmethod
    def said(ep, event):
        """What an endpoint that has ended said once."""
        (found,) = [e for e in ep.events if e["event"] == event]
        return found

    def ep_cert(self, *arguments):
        """h46017-cert on the endpoint's state directory."""
        return self._command("h46017-cert", "--state", self.dir / "endpoint", *arguments)

    def test_pin_is_bound_to_the_first_certificate_until_another_is_accepted(self):
        at = f"127.0.0.1:{harness.free_port()}"
        self.to = f"tls:{at}"
        start = lambda own: self.gatekeeper(
            *self.pki.own(own), "--trust", self.pki.cert("ca"), tls=at, tcp="off"
        )
        gk = start("gk")
        ep = self.pinned(0)
        self.assertIn("first contact", ep.stderr())
        tls = self.said(ep, "tls")
        self.assertEqual((tls["verified"], tls["code"]), (False, "UNAUTHENTICATED"))
        (entry,) = self.ep_cert("trust", "list")
        self.assertEqual(
            (entry["label"], entry["kind"], entry["origin"]), (f"pin:{at}", "end-entity", "pin")
        )
        ep = self.pinned(0)  # as another process, from what was written down
        self.assertNotIn("first contact", ep.stderr())
        self.assertTrue(self.said(ep, "tls")["verified"])
        gk.stop()

        gk = start("gk-anew")  # same name, same authority
        ep = self.pinned(11)
        self.assertIn("SERVER_CHANGED", ep.stderr())
        refused = self.said(ep, "refused")
        self.assertEqual(refused["code"], "SERVER_CHANGED")
        self.assertEqual(refused["pinned"], entry["id"])
        gk.expect("refused", code="CERT_REFUSED_BY_PEER")
        old, new = entry["id"], refused["rejected_id"]
        self.assertIn(f"trust replace {old[:12]} {new[:12]}", ep.stderr())
        for fingerprint in (old, new):
            self.assertIn(fingerprint, ep.stderr())
        self.pinned(11)  # it is no habit
        self.ep_cert("trust", "replace", old[:12], new[:12])
        (entry,) = self.ep_cert("trust", "list")
        self.assertEqual((entry["id"], entry["label"]), (new, f"pin:{at}"))
        ep = self.pinned(0)
        self.assertTrue(self.said(ep, "tls")["verified"])

    def test_pin_of_one_gatekeeper_is_not_another_s(self):
        one, other = self.tls_gatekeeper(), None
        self.pinned(0)
        first = self.to
        # another port is another gatekeeper: the same certificate, pinned again
        other = self.gatekeeper(
            *self.pki.own("gk"), "--trust", self.pki.cert("ca"),
            "--state", self.dir / "other", "--open", tls="127.0.0.1:0", tcp="off",
        )  # fmt: skip
        self.to = f"tls:127.0.0.1:{other.port['tls']}"
        self.assertIn("first contact", self.pinned(0).stderr())
        (entry,) = self.ep_cert("trust", "list")
        self.assertEqual(
            entry["label"].split(),
            [f"pin:127.0.0.1:{gk.port['tls']}" for gk in (one, other)],
        )
        for self.to in first, self.to:
            self.assertNotIn("first contact", self.pinned(0).stderr())
        # by name it is not known at all
        self.to = first.replace("127.0.0.1", "localhost")
        self.assertIn("first contact", self.pinned(0).stderr())

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
