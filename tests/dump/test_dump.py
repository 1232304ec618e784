#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Drives the built h46017-dump from outside.

    test_dump.py --program EXE --vectors DIR GROUP...

Exit status: 0 as it must be, 1 not (printed), 77 the group's material is not
there."""

import argparse
import glob
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys

import capture
from capture import Connection, EP, EP6, GK, GK6, pcap, tcp, udp

SKIP = 77
RRQ = ("0e802be7060008914a000700000022c00900003d1048333233506c75732073696d70"
       "6c6500001a312e32382e30202848333233706c75732076312e32382e302900000001"
       "4002006500700031600900003d1048333233506c75732073696d706c6500001a312e"
       "32382e30202848333233706c75732076312e32382e302900002e0b19220100018001"
       "800100027000013013100140001700024000011d0000021d0000071c0100")
KEEPALIVE = bytes.fromhex("03000004")

program = vectors = None
faults = 0


def check(truth, *what):
    global faults
    if not truth:
        faults += 1
        print("FAULT:", *what)
    return truth


def same(got, wanted, *what):
    return check(got == wanted, *what, "\n  got   ", repr(got)[:1500],
                 "\n  wanted", repr(wanted)[:1500])


class Run:
    def __init__(self, *args, data=b"", **more):
        if isinstance(data, str):
            data = data.encode()
        done = subprocess.run([program, *args], input=data, timeout=120,
                              capture_output=True, **more)
        self.status = done.returncode
        self.bytes = done.stdout
        self.err = done.stderr.decode()

    @property
    def out(self):
        return self.bytes.decode()

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def json(self):
        # split at \n alone: a string may hold U+2028 and the like
        return [json.loads(x) for x in self.out.split("\n") if x]


def skip(*what):
    print("SKIP:", *what)
    sys.exit(SKIP)


# -- material -----------------------------------------------------------------

def places(*below):
    """Of the project, then of the directory that the environment names."""
    roots = [vectors]
    if os.environ.get("H46017_VECTORS"):
        roots.append(os.environ["H46017_VECTORS"])
    for root in roots:
        found = os.path.join(root, *below)
        if os.path.isdir(found):
            return found
    return None


def generated():
    folder = places("generated")
    names = folder and sorted(glob.glob(folder + "/*.jsonl")
                              + glob.glob(folder + "/*.jsonl.gz"))
    if not names:
        skip("no generated vectors; set H46017_VECTORS")
    for name in names:
        opener = gzip.open if name.endswith(".gz") else open
        with opener(name, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line, object_hook=units)


def units(value):
    """The vectors write some strings, those with U+0000 among them, as
    {"_utf16": hex}."""
    if list(value) == ["_utf16"]:
        return bytes.fromhex(value["_utf16"]).decode("utf-16-be",
                                                     "surrogatepass")
    return value


def gnugk():
    folder = places("gnugk")
    if not folder:
        skip("no captured streams; set H46017_VECTORS")
    return folder


def ras_of(name):
    """What was noted when it was captured: [(stream, direction, hex)]."""
    with open(name) as file:
        return [(f[1], f[2], f[4]) for f in (line.split() for line in file)
                if f]


def a_stream():
    """Octets of one direction, and the RAS messages in it."""
    base = gnugk() + "/gnugk-simpleh323-tcp-call"
    with open(base + ".s0.ep2gk.bin", "rb") as file:
        return file.read(), [h for s, way, h in ras_of(base + ".ras.txt")
                             if (s, way) == ("s0", "ep2gk")]


def hexes(objects):
    return [r["hex"] for o in objects for r in o.get("ras", [])]


def no_errors(run, *what):
    same(run.status, 0, *what, run.err)
    check('"error"' not in run.out, *what, "an error in it")


# -- usage --------------------------------------------------------------------

def test_usage():
    run = Run("--help")
    check(run.status == 0 and "Examples:" in run.out, "--help", run.out)
    run = Run("--version")
    check(run.status == 0 and run.out.startswith("h46017-dump "), "--version")
    run = Run("--types")
    check(run.status == 0 and "RasMessage" in run.lines and
          len(run.lines) == len(set(run.lines)) > 200, "--types")
    for args in (["--type", "NoSuchType"], ["--type", ""], ["--what"],
                 ["--input", "xml"], ["--port", "0"], ["--port", "65536"],
                 ["--port", "-1"], ["--port", "http"], ["--json", "--text"],
                 ["--reencode", "--text"], ["a", "b"], ["--port", "1300"],
                 ["--input", "tpkt", "--type", "RasMessage"],
                 ["--input", "pcap"] + ["--port", "9"] * 40):
        run = Run(*args)
        check(run.status == 2 and run.out == "" and run.err, args, run.status,
              run.out, run.err)
    run = Run("/nonexistent/file")
    check(run.status == 1 and "No such file" in run.err, run.err)
    run = Run("/")
    check(run.status == 1 and "directory" in run.err, run.err)
    for args in ([], ["--text"], ["--reencode"], ["--input", "tpkt"]):
        run = Run(*args)
        check(run.status == 0 and run.out == run.err == "", "empty", args)
    same(Run("--input", "bin").json[0]["error"]["code"], "TRUNCATED")
    run = Run("--input", "pcap")
    check(run.status == 1 and run.out == "" and run.err, "an empty capture")
    names()
    output_fails()


def names():
    for bare, qualified in (("RasMessage", "H225.RasMessage"),
                            ("H323-UserInformation",
                             "H225.H323-UserInformation"),
                            ("NonStandardParameter",
                             "H225.NonStandardParameter"),
                            ("H235NonStandardParameter",
                             "H235.NonStandardParameter"),
                            ("H245NonStandardParameter",
                             "H245.NonStandardParameter"),
                            ("H245NonStandardIdentifier",
                             "H245.NonStandardIdentifier"),
                            ("ClearToken", "H235.ClearToken")):
        a, b = (Run("--type", name, data="00\n") for name in (bare, qualified))
        check(a.status in (0, 1) and a.status == b.status and a.out == b.out
              and a.out, bare, qualified, a.err, b.err)
    # the three that share a name are three
    same(Run("--type", "NonStandardParameter",
             data="0002 1122 00\n").status in (0, 1), True)
    same(Run("--type", "H225.RasMessage", data=RRQ).json,
         Run(data=RRQ).json, "the default type")


def output_fails():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program], input=RRQ.encode(), stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
    check(done.returncode == 1 and b"writing failed" in done.stderr,
          "a full disk", done)
    many = (RRQ + "\n").encode() * 5000
    for ignored in (False, True):
        process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=(lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN))
            if ignored else None)
        process.stdout.close()
        try:
            process.stdin.write(many)
            process.stdin.close()
        except BrokenPipeError:
            pass
        err = process.stderr.read()
        process.stderr.close()
        status = process.wait(timeout=60)
        if ignored:
            check(status == 1 and b"writing failed" in err, "broken pipe", err)
        else:
            same(status, -signal.SIGPIPE, "broken pipe")


# -- errors -------------------------------------------------------------------

def is_error(value, code):
    e = value.get("error", {})
    return check(list(value) == ["error"] and e.get("code") == code
                 and list(e) == ["code", "offset", "bit", "path", "text"]
                 and e["text"], value, code)


def test_errors():
    good = RRQ
    lines = [good, "zz", good[:-1], good[:60], "", "# a comment", good + "dead",
             " ".join(good[i:i + 2] for i in range(0, len(good), 2)) + "\r",
             good.upper()]
    run = Run(data="\n".join(lines))
    out = run.json
    same(run.status, 1)
    if same(len(out), 7, run.out):
        value = out[0]["value"]
        same(list(out[0]), ["value"])
        same(value["registrationRequest"]["requestSeqNum"], 0x2be7 + 1)
        same(value["registrationRequest"]["terminalAlias"],
             [{"h323-ID": "ep1"}])
        is_error(out[1], "INVALID_ARGUMENT")
        is_error(out[2], "INVALID_ARGUMENT")
        same((out[2]["error"]["offset"], out[2]["error"]["bit"]),
             (len(good) // 2 - 1, 4))
        is_error(out[3], "TRUNCATED")
        check(out[3]["error"]["path"].startswith("registrationRequest"),
              out[3])
        same(out[4], {"value": value, "trailing": 2})
        same(out[5], {"value": value})
        same(out[6], {"value": value})
    check("3 of 7" in run.err, run.err)

    run = Run("--reencode", data="\n".join(lines))
    same(run.status, 1)
    same(run.out.split("\n"), [good, "", "", "", good + "dead", good, good,
                               ""])
    check("line 2" in run.err and "line 3" in run.err and "line 4" in run.err,
          run.err)
    run = Run("--text", data="\n".join(lines))
    same(run.status, 1)
    check(run.out.count("error: ") == 3 and 'h323-ID "ep1"' in run.out
          and '("H323Plus simple")' in run.out, run.out)

    # every octet too few is told, and where
    octets = bytes.fromhex(good)
    run = Run(data="\n".join(octets[:n].hex() for n in range(1, len(octets))))
    same(len(run.json), len(octets) - 1)
    for n, value in enumerate(run.json, 1):
        if is_error(value, "TRUNCATED"):
            check(value["error"]["offset"] <= n, n, value)

    run = Run("--input", "bin", data=octets + b"\0")
    same((run.status, run.json), (0, [{"value": value_of(good),
                                       "trailing": 1}]))
    run = Run("--input", "bin", "--reencode", data=octets)
    same((run.status, run.out), (0, good + "\n"))
    too_long()


def value_of(text):
    return Run(data=text).json[0]["value"]


def too_long():
    line = "00" * (5 << 20)
    run = Run(data=RRQ + "\n" + line + "\n" + RRQ)
    same(run.status, 1)
    same([list(x) for x in run.json], [["value"], ["error"], ["value"]])
    same(run.json[1]["error"]["code"], "TOO_LARGE")
    run = Run("--input", "bin", data=b"\0" * (5 << 20))
    same(run.json[0]["error"]["code"], "TOO_LARGE")


# -- vectors ------------------------------------------------------------------

def test_vectors():
    by_type = {}
    for record in generated():
        by_type.setdefault(record["pdu"], []).append(record)
    known = Run("--types").lines
    count = 0
    for name, records in sorted(by_type.items()):
        check(name in known, name, "is not listed")
        text = "\n".join(r["aper"] for r in records)
        run = Run("--type", name, "--json", data=text)
        same((run.status, len(run.json)), (0, len(records)), name, run.err)
        for record, got in zip(records, run.json):
            same(got, {"value": record["json"]}, record["id"])
            count += 1
        run = Run("--type", name, "--reencode", data=text)
        same(run.status, 0, name, run.err)
        for record, got in zip(records, run.lines):
            same(got, record["aper"], record["id"])
        run = Run("--type", name, "--text", data=text)
        same((run.status, run.err), (0, ""), name)
        check(run.bytes.startswith(name.encode() + b":"), name)
    print(count, "records")
    odd_text()


def odd_text():
    """What no other tool writes: U+0000, lone surrogates, whole pairs."""
    # AliasAddress h323-ID: choice 1, length - 1, 16-bit units
    def alias(*units):
        return "40%02x" % (len(units) - 1) + "".join("%04x" % u for u in units)
    cases = [((0x61, 0, 0x62), r'"a\u0000b"'),
             ((0xd800, 0x61), r'"\ud800a"'),
             ((0x61, 0xdc00), r'"a\udc00"'),
             ((0xdc00, 0xd800), r'"\udc00\ud800"'),
             ((0xd83d, 0xde00), r'"\ud83d\ude00"'),
             ((0x22, 0x5c, 0x0a, 0x1b), r'"\"\\\n\u001b"'),
             ((0x80, 0x9b, 0x9f, 0xa0), '"\\u0080\\u009b\\u009f\xa0"'),
             ((0xe9, 0x20ac), '"é€"')]
    run = Run("--type", "AliasAddress", "--json",
              data="\n".join(alias(*units) for units, _ in cases))
    same(run.status, 0, run.err)
    for (units, text), line in zip(cases, run.out.split("\n")):
        same(line, '{"value":{"h323-ID":%s}}' % text)
    run = Run("--type", "AliasAddress", "--reencode",
              data="\n".join(alias(*units) for units, _ in cases))
    same(run.lines, [alias(*units) for units, _ in cases])
    run = Run("--type", "AliasAddress", "--text", data=alias(0x1b, 0x9b, 0x61))
    check("\x1b" not in run.out and "\x9b" not in run.out,
          "a control sequence reached the terminal", run.out)
    odd_values()


def odd_values():
    def one(name, text, wanted):
        run = Run("--type", name, data=text)
        same((run.status, run.json), (0, [{"value": wanted}]), name, text)
        again = Run("--type", name, "--reencode", data=text)
        same(again.out, text + "\n", name)
    # H.235's Element holds an INTEGER without bounds: numbers while they fit 64
    # bits, two's complement in hex beyond
    for octets, wanted in (("ff", -1), ("8000000000000000", -2 ** 63),
                           ("7fffffffffffffff", 2 ** 63 - 1),
                           ("00ffffffffffffffff", 2 ** 64 - 1),
                           ("010000000000000000", "010000000000000000"),
                           ("ff0000000000000000", "ff0000000000000000")):
        one("Element", "10%02x" % (len(octets) // 2) + octets,
            {"integer": wanted})
    # an item and an alternative of a later version
    one("ScreeningIndicator", "81", "_ext_1")
    one("AliasAddress", "9f02beef", {"_ext_31": "beef"})
    # an arc of 71 bits: the octets
    one("ProtocolIdentifier", "0b2affffffffffffffffff7f",
        "2affffffffffffffffff7f")


# -- streams ------------------------------------------------------------------

def test_tpkt():
    folder = gnugk()
    count = 0
    for name in sorted(glob.glob(folder + "/*.bin")):
        base, stream, way, _ = name.rsplit(".", 3)
        wanted = [h for s, w, h in ras_of(base + ".ras.txt")
                  if (s, w) == (stream, way)]
        with open(name, "rb") as file:
            octets = file.read()
        run = Run("--input", "tpkt", name)
        no_errors(run, name)
        same(hexes(run.json), wanted, name)
        same(sum(o["tpkt"]["length"] for o in run.json), len(octets), name)
        frames_are_sound(run.json, name)
        run = Run("--input", "tpkt", "--reencode", name)
        same((run.status, "".join(run.lines)), (0, octets.hex()), name, run.err)
        run = Run("--input", "tpkt", "--text", name)
        same(run.status, 0, name)
        same(run.out.count("  RasMessage: "), len(wanted), name)
        count += len(wanted)
    check(count > 20, count, "RAS messages")
    stream_errors()


def tpkt(q931):
    return b"\3\0" + (len(q931) + 4).to_bytes(2, "big") + q931


def test_stream_of_vectors():
    """Every H323-UserInformation, as the user-user part of a Facility."""
    records = [r for r in generated() if r["pdu"] == "H323-UserInformation"
               and len(r["aper"]) < 2 * 65000]
    stream = b""
    for r in records:
        user = b"\5" + bytes.fromhex(r["aper"])
        stream += tpkt(bytes.fromhex("08020000621c007e")
                       + len(user).to_bytes(2, "big") + user)
    run = Run("--input", "tpkt", data=stream)
    wanted = []
    for r in records:
        data = r["json"]["h323-uu-pdu"].get("genericData", [])
        wanted.append([p["content"]["raw"] for g in data
                       if g["id"] == {"standard": 17}
                       for p in g.get("parameters", [])
                       if p["id"] == {"standard": 1}
                       and "raw" in p.get("content", {})])
    check(sum(map(len, wanted)) >= 65, "too few RAS messages in the vectors")
    same(len(run.json), len(records))
    for r, o, ras in zip(records, run.json, wanted):
        same((o["uuie"], [x["hex"] for x in o["ras"]]), (r["json"], ras),
             r["id"])
    good = [r for r, o in zip(records, run.json)
            if not any("error" in x for x in o["ras"])]
    print(len(good), "of", len(records), "with sound RAS")
    again = Run("--input", "tpkt", "--reencode", data=stream)
    same([line for line in again.lines if line],
         ["0300" + "%04x" % (len(r["aper"]) // 2 + 15) + "08020000621c007e"
          + "%04x" % (len(r["aper"]) // 2 + 1) + "05" + r["aper"]
          for r in good])
    same(again.status, 0 if len(good) == len(records) else 1)


def frames_are_sound(objects, *what):
    for o in objects:
        same(list(o), ["tpkt", "q931", "uuie", "ras"], *what)
        q931 = o["q931"]
        check(q931["message"] != "unknown" and q931["flag"] in (True, False)
              and 0 <= q931["crv"] < 32768, q931)
        same([ie["hex"][:2] for ie in q931["ies"] if ie["id"] == 0x7e], ["05"],
             *what)
    # each part by itself says the same as in its place
    parts = [ie["hex"][2:] for o in objects for ie in o["q931"]["ies"]
             if ie["id"] == 0x7e]
    run = Run("--type", "H323-UserInformation", data="\n".join(parts))
    same(run.json, [{"value": o["uuie"]} for o in objects], *what)
    ras = [r for o in objects for r in o["ras"]]
    run = Run(data="\n".join(r["hex"] for r in ras))
    same([{"hex": r["hex"], **got} for r, got in zip(ras, run.json)], ras,
         *what)


def stream_errors():
    stream, wanted = a_stream()
    first = stream[:int.from_bytes(stream[2:4], "big")]

    def run(data):
        return Run("--input", "tpkt", data=data)
    # keep-alives, of both kinds, between
    r = run(KEEPALIVE + first + bytes.fromhex("00030004") + first)
    same((r.status, hexes(r.json)), (0, wanted[:1] * 2))
    same([o.get("keepalive") for o in r.json], [True, None, True, None])
    # ends inside: what is whole is told, then the end
    for n in (1, 3, 4, len(first) - 1):
        r = run(first + first[:n])
        same((r.status, hexes(r.json)), (1, wanted[:1]))
        e = r.json[-1]["error"]
        same((e["code"], e["layer"], e["offset"]),
             ("TRUNCATED", "tpkt", len(first) + n))
    # not TPKT: the stream cannot be followed
    r = run(first + b"GET / HTTP/1.1\r\n\r\n" + first)
    same((r.status, len(r.json)), (1, 2))
    e = r.json[1]["error"]
    same((e["code"], e["offset"], e["layer"]), ("TPKT", len(first), "tpkt"))
    # Q.931, user-user part, RAS: one TPKT is lost, the rest goes on
    ras = bytes.fromhex(wanted[0])
    at = first.index(ras)
    for layer, code, bad in (
            ("q931", "Q931", tpkt(b"\x09" + first[5:])),
            ("q931", "Q931", tpkt(bytes.fromhex("0802000105280541"))),
            ("uuie", "TRUNCATED", tpkt(bytes.fromhex("08020000627e00020528"))),
            ("ras", None, first[:at] + b"\x0e\x80" + b"\xff" * (len(ras) - 2)
             + first[at + len(ras):])):
        r = run(bad + first)
        same((r.status, len(r.json)), (1, 2), layer)
        o = r.json[0]
        e = (o["ras"][0] if layer == "ras" else o)["error"]
        same(e["layer"], layer)
        check(code in (None, e["code"]), e)
        # the discriminator; the element that goes past the end
        check(layer != "q931" or e["offset"] == (0 if bad[4] == 9 else 5), e)
        same(hexes(r.json[1:]), wanted[:1])
        check("q931" in o or layer == "q931", o)
        again = Run("--input", "tpkt", "--reencode", data=bad + first)
        same((again.status, again.out), (1, "\n" + first.hex() + "\n"), layer)
        check(layer in again.err, again.err)
        text = Run("--input", "tpkt", "--text", data=bad + first)
        check(text.status == 1 and text.out.count("error: ") == 1, text.out)
    # what is not canonical (here a bit of padding) is written canonically, in
    # the RAS message inside too
    check(ras[1] == 0x80 and Run(data=ras.hex()[:3] + "1" + ras.hex()[4:]).json
          == Run(data=ras.hex()).json, "the padding is somewhere else")
    again = Run("--input", "tpkt", "--reencode",
                data=first[:at + 1] + b"\x81" + first[at + 2:])
    same((again.status, again.out), (0, first.hex() + "\n"), "padding")
    # a message with nothing of H.323 in it
    r = run(tpkt(bytes.fromhex("08028001 5a 080280907e00020411")))
    o = r.json[0]
    same((r.status, o["q931"]["message"], o["q931"]["crv"], o["q931"]["flag"],
          o["uuie"], o["ras"]), (0, "releaseComplete", 1, True, None, []))
    # nothing waits for the end of the input
    process = subprocess.Popen([program, "--input", "tpkt"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(first)
    process.stdin.flush()
    same(hexes([json.loads(process.stdout.readline())]), wanted[:1])
    process.stdin.close()
    process.stdout.close()
    same(process.wait(timeout=60), 0)


# -- captures -----------------------------------------------------------------

def run_pcap(packets, *args, kind=capture.ETHERNET, **more):
    return Run("--input", "pcap", *args, "-",
               data=pcap(packets, kind, **more))


def test_pcap():
    folder = gnugk()
    for name in sorted(glob.glob(folder + "/*.pcap")):
        wanted = ras_of(name[:-5] + ".ras.txt")
        run = Run("--input", "pcap", name)
        no_errors(run, name)
        same(sorted(hexes(run.json)), sorted(h for _, _, h in wanted), name)
        for way in ("ep2gk", "gk2ep"):
            end = "to" if way == "ep2gk" else "from"
            same(sorted(hexes(o for o in run.json
                              if o[end].endswith(":1720"))),
                 sorted(h for _, w, h in wanted if w == way), name, way)
        with open(name, "rb") as file:
            same(Run("--input", "pcap", data=file.read()).bytes, run.bytes,
                 "from stdin", name)
        run = Run("--input", "pcap", "--text", name)
        same(run.out.count("  RasMessage: "), len(wanted), name)
    link_layers()
    datagrams()
    for name in sorted(glob.glob(os.path.join(
            os.environ.get("H46017_VECTORS") or "/nonexistent",
            "..", "captures", "*", "*.pcap"))):
        run = Run("--input", "pcap", name)
        check(run.status in (0, 1), name, run.status)
        check(all(isinstance(o, dict) for o in run.json), name)
        print(os.path.basename(name), len(run.json), "lines")


def link_layers():
    stream, wanted = a_stream()
    for kind in (capture.ETHERNET, capture.RAW, capture.SLL, capture.SLL2,
                 capture.NULL):
        for ends in ((EP, GK), (EP6, GK6)):
            c = Connection(*ends)
            packets = [c.syn()] + c.cut(stream, 700) + [c.fin(len(stream))]
            run = run_pcap(packets, kind=kind)
            no_errors(run, kind, ends)
            same(hexes(run.json), wanted, kind, ends)
            same((run.json[0]["from"], run.json[0]["to"], run.json[0]["time"]),
                 ("192.0.2.1:40000", "192.0.2.2:1720", 1700000001.000005)
                 if ends[0] is EP else
                 ("[2001:db8::1]:40000", "[2001:db8::2]:1720",
                  1700000001.000005))
    c = Connection()
    same(hexes(run_pcap(c.cut(stream, 700), vlan=True).json), wanted, "VLAN")
    run = run_pcap([tcp(EP6, GK6, 1, stream, options=b"\6\0" + b"\1\4" + b"\0"
                        * 4)], kind=capture.RAW)
    same(hexes(run.json), wanted, "IPv6 extension header")
    run = run_pcap(c.cut(stream, 700), kind=105)
    check(run.status == 1 and "link type 105" in run.err, "802.11", run.err)
    # other ports are not ours, until they are named
    tls = (EP[0], 1300)
    c = Connection((GK[0], 5555), tls)
    same(run_pcap(c.cut(stream, 700)).out, "")
    same(hexes(run_pcap(c.cut(stream, 700), "--port", "9", "--port",
                        "1300").json), wanted)
    # fragments and cut packets are told
    run = run_pcap([tcp(EP, GK, 1, stream[:64], fragment=0x2000)])
    check("1 IP fragment" in run.err, run.err)
    run = run_pcap(Connection().cut(stream, 700), whole=200)
    check("not captured whole" in run.err, run.err)


def datagrams():
    rrq = bytes.fromhex(RRQ)
    packets = [udp(EP, (GK[0], 1719), rrq), udp((GK[0], 1719), EP, rrq[:20]),
               udp(EP, (GK[0], 1718), rrq), udp(EP6, (GK6[0], 1719), rrq)]
    run = run_pcap(packets)
    same((run.status, len(run.json)), (1, 3))
    value = value_of(RRQ)
    same(run.json[0]["ras"], [{"hex": RRQ, "value": value}])
    same(run.json[0]["udp"], {"length": len(rrq)})
    same(run.json[1]["ras"][0]["error"]["layer"], "ras")
    same(run.json[2]["ras"], [{"hex": RRQ, "value": value}])
    run = run_pcap(packets, "--reencode")
    same((run.status, run.out), (1, RRQ + "\n\n" + RRQ + "\n"))
    run = run_pcap(packets, "--text")
    same((run.status, run.out.count("UDP of ")), (1, 3))


# -- TCP ----------------------------------------------------------------------

def test_tcp():
    stream, wanted = a_stream()
    c = Connection()  # its sequence numbers wrap around
    syn, fin = c.syn(), c.fin(len(stream))
    dice = random.Random(17)

    def good(packets, *what, times=1):
        run = run_pcap(packets)
        no_errors(run, *what)
        same(hexes(run.json), wanted * times, *what)

    for size in (1, 3, 4, 100, 699, 5000):
        pieces = c.cut(stream, size)
        good([syn] + pieces + [fin], "in order", size)
        good(pieces, "without SYN and FIN", size) if size > 4 else None
        if size < 100:
            continue
        good([syn, fin] + pieces[::-1], "backwards", size)
        for _ in range(20):
            mixed = pieces * 2
            dice.shuffle(mixed)
            good([syn] + mixed + [fin], "shuffled, twice", size)
    good([syn, syn] + c.cut(stream, 300) + [fin, fin] + c.cut(stream, 300)
         + [fin], "all of it again, after its end")
    # overlapping in any way: what came first is believed
    pieces = [c.at(i, stream[i:i + dice.randrange(1, 400)])
              for i in range(0, len(stream), 40)]
    pieces += c.cut(stream, 350)
    for _ in range(20):
        dice.shuffle(pieces)
        good([syn] + pieces + [fin], "overlapping")
    good([syn, c.at(-1, b"\0")] + c.cut(stream, 500) + [c.at(len(stream) - 1,
                                                             b"\0")],
         "probes of one octet")
    # two connections after one another on the same ports
    d = Connection(isn=12345)
    good([syn] + c.cut(stream, 300) + [d.syn()] + d.cut(stream, 300),
         "the ports again", times=2)
    # many connections, each alone
    packets = []
    for port in range(50):
        e = Connection((EP[0], 30000 + port), isn=port * 99999999)
        packets.append([e.syn()] + e.cut(stream, 250))
    mixed = [p for step in zip(*packets) for p in step]
    run = run_pcap(mixed)
    no_errors(run, "fifty connections")
    same(sorted(hexes(run.json)), sorted(wanted * 50))
    tcp_losses(stream, wanted, c)


def tcp_losses(stream, wanted, c):
    frames = []
    at = 0
    while at < len(stream):
        n = int.from_bytes(stream[at + 2:at + 4], "big")
        frames.append(c.at(at, stream[at:at + n]))
        at += n
    everything = [o["tpkt"]["length"] for o in
                  run_pcap([c.syn()] + frames).json]
    for lost in range(1, len(frames) - 1):
        run = run_pcap([c.syn()] + frames[:lost] + frames[lost + 1:])
        same(run.status, 1, "lost", lost)
        got = [o["tpkt"]["length"] for o in run.json if "tpkt" in o]
        same(got, everything[:lost] + everything[lost + 1:], "lost", lost)
        errors = [o["error"] for o in run.json if "error" in o]
        same([(e["code"], e["layer"], e["offset"]) for e in errors],
             [("TRUNCATED", "tpkt", sum(everything[:lost]))], "lost", lost)
    # begins in the middle of a TPKT: from the next one on
    run = run_pcap([c.at(50, stream[50:everything[0]])] + frames[1:])
    no_errors(run, "begins in the middle")
    same(len(run.json), len(frames) - 1)
    # ends in the middle of one
    run = run_pcap([c.syn()] + frames[:2] + [c.at(sum(everything[:2]),
                                                  stream[sum(everything[:2]):]
                                                  [:9])])
    same((run.status, run.json[-1]["error"]["code"], len(run.json)),
         (1, "TRUNCATED", 3))
    # a gap that is never filled, and more behind it than may wait
    filler = [c.at(10000 + i * 1400, KEEPALIVE * 350) for i in range(400)]
    run = run_pcap([c.syn()] + frames[:1] + filler)
    same(run.status, 1)
    same(sum(1 for o in run.json if "error" in o), 1)
    same(sum(1 for o in run.json if o.get("keepalive")), 400 * 350)


# -- noise --------------------------------------------------------------------

def test_noise():
    """Whatever comes in: no crash, no hang, and each line is JSON."""
    stream, _ = a_stream()
    c = Connection()
    packets = [c.syn()] + c.cut(stream, 300) + [c.fin(len(stream))]
    whole = {"tpkt": stream, "pcap": pcap(packets), "bin": bytes.fromhex(RRQ),
             "hex": (RRQ + "\n" + RRQ).encode()}
    for seed in range(60):
        dice = random.Random(seed)
        for kind, data in whole.items():
            data = bytearray(data)
            for _ in range(dice.choice((1, 3, 20))):
                i = dice.randrange(len(data))
                what = dice.randrange(3)
                if what == 0:
                    data[i] ^= 1 << dice.randrange(8)
                elif what == 1:
                    data[i] = dice.randrange(256)
                else:
                    del data[i:i + dice.randrange(9)]
                    data = data or bytearray(b"0")
            form = dice.choice(("--json", "--json", "--text", "--reencode"))
            run = Run("--input", kind, form, data=bytes(data))
            check(run.status in (0, 1), kind, form, "seed", seed, run.status,
                  run.err)
            if form == "--json":
                for line in run.bytes.split(b"\n"):
                    try:
                        line and json.loads(line)
                    except ValueError as e:
                        check(False, kind, "seed", seed, e, line[:300])


# -- a judge ------------------------------------------------------------------

def collect(node, names, found):
    """(name, value) of every component in `names`, in the message's order."""
    if isinstance(node, dict):
        node = list(node.items())
    for item in node:
        if isinstance(item, tuple):
            if item[0] in names and isinstance(item[1], (str, int)):
                found.append((names[item[0]], str(item[1])))
            elif isinstance(item[1], (dict, list)):
                collect(item[1], names, found)
        elif isinstance(item, (dict, list)):
            collect(item, names, found)
    return found


THEIRS = {"h225.requestSeqNum": "seq", "h225.endpointIdentifier": "endpoint",
          "h225.gatekeeperIdentifier": "gatekeeper", "h225.h323_ID": "h323-ID",
          "h225.timeToLive": "ttl", "h225.keepAlive": "keepAlive",
          "h225.productId": "product"}
OURS = {"requestSeqNum": "seq", "endpointIdentifier": "endpoint",
        "gatekeeperIdentifier": "gatekeeper", "h323-ID": "h323-ID",
        "timeToLive": "ttl", "keepAlive": "keepAlive", "productId": "product"}


def plain(found):
    """Both sides' spelling of octets and BOOLEANs made one."""
    out = []
    for name, value in found:
        if name == "product":
            value = value.replace(":", "")
            try:
                value = bytes.fromhex(value).decode().rstrip("\0")
            except ValueError:
                pass
        if name == "keepAlive":
            value = {"True": "1", "False": "0"}.get(value, value)
        out.append((name, value))
    return out


def test_tshark():
    tshark = shutil.which("tshark")
    if tshark is None:
        skip("no tshark")
    count = 0
    for name in sorted(glob.glob(gnugk() + "/*.pcap")):
        done = subprocess.run(
            [tshark, "-r", name, "-T", "json", "-Y", "q931"],
            capture_output=True, timeout=170)
        packets = json.loads(done.stdout, object_pairs_hook=list)
        theirs = plain(collect(packets, THEIRS, []))
        messages = collect(packets, {"q931.message_type": "m",
                                     "q931.call_ref": "c"}, [])
        lines = Run("--input", "pcap", name).json
        ours = []
        for line in lines:
            collect(line["uuie"], OURS, ours)
            for ras in line["ras"]:
                collect(ras["value"], OURS, ours)
        # tshark shows a RAS message where its octets are, inside the generic
        # data of the user-user part: in a Facility there is nothing of ours
        # before it
        same(plain(ours), theirs, name)
        same([int(v, 0) for n, v in messages if n == "m"],
             [line["q931"]["type"] for line in lines], name)
        same([int(v.replace(":", ""), 16) & 0x7fff for n, v in messages
              if n == "c"], [line["q931"]["crv"] for line in lines], name)
        count += len(theirs)
        text = Run("--input", "pcap", "--text", name).out
        for what, value in theirs:
            if what in ("h323-ID", "endpoint"):
                check('"%s"' % value in text, what, value, "not in --text")
    check(count > 100, count, "values compared")
    print(count, "values compared")


def main():
    global program, vectors
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--vectors", required=True)
    parser.add_argument("groups", nargs="+")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    vectors = args.vectors
    for group in args.groups:
        globals()["test_" + group]()
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
