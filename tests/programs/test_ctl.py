# SPDX-License-Identifier: BSD-2-Clause
"""The device table, the control socket, and a new configuration while it
runs."""
import os
import signal
import socket
import stat
import threading
import time
import unittest

import harness


class Devices(harness.Case):
    def test_a_device_table_without_a_gatekeeper(self):
        self.ctl("device", "add", "0090332f688a", "--tls-only")
        self.ctl(
            "device", "add", "gateway", "--hardware-id", "009033010203",
            "--hardware-id", "009033010204", "--alias", "4711", "--match", "exact",
            "--fingerprint", ":".join(["ab"] * 32),
        )  # fmt: skip
        first, second = self.ctl("device", "list")
        self.assertEqual(
            first,
            {
                "name": "0090332f688a",
                "hardware_ids": ["0090332f688a"],
                "aliases": [],
                "auth": "certificate",
                "match": "serial",
                "tls_only": True,
                "fingerprint": None,
            },
        )
        self.assertEqual(second["hardware_ids"], ["009033010203", "009033010204"])
        self.assertEqual(second["fingerprint"], "ab" * 32)
        self.ctl("device", "set", "gateway", "--fingerprint", "none", "--auth", "open")
        changed = self.ctl("device", "show", "gateway")
        self.assertIsNone(changed["fingerprint"])
        self.assertEqual(changed["auth"], "open")
        self.assertEqual(changed["aliases"], ["4711"], "what is not named stays")
        self.ctl("device", "remove", "gateway")
        got = self.ctl("device", "show", "gateway", status=1)
        self.assertEqual(got["code"], "NOT_FOUND")
        self.assertIn("device list", got["remedy"])
        self.assertEqual(
            stat.S_IMODE(os.stat(self.state / "devices.sqlite").st_mode), 0o600
        )

    def test_only_a_device_that_is_added_makes_a_table(self):
        verbs = (("list",), ("show", "x"), ("set", "x", "--tls-only"), ("remove", "x"))
        for there in (False, True):
            if there:
                self.state.mkdir()
            for verb in verbs:
                with self.subTest((there, verb)):
                    got = self.ctl("device", *verb, status=1)
                    self.assertEqual(got["code"], "STORE_IO")
                    self.assertIn(str(self.state), got["text"])
                    self.assertIn("--state", got["remedy"])
                    self.assertFalse((self.state / "devices.sqlite").exists())
            self.assertEqual(self.state.exists(), there)
        self.state.rmdir()
        said = self.ctl("device", "add", "x", json_answer=False)
        self.assertIn(f"made {self.state}, which was not there", said)
        self.assertNotIn("made", self.ctl("device", "add", "y", json_answer=False))
        self.assertEqual([d["name"] for d in self.ctl("device", "list")], ["x", "y"])
        self.ctl("device", "remove", "x")
        self.ctl("device", "remove", "y")
        self.assertEqual(self.ctl("device", "list"), [])

    def test_a_name_belongs_to_one_device(self):
        self.ctl("device", "add", "0090332f688a")
        for other in ("0090332f688a", "00:90:33:2F:68:8A"):
            got = self.ctl("device", "add", other, status=1)
            self.assertEqual(got["code"], "DUPLICATE_ALIAS")
        self.ctl("device", "add", "b", "--alias", "0090332f688a", status=1)
        self.assertEqual(len(self.ctl("device", "list")), 1, "all or nothing")

    def test_bad_usage_is_exit_status_2(self):
        for arguments in (
            (), ("nonsense",), ("device",), ("device", "add"), ("device", "list", "x"),
            ("device", "add", "x", "--auth", "secret"), ("drop",),
            ("device", "add", "x", "--fingerprint", "abc"), ("--nonsense",),
        ):  # fmt: skip
            with self.subTest(arguments):
                self.ctl(*arguments, status=2)

    def test_a_mistake_is_told_with_option_and_values(self):
        said = self.ctl("device", "set", "x", "--foo", status=2, json_answer=False)
        self.assertIn("h46017-ctl: unrecognized option '--foo'", said)
        self.assertIn("Try 'h46017-ctl device --help'", said)
        said = self.ctl("device", "add", "x", "--auth", "pasword", status=2, json_answer=False)
        self.assertIn("--auth: 'pasword' is not certificate|password|either|both|open", said)

    def test_writers_at_the_same_time(self):
        def add(i):
            for j in range(5):
                self.ctl("device", "add", f"n{i}-{j}x")

        threads = [threading.Thread(target=add, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(self.ctl("device", "list")), 20)


class Control(harness.Case):
    def test_a_running_gatekeeper_acts_on_a_change_at_once(self):
        self.ctl("device", "add", "x", "--auth", "open")
        gk = self.gatekeeper()
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        ep = self.endpoint(to, "--alias", "x")
        gk.expect("registered", device="x")
        self.ctl("device", "remove", "x")
        gk.expect("unregistered", names=["x"])
        ep.expect("unregistered")
        ep.stop()
        status, _ = self.once(to, "--alias", "x")
        self.assertEqual(status, 13)
        gk.expect("rejected", code="UNKNOWN_DEVICE")
        self.ctl("device", "add", "y", "--auth", "open")
        status, _ = self.once(to, "--alias", "y")
        self.assertEqual(status, 0)

    def test_a_name_that_is_taken_from_a_device_ends_its_registration(self):
        self.ctl("device", "add", "x", "--auth", "open", "--alias", "4711", "--alias", "4712")
        gk = self.gatekeeper()
        ep = self.endpoint(
            f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x", "--digits", "4711"
        )
        gk.expect("registered", names=["x", "4711"])
        self.ctl("device", "set", "x", "--alias", "4711")
        gk.refute("unregistered", 0.5)
        self.ctl("device", "set", "x", "--alias", "4712")
        gk.expect("unregistered", names=["x", "4711"])
        ep.expect("unregistered")
        ep.stop()

    def test_a_device_made_tls_only_loses_its_tcp_registration(self):
        self.ctl("device", "add", "x", "--auth", "open")
        gk = self.gatekeeper()
        ep = self.endpoint(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x")
        gk.expect("registered")
        self.ctl("device", "set", "x", "--alias", "z")
        gk.refute("unregistered", 0.5)
        self.ctl("device", "set", "x", "--tls-only")
        gk.expect("unregistered", names=["x"])
        ep.stop()

    def test_drop(self):
        gk = self.gatekeeper("--open")
        ep = self.endpoint(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x")
        gk.expect("registered")
        got = self.ctl("drop", "nobody", status=1)
        self.assertEqual(got["code"], "NOT_FOUND")
        self.assertIn("registrations", got["remedy"])
        self.assertIn(got["remedy"], self.ctl("drop", "nobody", status=1, json_answer=False))
        self.assertIn("give one", self.ctl("log", "loud", status=1)["remedy"])
        self.ctl("drop", "x")
        gk.expect("unregistered", names=["x"])
        ep.expect("unregistered")
        ep.stop()

    def test_stats(self):
        gk = self.gatekeeper("--open")
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        self.once(to, "--alias", "x")
        gk.expect("closed")
        stats = self.ctl("stats")["stats"]
        self.assertEqual(stats["registered_total"], 1)
        self.assertEqual(stats["unregistered_total"], 1)
        self.assertEqual(stats["connections_total"], 1)
        self.assertEqual(stats["connections"], 0)
        text = self.ctl("stats", "--prometheus", json_answer=False)
        self.assertIn("# TYPE h46017_registered_total counter", text)
        self.assertIn("\nh46017_registered_total 1\n", text)

    def test_the_log_level_changes_while_it_runs(self):
        gk = self.gatekeeper("--open")
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        self.once(to, "--alias", "x")
        gk.expect("closed")
        self.assertNotIn("info:", gk.stderr())
        self.ctl("log", "debug")
        self.once(to, "--alias", "x")
        gk.expect("closed")
        self.assertIn("info:", gk.stderr())
        self.ctl("log", "nonsense", status=1)

    def test_the_socket_is_for_its_owner(self):
        self.gatekeeper()
        path = self.state / "control.sock"
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.state).st_mode), 0o700)

    def test_nonsense_on_the_socket_harms_nobody(self):
        self.gatekeeper()
        for octets in (b"\n", b"[]\n", b"{\n", b"{}\n", b'{"command":1}\n', b"\xff\n",
                       b'{"command":"drop"}\n', b'{"command":"log","level":"x"}\n'):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(harness.PATIENCE)
                s.connect(str(self.state / "control.sock"))
                s.sendall(octets)
                self.assertIn(b'"ok":false', s.recv(4096))
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(harness.PATIENCE)
            s.connect(str(self.state / "control.sock"))
            try:
                s.sendall(b"x" * 100000)  # a line that never ends
                self.assertEqual(s.recv(1), b"")
            except OSError:
                pass
        self.ctl("stats")

    def test_who_does_not_take_its_answers_is_not_heard_meanwhile(self):
        self.gatekeeper()
        request = b'{"command":"stats"}\n'
        sent = 0
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.state / "control.sock"))
            s.settimeout(1)
            try:
                while sent < 20000 * len(request):
                    sent += s.send(request * 100)
            except TimeoutError:
                pass  # it waits for us, and its memory does not grow
            self.assertLess(sent, 20000 * len(request))
            self.ctl("stats")  # nobody else waits
            s.settimeout(harness.PATIENCE)
            answers = 0
            while answers < sent // len(request):
                answers += s.recv(65536).count(b"\n")
            s.sendall(request[sent % len(request):])
            self.assertIn(b'"ok":true', s.recv(65536))

    def test_one_gatekeeper_a_state_directory(self):
        self.gatekeeper()
        second = self.start(
            "h46017-gk", "--state", self.state, "--tcp", "127.0.0.1:0", "--tls", "off"
        )
        self.assertEqual(second.wait(), 1)
        self.assertIn("already", second.stderr())
        self.ctl("stats")  # the first one's socket is still there

    def test_a_killed_gatekeeper_is_no_obstacle(self):
        gk = self.gatekeeper()
        gk.signal(signal.SIGKILL)
        gk.wait()
        self.assertTrue((self.state / "control.sock").exists())
        self.gatekeeper()
        self.ctl("stats")

    def test_no_gatekeeper(self):
        self.ctl("stats", status=1)


@unittest.skipUnless(os.geteuid() == 0, "only root can give files away")
class Root(harness.Case):
    """Whoever administers as root a gatekeeper that runs as somebody else."""

    USER = 12345

    def check_owners(self):
        made = list(self.state.rglob("*"))
        self.assertGreater(len(made), 5)
        for path in made:
            self.assertEqual(path.lstat().st_uid, self.USER, path)

    def test_the_gatekeeper_reads_what_root_made(self):
        pki = harness.Pki(self.dir / "pki").make("phone", "x", "device")
        self.dir.chmod(0o755)
        self.state.mkdir(mode=0o700)
        os.chown(self.state, self.USER, self.USER)
        self.ctl("device", "add", "x", "--auth", "open")
        self.cert("trust", "add", pki.cert("ca"))
        self.cert("selfsigned", "--cn", "gk.example")
        self.check_owners()
        somebody = {"user": self.USER, "group": self.USER, "extra_groups": []}
        try:
            gk = self.gatekeeper(tls="127.0.0.1:0", **somebody)
        except PermissionError:
            self.skipTest("the programs are not for everybody")
        self.ctl("device", "add", "y", "--auth", "open")
        self.ctl("trust", "add", pki.cert("phone"))
        for name in "xy":
            status, ep = self.once(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", name)
            self.assertEqual(status, 0, ep.stderr())
        show = "-cert", pki.cert("phone"), "-key", pki.key("phone")
        harness.s_client(gk.port["tls"], *show, status=None)
        self.assertTrue(gk.expect("tls")["verified"])
        self.assertEqual(gk.stop(), 0)
        self.assertNotIn("STORE_IO", gk.stderr())
        self.check_owners()


class Configuration(harness.Case):
    def config(self, text):
        path = self.dir / "gk.ini"
        path.write_text(text)
        return path

    def test_reload_takes_a_good_file(self):
        path = self.config("[registration]\nopen = no\n")
        gk = self.gatekeeper("-c", path)
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        status, _ = self.once(to, "--alias", "x")
        self.assertEqual(status, 13)
        self.config("[registration]\nopen = yes\nttl = 77\n\n[limits]\nconnections = 9\n")
        self.ctl("reload")
        gk.expect("reloaded")
        ep = self.endpoint(to, "--alias", "x", "--ttl", "1")
        self.assertEqual(gk.expect("registered")["ttl"], 15, "min_ttl")
        # and back, by signal: who was let in because of --open is not any more
        self.config("[registration]\nopen = no\n")
        gk.signal(signal.SIGHUP)
        gk.expect("reloaded")
        gk.expect("unregistered", names=["x"])
        ep.stop()

    def test_reload_refuses_a_broken_file_whole(self):
        path = self.config("[registration]\nopen = yes\n")
        gk = self.gatekeeper("-c", path)
        to = f"tcp:127.0.0.1:{gk.port['tcp']}"
        ep = self.endpoint(to, "--alias", "kept")
        gk.expect("registered")
        for text, line, word in (
            ("[registration]\nopen = no\nttl = soon\n", 3, "ttl"),
            ("[registration]\nopen = no\n[nonsense]\nx = 1\n", 4, "no such setting"),
            ("[registration]\nopen = no\nnonsense\n", 3, "key = value"),
            ("[registration]\nopen = maybe\n", 2, "maybe"),
            (f"[registration]\nopen = no\n; {'x' * 300}\n", 3, "too long"),
        ):
            with self.subTest(text):
                self.config(text)
                got = self.ctl("reload", status=1)
                self.assertFalse(got["ok"])
                self.assertIn("reload again", got["remedy"])
                self.assertIn(f"{path}:{line}: ", gk.stderr())
                self.assertIn(word, gk.stderr())
        self.config("[registration]\nopen = no\nttl = 5\n")
        gk.signal(signal.SIGHUP)
        gk.refute("reloaded", 0.5)
        # the old one is in force: open, and nobody was thrown out
        status, _ = self.once(to, "--alias", "x")
        self.assertEqual(status, 0)
        self.assertNotIn("unregistered", [
            e["event"] for e in gk.events if e.get("names") == ["kept"]
        ])
        ep.stop()

    def test_an_indented_key_is_a_key(self):
        path = self.config(
            "\t[registration]\n  open = yes\n\tttl = 33\n  max_ttl = 33\n  ; min_ttl = x\n"
        )
        gk = self.gatekeeper("-c", path)
        status, _ = self.once(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x")
        self.assertEqual(status, 0)
        self.assertIn(gk.expect("registered")["ttl"], range(20, 34))
        for text, line, word in (
            ("[gatekeeper]\n  identifier = site\n  alternate = here\n", 3, "'here' is not"),
            ("[tls]\ntrust = a.pem\n        b.pem\n", 3, "key = value"),
        ):
            with self.subTest(text):
                self.config(text)
                self.ctl("reload", status=1)
                self.assertIn(f"{path}:{line}: ", gk.stderr())
                self.assertIn(word, gk.stderr())

    def test_a_mistake_of_no_one_line_names_the_file(self):
        path = self.config("[registration]\nopen = yes\n")
        gk = self.gatekeeper("-c", path)
        said = len(gk.stderr())
        for text, why in (
            ("[registration]\nttl = 5\n", "ttl must be from min_ttl to max_ttl"),
            ("[tls]\ncert = x.pem\n", "each cert needs its key"),
            ("[tls old]\nprofile = modern\n", "[tls old] does not say where to listen"),
            ("[gatekeeper]\n" + 17 * "alternate = 192.0.2.7\n", "at most 16 alternates"),
            ("[registration]\nttl = x\n", "ttl: 'x' is not a number"),
        ):
            with self.subTest(text):
                self.config(text)
                self.ctl("reload", status=1)
                new, said = gk.stderr()[said:], len(gk.stderr())
                self.assertTrue(new.startswith(f"h46017-gk: {path}:"), new)
                self.assertIn(why, new)
                self.assertTrue(new.endswith("the old configuration stays in force\n"), new)
                self.assertNotIn("--help", new)
        path = self.config("[listen]\ntcp = off\ntls = off\n")
        gk = self.start("h46017-gk", "-c", path, "--state", self.dir / "other")
        self.assertEqual(gk.wait(), 2)
        self.assertIn(f"{path}: tcp and tls are both off", gk.stderr())

    def test_a_broken_file_at_the_start_ends_it(self):
        path = self.config("[listen]\ntcp = nowhere:99999\n")
        gk = self.start("h46017-gk", "-c", path, "--state", self.state)
        self.assertEqual(gk.wait(), 1)
        self.assertIn(f"{path}:2: [listen] tcp", gk.stderr())
        self.assertFalse(self.state.exists())

    def test_an_address_to_listen_on_is_a_number(self):
        path = self.config("[registration]\n")
        gk = self.gatekeeper("-c", path)
        for bad in "1720", "localhost:1720", "localhost", "[gk]:1720", "127.1:1720", "::1":
            with self.subTest(bad):
                for option in "--tcp", "--tls":
                    refused = self.start("h46017-gk", "--state", self.dir / "x", option, bad)
                    self.assertEqual(refused.wait(), 2)
                    self.assertIn(f"{option}: '{bad}' is neither an IP address", refused.stderr())
                for section in "[listen]\ntcp", "[tls old]\nlisten":
                    self.config(f"{section} = {bad}\n")
                    self.ctl("reload", status=1)
                    name = section.replace("\n", " ")
                    self.assertIn(f"{path}:2: {name}: '{bad}' is neither", gk.stderr())
        for good in "*:0", ":0", "[::]:0", "0.0.0.0:0":
            with self.subTest(good):
                self.config(f"[listen]\ntcp = {good}\n")
                self.ctl("reload")

    def test_the_command_line_stands_above_the_file(self):
        path = self.config("[listen]\ntcp = 192.0.2.1:9\ntls = off\n")
        gk = self.start(
            "h46017-gk", "-c", path, "--state", self.state, "--tcp", "127.0.0.1:0"
        )
        self.assertTrue(gk.expect("listening")["address"].startswith("127.0.0.1:"))

    def test_a_port_that_is_taken(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            gk = self.start(
                "h46017-gk", "--state", self.state, "--tls", "off",
                "--tcp", "127.0.0.1:%d" % s.getsockname()[1],
            )  # fmt: skip
            self.assertEqual(gk.wait(), 1)
            self.assertIn("cannot listen for TCP", gk.stderr())

    def test_bad_usage_is_exit_status_2(self):
        for program, arguments in (
            ("h46017-gk", ("--nonsense",)),
            ("h46017-gk", ("--tcp", "off", "--tls", "off")),
            ("h46017-gk", ("--cert", "x")),
            ("h46017-gk", ("operand",)),
            ("h46017-ep", ()),
            ("h46017-ep", ("--gatekeeper", "tcp:x")),
            ("h46017-ep", ("--gatekeeper", "srv:example.org")),
            ("h46017-ep", ("--gatekeeper", "tcp:[::1", "--alias", "x")),
            ("h46017-ep", ("--gatekeeper", "tcp:x", "--alias", "x", "--ttl", "0")),
        ):
            with self.subTest((program, arguments)):
                got = self.start(program, *arguments)
                self.assertEqual(got.wait(), 2, got.stderr())
                self.assertIn("--help", got.stderr())


class Files(harness.Case):
    def test_no_file_left_does_not_spin(self):
        import resource
        import subprocess

        gk = self.gatekeeper("--open")
        pid = gk.process.pid
        # room for a handful of connections only
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (32, 32))
        sockets = []
        try:
            for _ in range(64):
                s = socket.create_connection(("127.0.0.1", gk.port["tcp"]))
                sockets.append(s)
            time.sleep(0.3)
            before = cpu_seconds(pid)
            time.sleep(1.5)
            self.assertLess(cpu_seconds(pid) - before, 0.5, "it spins")
        finally:
            for s in sockets:
                s.close()
        status, ep = self.once(f"tcp:127.0.0.1:{gk.port['tcp']}", "--alias", "x")
        self.assertEqual(status, 0, ep.stderr())


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    harness.main(at_once=6)
