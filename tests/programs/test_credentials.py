# SPDX-License-Identifier: BSD-2-Clause
"""Keys and certificates by command, with the openssl program as the judge."""
import contextlib
import os
import pty
import re
import resource
import stat
import subprocess
import time
import unittest
from pathlib import Path

import harness

PAGE = Path(__file__).resolve().parents[2] / "doc" / "certificates.md"


def openssl(*arguments, status=0):
    done = subprocess.run(
        ["openssl", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Own(harness.Case):
    def text(self, *arguments, **how):
        return self.cert(*arguments, json_answer=False, **how)

    def exported(self, *arguments):
        out = self.dir / "exported.pem"
        self.cert("export", "--out", out, *arguments)
        return out

    def test_selfsigned_becomes_the_state_directorys_own(self):
        got = self.cert("selfsigned", "--cn", "0090332f688a")
        self.assertEqual(got["subject"], "CN=0090332f688a")
        self.assertEqual(got["issuer"], got["subject"])
        self.assertEqual(mode(self.state / "credentials" / "device.pem"), 0o600)
        out = self.exported()
        self.assertNotIn("PRIVATE", out.read_text())
        openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", out, out)
        openssl("verify", "-purpose", "sslserver", "-CAfile", out, out)
        self.assertIn("CA:FALSE", openssl("x509", "-in", out, "-noout", "-text"))

    def test_selfsigned_takes_every_option(self):
        out = self.dir / "a.pem"
        got = self.cert(
            "selfsigned", "--subject", "CN=gk,O=Example\\, Inc,C=DE", "--key", "rsa:2048",
            "--days", "30", "--san", "DNS:gk.example", "--san", "IP:2001:db8::1",
            "--out", out,
        )  # fmt: skip
        self.assertEqual(got["key"], "RSA 2048")
        self.assertEqual(mode(self.dir / "a.key"), 0o600)
        self.assertFalse((self.state / "credentials").exists(), "--out keeps it out")
        text = openssl("x509", "-in", out, "-noout", "-text")
        self.assertIn("DNS:gk.example, IP Address:2001:DB8:0:0:0:0:0:1", text)
        self.assertIn("C = DE, O = \"Example, Inc\", CN = gk", text)
        public = openssl("x509", "-in", out, "-noout", "-pubkey")
        self.assertEqual(openssl("pkey", "-in", self.dir / "a.key", "-pubout"), public)
        # the old key again, with a warning
        self.cert("selfsigned", "--cn", "x")
        before = openssl("x509", "-in", self.exported(), "-noout", "-pubkey")
        said = self.text("selfsigned", "--cn", "y", "--key", "reuse")
        self.assertIn("WARNING", said)
        self.assertEqual(openssl("x509", "-in", self.exported(), "-noout", "-pubkey"), before)
        self.cert("selfsigned", "--cn", "z")
        self.assertNotEqual(openssl("x509", "-in", self.exported(), "-noout", "-pubkey"), before)
        self.assertEqual(self.cert("selfsigned", "--subject", "x", status=1)["code"], "DN")
        for bad in (("--key", "rsa:512"), ("--days", "0"), ("--san",), ("--cn", "a", "--subject", "CN=b")):
            self.text("selfsigned", *bad, status=2)

    def test_renew_stays_behind_the_users_own(self):
        self.assertEqual(self.text("export", status=1).count("NOT_FOUND"), 1)
        self.cert("renew", "--cn", "made")
        self.assertIn("made", openssl("x509", "-in", self.exported(), "-noout", "-subject"))
        self.cert("selfsigned", "--cn", "users")
        self.cert("renew", "--cn", "again")
        self.assertIn("users", openssl("x509", "-in", self.exported(), "-noout", "-subject"))
        self.text("delete", status=1)  # nobody is there to ask
        self.cert("delete", "--yes")
        self.assertIn("again", openssl("x509", "-in", self.exported(), "-noout", "-subject"))

    def test_import_export_and_delete(self):
        pki = harness.Pki(self.dir / "pki").make("dev", "0090332f688a", "device", "ca")
        secret = self.dir / "secret"
        secret.write_text("pass\n")
        p12 = self.dir / "dev.p12"
        openssl("pkcs12", "-export", "-in", pki.cert("dev"), "-inkey", pki.key("dev"),
                "-certfile", pki.cert("ca"), "-passout", f"file:{secret}", "-out", p12)  # fmt: skip
        self.assertEqual(self.cert("import", p12, status=1)["code"], "PASSWORD_NEEDED")
        got = self.cert("import", p12, "--password-file", secret)
        self.assertEqual((got["subject"], got["chain"]), ("CN=0090332f688a", 1))
        self.assertEqual(
            self.cert("import", pki.cert("dev"), "--key", pki.key("ca"), status=1)["code"],
            "KEY_MISMATCH",
        )
        self.text("export", "--with-private-key", status=2)  # never to standard output
        back = self.dir / "back.p12"
        self.cert("export", "--p12", "--chain", "--with-private-key",
                  "--password-file", secret, "--out", back)  # fmt: skip
        self.assertEqual(mode(back), 0o600)
        shown = openssl("pkcs12", "-in", back, "-passin", f"file:{secret}", "-nodes")
        self.assertEqual(shown.count("BEGIN CERTIFICATE"), 2)
        self.assertEqual(shown.count("BEGIN PRIVATE KEY"), 1)
        openssl("verify", "-CAfile", pki.cert("ca"), self.exported())
        der = self.exported("--der")
        self.assertIn("CN = 0090332f688a", openssl("x509", "-inform", "DER", "-in", der,
                                                   "-noout", "-subject"))  # fmt: skip
        self.cert("delete", "--yes")
        self.assertEqual(self.cert("delete", "--yes", status=1)["code"], "NOT_FOUND")

    def test_application_certificates(self):
        self.cert("selfsigned", "--cn", "example.com", "--name", "example.com")
        self.assertEqual(self.cert("app", "list"), ["example.com"])
        self.cert("app", "remove", "example.com", "--yes")
        self.assertEqual(self.cert("app", "list"), [])

    def test_a_request_from_new_to_installed(self):
        authority, csr, issued = self.dir / "CA", self.dir / "a.csr", self.dir / "a.pem"
        self.cert("ca", "init", "--dir", authority, "--subject", "CN=Site")
        self.cert("selfsigned", "--cn", "old")
        request = self.cert("csr", "new", "--cn", "0090332f688a", "--san", "DNS:p.example",
                            "--out", csr)["id"]  # fmt: skip
        text = openssl("req", "-in", csr, "-noout", "-text", "-verify")
        self.assertIn("CN = 0090332f688a", text)
        self.assertIn("DNS:p.example", text)
        self.assertEqual(self.cert("csr", "show"), [request])
        self.assertIn("BEGIN CERTIFICATE REQUEST", self.text("csr", "export", request[:6]))
        self.cert("ca", "issue", "--dir", authority, "--csr", csr, "--out", issued)
        self.assertFalse((self.dir / "a.key").exists(), "the key stays where it is")
        self.cert("csr", "install", issued)
        out = self.exported("--chain")
        openssl("verify", "-CAfile", authority / "cacert.pem", out)
        self.assertEqual(self.cert("csr", "show"), [])
        self.assertEqual(self.cert("csr", "install", issued, status=1)["code"], "CSR_ABSENT")

    def test_deleting_a_request_asks_first(self):
        request = self.cert("csr", "new", "--cn", "x")["id"]
        said = self.text("csr", "delete", request, status=1)
        self.assertIn("nobody is there to ask", said)
        for command in (("csr", "delete", request), ("delete",), ("app", "remove", "x")):
            with self.subTest(command):
                got = self.cert(*command, status=1)
                self.assertEqual((got["ok"], got["code"]), (False, "REFUSED"))
                self.assertIn("--yes", got["remedy"])
        self.assertEqual(self.cert("csr", "show"), [request])
        self.cert("csr", "delete", request, "--yes")
        self.assertEqual(self.cert("csr", "show"), [])


    def test_what_is_not_there_is_told_with_what_to_do(self):
        for command in (("csr", "delete", "3f"), ("csr", "export"), ("export",),
                        ("app", "remove", "x", "--yes")):  # fmt: skip
            with self.subTest(command):
                got = self.cert(*command, status=1)
                self.assertEqual(got["code"], "NOT_FOUND")
                self.assertIn("'csr show'", got["remedy"])

    def test_a_prefix_of_several_requests_is_ambiguous(self):
        seen = {}
        while True:
            request = self.cert("csr", "new", "--cn", "x")["id"]
            if request[0] in seen:
                break
            seen[request[0]] = request
        for verb in ("delete", "export"):
            got = self.cert("csr", verb, request[0], status=1)
            self.assertEqual(got["code"], "AMBIGUOUS_ID")
        self.assertEqual(len(self.cert("csr", "show")), len(seen) + 1)


class Authority(harness.Case):
    def setUp(self):
        super().setUp()
        self.ca = self.dir / "CA"
        self.cert("ca", "init", "--dir", self.ca, "--subject", "CN=Site,O=Example")

    def verify(self, path):
        openssl("verify", "-x509_strict", "-CAfile", self.ca / "cacert.pem", path)

    def test_a_site_in_two_commands(self):
        self.assertEqual(mode(self.ca / "cakey.pem"), 0o600)
        self.cert("ca", "issue", "--dir", self.ca, "--cn", "0090332f688a", "--san", "IP:127.0.0.1",
                  "--out", self.dir / "gk.pem")  # fmt: skip
        self.verify(self.dir / "gk.pem")
        self.assertEqual(mode(self.dir / "gk.key"), 0o600)
        # one entry covers all: a device registers with nothing but what was made
        self.cert("ca", "issue", "--dir", self.ca, "--cn", "0090332f688b", "--out",
                  self.dir / "phone.pem", "--backup")  # fmt: skip
        self.ctl("device", "add", "0090332f688b", "--tls-only")
        trust = ("--trust", self.ca / "cacert.pem")
        gk = self.gatekeeper("--cert", self.dir / "gk.pem", "--key", self.dir / "gk.key", *trust,
                             tcp="off", tls="127.0.0.1:0")  # fmt: skip
        status, ep = self.once(
            f"tls:127.0.0.1:{gk.port['tls']}", "--hardware-id", "auto", "--cert",
            self.dir / "phone.pem", "--key", self.dir / "phone.key", *trust,
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(gk.expect("registered")["cn"], "0090332f688b")
        self.assertEqual(len(list(self.ca.glob("*.key"))), 1, "--backup")

    def test_a_certificate_and_trust_in_its_authority_in_one_step(self):
        issue = ("ca", "issue", "--dir", self.ca, "--out", self.dir / "a.pem", "--trust")
        before = (self.ca / "serial.txt").read_text()
        broken = self.dir / "broken"
        broken.write_text("no directory")
        self.cert("--state", broken, *issue, "--cn", "a", status=1)
        self.assertEqual((self.ca / "serial.txt").read_text(), before, "nothing was issued")
        got = self.cert(*issue, "--cn", "a")["trusted"]
        self.assertEqual((got["kind"], got["subject"]), ("authority", "CN=Site,O=Example"))
        # it is there already: so it stays, whatever it was made since
        self.cert("trust", "set", got["id"], "--as", "end-entity")
        again = self.cert(*issue, "--cn", "b", json_answer=False)
        self.assertIn("trusted as end-entity", again)
        self.assertIn("issued: ", again)
        self.assertEqual([e["kind"] for e in self.cert("trust", "list")], ["end-entity"])
        self.cert("trust", "set", got["id"], "--as", "authority")
        # a gatekeeper of this directory takes the device, and is told nothing else
        self.ctl("device", "add", "b", "--tls-only", "--match", "exact")
        gk = self.gatekeeper("--cert", self.dir / "a.pem", "--key", self.dir / "a.key",
                             tcp="off", tls="127.0.0.1:0")  # fmt: skip
        status, ep = self.once(f"tls:127.0.0.1:{gk.port['tls']}", "--hardware-id", "auto", "--cert",
                               self.dir / "a.pem", "--key", self.dir / "a.key",
                               "--insecure-server")  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())

    def test_the_two_commands_of_the_page(self):
        """What the page says, as it stands there, makes what it says."""
        commands, table = re.findall(r"```\w*\n(.*?)```", PAGE.read_text(), re.DOTALL)[:2]
        self.assertEqual(len(commands.splitlines()), 2)
        site = self.dir / "site"
        site.mkdir()
        (site / "phones.csv").write_text(table)
        path = f"{harness.PROGRAMS.resolve()}:{os.environ['PATH']}"
        subprocess.run(["sh", "-e", "-c", commands], cwd=site, check=True, timeout=60,
                       stdout=subprocess.DEVNULL, env={**os.environ, "PATH": path})  # fmt: skip
        device, phones = "0090332f688a", site / "phones"
        trust = ("--trust", site / "CA" / "cacert.pem")
        self.ctl("device", "add", device, "--tls-only")
        gk = self.gatekeeper("--cert", phones / "gk.pem", "--key", phones / "gk.key", *trust,
                             tcp="off", tls="127.0.0.1:0")  # fmt: skip
        status, ep = self.once(
            f"tls:127.0.0.1:{gk.port['tls']}", "--server-name", "gk.example", *trust,
            "--hardware-id", "auto", "--cert", phones / f"{device}.pem",
            "--key", phones / f"{device}.key",
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(gk.expect("registered")["cn"], device)

    def test_an_authority_is_never_written_over(self):
        before = (self.ca / "cakey.pem").read_bytes()
        self.cert("ca", "init", "--dir", self.ca, "--cn", "x", status=1)
        self.assertEqual((self.ca / "cakey.pem").read_bytes(), before)
        self.assertEqual(self.cert("ca", "show", "--dir", self.ca)["subject"], "CN=Site,O=Example")

    def test_issued_twice_for_one_name_is_noticed(self):
        arguments = ("ca", "issue", "--dir", self.ca, "--cn", "a", "--out", self.dir / "a.pem")
        self.cert(*arguments)
        self.assertEqual(self.cert(*arguments, status=1)["code"], "ALREADY_ISSUED")
        self.cert(*arguments, "--yes")
        issue = ("ca", "issue", "--dir", self.ca, "--out", self.dir / "b.pem")
        self.cert(*issue, "--cn", "ab")
        # however the name comes
        self.cert("csr", "new", "--cn", "a", "--out", self.dir / "a.csr")
        for how in ("--subject", "CN=a,O=Other"), ("--csr", self.dir / "a.csr"):
            self.assertEqual(self.cert(*issue, *how, status=1)["code"], "ALREADY_ISSUED")
            self.cert(*issue, *how, "--yes")
        self.cert(*issue, "--cn", "Tür")
        self.assertEqual(self.cert(*issue, "--cn", "Tür", status=1)["code"], "ALREADY_ISSUED")

    def test_nothing_is_issued_that_could_not_be_written(self):
        (self.dir / "b.key").mkdir()
        (self.dir / "file").write_text("no directory")
        before = (self.ca / "serial.txt").read_text()
        issue = ("ca", "issue", "--dir", self.ca, "--cn", "a", "--trust", "--out")
        for out, status in (
            (self.dir / "a.key", 2),
            (self.dir / "missing" / "a.pem", 1),
            (self.dir / "file" / "a.pem", 1),
            (self.dir, 1),
            (self.dir / "b.pem", 1),
        ):
            with self.subTest(out):
                self.cert(*issue, out, status=status)
                self.assertFalse((self.ca / "index.txt").exists())
                self.assertEqual((self.ca / "serial.txt").read_text(), before)
        self.assertEqual(self.cert("trust", "list"), [])
        self.cert(*issue, self.dir / "a.pem")
        names = sorted(p.name for p in self.dir.iterdir() if p.is_file())
        self.assertEqual(names, ["a.key", "a.pem", "file"], "nothing else stays")
        # a batch stops there too
        index = (self.ca / "index.txt").read_text()
        (self.dir / "b.csv").write_text("b\n")
        self.cert("batch", self.dir / "b.csv", "--dir", self.ca, "--out", self.dir, status=1)
        self.assertEqual((self.ca / "index.txt").read_text(), index)

    def test_what_is_issued_and_cannot_be_written_is_said(self):
        done = subprocess.run(
            [harness.PROGRAMS / "h46017-cert", "ca", "issue", "--dir", self.ca,
             "--cn", "a", "--out", self.dir / "a.pem"],
            # room for the key and the index, not for the chain; EFBIG, no signal
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)),
            restore_signals=False, cwd=self.dir, capture_output=True, text=True,
            timeout=harness.PATIENCE,
        )  # fmt: skip
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertFalse((self.dir / "a.pem").exists())
        self.assertIn("/CN=a", (self.ca / "index.txt").read_text())
        self.assertIn("--yes issues another", done.stderr)

    def test_issuing_never_writes_the_authoritys_key(self):
        key = self.ca / "cakey.pem"
        key.chmod(0o400)
        before = os.stat(key)
        self.cert("ca", "issue", "--dir", self.ca, "--cn", "a", "--out", self.dir / "a.pem")
        after = os.stat(key)
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_openssl_ca_goes_on_with_the_directory_and_back(self):
        self.cert("ca", "issue", "--dir", self.ca, "--cn", "ours", "--out", self.dir / "a.pem")
        next_serial = (self.ca / "serial.txt").read_text().strip()
        (self.dir / "new").mkdir()
        config = self.dir / "ca.cnf"
        config.write_text(f"""
[site]
database = {self.ca}/index.txt
new_certs_dir = {self.dir}/new
certificate = {self.ca}/cacert.pem
private_key = {self.ca}/cakey.pem
serial = {self.ca}/serial.txt
default_md = sha256
default_days = 30
policy = any
[any]
commonName = supplied
""")
        pki = harness.Pki(self.dir / "pki")
        openssl("ca", "-batch", "-config", config, "-name", "site", "-in", pki.dir / "gk.csr",
                "-out", self.dir / "theirs.pem", "-notext")  # fmt: skip
        self.verify(self.dir / "theirs.pem")
        serial = openssl("x509", "-in", self.dir / "theirs.pem", "-noout", "-serial").strip()
        self.assertEqual(serial, f"serial={next_serial}")
        # and back: their number is not used again, what they issued is known
        self.cert("ca", "issue", "--dir", self.ca, "--cn", "again", "--out", self.dir / "b.pem")
        back = openssl("x509", "-in", self.dir / "b.pem", "-noout", "-serial").strip()
        self.assertEqual(int(back[7:], 16), int(next_serial, 16) + 1)
        got = self.cert("ca", "issue", "--dir", self.ca, "--cn", "gk.example",
                        "--out", self.dir / "c.pem", status=1)  # fmt: skip
        self.assertEqual(got["code"], "ALREADY_ISSUED")
        openssl("ca", "-config", config, "-name", "site", "-updatedb")

    def test_a_batch_is_resumed_and_does_nothing_twice(self):
        table, out = self.dir / "phones.csv", self.dir / "phones"
        table.write_text("# MAC, names\n0090332f0001, DNS:one.example\n\n0090332f0002\nbad/name\n")
        arguments = ("batch", table, "--dir", self.ca, "--out", out)
        self.assertEqual(self.cert(*arguments, status=1)["code"], "DN")
        first = (out / "0090332f0001.pem").read_bytes()
        table.write_text("0090332f0001\n0090332f0002\n0090332f0003\n")
        got = self.cert(*arguments)
        self.assertEqual((got["made"], got["there"]), (1, 2))
        got = self.cert(*arguments)
        self.assertEqual((got["made"], got["there"]), (0, 3))
        self.assertEqual((out / "0090332f0001.pem").read_bytes(), first)
        for n in (1, 2, 3):
            self.verify(out / f"0090332f000{n}.pem")
            self.assertEqual(mode(out / f"0090332f000{n}.key"), 0o600)
        text = openssl("x509", "-in", out / "0090332f0001.pem", "-noout", "-text")
        self.assertIn("DNS:one.example", text)

    def batch_of(self, count):
        table = self.dir / "phones.csv"
        table.write_text("".join(f"phone{n}\n" for n in range(count)))
        return [harness.PROGRAMS / "h46017-cert", "--state", self.state, "batch", table,
                "--dir", self.ca, "--out", self.dir / "phones"]  # fmt: skip

    def test_a_batch_shows_how_far_it_is(self):
        terminal, its = pty.openpty()
        subprocess.run(self.batch_of(3), stderr=its, stdout=subprocess.DEVNULL, check=True)
        os.close(its)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: nobody is at the other end any more
            while octets := os.read(terminal, 4096):
                shown += octets
        os.close(terminal)
        for n in (1, 2, 3):
            self.assertIn(b"%d made, 0 there" % n, shown)

    def test_a_batch_that_is_killed_goes_on(self):
        batch, out = self.batch_of(12), self.dir / "phones"
        with subprocess.Popen(batch, stdout=subprocess.DEVNULL) as first:
            while first.poll() is None and not list(out.glob("*.pem")):
                time.sleep(0.002)
            first.kill()
        subprocess.run(batch, stdout=subprocess.DEVNULL, check=True)
        made = sorted(out.glob("*.pem"))
        self.assertEqual(len(made), 12)
        serials = {openssl("x509", "-in", path, "-noout", "-serial") for path in made}
        self.assertEqual(len(serials), 12)
        self.verify(made[0])
        self.verify(made[-1])


if __name__ == "__main__":
    unittest.main()
