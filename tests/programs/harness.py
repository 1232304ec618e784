# SPDX-License-Identifier: BSD-2-Clause
"""Runs the programs and reads their events. Every wait has an end."""
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

PROGRAMS = pathlib.Path(os.environ["H46017_PROGRAMS"])
PATIENCE = float(os.environ.get("H46017_PATIENCE", "20"))


class Program:
    """A program with --log json: its events, in order, as they come."""

    def __init__(self, name, *arguments, **how):
        self.name = name
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAMS / name, *map(str, arguments), "--log", "json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            **how,
        )
        self.events = []
        self.unread = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.unread.put(json.loads(line))
        self.unread.put(None)

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def _fail(self, what):
        raise AssertionError(
            f"{self.name}: {what}\nevents: "
            + "\n        ".join(map(str, self.events))
            + f"\nstderr: {self.stderr()}"
        )

    def expect(self, event, timeout=None, **members):
        """The next event of this name with these members; passes over others."""
        end = time.monotonic() + (timeout or PATIENCE)
        while True:
            try:
                got = self.unread.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                self._fail(f"no {event} {members} in time")
            if got is None:
                self.unread.put(None)
                self._fail(f"ended ({self.process.wait()}) before {event} {members}")
            self.events.append(got)
            if got["event"] == event and all(
                got.get(key) == value for key, value in members.items()
            ):
                return got

    def expect_any(self, timeout=None):
        """The next event, whatever it is."""
        try:
            got = self.unread.get(timeout=timeout or PATIENCE)
        except queue.Empty:
            self._fail("no event in time")
        if got is None:
            self.unread.put(None)
            self._fail(f"ended ({self.process.wait()})")
        self.events.append(got)
        return got

    def refute(self, event, seconds):
        """No such event for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                got = self.unread.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                return
            if got is None:
                self.unread.put(None)
                return
            self.events.append(got)
            if got["event"] == event:
                self._fail(f"{event} was not to come: {got}")

    def wait(self, timeout=None):
        try:
            status = self.process.wait(timeout or PATIENCE)
        except subprocess.TimeoutExpired:
            self._fail("does not end")
        self.reader.join(PATIENCE)
        while not self.unread.empty():
            got = self.unread.get()
            if got is not None:
                self.events.append(got)
        return status

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait()

    def cleanup(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        self.errors.close()


class Case(unittest.TestCase):
    """A directory of its own, and everything started ends with the test."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="h46017-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.state = self.dir / "state"

    def start(self, name, *arguments, **how):
        program = Program(name, *arguments, **how)
        self.addCleanup(program.cleanup)
        return program

    def gatekeeper(self, *arguments, tcp="127.0.0.1:0", tls="off", **how):
        gk = self.start(
            "h46017-gk", "--state", self.state, "--tcp", tcp, "--tls", tls, *arguments, **how
        )
        gk.port = {}
        for transport, address in (("tcp", tcp), ("tls", tls)):
            if address != "off":
                listening = gk.expect("listening", transport=transport)
                gk.port[transport] = int(listening["address"].rpartition(":")[2])
        return gk

    def endpoint(self, gatekeepers, *arguments):
        return self.start(
            "h46017-ep", "--gatekeeper", gatekeepers, "--state",
            self.dir / "endpoint", *arguments,
        )  # fmt: skip

    def name_server(self, records):
        server = NameServer(records)
        self.addCleanup(server.cleanup)
        return server

    def silent_port(self):
        """A port that answers nobody and refuses nobody, as behind a firewall:
        its queue is full."""
        server = socket.create_server(("127.0.0.1", 0), backlog=0)
        port = server.getsockname()[1]
        for s in (server, socket.create_connection(("127.0.0.1", port))):
            self.addCleanup(s.close)
        return port

    def once(self, gatekeepers, *arguments):
        """An endpoint with --once, ended: its exit status and events."""
        ep = self.endpoint(gatekeepers, "--once", *arguments)
        return ep.wait(), ep

    def judge(self, file, *messages):
        """tshark finds the messages in the capture, and nothing wrong."""
        if subprocess.run(["sh", "-c", "command -v tshark"], capture_output=True).returncode:
            if os.environ.get("CI"):
                self.fail("tshark is not there")
            self.skipTest("tshark is not there")
        out = subprocess.run(
            ["tshark", "-r", file, "-V", "-o", "tcp.check_checksum:TRUE",
             "-o", "ip.check_checksum:TRUE"],
            check=True, capture_output=True, text=True, timeout=60,
        ).stdout  # fmt: skip
        for message in messages:
            self.assertIn(message, out)
        for fault in ("Malformed", "[Bad", "incorrect", "Out-Of-Order",
                      "Retransmission", "previous segment", "Dissector bug"):  # fmt: skip
            self.assertNotIn(fault, out, out)

    def ctl(self, *arguments, **how):
        return self._command("h46017-ctl", *arguments, **how)

    def cert(self, *arguments, **how):
        return self._command("h46017-cert", *arguments, **how)

    def _command(self, name, *arguments, status=0, json_answer=True):
        command = [PROGRAMS / name, "--state", self.state]
        if json_answer:
            command.append("--json")
        done = subprocess.run(
            [*command, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        if json_answer and done.stdout:
            return json.loads(done.stdout)
        return done.stdout + done.stderr


def free_port():
    """A port nobody listens on (just now)."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def s_client(port, *arguments, status=0):
    """What openssl s_client says of a TLS port; status None: any."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert status in (None, done.returncode), done.stdout
    return done.stdout


class Relay:
    """A NAT as its two sides see it: every connection comes from the relay's
    own address, whatever the endpoint's is. `changed` makes of what is read
    from the near side at once what the far side gets."""

    def __init__(self, port, changed=lambda octets: octets):
        self.to = ("127.0.0.1", port)
        self.changed = changed
        self.server = socket.create_server(("127.0.0.2", 0))
        self.port = self.server.getsockname()[1]
        self.sources = []
        self.sockets = [self.server]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            far = socket.create_connection(self.to)
            self.sources.append("%s:%d" % far.getsockname())
            self.sockets += near, far
            for pair in ((near, far, self.changed), (far, near, bytes)):
                threading.Thread(target=self._carry, args=pair, daemon=True).start()

    @staticmethod
    def _carry(source, sink, changed):
        try:
            while octets := source.recv(4096):
                sink.sendall(changed(octets))
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        """Every connection is lost, without a word of TLS; new ones may come."""
        while len(self.sockets) > 1:
            s = self.sockets.pop()
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def close(self):
        for s in self.sockets:
            s.close()


class NameServer:
    """A DNS server for SRV records alone: {name: [(priority, weight, port,
    target)…] or a response code}. What is not there does not exist."""

    NOT_FOUND, SERVER_FAILURE = 3, 2

    def __init__(self, records):
        self.records = records
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @staticmethod
    def _name(text):
        labels = [label.encode() for label in text.split(".") if label]
        return b"".join(bytes([len(x)]) + x for x in labels) + b"\0"

    def _answer(self, question):
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        name, kind = ".".join(labels), question[at + 1 : at + 5]
        self.asked.append(name)
        found = self.records.get(name, self.NOT_FOUND)
        if kind != b"\0\x21\0\1":
            found = self.NOT_FOUND
        code, rows = (found, []) if isinstance(found, int) else (0, found)
        header = question[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(rows), 0, 0)
        answer = header + question[12 : at + 5]
        for priority, weight, port, target in rows:
            data = struct.pack(">HHH", priority, weight, port) + self._name(target)
            answer += b"\xc0\x0c" + struct.pack(">HHIH", 33, 1, 60, len(data)) + data
        return answer

    def _serve(self):
        while True:
            question, peer = self.socket.recvfrom(2048)
            if not question:
                return
            self.socket.sendto(self._answer(question), peer)

    def cleanup(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join(PATIENCE)
        self.socket.close()


class Pki:
    """Certificates, made with openssl. What is made once for all tests of a
    class is `shared()`; a test that makes a name anew has one of its own."""

    CONFIG = """
[req]
distinguished_name = dn
[dn]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[device]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
[nameless]
basicConstraints = critical, CA:FALSE
[gatekeeper]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:gk.example, IP:127.0.0.1, IP:::1
"""

    @classmethod
    def shared(cls, case):
        directory = tempfile.mkdtemp(prefix="h46017-test-")
        case.addClassCleanup(shutil.rmtree, directory, ignore_errors=True)
        return cls(directory)

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        (self.dir / "openssl.cnf").write_text(self.CONFIG)
        self.make("ca", "Test authority", "authority")
        self.make("gk", "gk.example", "gatekeeper", "ca")

    def openssl(self, *arguments):
        subprocess.run(
            ["openssl", *map(str, arguments)],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )

    def cert(self, name):
        return self.dir / f"{name}.pem"

    def key(self, name):
        return self.dir / f"{name}.key"

    def make(self, name, cn, extensions, issuer=None):
        csr, config = self.dir / f"{name}.csr", self.dir / "openssl.cnf"
        self.openssl(
            "req", "-new", "-config", config, "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key(name),
            "-out", csr, "-subj", f"/CN={cn}",
        )  # fmt: skip
        signer = (
            ("-CA", self.cert(issuer), "-CAkey", self.key(issuer), "-CAcreateserial")
            if issuer
            else ("-key", self.key(name))
        )
        self.openssl(
            "x509", "-req", "-in", csr, *signer, "-days", "2", "-sha256",
            "-extfile", config, "-extensions", extensions, "-out", self.cert(name),
        )  # fmt: skip
        return self

    def own(self, name):
        return "--cert", self.cert(name), "--key", self.key(name)


def main(at_once):
    """The cases of the program that is run, some at once: most of their time is
    a protocol's. With arguments: as unittest has it."""
    if len(sys.argv) > 1:
        unittest.main()

    def cases(suite):
        for part in suite:
            yield from cases(part) if isinstance(part, unittest.TestSuite) else [part]

    def run(case):
        result = unittest.TestResult()
        case.run(result)
        return case, result

    program = sys.modules["__main__"]
    count = bad = 0
    with ThreadPoolExecutor(at_once) as pool:
        for case, result in pool.map(
            run, cases(unittest.defaultTestLoader.loadTestsFromModule(program))
        ):
            count += 1
            bad += not result.wasSuccessful()
            for part, text in result.failures + result.errors:
                print(f"FAIL: {part}\n{text}", flush=True)
            print("ok" if result.wasSuccessful() else "FAILED", case.id(), flush=True)
    print(f"{count} cases, {bad} failed")
    sys.exit(bad > 0 or count == 0)
