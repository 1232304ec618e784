# SPDX-License-Identifier: BSD-2-Clause
"""h46017-cert doctor: each thing that can be wrong is found, with its remedy."""
import unittest

import harness

PHONE = "0090332f688a"
EXTENSIONS = """
[any]
subjectKeyIdentifier = hash
[critical]
1.2.3.4 = critical, ASN1:NULL
[narrow]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
nameConstraints = critical, permitted;DNS:example.net, excluded;DNS:bad.example.net
[both]
basicConstraints = critical, CA:TRUE
keyUsage = digitalSignature, keyCertSign
"""


class Doctor(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.pki = harness.Pki.shared(cls)

    def examine(self, *arguments, status=0):
        got = self.cert("doctor", *arguments, status=status)
        for finding in got["findings"]:
            if finding["level"] not in ("ok", "note"):
                self.assertTrue(finding["remedy"], finding)
        return got

    def find(self, got, about, text):
        found = [f for f in got["findings"] if f["about"] == about and text in f["text"]]
        self.assertEqual(len(found), 1, got["findings"])
        return found[0]

    def take(self, name):
        """As `import` keeps it, without another process."""
        kept = self.state / "credentials"
        kept.mkdir(parents=True, exist_ok=True)
        pem = self.pki.key(name).read_text() + self.pki.cert(name).read_text()
        (kept / "device.pem").write_text(pem)

    def signed(self, name, *arguments, key="ec", extensions="device", cn=PHONE, issuer="ca"):
        """A certificate as openssl makes it, whatever is wrong with it."""
        pki = self.pki
        kind = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256") if key == "ec" else (key,)
        request = pki.dir / f"{name}.csr"
        pki.openssl("req", "-new", "-newkey", *kind, "-nodes", "-keyout", pki.key(name), "-subj",
                    cn if "/" in cn else f"/CN={cn}", "-out", request)  # fmt: skip
        config = pki.dir / f"{name}.cnf"
        config.write_text(pki.CONFIG + EXTENSIONS)
        pki.openssl("x509", "-req", "-in", request, "-CA", pki.cert(issuer), "-CAkey",
                    pki.key(issuer), "-CAcreateserial", "-extfile", config, "-extensions",
                    extensions, "-out", pki.cert(name), *arguments)  # fmt: skip
        if issuer:
            with open(pki.cert(name), "ab") as file:
                file.write(pki.cert(issuer).read_bytes())
        self.take(name)

    def test_nothing_there_is_nothing_wrong(self):
        got = self.examine()
        self.assertEqual(got["worst"], "note")
        self.find(got, "own certificate", "there is none")
        self.find(got, "trust list", "nobody is trusted")
        self.assertFalse(self.state.exists(), "looking changes nothing")

    def test_what_is_good_is_said_for_either_role_and_by_whom_it_is_trusted(self):
        self.cert("renew", "--cn", "gk.example")
        got = self.examine("--name", "GK.example")
        self.find(got, "generated certificate", "good as a gatekeeper's")
        self.find(got, "generated certificate", "good as an endpoint's")
        self.assertEqual(self.find(got, "generated certificate", "nobody")["level"], "note")
        self.signed("good", "-days", "400", extensions="any")
        self.cert("trust", "add", self.pki.cert("ca"))
        got = self.examine()
        self.assertIn("authority", self.find(got, "own certificate", "trusted by")["text"])
        self.assertNotIn("generated certificate", [f["about"] for f in got["findings"]])
        # what a person reads is the same
        text = self.cert("doctor", json_answer=False)
        self.assertIn("ok       own certificate: good as an endpoint's\n", text)

    def test_the_end_is_told_ninety_thirty_and_seven_days_before(self):
        for days, level in ((91, "ok"), (89, "note"), (29, "warning"), (6, "urgent")):
            self.signed("short", "-days", days)
            got = self.examine()
            self.assertEqual(self.find(got, "own certificate", "the certificate is valid")["level"], level)
        self.cert("trust", "add", self.pki.cert("short"), "--as", "end-entity")
        self.find(self.examine(), "trust list", f"CN={PHONE} expires on")

    def test_what_has_expired_is_an_error(self):
        self.signed("old", "-days", "-1")
        got = self.examine(status=1)
        self.assertEqual((got["ok"], got["code"]), (False, "CERT_EXPIRED"))
        self.assertEqual(self.find(got, "own certificate", "expired on")["level"], "error")

    def test_purpose_strength_name_and_extensions_are_judged_by_a_handshake(self):
        self.signed("purpose", "-days", "400", extensions="device")
        got = self.examine()
        self.find(got, "own certificate", "good as an endpoint's")
        self.assertEqual(self.find(got, "own certificate", "as a gatekeeper's")["code"], "CERT_PURPOSE")
        self.signed("weak", "-days", "400", key="rsa:1024", extensions="any")
        found = self.find(self.examine(), "own certificate", "as an endpoint's it is taken only")
        self.assertIn("--profile legacy-device", found["text"])
        self.assertEqual(found["code"], "CERT_WEAK")
        self.signed("nobody", "-days", "400", cn="/CN=a/CN=b")
        self.assertEqual(self.examine(status=1)["code"], "CERT_NAME")
        self.signed("critical", "-days", "400", extensions="critical")
        self.assertEqual(self.examine(status=1)["code"], "CERT_CRITICAL_EXTENSION")
        self.take("gk")
        self.examine("--name", "127.0.0.1")
        self.assertEqual(self.examine("--name", "other.example", status=1)["code"], "SERVER_NAME")

    def test_an_authority_that_may_not_give_this_name_is_named(self):
        self.signed("narrow", "-days", "400", extensions="narrow", cn="/CN=Narrow")
        names = "Permitted: DNS:example.net Excluded: DNS:bad.example.net"
        self.assertEqual(self.cert("show", self.pki.cert("narrow"))["name_constraints"], names)
        self.assertIsNone(self.cert("show", self.pki.cert("ca"))["name_constraints"])
        for cn, code in (("phone.example.net", None), ("phone.example.com", "CERT_REJECTED")):
            self.signed("leaf", "-days", "30", extensions="any", cn=cn, issuer="narrow")
            got = self.examine(status=1 if code else 0)
            self.assertEqual(got.get("code"), code)
            self.assertIn(names, self.find(got, "own certificate", "CN=Narrow vouches")["text"])

    def test_an_authority_as_a_device_is_refused_by_gatekeepers(self):
        self.signed("subca", "-days", "400", extensions="both")
        found = self.find(self.examine(), "own certificate", "as an endpoint's")
        self.assertEqual(found["code"], "CERT_IS_CA")

    def test_a_key_of_another_a_chain_in_disorder_and_one_that_ends_early(self):
        kept = self.state / "credentials"
        kept.mkdir(parents=True)
        pki = self.pki
        pem = [pki.key("gk").read_text(), pki.cert("gk").read_text(), pki.cert("ca").read_text()]
        (kept / "device.pem").write_text(pem[2] + pem[1] + pem[0])
        self.assertIn("in order", self.find(self.examine(), "own certificate", "chain is not")["text"])
        (kept / "device.pem").write_text(pem[1] + pem[0])
        self.find(self.examine(), "own certificate", "the chain ends below CN=Test authority")
        (kept / "device.pem").write_text(pki.key("ca").read_text() + pem[1])
        self.assertEqual(self.examine(status=1)["code"], "KEY_MISMATCH")
        (kept / "device.pem").write_text("nothing")
        self.assertEqual(self.examine(status=1)["code"], "FORMAT")

    def test_applications_are_looked_at_too(self):
        self.cert("selfsigned", "--cn", "a.example", "--name", "a.example", "--days", "20")
        found = self.find(self.examine(), "a.example", "valid until")
        self.assertEqual(found["level"], "warning")

    def test_a_clock_that_is_not_set_hides_what_it_decides(self):
        self.cert("renew", "--cn", "x")
        got = self.examine("--time-floor", "2999-01-01", status=1)
        self.assertEqual(got["code"], "CLOCK_NOT_SET")
        self.assertFalse([f for f in got["findings"] if "valid until" in f["text"]])
        self.cert("doctor", "--time-floor", "soon", status=2, json_answer=False)

    def test_a_floor_that_is_wrong_is_reset(self):
        self.cert("renew", "--cn", "x")
        (self.state / "clock").mkdir(parents=True)
        (self.state / "clock" / "floor").write_text("4102444800\n")
        self.assertEqual(self.examine(status=1)["code"], "CLOCK_NOT_SET")
        self.find(self.examine("--reset-clock-floor"), "clock", "release's again")
        self.find(self.examine(), "clock", "it shows")


if __name__ == "__main__":
    unittest.main()
