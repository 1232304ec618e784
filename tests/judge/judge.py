#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Lets tshark judge H.460.17 streams: somebody else's decoder must find every
frame to be what we meant.

    judge.py [--ep2gk FILE] [--gk2ep FILE] [--expect NAME,NAME…] [--ras-only]
    judge.py --pcap FILE [--port N]        [--expect NAME,NAME…] [--ras-only]

FILE of the first form holds the octets of one direction of one TCP connection;
TPKTs of the two are put alternately into a capture (synthetic TCP, port 1720).
A capture of the second form is judged as it is (--port: the signalling port,
if it is not 1720).

Each of these is a fault: a malformed or short packet, an expert note worse
than chat, a component, extension, information element or CHOICE alternative
that tshark does not know, octets it calls data, a TPKT without Q.931, a Q.931
message without H.225, a Facility of call reference 0 without a RAS message,
and (--expect) other RAS messages, or in other order, than those expected;
(--ras-only) any frame without a RAS message.

--expect NAME:N expects N of the same in a row. A lightweight RRQ is called
registrationRequest/keepAlive: registrationRequest expects any RRQ,
registrationRequest/ a full one. --keep FILE writes the capture.
Exit status: 0 clean, 1 faults (printed), 2 bad usage, 77 no tshark."""

import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

EP, GK = (bytes([10, 0, 0, 1]), 40000), (bytes([10, 0, 0, 2]), 1720)
SEGMENT = 1400

# what tshark calls the things it could not make sense of
BAD_FIELD = re.compile(
    r"^(_ws\.(malformed|short|unreassembled|lua\.error)"
    r"|per\.(size_constraint|choice_extension_unknown|encoding_error"
    r"|sequence_extension_unknown|error|field_not_integer|external_type"
    r"|open_type\.(unknown|len))"
    r"|q931\.(segment\.error|invalid_length|date_time\.invalid"
    r"|information_element\.unknown)"
    r"|q932\.(unknown_component|ros\.undecoded)"
    r"|data(\.|$))")
UNKNOWN = re.compile(
    r"^Unknown information element|\[Undecoded|\[Dissector bug")
CHAT = "Chat"
EMPTY_TPKT = "03000004"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Capture:
    """A pcap of raw IPv4 with one TCP connection in it."""

    def __init__(self):
        self.out = [struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)]
        self.seq = {EP: 1000, GK: 2000}
        self.when = 0
        self.packet(EP, GK, 0x02)
        self.packet(GK, EP, 0x12)
        self.packet(EP, GK, 0x10)

    def packet(self, src, dst, flags, payload=b""):
        ack = self.seq[dst] if flags & 0x10 else 0
        tcp = struct.pack("!HHIIBBHHH", src[1], dst[1], self.seq[src], ack,
                          5 << 4, flags, 65535, 0, 0)
        pseudo = src[0] + dst[0] + struct.pack("!BBH", 0, 6,
                                               len(tcp) + len(payload))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) \
            + tcp[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0,
                         20 + len(tcp) + len(payload), 0, 0x4000, 64, 6, 0,
                         src[0], dst[0])
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        data = ip + tcp + payload
        self.when += 1000
        self.out.append(struct.pack("<IIII", self.when // 1000000,
                                    self.when % 1000000, len(data), len(data)))
        self.out.append(data)
        self.seq[src] = (self.seq[src] + len(payload)
                         + (1 if flags & 0x03 else 0)) & 0xffffffff

    def send(self, src, dst, payload):
        for at in range(0, len(payload), SEGMENT):
            self.packet(src, dst, 0x18, payload[at:at + SEGMENT])
            self.packet(dst, src, 0x10)

    def write(self, path):
        with open(path, "wb") as f:
            f.write(b"".join(self.out))


def tpkts(path):
    """The TPKTs of one direction; the stream must end with a whole one."""
    with open(path, "rb") as f:
        data = f.read()
    found = []
    while data:
        if len(data) < 4 or data[0] != 3:
            sys.exit("%s: no TPKT where one should be: %s" %
                     (path, data[:16].hex()))
        length = struct.unpack("!H", data[2:4])[0]
        if length < 4 or length > len(data):
            sys.exit("%s: a TPKT of length %d with %d octets left" %
                     (path, length, len(data)))
        found.append(data[:length])
        data = data[length:]
    return found


def build(args, path):
    up = tpkts(args.ep2gk) if args.ep2gk else []
    down = tpkts(args.gk2ep) if args.gk2ep else []
    capture = Capture()
    for i in range(max(len(up), len(down))):
        if i < len(up):
            capture.send(EP, GK, up[i])
        if i < len(down):
            capture.send(GK, EP, down[i])
    capture.write(path)
    return sum(1 for t in up + down if len(t) > 4)


def dissect(tshark, path, port):
    command = [tshark, "-n", "-r", path, "-T", "pdml",
               "-o", "per.display_internal_per_fields:FALSE",
               "-o", "tcp.check_checksum:FALSE"]
    if port != 1720:
        command += ["-d", "tcp.port==%d,tpkt" % port]
    with tempfile.TemporaryDirectory() as home:
        env = dict(os.environ, HOME=home, WIRESHARK_CONFIG_DIR=home,
                   LC_ALL="C.UTF-8")
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=env, check=False)
    if done.returncode != 0:
        sys.exit("tshark: " + done.stderr.decode(errors="replace"))
    return ElementTree.fromstring(done.stdout)


def text_of(field):
    return field.get("showname") or field.get("show") or ""


def is_empty_tpkt(proto):
    """A keep-alive in a segment of its own is no TPKT to tshark."""
    data = proto.find(".//field[@name='data.data']")
    return data is not None and data.get("value") == EMPTY_TPKT


def judge_packet(packet, state):
    """Appends to state.faults; counts and names what is in the packet."""
    faults = state["faults"]
    number = ""
    for field in packet.iter("field"):
        name = field.get("name") or ""
        if name == "frame.number":
            number = field.get("show")
        if BAD_FIELD.match(name) and not name.startswith("data"):
            faults.append("frame %s: %s: %s" % (number, name, text_of(field)))
        if name == "_ws.expert":
            severity = re.search(r"Expert Info \((\w+)", text_of(field))
            closing = "connection closing" in text_of(field)
            if severity and severity.group(1) != CHAT and not closing:
                faults.append("frame %s: %s" % (number, text_of(field)))
        if UNKNOWN.search(text_of(field)):
            faults.append("frame %s: %s" % (number, text_of(field)))
    for proto in packet.findall("proto"):
        name = proto.get("name")
        if BAD_FIELD.match(name) and not is_empty_tpkt(proto):
            faults.append("frame %s: %s: %s" % (number, name, text_of(proto)))
        if name == "tpkt":
            length = proto.find("field[@name='tpkt.length']")
            if length is not None and int(length.get("show")) > 4:
                state["tpkt"] += 1
        if name == "q931":
            state["q931"] += 1
            state["type"] = {f.get("name"): f.get("show")
                             for f in proto.iter("field")}
        if name == "h225":
            state["h225"] += 1
            judge_h225(proto, state, number)


def judge_h225(proto, state, number):
    body = proto.find(".//field[@name='h225.h323_message_body']")
    if body is None:
        state["faults"].append("frame %s: H.225 without a body" % number)
        return
    inside = [f for f in proto.iter("field")
              if f.get("name") == "h225.RasMessage"]
    for ras in inside:
        found = re.match(r"RasMessage: (\w+)", text_of(ras))
        name = found.group(1) if found else text_of(ras)
        if name == "registrationRequest" and any(
                f.get("name") == "h225.keepAlive" and "True" in text_of(f)
                for f in ras.iter("field")):
            name += "/keepAlive"
        state["ras"].append(name)
    header = state["type"]
    facility = header.get("q931.message_type") in ("98", "0x62")
    no_call = int(header.get("q931.call_ref", "1").replace(":", ""), 16) == 0
    if not inside and (state["ras_only"] or (facility and no_call)):
        state["faults"].append(
            "frame %s: no RAS message over H.460.17 in it" % number)


def expected(text):
    names = []
    for item in text.split(","):
        name, _, count = item.partition(":")
        names += [name] * int(count or 1)
    return names


def matches(said, expect):
    """`name/` is exactly that; `name` is that with anything behind its slash."""
    if expect.endswith("/"):
        return said == expect[:-1]
    return said == expect or said.partition("/")[0] == expect


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--ep2gk")
    parser.add_argument("--gk2ep")
    parser.add_argument("--pcap")
    parser.add_argument("--port", type=int, default=1720)
    parser.add_argument("--expect")
    parser.add_argument("--ras-only", action="store_true")
    parser.add_argument("--keep")
    args = parser.parse_args()
    if not (args.pcap or args.ep2gk or args.gk2ep):
        parser.error("nothing to judge")
    tshark = shutil.which("tshark")
    if tshark is None:
        print("tshark is not there")
        sys.exit(77)

    state = {"faults": [], "ras": [], "tpkt": 0, "q931": 0, "h225": 0,
             "type": {}, "ras_only": args.ras_only}
    with tempfile.TemporaryDirectory() as work:
        path = args.pcap or os.path.join(work, "stream.pcap")
        sent = None if args.pcap else build(args, path)
        if args.keep and not args.pcap:
            shutil.copy(path, args.keep)
        for packet in dissect(tshark, path, args.port):
            judge_packet(packet, state)

    faults = state["faults"]
    if sent is not None and state["tpkt"] != sent:
        faults.append("%d TPKTs with content, tshark sees %d" %
                      (sent, state["tpkt"]))
    if state["tpkt"] != state["q931"]:
        faults.append("%d TPKTs with content, %d Q.931 messages" %
                      (state["tpkt"], state["q931"]))
    if state["q931"] != state["h225"]:
        faults.append("%d Q.931 messages, %d of them with H.225" %
                      (state["q931"], state["h225"]))
    if state["q931"] == 0:
        faults.append("no Q.931 message at all")
    wanted = expected(args.expect) if args.expect is not None else None
    if wanted is not None and not (
            len(wanted) == len(state["ras"])
            and all(map(matches, state["ras"], wanted))):
        faults.append("RAS messages: %s\n      expected: %s" %
                      (",".join(state["ras"]), ",".join(wanted)))
    for fault in faults:
        print(fault)
    print("%d frames, RAS: %s: %s" %
          (state["q931"], ",".join(state["ras"]) or "none",
           "%d faults" % len(faults) if faults else "clean"))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
