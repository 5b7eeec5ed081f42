#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""l3_device.py MIRUO: packets without link header, into and out of a tun device. The kernel programs and libpcap watch it at the
same time and must print the same sessions, and those must be the ones that were sent. Ends with 77 without the privileges."""
import ctypes
import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
START_S, SETTLE_S, END_S = 30, 1.0, 20
FIN, SYN, RST, ACK = 1, 2, 4, 16


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, target, ports, seq, ack, flags, payload=b""):
    """An IP packet; the address family is that of the addresses."""
    options = bytes([2, 4, 5, 0xB4]) if flags & SYN else b""
    tcp = struct.pack("!HHIIBBHHH", *ports, seq, ack, (5 + len(options) // 4) << 4, flags, 8192, 0, 0) + options + payload
    if ":" in source:
        ends = [socket.inet_pton(socket.AF_INET6, address) for address in (source, target)]
        return struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64) + ends[0] + ends[1] + tcp
    ends = [socket.inet_aton(address) for address in (source, target)]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 7, 0, 64, 6, 0) + ends[0] + ends[1]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + tcp


def session(client, server, port, sent_in, sent_out):
    """Handshake, a request that is sent twice, an answer, a reset."""
    there, back = (client, server, (port, 80)), (server, client, (80, port))
    sent_in(packet(*there, 1000, 0, SYN))
    sent_out(packet(*back, 5000, 1001, SYN | ACK))
    sent_in(packet(*there, 1001, 5001, ACK))
    sent_in(packet(*there, 1001, 5001, ACK, b"request"))
    sent_in(packet(*there, 1001, 5001, ACK, b"request"))
    sent_out(packet(*back, 5001, 1008, ACK, b"an answer"))
    sent_out(packet(*back, 5010, 1008, RST | ACK))


def start(miruo, backend, out, err):
    process = subprocess.Popen([miruo, "-i", "tun0", "--all", "-v", "9", "--backend=" + backend], stdout=out, stderr=err)
    end = time.monotonic() + START_S
    while "listening on" not in open(err.name).read():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"{backend} does not start: {open(err.name).read()}")
        time.sleep(0.05)
    return process


def ladder(path):
    """What was printed, without the times, which two clocks never tell alike."""
    return re.sub(r" *\d\d:\d\d:\d\d\.\d{3}| +\d+\.\d{3}(?= \|)", " TIME", open(path).read())


def device():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        print("skipped: no network namespace of our own: run as root")
        sys.exit(SKIPPED)
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN_NO_PI))
    except OSError as error:
        print(f"skipped: no tun device: {error}")
        sys.exit(SKIPPED)
    for command in ("addr add 10.9.0.1/24 dev tun0", "addr add fd09::1/64 dev tun0 nodad", "link set dev tun0 up"):
        subprocess.run(["ip", *command.split()], check=True, timeout=10)
    return tun


def main():
    miruo, tun = sys.argv[1], device()
    raw4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def sent_in(data):
        os.write(tun, data)
        time.sleep(0.02)

    def sent_out4(data):
        raw4.sendto(data, ("10.9.0.2", 0))
        time.sleep(0.02)

    def sent_out6(data):
        raw6.sendto(data, ("fd09::2", 0))
        time.sleep(0.02)

    with tempfile.TemporaryDirectory() as work:
        files = {name: (open(f"{work}/{name}.out", "w"), open(f"{work}/{name}.err", "w")) for name in ("ebpf", "pcap")}
        running = []
        try:
            for name, (out, err) in files.items():
                running.append(start(miruo, name, out, err))
            session("10.9.0.2", "10.9.0.3", 40004, sent_in, sent_out4)
            session("fd09::2", "fd09::3", 40006, sent_in, sent_out6)
            time.sleep(SETTLE_S)
        finally:
            for process in running:
                process.send_signal(signal.SIGINT)
            statuses = [process.wait(END_S) for process in running]
        ebpf, pcap = (ladder(f"{work}/{name}.out") for name in files)
        told = "".join(open(err.name).read() for _, err in files.values())
    problems = []
    if any(statuses):
        problems.append(f"exit statuses {statuses}: {told}")
    if ebpf != pcap:
        problems.append(f"the kernel programs say:\n{ebpf}\nlibpcap says:\n{pcap}")
    for wanted in ("10.9.0.2:40004", "fd09::2", "7 segments"):
        if wanted not in ebpf:
            problems.append(f"there is no {wanted!r} in:\n{ebpf}")
    print("\n".join(problems) or ebpf)
    sys.exit(bool(problems))


main()
