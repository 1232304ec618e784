#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The judge itself is judged: it passes what is right, and each thing it is
there to find, it finds. Usage: test_judge.py JUDGE DIRECTORY-OF-STREAMS"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

JUDGE, STREAMS = sys.argv[1], sys.argv[2]

RCF = bytes.fromhex(
    "12c00000060008914a00060001400b003000300039003000330033003200660036003800"
    "380061020067006b060031005f0067006b268a000002007701000180")
LIGHT_RRQ = bytes.fromhex(
    "0e400001060008914a00068000000200400067006b00b500534c348f0000000200770180"
    "09060031005f0067006b01000180")
RRJ = bytes.fromhex("14000001060008914a0006840100")
URQ = bytes.fromhex("1a40000800060031005f0067006b1408000120")
UCF = bytes.fromhex("1c0008")
RIP = bytes.fromhex("80050000060bb7")
DCF = bytes.fromhex("40000a")


def length(n):
    return bytes([n]) if n < 128 else bytes([0x80 | n >> 8, n & 0xff])


def facility(*messages, feature=17, parameter=1, ies=b""):
    """A Facility with RAS messages, written by hand from X.691."""
    generic = b"\x01\x40" + feature.to_bytes(2, "big")
    generic += (len(messages) - 1).to_bytes(2, "big")
    for ras in messages:
        generic += b"\x40" + parameter.to_bytes(2, "big") + b"\x00"
        generic += length(len(ras)) + ras
    uuie = b"\x28\x10\x01\x00\x10\x81\x01\x80" + length(len(generic)) + generic
    q931 = b"\x08\x02\x00\x00\x62" + ies
    q931 += b"\x7e" + (len(uuie) + 1).to_bytes(2, "big") + b"\x05" + uuie
    return b"\x03\x00" + (len(q931) + 4).to_bytes(2, "big") + q931


SETUP = bytes.fromhex(
    "03000080080200050504038890a570038134327e006a0520b0060008914a000601400b00"
    "300030003900300033003300320066003600380038006102000100807500000102030405"
    "060708090a0b0c0d0e0f00d90f8000001100101112131415161718191a1b1c1d1e1f0100"
    "010009060031005f0067006b0180018010800180")
EMPTY_TPKT = b"\x03\x00\x00\x04"

# what, ep2gk, gk2ep, options, clean?
CASES = [
    ("each registration message", facility(LIGHT_RRQ) + facility(URQ),
     facility(RCF) + facility(UCF) + facility(RRJ),
     ["--ras-only", "--expect", "registrationRequest,registrationConfirm,"
      "unregistrationRequest,unregistrationConfirm,registrationReject"], True),
    ("two messages in one Facility", b"", facility(RIP, DCF),
     ["--expect", "requestInProgress,disengageConfirm"], True),
    ("a Facility information element in front", b"",
     facility(RCF, ies=b"\x1c\x00"), [], True),
    ("empty TPKTs", EMPTY_TPKT + facility(LIGHT_RRQ) + EMPTY_TPKT, EMPTY_TPKT,
     ["--expect", "registrationRequest"], True),
    ("a Setup", SETUP, b"", ["--expect", ""], False),
    ("a Setup, nothing said of RAS", SETUP, b"", [], True),
    ("a Setup where RAS alone should be", SETUP, b"", ["--ras-only"], False),
    ("another message than expected", b"", facility(RCF),
     ["--expect", "registrationReject"], False),
    ("a lightweight RRQ where a full one should be", facility(LIGHT_RRQ), b"",
     ["--expect", "registrationRequest/"], False),
    ("a lightweight RRQ by its name", facility(LIGHT_RRQ), b"",
     ["--expect", "registrationRequest/keepAlive"], True),
    ("a message too few", b"", facility(RCF),
     ["--expect", "registrationConfirm:2"], False),
    ("RAS cut short", b"", facility(RCF[:-3]), [], False),
    ("RAS of one octet", b"", facility(b"\x1c"), [], False),
    ("an unknown RAS message", b"", facility(b"\xbe\x01\x00"), [], False),
    ("an unknown addition to the RCF", b"",
     facility(RCF[:55] + bytes([0x3e, 0x80, 0, 0, 0, 0x02]) + RCF[58:]
              + b"\x01\x00"), [], False),
    ("another feature than 17", b"", facility(RCF, feature=99), [], False),
    ("another parameter than 1", b"", facility(RCF, parameter=2), [], False),
    ("an unknown information element", b"",
     facility(RCF, ies=b"\x6f\x01\x00"), [], False),
    ("no User-User information element", b"",
     bytes.fromhex("030000090802000062"), [], False),
    ("a UUIE that ends early", b"",
     bytes.fromhex("0300000f0802000062 7e0003 052810".replace(" ", "")), [],
     False),
    ("no TPKT", b"\x16\x03\x01\x00\x10", b"", [], False),
    ("half a TPKT", facility(LIGHT_RRQ)[:-1], b"", [], False),
    ("nothing", b"", b"", [], False),
]


def judge(work, up, down, options):
    names = []
    for name, data in (("ep2gk", up), ("gk2ep", down)):
        path = os.path.join(work, name)
        with open(path, "wb") as f:
            f.write(data)
        names += ["--" + name, path]
    return subprocess.run([sys.executable, JUDGE] + names + options,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


def main():
    if shutil.which("tshark") is None:
        print("tshark is not there")
        sys.exit(77)
    wrong = 0
    with tempfile.TemporaryDirectory() as work:
        for what, up, down, options, clean in CASES:
            done = judge(work, up, down, options)
            ok = done.returncode == (0 if clean else 1)
            wrong += not ok
            print("%s: %s: %s" % ("ok" if ok else "WRONG", what,
                                  done.stdout.strip().split("\n")[0]))
        streams = sorted(glob.glob(os.path.join(STREAMS, "*.ep2gk.bin")))
        for up in streams:
            done = subprocess.run(
                [sys.executable, JUDGE, "--ep2gk", up, "--gk2ep",
                 up.replace(".ep2gk.", ".gk2ep.")],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                check=False)
            wrong += done.returncode != 0
            print("%s: %s" % (os.path.basename(up), done.stdout.strip()))
    if not streams:
        print("no streams in " + STREAMS)
        wrong += 1
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
