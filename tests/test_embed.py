#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs examples/embed.cpp: a program that takes the tunnel alone, over a real
socket. Usage: test_embed.py EMBED DIRECTORY-OF-STREAMS [JUDGE]

A phone's captured octets go in; what comes out is looked at here octet by
octet and, where tshark is installed, by tshark."""

import socket
import subprocess
import sys
import tempfile
import unittest

EMBED, STREAMS = sys.argv[1], sys.argv[2]
JUDGE = sys.argv[3] if len(sys.argv) > 3 else None
WAIT = 20


def tpkts(data):
    """The first octets of a stream, cut into whole TPKTs."""
    out = []
    while len(data) >= 4:
        length = int.from_bytes(data[2:4], "big")
        out.append(data[:length])
        data = data[length:]
    return out


def stream(name):
    path = f"{STREAMS}/gnugk-simpleh323-tcp-{name}.bin"
    with open(path, "rb") as f:
        return tpkts(f.read())


def ras_of(tpkt):
    """The RAS message of a Facility as it has to look, or a failure."""
    head = bytes.fromhex("08020000621c007e")
    assert tpkt[0:2] == b"\x03\x00" and tpkt[4:12] == head, tpkt.hex()
    assert int.from_bytes(tpkt[12:14], "big") == len(tpkt) - 14, tpkt.hex()
    before, _, ras = tpkt.partition(bytes.fromhex("01400011000040000100"))
    assert len(before) < 30, tpkt.hex()
    assert ras[0] == len(ras) - 1 < 128, tpkt.hex()
    return ras[1:]


class Embed(unittest.TestCase):
    def setUp(self):
        self.embed = subprocess.Popen(
            [EMBED, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        word, address = self.embed.stdout.readline().split()
        self.assertEqual(word, "listening")
        self.port = int(address.split(":")[1])
        self.sockets = []

    def tearDown(self):
        for s in self.sockets:
            s.close()
        if self.embed.poll() is None:
            self.embed.terminate()
        out, err = self.embed.communicate(timeout=WAIT)
        self.assertEqual(self.embed.returncode, 0, out + err)

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port), WAIT)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sockets.append(s)
        return s

    def receive(self, s):
        data = b""
        while len(data) < 4 or len(data) < int.from_bytes(data[2:4], "big"):
            piece = s.recv(4096)
            self.assertNotEqual(piece, b"", "closed: " + data.hex())
            data += piece
        self.assertEqual(len(tpkts(data)), 1)
        return data

    def line(self):
        return self.embed.stdout.readline().split()

    def test_a_captured_phone_registers_and_unregisters(self):
        sent = stream("register.s0.ep2gk")
        rrq, keepalive, urq = sent[0], sent[1], sent[-1]
        s = self.connect()
        s.sendall(rrq)
        reply = self.receive(s)
        rcf = ras_of(reply)
        # requestSeqNum of the captured RRQ, then H.225.0's OID
        self.assertEqual(rcf[:4].hex(), "12002be7")
        self.assertEqual(rcf[4:11].hex(), "060008914a0006")
        self.assertIn("1_embed".encode("utf-16-be"), rcf)
        self.assertEqual(self.line(), ["ras", "registrationRequest", "166"])
        s.sendall(keepalive)
        again = self.receive(s)
        self.assertEqual(ras_of(again)[:4].hex(), "12002be8")
        self.assertEqual(ras_of(again)[4:], rcf[4:])
        s.sendall(urq)
        ucf = self.receive(s)
        self.assertEqual(ras_of(ucf).hex(), "1c2bec")
        self.judge(reply + again + ucf,
                   "registrationConfirm:2,unregistrationConfirm")

    def test_the_same_in_pieces_of_three_octets(self):
        s = self.connect()
        for i in range(0, 203, 3):
            s.sendall(stream("register.s0.ep2gk")[0][i:i + 3])
        self.assertEqual(ras_of(self.receive(s))[:4].hex(), "12002be7")

    def test_signalling_is_handed_over_and_keepalives_are_taken(self):
        s = self.connect()
        for tpkt in stream("call.s0.ep2gk"):
            if tpkt[8] == 5:  # Setup
                s.sendall(bytes.fromhex("0300000400030004") + tpkt)
        self.assertEqual(self.line(), ["signalling", "setup", str(0x46f4)])

    def test_connections_are_independent_and_a_broken_one_is_closed(self):
        good, bad = self.connect(), self.connect()
        bad.sendall(b"\x16\x03\x01\x02\x00")
        self.assertEqual(bad.recv(16), b"")
        good.sendall(stream("register.s0.ep2gk")[0])
        self.assertEqual(ras_of(self.receive(good))[:2].hex(), "1200")

    def judge(self, gk2ep, expect):
        if JUDGE is None:
            return
        with tempfile.NamedTemporaryFile() as f:
            f.write(gk2ep)
            f.flush()
            done = subprocess.run(
                [sys.executable, JUDGE, "--gk2ep", f.name, "--expect", expect,
                 "--ras-only"], capture_output=True, text=True, check=False)
        if done.returncode != 77:
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
