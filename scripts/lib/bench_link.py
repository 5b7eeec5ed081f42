# SPDX-License-Identifier: GPL-3.0-or-later
"""Two network namespaces with a veth pair between them, programs in them, and windows of time in which to look at both.

scripts/bench runs in namespaces of its own for processes, mounts and the network: what is made here is gone when it ends."""
import os
import pathlib
import re
import shlex
import signal
import subprocess
import tempfile
import time

from bench_report import Failed

DEVICE = "eth0"
ADDRESS = {"client": "192.0.2.1", "server": "192.0.2.2"}
SETTLE_S = 0.2  # after a start or stop, before a window
START_S = 15.0  # for the line with which capture begins: the kernel checks programs for seconds when it is busy
PEER_START_S = 2.0  # a peer may have no such line
STOP_S = 10.0

# lost packets in the last words of miruo, of those that print like it, and of tcpdump
LOST = re.compile(r"^\s*(?:(?:if)?drop|full)\s*:\s*(\d+)|^(\d+) packets? dropped by (?:kernel|interface)", re.MULTILINE)


class Monitor:
    """How to start one."""

    def __init__(self, name, argv, start_s=START_S):
        self.name, self.argv, self.start_s = name, argv, start_s


def monitors(setup, *options):
    """miruo with options, tcpdump, and the peers."""
    found = [
        Monitor("miruo", [setup.miruo, "--backend=ebpf", "-i", DEVICE, *options]),
        Monitor("tcpdump", ["tcpdump", "-i", DEVICE, "-s", "128", "-w", "/dev/null", "tcp"]),
    ]
    for peer in setup.peers:
        if command := peer.command("DEVICE", DEVICE, "-i"):
            found.append(Monitor(peer.name, command, PEER_START_S))
    return found


class Process:
    """A program in one of the namespaces; what it says is kept."""

    def __init__(self, link, side, argv, out=subprocess.DEVNULL):
        self.argv = argv
        self.log = tempfile.TemporaryFile("w+", dir=link.work)
        self.popen = subprocess.Popen(["ip", "netns", "exec", link.names[side], *argv], stdin=subprocess.DEVNULL, stdout=out,
                                      stderr=self.log)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def check(self):
        if self.popen.poll() is not None:
            last = self.said().strip().splitlines()[-1:]
            raise Failed(f"{shlex.join(map(str, self.argv))} ended with status {self.popen.returncode}: {''.join(last)}")

    def cpu_s(self):
        """User and system time of all threads so far."""
        ns = 0
        for thread in pathlib.Path(f"/proc/{self.popen.pid}/task").iterdir():
            ns += int((thread / "schedstat").read_text().split()[0])
        return ns / 1e9

    def lost(self):
        return sum(int(a or b) for a, b in LOST.findall(self.said()))

    def stop(self, how=signal.SIGINT):
        if self.popen.poll() is None:
            self.popen.send_signal(how)
        try:
            self.popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


def start_monitor(link, monitor, prefix=()):
    """On the server's side; it captures when this returns. A peer that does not say so has had its time."""
    process = Process(link, "server", [*prefix, *monitor.argv])
    end = time.monotonic() + monitor.start_s
    try:
        while "listening on" not in process.said():
            process.check()
            if time.monotonic() > end:
                if monitor.start_s == START_S:
                    raise Failed(f"{monitor.name} does not capture after {START_S:g} s")
                break
            time.sleep(0.02)
    except Failed:
        process.stop()
        raise
    return process


class Link:
    """The namespaces and the pair; gone, with all that was started, when the with statement ends."""

    def __enter__(self):
        self.names = {side: f"miruo-bench-{side}-{os.getpid()}" for side in ADDRESS}
        self.started = []
        self.folder = tempfile.TemporaryDirectory(prefix="miruo-bench-", dir="/run")
        self.work = pathlib.Path(self.folder.name)
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.stop(signal.SIGTERM)
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
        self.folder.cleanup()

    def make(self):
        run = lambda *argv: subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        for name in self.names.values():
            run("ip", "netns", "add", name)
        run("ip", "link", "add", DEVICE, "netns", self.names["client"], "type", "veth",
            "peer", "name", DEVICE, "netns", self.names["server"])
        for side, name in self.names.items():
            run("ip", "-n", name, "address", "add", f"{ADDRESS[side]}/24", "dev", DEVICE)
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "link", "set", DEVICE, "up")
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65000",
                "net.ipv4.tcp_autocorking=0")
        self.inhabitant = self.start("server", ["sleep", "infinity"])

    def start(self, side, argv, **options):
        """A program that goes on until the link is taken down, or it is stopped."""
        process = Process(self, side, argv, **options)
        self.started.append(process)
        return process

    def counted(self):
        """Bytes and packets that the link carried so far, both ways, as the server counts them."""
        text = pathlib.Path(f"/proc/{self.inhabitant.popen.pid}/net/dev").read_text()
        fields = text.split(f"{DEVICE}:")[1].split()
        return int(fields[0]) + int(fields[8]), int(fields[1]) + int(fields[9])
