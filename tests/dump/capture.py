# SPDX-License-Identifier: BSD-2-Clause
"""Captures made by hand: pcap files of any link type, TCP segments in any
order, UDP datagrams."""

import ipaddress
import struct

ETHERNET, NULL, RAW, SLL, SLL2 = 1, 0, 101, 113, 276

EP, GK = ("192.0.2.1", 40000), ("192.0.2.2", 1720)
EP6, GK6 = ("2001:db8::1", 40000), ("2001:db8::2", 1720)

SYN, FIN, RST, ACK = 2, 1, 4, 16


def ip(source, destination, protocol, payload, fragment=0, options=b""):
    a, b = (ipaddress.ip_address(x) for x in (source, destination))
    if a.version == 4:
        header = 20 + len(options)
        return struct.pack(
            "!BBHHHBBH", 0x40 | header // 4, 0, header + len(payload), 1,
            fragment, 64, protocol, 0) + a.packed + b.packed + options + payload
    return struct.pack("!IHBB", 6 << 28, len(options) + len(payload),
                       0 if options else protocol, 64) \
        + a.packed + b.packed + options + payload


def tcp(source, destination, seq, data=b"", flags=ACK, options=b"", **more):
    header = struct.pack("!HHIIBBHHH", source[1], destination[1],
                         seq & 0xffffffff, 0, (20 + len(options)) // 4 << 4,
                         flags, 65535, 0, 0) + options
    return ip(source[0], destination[0], 6, header + data, **more)


def udp(source, destination, data, **more):
    return ip(source[0], destination[0], 17, struct.pack(
        "!HHHH", source[1], destination[1], 8 + len(data), 0) + data, **more)


def link(kind, packet, vlan=False):
    six = packet[0] >> 4 == 6
    ethertype = struct.pack("!H", 0x86dd if six else 0x0800)
    if kind == ETHERNET:
        tag = b"\x81\x00\x00\x07" if vlan else b""
        return (b"\2" * 12 + tag + ethertype + packet).ljust(60, b"\0")
    if kind == SLL:
        return struct.pack("!HHH8s", 0, 1, 6, b"\2" * 6) + ethertype + packet
    if kind == SLL2:
        return ethertype + struct.pack("!HIHBB8s", 0, 1, 1, 0, 6, b"\2" * 6) \
            + packet
    if kind == NULL:
        return struct.pack("<I", 30 if six else 2) + packet
    return packet


def pcap(packets, kind=ETHERNET, vlan=False, whole=None):
    """`whole`: the snapshot length; what is longer is cut."""
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, kind)
    for i, packet in enumerate(packets):
        data = link(kind, packet, vlan)
        kept = data[:whole]
        out += struct.pack("<IIII", 1700000000 + i, 5, len(kept),
                           len(data)) + kept
    return out


class Connection:
    """One direction; hands out segments, with what is to go wrong."""

    def __init__(self, source=EP, destination=GK, isn=0xfffffff0):
        self.source, self.destination, self.isn = source, destination, isn

    def syn(self):
        return tcp(self.source, self.destination, self.isn, flags=SYN,
                   options=b"\2\4\5\xb4")

    def at(self, offset, data, flags=ACK):
        return tcp(self.source, self.destination, self.isn + 1 + offset, data,
                   flags)

    def cut(self, stream, size):
        return [self.at(i, stream[i:i + size])
                for i in range(0, len(stream), size)]

    def fin(self, offset):
        return self.at(offset, b"", FIN | ACK)
