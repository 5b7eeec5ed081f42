# SPDX-License-Identifier: GPL-3.0-or-later
"""A wire between the two hosts of a lab that loses, doubles, reorders and delays, and counts what it did.

    client a0 -- r0 | s0 -- s1 | r1 -- b0 server

r0, s0, s1 and r1 are in a namespace of the wire. TC programs (wire.bpf.c) pass each frame from r0 to s0 and from s1 to r1,
and back. They have no offloads, so that what happens on the way happens to single segments. A frame that is held back goes
through a TAP device to a process that gives it back when its time has come: all frames, then the wire is a long one, or a
few, then they arrive behind those that were sent after them. Both hosts see what a host sees: the sender all that it sent,
the receiver what arrived."""
import collections
import ctypes
import fcntl
import json
import mmap
import os
import pathlib
import re
import select
import signal
import struct
import time

import lab

TUN = pathlib.Path("/dev/net/tun")
TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 2, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4 = 1, 2
COUNTS = ("frames", "lost", "lost_data", "doubled", "doubled_data", "held")
TO_SERVER, TO_CLIENT = "to-server", "to-client"
# direction: where frames come in, and what is between that and the host that they are for
PATHS = {TO_SERVER: ("r0", "s0", "s1", "r1"), TO_CLIENT: ("r1", "s1", "s0", "r0")}


def open_tap(name):
    fd = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    fcntl.ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4)
    return fd


def read_frames(fd, due, held):
    try:
        while True:
            held.append((due, os.read(fd, 70000)))
    except BlockingIOError:
        return


def be_on_time():
    ctypes.CDLL(None).prctl(29, 1)  # PR_SET_TIMERSLACK
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass


class Longest:
    """The longest of the times that processes note, seconds; the one who made it reads it."""

    def __init__(self):
        self.memory = mmap.mmap(-1, 8)

    def note(self, seconds):
        if seconds > self.seconds():
            self.memory[:] = struct.pack("d", seconds)

    def seconds(self):
        return struct.unpack("d", self.memory[:])[0]


def give_back(holds, latest):
    """holds: TAP device to seconds; latest: a Longest for how late a frame was. Never returns."""
    queues = {open_tap(name): (delay, collections.deque()) for name, delay in holds.items()}
    be_on_time()
    while True:
        now = time.monotonic()
        dues = [held[0][0] for _, held in queues.values() if held]
        readable = select.select(queues, (), (), max(0, min(dues) - now) if dues else None)[0]
        now = time.monotonic()
        for fd in readable:
            read_frames(fd, now + queues[fd][0], queues[fd][1])
        for fd, (_, held) in queues.items():
            while held and held[0][0] <= now:
                due, frame = held.popleft()
                os.write(fd, frame)
                latest.note(time.monotonic() - due)


class Wire:
    """Takes the place of the lab's direct link. The parameters of a direction are set with change()."""

    def __init__(self, net):
        if not TUN.exists():
            lab.skip("no TAP devices here")
        self.net = net
        self.host = lab.Host(net, "wire")
        net.client.run("ip", "link", "del", "a0")
        net.plug(net.client, "a0", lab.CLIENT, self.host, "r0")
        net.plug(net.server, "b0", lab.SERVER, self.host, "r1")
        self.host.run("ip", "link", "add", "s0", "type", "veth", "peer", "name", "s1")
        for device in ("r0", "s0", "s1", "r1"):
            self.host.run("sysctl", "-qw", f"net.ipv6.conf.{device}.disable_ipv6=1")
            self.host.run("ip", "link", "set", device, "up", "txqueuelen", "10000")
            self.host.offloads(device, False)
        net.fix_neighbours()
        self.holder = None
        for direction, (first, middle, last, out) in PATHS.items():
            self.pass_on(first, middle)
            self.change(direction)

    def index(self, device):
        return int(self.host.run("cat", f"/sys/class/net/{device}/ifindex"))

    def pass_on(self, device, out, hold=None, lost=0, doubled=0, held=0):
        ppm = {"LOST_PPM": lost, "DOUBLED_PPM": doubled, "HELD_PPM": held}
        values = {"OUT": self.index(out), "HOLD": self.index(hold) if hold else 0,
                  **{name: round(share * 1000000) for name, share in ppm.items()}}
        self.host.attach(device, "ingress", "wire.bpf.c", *[f"-D{name}={value}" for name, value in values.items()])

    def hold(self, **seconds):
        """hold(to_server=0.01, to_client=0.01): how long a direction keeps the frames that it holds back."""
        if self.holder:
            os.kill(self.holder, signal.SIGKILL)
            os.waitpid(self.holder, 0)
        holds = {name.replace("_", "-"): s for name, s in seconds.items()}
        self.latest = Longest()
        self.holder = self.host.python(give_back, holds, self.latest)
        for direction in holds:
            lab.wait_for("the TAP device", lambda: self.host.run("ip", "link", "show", direction, check=False))
            self.host.run("sysctl", "-qw", f"net.ipv6.conf.{direction}.disable_ipv6=1")
            self.host.run("ip", "link", "set", direction, "up", "txqueuelen", "10000")
            self.pass_on(direction, PATHS[direction][3])

    def change(self, direction, **shares):
        """lost, doubled, held: shares of the frames of a direction, from 0 to 1."""
        hold = direction if shares.get("held") else None
        self.pass_on(PATHS[direction][2], PATHS[direction][3], hold, **shares)

    def delay(self, seconds):
        """A long wire: each direction takes half of this."""
        self.hold(to_server=seconds / 2, to_client=seconds / 2)
        for direction in PATHS:
            self.change(direction, held=1)

    def late(self):
        """How much longer than it should the wire has held a frame back at most, seconds."""
        return self.latest.seconds()

    def counts(self, direction):
        """What happened in the direction since change()."""
        shown = self.host.run("tc", "filter", "show", "dev", PATHS[direction][2], "ingress")
        program = json.loads(lab.run("bpftool", "-j", "prog", "show", "id", re.search(r" id (\d+) name wire", shown)[1]))
        entries = json.loads(lab.run("bpftool", "-j", "map", "dump", "id", str(program["map_ids"][0])))
        return {name: entry["formatted"]["value"] for name, entry in zip(COUNTS, entries)}
