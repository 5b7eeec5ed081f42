# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP segments made by hand, and those of others overheard."""
import socket
import struct
import time


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def tcp_segment(source, destination, ports, seq, ack, flags, payload=b""):
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    header = struct.pack("!HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 8192, 0, 0)
    total = checksum(ends + struct.pack("!BBH", 0, 6, len(header + payload)) + header + payload)
    return header[:16] + struct.pack("!H", total) + header[18:] + payload


def ip_packet(source, destination, data, fragment=0, ip_id=1, ttl=64):
    """fragment: flags and offset as in the header."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), ip_id, fragment, ttl, 6, 0, socket.inet_aton(source),
                         socket.inet_aton(destination))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + data


def send_ip(source, destination, data, **header):
    """header: as for ip_packet()."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        s.sendto(ip_packet(source, destination, data, **header), (destination, 0))


def mac(host, device):
    return bytes.fromhex(host.run("cat", f"/sys/class/net/{device}/address").strip().replace(":", ""))


def sniffer(device):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    s.bind((device, 3))
    s.settimeout(10)
    return s


def next_tcp(s, wanted):
    """Ports, seq, ack and flags of the next packet of which wanted(ports, seq, ack, flags) is true."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        data = s.recv(2000)
        found = (struct.unpack("!HH", data[20:24]), *struct.unpack("!II", data[24:32]), data[33])
        if wanted(*found):
            return found
    raise AssertionError("the packet did not come")
