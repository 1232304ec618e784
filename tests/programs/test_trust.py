# SPDX-License-Identifier: BSD-2-Clause
"""The trust list and the rejected certificates, by command, with a gatekeeper
that runs and without one."""
import os
import shutil
import signal
import subprocess
import unittest

import harness

DEVICE = "0090332f688a"
PHONE = "IP222-2f-68-8a"


class Trust(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.pki = harness.Pki.shared(cls)
        cls.pki.make("device", DEVICE, "device", "ca")
        cls.pki.make("phone", PHONE, "device")  # self-signed
        cls.pki.make("phone-anew", PHONE, "device")
        cls.pki.make("soft", "softphone", "authority")  # self-signed, CA:TRUE
        cls.pki.make("issued", DEVICE, "device", "soft")

    def text(self, *arguments, **how):
        return self.cert(*arguments, json_answer=False, **how)

    def sha256(self, name):
        der = subprocess.run(
            ["openssl", "x509", "-in", self.pki.cert(name), "-outform", "DER"],
            check=True, capture_output=True,
        ).stdout  # fmt: skip
        import hashlib

        return hashlib.sha256(der).hexdigest()

    def trusted(self):
        return {entry["id"]: entry["kind"] for entry in self.cert("trust", "list")}

    def tls_gatekeeper(self, *arguments):
        gk = self.gatekeeper(*self.pki.own("gk"), *arguments, tls="127.0.0.1:0")
        self.to = f"tls:127.0.0.1:{gk.port['tls']}"
        return gk

    def arguments(self, name):
        return "--hardware-id", "auto", *self.pki.own(name), "--trust", self.pki.cert("ca")

    def attempt(self, name, status, *arguments):
        got, ep = self.once(self.to, *self.arguments(name), *arguments)
        self.assertEqual(got, status, ep.stderr())
        return ep


class List(Trust):
    def test_what_others_wrote_draws_on_no_terminal(self):
        pki = harness.Pki(self.dir / "pki")
        pki.openssl(
            "req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", pki.key("odd"), "-out", pki.cert("odd"), "-utf8",
            "-subj", "/CN=x\u009b2J\u00fc",
        )  # fmt: skip
        said = self.text("trust", "add", pki.cert("odd"), "--label", "LABEL")
        self.assertIn("CN=x??2J\u00fc", said)
        (file,) = [f for f in self.state.rglob("*") if f.is_file() and b"LABEL" in f.read_bytes()]
        file.write_bytes(file.read_bytes().replace(b"LABEL", b"\x1b[2J\xc2\x9b2J\xc3\xbc"))
        self.assertIn("CN=x??2J\u00fc  # ?[2J??2J\u00fc\n", self.text("trust", "list"))
        self.cert("trust", "remove", self.cert("trust", "list")[0]["id"])
        self.tls_gatekeeper("--client-cert", "require")
        self.once(self.to, "--alias", "x", *pki.own("odd"), "--trust", self.pki.cert("ca"))
        (file,) = (self.state / "rejected").glob("*.pem")
        file.write_bytes(file.read_bytes().replace(b"127.0.0.1", b"\x1b[2J\xc2\x85"))
        self.assertIn("from ?[2J??", said := self.text("rejected", "list"))
        self.assertIn("CN=x??2J\u00fc\n", said)

    def test_what_is_added_becomes_what_it_says_and_can_be_changed(self):
        got = self.cert("trust", "add", self.pki.cert("ca"), self.pki.cert("phone"))
        self.assertEqual([e["kind"] for e in got["added"]], ["authority", "end-entity"])
        ca, phone = self.sha256("ca"), self.sha256("phone")
        self.assertEqual(self.trusted(), {ca: "authority", phone: "end-entity"})
        said = self.text("trust", "add", self.pki.cert("soft"), "--label", "Ann's")
        self.assertIn("trusted as authority: CN=softphone", said)
        soft = self.sha256("soft")
        self.assertIn(f"trust set {soft[:12]} --as end-entity", said)
        self.cert("trust", "set", soft[:8], "--as", "end-entity")
        self.assertEqual(self.trusted()[soft], "end-entity")
        got = self.cert("trust", "show", soft[:8].upper())
        self.assertIs(got["ok"], True)
        self.assertEqual((got["label"], got["origin"], got["cn"]), ("Ann's", "file", "softphone"))
        self.assertEqual((got["sha256"], got["self_signed"], got["ca"]), (soft, True, True))
        self.assertEqual(
            self.cert("trust", "set", phone[:8], "--as", "authority", status=1)["code"],
            "NOT_AN_AUTHORITY",
        )
        listed = self.text("trust", "list")
        self.assertRegex(listed, rf"{phone[:12]}  end-entity  until \S+  CN={PHONE}")
        # adding it again changes nothing
        self.cert("trust", "add", self.pki.cert("soft"))
        self.assertEqual(self.trusted()[soft], "end-entity")

    def test_the_issuers_of_the_own_certificate_on_request_and_never_itself(self):
        self.assertEqual(self.cert("trust", "add", "--own-chain", status=1)["code"], "NOT_FOUND")
        chain = self.dir / "chain.pem"
        chain.write_bytes(self.pki.cert("device").read_bytes() + self.pki.cert("ca").read_bytes())
        self.cert("import", chain, "--key", self.pki.key("device"))
        self.assertEqual(self.trusted(), {}, "only on request")
        for _ in range(2):
            self.cert("trust", "add", "--own-chain")
            self.assertEqual(self.trusted(), {self.sha256("ca"): "authority"})
        (entry,) = self.cert("trust", "list")
        self.assertEqual(entry["origin"], "own-chain")
        self.cert("trust", "remove", self.sha256("ca"))
        self.text("trust", "add", "--own-chain", chain, status=2)

    def test_the_ids_of_list_are_enough_for_every_command(self):
        self.cert("trust", "add", self.pki.cert("ca"), self.pki.cert("phone"))
        for line in self.text("trust", "list").splitlines():
            self.text("trust", "show", line.split()[0])
        for command in (("trust", "show"), ("rejected", "show"), ("rejected", "trust")):
            for digits, code, word in (
                ("0" * 64, "NOT_FOUND", "'trust list'"),
                ("xyz", "INVALID_ARGUMENT", "hexadecimal"),
            ):
                with self.subTest((command, digits)):
                    got = self.cert(*command, digits, status=1)
                    self.assertEqual(got["code"], code)
                    self.assertIn(word, got["remedy"])
                    text = self.cert(*command, digits, status=1, json_answer=False)
                    self.assertIn(got["remedy"], text)
        self.text("trust", "remove", self.sha256("ca")[:12])
        self.assertEqual(list(self.trusted()), [self.sha256("phone")])
        self.assertEqual(
            self.cert("trust", "remove", self.sha256("ca"), status=1)["code"], "NOT_FOUND"
        )
        self.cert("trust", "clear")
        self.assertEqual(self.cert("trust", "list"), [])
        self.assertIn("nobody is trusted", self.text("trust", "list"))

    def test_each_certificate_of_a_bundle_is_added_or_refused_by_itself(self):
        bundle = self.dir / "bundle.pem"
        old = self.dir / "old.pem"
        request = self.dir / "old.csr"
        self.pki.openssl(
            "req", "-new", "-key", self.pki.key("phone"), "-subj", "/CN=old", "-out", request
        )
        self.pki.openssl(
            "x509", "-req", "-in", request, "-key", self.pki.key("phone"), "-out", old,
            "-days", "-1",
        )  # fmt: skip
        bundle.write_bytes(
            b"words around\n" + self.pki.cert("ca").read_bytes() + old.read_bytes()
            + self.pki.cert("phone").read_bytes()
        )  # fmt: skip
        got = self.cert("trust", "add", bundle, status=1)
        self.assertEqual(got["code"], "CERT_EXPIRED")
        self.assertEqual([e["subject"] for e in got["refused"]], ["CN=old"])
        self.assertEqual((len(got["added"]), len(self.trusted())), (2, 2))
        self.assertIn("CERT_EXPIRED", self.text("trust", "add", old, status=1))
        empty = self.dir / "empty.pem"
        empty.write_text("nothing\n")
        self.assertEqual(self.cert("trust", "add", empty, status=1)["code"], "FORMAT")
        missing = self.cert("trust", "add", self.dir / "missing", status=1)
        self.assertEqual(missing["code"], "STORE_IO")
        self.text("trust", "add", status=2)
        self.text("trust", "add", bundle, "--as", "friend", status=2)

    def test_a_fingerprint_is_compared_before_anything_is_trusted(self):
        right, wrong = self.sha256("phone"), self.sha256("ca")
        spelled = ":".join(right[i : i + 2] for i in range(0, 64, 2)).upper()
        got = self.cert(
            "trust", "add", self.pki.cert("phone"), "--expect-fingerprint", wrong, status=1
        )
        self.assertEqual((got["code"], self.trusted()), ("FINGERPRINT", {}))
        self.cert("trust", "add", self.pki.cert("phone"), "--expect-fingerprint", spelled)
        self.assertEqual(list(self.trusted()), [right])
        self.text("trust", "add", self.pki.cert("ca"), "--expect-fingerprint", "12", status=2)

    def test_export_and_replace(self):
        self.cert("trust", "add", self.pki.cert("ca"), self.pki.cert("phone"), "--label", "lobby")
        out = self.dir / "all.pem"
        self.cert("trust", "export", "--out", out)
        self.assertEqual(out.read_text().count("BEGIN CERTIFICATE"), 2)
        self.assertEqual(self.text("trust", "export"), out.read_text())
        phone = self.sha256("phone")
        der = self.dir / "phone.der"
        self.cert("trust", "export", phone[:12], "--der", "--out", der)
        back = subprocess.run(
            ["openssl", "x509", "-inform", "DER", "-in", der],
            check=True, capture_output=True,
        ).stdout  # fmt: skip
        self.assertEqual(back.strip(), self.pki.cert("phone").read_bytes().strip())
        self.text("trust", "export", "--der", status=2)
        self.cert("trust", "replace", phone[:12], self.pki.cert("phone-anew"))
        anew = self.sha256("phone-anew")
        self.assertEqual(set(self.trusted()), {self.sha256("ca"), anew})
        self.assertEqual(self.cert("trust", "show", anew)["label"], "lobby")
        got = self.cert("trust", "replace", phone, self.pki.cert("phone"), status=1)
        self.assertEqual(got["code"], "NOT_FOUND")
        # what was exported is trusted again
        self.cert("trust", "clear")
        self.cert("trust", "add", out)
        self.assertEqual(len(self.trusted()), 2)

    def test_show_says_what_a_file_holds(self):
        got = self.cert("show", self.pki.cert("gk"))
        self.assertEqual(got["subject"], "CN=gk.example")
        self.assertEqual(got["issuer"], "CN=Test authority")
        self.assertEqual((got["self_signed"], got["ca"]), (False, False))
        self.assertIn("DNS:gk.example", got["san"])
        self.assertEqual(got["sha256"], self.sha256("gk"))
        self.assertEqual((len(got["sha1"]), len(got["md5"])), (40, 32))
        self.assertEqual(got["key"], "EC 256")
        bundle = self.dir / "two.pem"
        bundle.write_bytes(self.pki.cert("gk").read_bytes() + self.pki.cert("ca").read_bytes())
        got = self.cert("show", bundle)["certificates"]
        self.assertEqual([c["ca"] for c in got], [False, True])
        self.assertIn("Test authority", self.text("show", bundle))
        der = self.dir / "gk.der"
        self.pki.openssl("x509", "-in", self.pki.cert("gk"), "-outform", "DER", "-out", der)
        self.assertEqual(self.cert("show", der)["subject"], "CN=gk.example")
        self.assertEqual(self.cert("show", self.dir / "openssl", status=1)["code"], "STORE_IO")

    def test_commands_of_the_control_program_work_without_a_gatekeeper(self):
        self.ctl("trust", "add", self.pki.cert("phone"))
        self.assertEqual(list(self.trusted()), [self.sha256("phone")])
        got = self.ctl("trust", "remove", self.sha256("phone"), "--drop")
        self.assertEqual(got["dropped"], 0)
        self.assertEqual(self.ctl("rejected", "list"), [])
        self.text("trust", "remove", "12", "--drop", status=2)  # nobody to tell


class Running(Trust):
    """Nothing is restarted, nobody is disturbed."""

    def setUp(self):
        super().setUp()
        self.ctl("device", "add", DEVICE, "--tls-only")
        self.ctl("device", "add", PHONE, "--tls-only")

    def stays(self, name):
        ep = self.endpoint(self.to, *self.arguments(name))
        ep.expect("registered")
        return ep

    def test_the_fast_set_up_of_the_documents(self):
        gk = self.tls_gatekeeper("--trust", self.pki.cert("ca"))
        device = self.stays("device")
        conn = gk.expect("registered", names=[DEVICE])["conn"]
        self.ctl("trust", "clear")
        # a registration fails: also one of the same device
        self.attempt("device", 12)
        self.assertEqual(gk.expect("refused")["code"], "UNKNOWN_CA")
        self.attempt("phone", 12)
        refused = gk.expect("refused")
        self.assertEqual(refused["code"], "SELF_SIGNED_UNTRUSTED")
        self.assertEqual(refused["rejected_id"], self.sha256("phone"))
        listed = {e["cn"]: e for e in self.ctl("rejected", "list")}
        self.assertEqual(set(listed), {DEVICE, PHONE})
        self.assertEqual(listed[PHONE]["code"], "SELF_SIGNED_UNTRUSTED")
        self.assertEqual((listed[PHONE]["count"], listed[PHONE]["role"]), (1, "server"))
        self.assertTrue(listed[PHONE]["peer"].startswith("127.0.0.1:"))
        # it is trusted by its id, and works
        got = self.ctl("rejected", "trust", refused["rejected_id"][:12])
        self.assertEqual(got["added"][0]["kind"], "end-entity")
        self.attempt("phone", 0)
        gk.expect("registered", names=[PHONE], auth="certificate")
        self.attempt("device", 12)
        # the one that was there all along was not touched
        there = self.ctl("registrations")["registrations"]
        self.assertEqual([r["names"] for r in there], [[DEVICE]])
        self.assertNotIn(conn, [e.get("conn") for e in gk.events if e["event"] == "closed"])
        self.assertEqual(device.stop(), 0)
        gk.expect("closed", conn=conn)

    def test_a_phone_that_says_it_is_an_authority_issues_nobody(self):
        gk = self.tls_gatekeeper()
        self.ctl("trust", "add", self.pki.cert("soft"), "--as", "end-entity")
        chain = self.dir / "chain.pem"
        chain.write_bytes(
            self.pki.cert("issued").read_bytes() + self.pki.cert("soft").read_bytes()
        )
        status, ep = self.once(
            self.to, "--hardware-id", "auto", "--cert", chain, "--key",
            self.pki.key("issued"), "--trust", self.pki.cert("ca"),
        )  # fmt: skip
        self.assertEqual(status, 12, ep.stderr())
        refused = gk.expect("refused")
        self.assertIn(refused["code"], ("UNKNOWN_CA", "SELF_SIGNED_UNTRUSTED"))
        # its chain is kept as it came, and its issuer may be trusted by depth
        shown = self.ctl("rejected", "show", refused["rejected_id"])
        self.assertIs(shown["ok"], True)
        self.assertEqual([c["ca"] for c in shown["chain"]], [False, True])
        self.assertEqual(
            self.ctl("rejected", "trust", refused["rejected_id"], "--depth", "2", status=1)["code"],
            "OUT_OF_RANGE",
        )

    def test_removing_an_entry_ends_connections_only_where_that_is_asked_for(self):
        gk = self.tls_gatekeeper()
        self.ctl("trust", "add", self.pki.cert("phone"), self.pki.cert("ca"))
        phone, device = self.stays("phone"), self.stays("device")
        self.ctl("trust", "remove", self.sha256("phone"))
        self.attempt("phone", 12)  # the name is held, and the certificate refused
        gk.expect("refused")
        self.assertEqual(len(self.ctl("registrations")["registrations"]), 2)
        got = self.ctl("trust", "remove", self.sha256("ca"), "--drop")
        self.assertEqual(got["dropped"], 1)
        gk.expect("unregistered", names=[DEVICE])
        device.expect("closed")
        there = self.ctl("registrations")["registrations"]
        self.assertEqual([r["names"] for r in there], [[PHONE]])
        # nor does it come back with the session it kept
        self.assertEqual(gk.expect("refused")["code"], "UNKNOWN_CA")
        device.signal(signal.SIGTERM)
        self.assertEqual(phone.stop(), 0)

    def test_a_change_by_another_program_counts_from_the_next_handshake(self):
        gk = self.tls_gatekeeper()
        self.attempt("device", 12)
        gk.expect("refused")
        self.cert("trust", "add", self.pki.cert("ca"))
        self.attempt("device", 0)
        # a file that a person put there with an editor
        self.cert("trust", "clear")
        shutil.copy(self.pki.cert("phone"), self.state / "trust" / "by-hand.pem")
        self.attempt("phone", 0)
        os.remove(self.state / "trust" / "by-hand.pem")
        self.attempt("phone", 12)

    def test_a_directory_in_the_list_is_a_damaged_entry_and_no_more(self):
        self.cert("trust", "add", self.pki.cert("ca"))
        (self.state / "trust" / "old").mkdir()
        (self.state / "rejected" / "old").mkdir(parents=True)
        self.assertEqual(list(self.trusted()), [self.sha256("ca")])
        gk = self.tls_gatekeeper()
        self.assertIn("passes over 1", gk.stderr())
        self.attempt("device", 0)
        self.attempt("soft", 12)
        self.assertEqual(len(self.cert("rejected", "list")), 1)
        # what is taken away counts all the same
        self.cert("trust", "remove", self.sha256("ca")[:12], "--yes")
        self.attempt("device", 12)

    def test_the_fast_set_up_of_an_endpoint(self):
        self.tls_gatekeeper("--trust", self.pki.cert("ca"))
        arguments = "--hardware-id", "auto", *self.pki.own("device")
        status, ep = self.once(self.to, *arguments)
        self.assertEqual(status, 11, ep.stderr())
        self.assertIn("the trust list is empty", ep.stderr())
        (refused,) = [e for e in ep.events if e["event"] == "refused"]
        self.assertEqual(refused["code"], "UNKNOWN_CA")
        self.assertEqual(refused["rejected_id"], self.sha256("gk"))
        self.state = self.dir / "endpoint"
        (kept,) = self.cert("rejected", "list")
        self.assertEqual((kept["role"], kept["cn"]), ("client", "gk.example"))
        self.cert("rejected", "trust", kept["id"])
        status, ep = self.once(self.to, *arguments)
        self.assertEqual(status, 0, ep.stderr())
        # --trust is for one run, and written down nowhere
        self.cert("trust", "clear")
        status, ep = self.once(self.to, *arguments, "--trust", self.pki.cert("ca"))
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(self.cert("trust", "list"), [])

    def test_a_reload_takes_the_files_of_the_configuration(self):
        config = self.dir / "gk.ini"
        config.write_text("[tls]\n")
        gk = self.tls_gatekeeper("-c", config)
        self.assertIn("the trust list is empty", gk.stderr())
        self.attempt("device", 12)
        config.write_text(f"[tls]\ntrust = {self.pki.cert('ca')}\n")
        gk.signal(signal.SIGHUP)
        gk.expect("reloaded")
        self.attempt("device", 0)
        config.write_text(f"[tls]\ntrust = {self.dir / 'missing'}\n")
        self.assertFalse(self.ctl("reload", status=1)["ok"])
        self.attempt("device", 0)

    def test_a_reload_that_is_refused_trusts_nobody(self):
        pki, config = self.pki, self.dir / "gk.ini"
        other = "[tls other]\nlisten = 127.0.0.1:0\n"
        trust = f"[tls]\ntrust = {pki.cert('ca')}\n"
        config.write_text("[registration]\nopen = yes\n" + other)
        gk = self.tls_gatekeeper("-c", config)
        missing, damaged = self.dir / "missing", self.dir / "damaged"
        damaged.write_text("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")
        wrong = f"cert = {pki.cert('ca')}\nkey = {pki.key('phone')}\n"
        for text, code in (
            (trust + f"trust = {missing}\n" + other, "STORE_IO"),
            (trust + f"trust = {damaged}\n" + other, "FORMAT"),
            (trust + other + wrong, "KEY_MISMATCH"),
        ):
            with self.subTest(code):
                config.write_text(text)
                self.ctl("reload", status=1)
                self.assertIn(code, gk.stderr())
                self.assertEqual(self.ctl("trust", "list"), [])
                self.assertEqual(list(self.state.glob("trust/*.pem")), [])
                self.attempt("device", 12)
        # it cannot be written down: the settings before it are put back
        shutil.rmtree(self.state / "trust", ignore_errors=True)
        (self.state / "trust").write_text("no directory")
        config.write_text(trust + "[registration]\nmax_ttl = 30\nttl = 30\n" + other)
        self.ctl("reload", status=1)
        self.assertTrue(gk.stderr().endswith("the old configuration stays in force\n"))
        status, ep = self.once(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x")
        self.assertEqual(status, 0, ep.stderr())
        self.assertGreater(gk.expect("registered")["ttl"], 30)
        (self.state / "trust").unlink()
        self.ctl("reload")
        self.assertEqual(list(self.trusted()), [self.sha256("ca")])

    def test_a_start_that_is_refused_trusts_nobody(self):
        gk = self.start("h46017-gk", "--state", self.state, "--trust", self.pki.cert("ca"),
                        "--trust", self.dir / "missing", "--tcp", "127.0.0.1:0", "--tls", "off")  # fmt: skip
        self.assertEqual(gk.wait(), 1)
        self.assertEqual(self.trusted(), {})

    def test_one_that_is_only_asked_for_goes_on_and_is_kept(self):
        gk = self.tls_gatekeeper("--client-cert", "request")
        self.attempt("phone", 13)
        tls = gk.expect("tls")
        self.assertEqual((tls["verified"], tls["code"]), (False, "SELF_SIGNED_UNTRUSTED"))
        self.assertEqual(tls["rejected_id"], self.sha256("phone"))
        gk.expect("rejected", code="SELF_SIGNED_UNTRUSTED")
        self.ctl("rejected", "trust", tls["rejected_id"])
        self.attempt("phone", 0)

    def test_several_that_were_refused_are_trusted_at_once(self):
        self.tls_gatekeeper()
        for name in "phone", "device", "soft":
            self.attempt(name, 12)
        phone, device, soft = map(self.sha256, ("phone", "device", "soft"))
        got = self.ctl("rejected", "trust", phone[:12], "00ff", device[:12], "xyz", status=1)
        self.assertEqual(got["code"], "NOT_FOUND")
        self.assertEqual([e["id"] for e in got["added"]], [phone, device])
        told = [(e["file"], e["code"]) for e in got["refused"]]
        self.assertEqual(told, [("00ff", "NOT_FOUND"), ("xyz", "INVALID_ARGUMENT")])
        self.assertEqual(set(self.trusted()), {phone, device})
        self.assertEqual([e["id"] for e in self.ctl("rejected", "list")], [soft])
        self.attempt("phone", 0)
        self.attempt("device", 0)
        said = self.text("rejected", "trust", "00ff", soft, status=1)
        self.assertIn("00ff: ", said)
        self.assertIn("trusted as end-entity: CN=softphone", said)
        self.assertIn(soft, self.trusted())

    def test_a_device_installed_anew_is_recognised_by_its_name(self):
        gk = self.tls_gatekeeper()
        self.ctl("trust", "add", self.pki.cert("phone"))
        self.attempt("phone-anew", 12)
        gk.expect("refused")
        (kept,) = self.ctl("rejected", "list")
        self.assertEqual(kept["same_name"], self.sha256("phone"))
        said = self.ctl("rejected", "list", json_answer=False)
        self.assertIn(f"of the same name as {self.sha256('phone')[:12]}", said)
        self.ctl("trust", "replace", kept["same_name"][:12], self.pki.cert("phone-anew"))
        self.attempt("phone-anew", 0)
        self.attempt("phone", 12)
        self.ctl("rejected", "clear")
        self.assertEqual(self.ctl("rejected", "list"), [])


if __name__ == "__main__":
    unittest.main()
