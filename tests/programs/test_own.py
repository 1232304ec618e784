# SPDX-License-Identifier: BSD-2-Clause
"""Who the programs are: made at the first start, managed by h46017-cert while
they run. openssl s_client looks at what is served."""
import hashlib
import re
import signal
import ssl
import stat
import unittest

import harness

PHONE = "0090332f688a"


class Own(harness.Case):
    """One gatekeeper that anybody may talk to, on a state directory of its own."""

    def serve(self, *arguments):
        gk = self.gatekeeper("--client-cert", "none", "--open", *arguments, tls="127.0.0.1:0")
        self.port = gk.port["tls"]
        return gk

    def served(self, name="phone.example", *arguments):
        """The subject of what a client that asks for a name is shown."""
        out = harness.s_client(self.port, "-servername", name, *arguments)
        return re.search(r"^subject=(.*)$", out, re.M)[1].replace(" = ", "=")

    def test_the_first_start_makes_a_key_and_tcp_does_not_wait_for_it(self):
        gk = self.start(
            "h46017-gk", "--state", self.state, "--tcp", "127.0.0.1:0", "--tls", "127.0.0.1:0"
        )
        first = [gk.expect_any() for _ in range(3)]
        self.assertEqual([e["event"] for e in first], ["listening", "credentials", "listening"])
        self.assertEqual([e.get("transport") for e in first], ["tcp", None, "tls"])
        self.assertEqual(first[1]["source"], "generated")
        gk.stop()
        file = self.state / "credentials" / "generated.pem"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        # what is kept is what was said, and is made once
        pem = file.read_text()
        leaf = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT") :])
        self.assertEqual(first[1]["sha256"], hashlib.sha256(leaf).hexdigest())
        self.gatekeeper(tls="127.0.0.1:0").stop()
        self.assertEqual(file.read_text(), pem)
        # another device's is another, and nothing of the kind comes with the program
        self.state = self.dir / "other"
        self.gatekeeper(tls="127.0.0.1:0").stop()
        other = (self.state / "credentials" / "generated.pem").read_text()
        self.assertNotEqual(other, pem)
        for program in ("h46017-gk", "h46017-ep", "h46017-cert"):
            self.assertNotIn(b"-----BEGIN", (harness.PROGRAMS / program).read_bytes())

    def test_what_is_installed_is_served_to_whoever_comes_next(self):
        gk = self.serve()
        made = gk.events[-2]["cn"]
        self.assertEqual(self.served(), f"CN={made}")
        ep = self.endpoint(f"tls:127.0.0.1:{self.port}", "--alias", "x", "--insecure-server")
        gk.expect("registered")
        self.cert("selfsigned", "--cn", "gk.example", "--key", "rsa:2048")
        self.assertEqual(self.served(), "CN=gk.example")
        got = gk.expect("credentials")
        self.assertEqual((got["cn"], got["source"]), ("gk.example", "user"))
        # a request changes nothing until its certificate is there
        self.cert("ca", "init", "--dir", self.dir / "CA", "--subject", "CN=Site")
        request = self.dir / "r.pem"
        self.cert("csr", "new", "--cn", "gk2.example", "--out", request)
        self.assertEqual(self.served(), "CN=gk.example")
        self.cert("ca", "issue", "--dir", self.dir / "CA", "--csr", request, "--cn",
                  "gk2.example", "--out", self.dir / "gk2.pem")  # fmt: skip
        self.cert("csr", "install", self.dir / "gk2.pem")
        self.assertEqual(self.served(), "CN=gk2.example")
        chain = harness.s_client(self.port, "-showcerts")
        self.assertIn("i:CN = Site", chain, "the chain is sent")
        # the user's goes, the generated one is in force again, and renewed
        self.cert("delete", "--yes")
        self.assertEqual(self.served(), f"CN={made}")
        before = gk.expect("credentials", source="generated")["sha256"]
        self.cert("renew", "--cn", "anew")
        self.assertEqual(self.served(), "CN=anew")
        self.assertNotEqual(gk.expect("credentials", cn="anew")["sha256"], before)
        self.assertEqual(ep.stop(), 0, "nobody was disturbed")
        gk.expect("unregistered", why="UNREGISTERED")

    def test_when_all_are_gone_another_is_made(self):
        self.cert("selfsigned", "--cn", "only")
        gk = self.serve()
        self.assertEqual(self.served(), "CN=only")
        self.cert("delete", "--yes")
        gk.signal(signal.SIGHUP)
        got = gk.expect("credentials", source="generated")
        self.assertEqual(self.served(), f"CN={got['cn']}")

    def test_what_is_damaged_changes_nothing(self):
        self.cert("selfsigned", "--cn", "good")
        gk = self.serve()
        (self.state / "credentials" / "new").touch()  # a name that comes is a change
        (self.state / "credentials" / "device.pem").write_text("nothing")
        self.assertEqual(self.served(), "CN=good")
        self.assertIn("STORE_CORRUPT", gk.stderr())
        self.ctl("reload", status=1)
        self.assertEqual(self.served(), "CN=good")

    def test_a_refused_reload_hides_no_change(self):
        self.cert("selfsigned", "--cn", "first")
        file, other = self.dir / "gk.ini", "[tls other]\nlisten = 127.0.0.1:0\n"
        file.write_text(other)
        gk = self.serve("--config", file)
        self.cert("selfsigned", "--cn", "second")
        file.write_text(other + "cert = missing\nkey = missing\n")
        self.ctl("reload", status=1)
        self.assertIn("STORE_IO", gk.stderr())
        self.assertEqual(self.served(), "CN=second")

    def test_a_refused_reload_makes_no_certificate(self):
        pki, file = harness.Pki(self.dir / "pki"), self.dir / "gk.ini"
        other = "[tls other]\nlisten = 127.0.0.1:0\n"
        file.write_text(f"[tls]\ncert = {pki.cert('gk')}\nkey = {pki.key('gk')}\n" + other)
        gk = self.serve("--config", file)
        file.write_text(other + "cert = missing\nkey = missing\n")
        self.ctl("reload", status=1)
        self.assertNotIn("making a key", gk.stderr())
        self.assertEqual(self.served(), "CN=gk.example")
        self.assertFalse((self.state / "credentials").exists())

    def test_renewed_it_keeps_its_name(self):
        self.serve()
        before = harness.s_client(self.port)
        self.cert("renew")
        after = harness.s_client(self.port)
        subject = re.compile(r"^subject=.*$", re.M)
        self.assertEqual(subject.search(before)[0], subject.search(after)[0])
        self.assertNotEqual(before.split("-----")[2], after.split("-----")[2])
        host = subject.search(after)[0].split()[-1]
        out = self.dir / "own.pem"
        self.cert("export", "--out", out)
        self.assertEqual(self.cert("show", out)["san"], f"DNS:{host}")

    def test_a_name_asked_for_chooses_the_application(self):
        gk = self.serve()
        self.cert("selfsigned", "--cn", "Secure.Example", "--name", "secure.example")
        self.assertEqual(self.served("secure.example"), "CN=Secure.Example")
        self.assertEqual(self.served("SECURE.example"), "CN=Secure.Example")
        device = f"CN={gk.events[-2]['cn']}"
        self.assertEqual(self.served("other.example"), device)
        self.assertIn("Verification error", harness.s_client(self.port, "-noservername"))
        self.cert("app", "remove", "secure.example", "--yes")
        self.assertEqual(self.served("secure.example"), device)

    def pair(self, name, key="ec"):
        """--cert and --key of a new self-signed certificate for NAME."""
        file = self.dir / f"{name}.pem"
        self.cert("selfsigned", "--cn", name, "--key", key, "--out", file)
        return "--cert", file, "--key", file.with_suffix(".key")

    def test_rsa_and_ec_side_by_side_and_an_application_beside_them(self):
        """Each client is shown what it can check; what it asks for by name
        stands before both, whatever is given in files."""
        ec, rsa = self.pair("ec.example"), self.pair("rsa.example", "rsa:2048")
        self.cert("selfsigned", "--cn", "app.example", "--name", "app.example")
        gk = self.serve(*rsa, *ec)
        shown = [e for e in gk.events if e["event"] == "credentials"]
        self.assertEqual(sorted(e["cn"] for e in shown), ["ec.example", "rsa.example"])
        only_rsa = ("-sigalgs", "rsa_pss_rsae_sha256:RSA+SHA256")
        only_ec = ("-sigalgs", "ECDSA+SHA256")
        for version in "-tls1_2", "-tls1_3":
            self.assertEqual(self.served("x", version, *only_rsa), "CN=rsa.example")
            self.assertEqual(self.served("x", version, *only_ec), "CN=ec.example")
            self.assertEqual(self.served("app.example", version, *only_ec), "CN=app.example")
            self.assertEqual(self.served("app.example", version), "CN=app.example")
        # an application that comes while it runs counts at once
        self.cert("selfsigned", "--cn", "late.example", "--name", "late.example")
        self.assertEqual(self.served("late.example"), "CN=late.example")
        self.assertEqual(self.served("x", *only_rsa), "CN=rsa.example")

    def test_two_of_one_kind_are_refused_and_the_command_line_stands_above_the_file(self):
        first, second = self.pair("first.example"), self.pair("second.example")
        rsa, file = self.pair("rsa.example", "rsa:2048"), self.dir / "gk.ini"
        file.write_text("[tls]\n" + "".join(f"cert = {p[1]}\nkey = {p[3]}\n" for p in (first, rsa)))
        gk = self.serve("--config", file)
        self.assertEqual(self.served("x", "-sigalgs", "ECDSA+SHA256"), "CN=first.example")
        self.assertEqual(self.served("x", "-sigalgs", "RSA+SHA256", "-tls1_2"), "CN=rsa.example")
        # a reload that cannot be taken changes nothing
        with file.open("a") as text:
            text.write(f"cert = {second[1]}\nkey = {second[3]}\n")
        self.assertEqual(self.ctl("reload", status=1)["ok"], False)
        self.assertIn("KEY_KIND_TWICE", gk.stderr())
        self.assertEqual(self.served("x", "-sigalgs", "ECDSA+SHA256"), "CN=first.example")
        gk.stop()
        self.serve("--config", file, *second)
        self.assertEqual(self.served(), "CN=second.example")
        for wrong in first + second[:2], first[:2]:
            gk = self.start("h46017-gk", "--state", self.state, *wrong)
            self.assertEqual(gk.wait(), 2)
            self.assertIn("each cert needs its key", gk.stderr())

    def test_files_of_the_command_line_are_read_again_when_that_is_asked_for(self):
        pki = harness.Pki(self.dir / "pki")
        gk = self.serve(*pki.own("gk"))
        self.assertFalse((self.state / "credentials").exists())
        pki.make("gk", "anew.example", "gatekeeper", "ca")
        self.assertEqual(self.served(), "CN=gk.example")
        gk.signal(signal.SIGHUP)
        self.assertEqual(gk.expect("credentials", cn="anew.example")["source"], "file")
        self.assertEqual(self.served(), "CN=anew.example")
        pki.cert("gk").write_text("nothing")
        self.ctl("reload", status=1)
        self.assertIn("FORMAT", gk.stderr())
        self.assertEqual(self.served(), "CN=anew.example")


class Phone(harness.Case):
    """An endpoint makes its own too; one command lets it in."""

    @classmethod
    def setUpClass(cls):
        cls.pki = harness.Pki.shared(cls)

    def setUp(self):
        super().setUp()
        self.gk = self.gatekeeper(*self.pki.own("gk"), tls="127.0.0.1:0")
        self.to = f"tls:127.0.0.1:{self.gk.port['tls']}"

    def attempt(self, *arguments):
        return self.once(self.to, "--trust", self.pki.cert("ca"), *arguments)

    def open_gatekeeper(self):
        return self.gatekeeper(
            *self.pki.own("gk"), "--client-cert", "request", "--open",
            tls=f"127.0.0.1:{self.gk.port['tls']}",
        )  # fmt: skip

    def said(self, ep):
        return next(e for e in ep.events if e["event"] == "credentials")

    def test_a_phone_out_of_the_box(self):
        self.ctl("device", "add", PHONE)
        status, ep = self.attempt("--hardware-id", PHONE)
        self.assertEqual(status, 12, ep.stderr())
        said = self.said(ep)
        self.assertEqual((said["cn"], said["source"]), (PHONE, "generated"))
        refused = self.gk.expect("refused", code="SELF_SIGNED_UNTRUSTED")
        self.assertEqual(refused["rejected_id"], said["sha256"])
        self.ctl("rejected", "trust", said["sha256"][:12])
        status, ep = self.attempt("--hardware-id", "auto")
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(self.said(ep), said | {"time": self.said(ep)["time"]})
        self.assertEqual(self.gk.expect("registered")["cn"], PHONE)
        got = self.cert("--state", self.dir / "endpoint", "renew")
        self.assertEqual((got["subject"], got["san"]), (f"CN={PHONE}", None))

    def test_without_a_name_it_is_the_machines(self):
        status, ep = self.attempt("--hardware-id", "auto")
        self.assertEqual(status, 12, ep.stderr())
        self.assertRegex(self.said(ep)["cn"], r"^([0-9a-f]{12}|[\w.-]+)$")

    def test_a_new_certificate_is_shown_at_the_next_connection(self):
        self.gk.stop()
        self.gk = self.open_gatekeeper()
        self.pki.make("phone", "bought.example", "device", "ca")
        ep = self.endpoint(self.to, "--trust", self.pki.cert("ca"), "--hardware-id", PHONE)
        self.gk.expect("tls", cn=PHONE)
        self.gk.expect("registered")
        self.cert("--state", self.dir / "endpoint", "import", self.pki.cert("phone"), "--key",
                  self.pki.key("phone"))  # fmt: skip
        self.gk.stop()
        self.gk = self.open_gatekeeper()
        self.gk.expect("tls", cn="bought.example")
        self.assertEqual(ep.expect("credentials", source="user")["cn"], "bought.example")
        self.assertEqual(ep.stop(), 0)

    def test_an_application_certificate_is_chosen_by_name_on_the_way_out(self):
        self.cert("--state", self.dir / "endpoint", "selfsigned", "--cn", "out.example", "--name", "x")
        status, ep = self.attempt("--hardware-id", "auto", "--app", "X")
        self.assertEqual(status, 12, ep.stderr())
        said = self.said(ep)
        self.assertEqual((said["cn"], said["source"]), ("out.example", "application"))
        self.assertEqual(self.gk.expect("refused")["rejected_id"], said["sha256"])
        status, ep = self.attempt("--hardware-id", "auto", "--app", "nothing")
        self.assertEqual(status, 2)
        self.assertIn("NOT_FOUND", ep.stderr())

    def test_who_lost_the_connection_resumes_unless_something_changed(self):
        self.ctl("trust", "add", self.pki.cert("ca"))
        self.ctl("device", "add", PHONE)
        self.pki.make("phone", PHONE, "device", "ca")
        relay = harness.Relay(self.gk.port["tls"])
        self.addCleanup(relay.close)
        ep = self.endpoint(
            f"tls:127.0.0.2:{relay.port}", "--trust", self.pki.cert("ca"), "--server-name",
            "gk.example", "--hardware-id", "auto", *self.pki.own("phone"),
        )  # fmt: skip

        def again():
            relay.cut()
            return self.gk.expect("tls", timeout=60)["resumed"]

        self.assertFalse(self.gk.expect("tls")["resumed"])
        self.gk.expect("registered")
        ep.expect("registered")
        self.assertTrue(again())
        got = self.gk.expect("registered")
        ep.expect("registered")
        self.assertEqual((got["cn"], got["auth"]), (PHONE, "certificate"))
        # another certificate of ours: it is shown
        self.pki.make("phone", PHONE, "device", "ca")
        ep.signal(signal.SIGHUP)
        ep.expect("credentials")
        self.assertFalse(again())
        ep.expect("registered")
        # the entry it rested on is gone
        self.ctl("trust", "clear")
        relay.cut()
        self.gk.expect("refused", code="UNKNOWN_CA", timeout=60)


if __name__ == "__main__":
    unittest.main()
