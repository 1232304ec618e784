#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Devices that register with a password, over TCP and TLS, and what Python's
own hash functions say of the tokens that went by."""
import hashlib
import hmac
import json
import os
import subprocess
import unittest

import harness
from harness import Case, Pki

DEVICE = "0090332f688a"
PASSWORD = "p\u00e4ssw\u00f6rd"


needs_dump = unittest.skipUnless(
    os.access(harness.PROGRAMS / "dump" / "h46017-dump", os.X_OK)
    or os.access(harness.PROGRAMS / "h46017-dump", os.X_OK),
    "no h46017-dump",
)


def tokens(message):
    """The tokens of one RAS message as h46017-dump prints it."""
    (body,) = message.values()
    hashed = [
        t["nestedcryptoToken"]["cryptoHashedToken"]
        for t in body.get("cryptoTokens", [])
        if "nestedcryptoToken" in t
    ]
    return body, hashed


class Passwords(Case):
    def secret(self, password=PASSWORD, name="password"):
        path = self.dir / name
        path.touch(mode=0o600)
        path.write_text(password + "\n", encoding="utf-8")
        return path

    def config(self, *lines):
        path = self.dir / "gk.ini"
        path.write_text("\n".join(("[registration]", *lines, "")))
        return "-c", path

    def device(self, *arguments, auth="password"):
        self.ctl(
            "device", "add", DEVICE, "--auth", auth, "--password-file",
            self.secret(name="device-password"), *arguments,
        )  # fmt: skip

    def test_over_tcp_where_it_is_allowed(self):
        self.device()
        gk = self.gatekeeper(*self.config("password_over_tcp = yes", "min_ttl = 1"))
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        ep = self.endpoint(
            to, "--alias", DEVICE, "--password-file", self.secret(), "--ttl", "2"
        )
        gk.expect("registered", names=[DEVICE], auth="password")
        ep.expect("registered")
        gk.expect("refreshed", names=[DEVICE])
        ep.expect("refreshed")
        self.assertEqual(ep.stop(), 0)
        gk.expect("unregistered", why="UNREGISTERED")

        status, ep = self.once(
            to, "--alias", DEVICE, "--password-file", self.secret("password")
        )
        self.assertEqual(status, 13)
        gk.expect("rejected", reason="securityDenial", code="PASSWORD_WRONG")
        status, ep = self.once(to, "--alias", DEVICE)
        self.assertEqual(status, 13)
        gk.expect("rejected", reason="securityDenial", code="PASSWORD_MISSING")

    def test_over_tcp_it_is_none_by_default(self):
        self.device()
        gk = self.gatekeeper()
        status, _ = self.once(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", DEVICE,
            "--password-file", self.secret(),
        )  # fmt: skip
        self.assertEqual(status, 13)
        gk.expect("rejected", reason="securityDenial", code="PASSWORD_OVER_TCP")

    def test_over_tls_without_a_certificate(self):
        pki = Pki(self.dir / "pki")
        self.device()
        gk = self.gatekeeper(
            *pki.own("gk"), "--client-cert", "request", tls="127.0.0.1:0"
        )
        status, ep = self.once(
            f"tls:127.0.0.1:{gk.port['tls']}", "--alias", DEVICE,
            "--trust", pki.cert("ca"), "--password-file", self.secret(),
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        gk.expect("registered", names=[DEVICE], auth="password", transport="tls")

    def test_certificate_and_password_together(self):
        pki = Pki(self.dir / "pki").make("dev", DEVICE, "device", "ca")
        self.device(auth="both")
        gk = self.gatekeeper(
            *pki.own("gk"), "--trust", pki.cert("ca"), tls="127.0.0.1:0"
        )
        own = (
            f"tls:127.0.0.1:{gk.port['tls']}", "--hardware-id", "auto",
            "--trust", pki.cert("ca"), *pki.own("dev"),
        )  # fmt: skip
        status, _ = self.once(*own)
        self.assertEqual(status, 13)
        gk.expect("rejected", code="PASSWORD_MISSING")
        status, _ = self.once(*own, "--password-file", self.secret("guess"))
        self.assertEqual(status, 13)
        gk.expect("rejected", code="PASSWORD_WRONG")
        status, _ = self.once(*own, "--password-file", self.secret())
        self.assertEqual(status, 0)
        gk.expect("registered", names=[DEVICE], auth="certificate")

    def test_guessing_is_slowed_down(self):
        self.device()
        gk = self.gatekeeper(
            *self.config("password_over_tcp = yes", "password_attempts = 2")
        )
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        for _ in range(2):
            self.once(to, "--alias", DEVICE, "--password-file", self.secret("guess"))
            gk.expect("rejected", code="PASSWORD_WRONG")
        self.once(to, "--alias", DEVICE, "--password-file", self.secret())
        gk.expect("rejected", code="PASSWORD_ATTEMPTS")

    def registered(self):
        return [r["names"] for r in self.ctl("registrations")["registrations"]]

    def test_another_password_ends_what_the_old_one_began(self):
        """The table changes while the gatekeeper runs: it counts at once where
        the gatekeeper is told, else at the next reload. What changes something
        else, or says the old password again, disturbs nobody."""
        self.device()
        gk = self.gatekeeper(*self.config("password_over_tcp = yes"))
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        old, new = self.secret(), self.secret("another", name="new")
        ep = self.endpoint(to, "--alias", DEVICE, "--password-file", old)
        gk.expect("registered", names=[DEVICE])
        ep.expect("registered")
        self.ctl("device", "set", DEVICE, "--alias", "4711")
        self.ctl("device", "set", DEVICE, "--password-file", old)
        self.assertEqual(self.registered(), [[DEVICE]])
        self.ctl("device", "set", DEVICE, "--password-file", new)
        gk.expect("unregistered", names=[DEVICE])
        self.assertNotIn("unregistered", [e["event"] for e in gk.events[:-1]])
        ep.expect("unregistered")
        self.assertEqual(self.registered(), [])
        ep.stop()
        # what it is not told of; and the new one is good, the old one is not
        ep = self.endpoint(to, "--alias", DEVICE, "--password-file", new)
        gk.expect("registered", names=[DEVICE])
        (self.state / "control.sock").rename(self.dir / "away")
        self.ctl("device", "set", DEVICE, "--password-file", old)
        (self.dir / "away").rename(self.state / "control.sock")
        self.assertEqual(self.registered(), [[DEVICE]])
        self.ctl("reload")
        gk.expect("unregistered", names=[DEVICE])
        status, _ = self.once(to, "--alias", DEVICE, "--password-file", new)
        self.assertEqual(status, 13)
        gk.expect("rejected", code="PASSWORD_WRONG")

    def test_the_password_is_kept_and_shown_to_nobody(self):
        self.device()
        table = self.state / "devices.sqlite"
        self.assertEqual(table.stat().st_mode & 0o77, 0)
        self.assertNotIn(PASSWORD, self.ctl("device", "show", DEVICE, json_answer=False))
        # a change of something else leaves it
        self.ctl("device", "set", DEVICE, "--alias", "4711")
        gk = self.gatekeeper(*self.config("password_over_tcp = yes"))
        status, ep = self.once(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", DEVICE,
            "--password-file", self.secret(),
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        gk.stop()
        for program in (gk, ep):
            self.assertNotIn(PASSWORD, program.stderr() + json.dumps(program.events))

    def test_a_password_that_is_missing_is_said(self):
        said = self.ctl("device", "add", DEVICE, "--auth", "password", json_answer=False)
        self.assertIn("no password yet", said)
        self.ctl(
            "device", "set", DEVICE, "--password-file", self.dir / "none",
            status=1, json_answer=False,
        )  # fmt: skip

    def test_only_the_kinds_of_tokens_that_are_named_count(self):
        self.device()
        config = self.config("password_over_tcp = yes", "password_kinds = pwd-hash")
        gk = self.gatekeeper(*config)
        own = (
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", DEVICE,
            "--password-file", self.secret(),
        )  # fmt: skip
        self.assertEqual(self.once(*own)[0], 13)
        gk.expect("rejected", code="PASSWORD_MISSING")
        self.config("password_over_tcp = yes", "password_kinds = pwd-hash, hmac")
        self.ctl("reload")
        self.assertEqual(self.once(*own)[0], 0)
        for bad in "", ",", "hmac, md5":
            self.config(f"password_kinds = {bad}")
            self.ctl("reload", status=1)

    def exchanged(self, *lines):
        """A registration with a password over TCP: every RAS message of it."""
        capture = self.dir / "ep.pcap"
        gk = self.gatekeeper(*self.config("password_over_tcp = yes", *lines))
        status, ep = self.once(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", DEVICE,
            "--password-file", self.secret(), "--pcap", capture,
        )  # fmt: skip
        self.assertEqual(status, 0, ep.stderr())
        self.assertEqual(gk.stop(), 0)
        dump = harness.PROGRAMS / "h46017-dump"
        if not dump.exists():
            dump = harness.PROGRAMS / "dump" / "h46017-dump"
        out = subprocess.run(
            [dump, "--input", "pcap", "--json", capture],
            check=True, capture_output=True, text=True, timeout=60,
        ).stdout  # fmt: skip
        return [
            ras for line in out.splitlines() for ras in json.loads(line).get("ras") or []
        ]

    @needs_dump
    def test_the_gatekeeper_s_tokens_are_for_the_name_where_that_is_wanted(self):
        self.device()
        for line, by_name in ((), False), (("password_by_name = yes",), True):
            with self.subTest(by_name=by_name):
                (confirm,) = (
                    ras["value"] for ras in self.exchanged(*line)
                    if "registrationConfirm" in ras["value"]
                )  # fmt: skip
                body, (hashed,) = tokens(confirm)
                identifier = body["endpointIdentifier"]
                self.assertEqual(
                    hashed["hashedVals"]["generalID"], DEVICE if by_name else identifier
                )

    @needs_dump
    def test_python_s_hashes_agree(self):
        self.device()
        key = hashlib.sha1(PASSWORD.encode()).digest()
        kinds = []
        for ras in self.exchanged():
            body, hashed = tokens(ras["value"])
            self.assertEqual(len(hashed), 1, ras["value"])
            said, bits = hashed[0]["token"]["hash"]
            self.assertEqual(bits, 96)
            per = bytes.fromhex(ras["hex"])
            mac = bytes.fromhex(said)
            self.assertEqual(per.count(mac), 1)
            made = hmac.new(key, per.replace(mac, bytes(12)), "sha1").digest()
            self.assertEqual(made[:12], mac)
            kinds += ras["value"].keys()
        for kind in (
            "registrationRequest", "registrationConfirm",
            "unregistrationRequest", "unregistrationConfirm",
        ):  # fmt: skip
            self.assertIn(kind, kinds)
        self.judge(
            self.dir / "ep.pcap", "nestedcryptoToken: cryptoHashedToken",
            "registrationRequest", "registrationConfirm", "unregistrationConfirm",
        )  # fmt: skip


if __name__ == "__main__":
    harness.main(at_once=6)
