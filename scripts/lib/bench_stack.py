# SPDX-License-Identifier: GPL-3.0-or-later
"""What a monitor adds to a packet's way through the stack: TCP requests and responses over veth, pinned to one CPU, while
monitors on another one are started and stopped beside them: none, the first, none, the second and so on. Each is compared
with none right before and after it."""
import os
import statistics
import subprocess
import threading
import time

import bench_link
from bench_report import Failed, rounds

ADDED, SHARE = "ns", "part of AF_PACKET's"
AF_PACKET = "tcpdump (AF_PACKET)"
WINDOWS = 6  # of 50 ms
WINDOWS_S = 5.0


class RequestResponse:
    """The process, and what it printed so far."""

    def __init__(self, link, argv):
        self.found = []
        self.process = link.start("client", argv, out=subprocess.PIPE)
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        for line in self.process.popen.stdout:
            self.found.append(float(line))

    def windows(self):
        """ns a packet from now on."""
        time.sleep(bench_link.SETTLE_S)
        begin, end = len(self.found) + 1, time.monotonic() + WINDOWS_S
        while len(self.found) < begin + WINDOWS:
            self.process.check()
            if time.monotonic() > end:
                raise Failed("bench_rr prints nothing")
            time.sleep(0.02)
        return statistics.median(self.found[begin:begin + WINDOWS])


def watched(link, rr, monitor):
    """ns a packet beside a monitor."""
    process = bench_link.start_monitor(link, monitor, ["taskset", "-c", str(os.cpu_count() - 1)])
    try:
        return rr.windows()
    finally:
        process.stop()


def measure(setup, report, seconds):
    report.section("stack", "ns added to a packet of TCP requests and responses on one CPU, the monitor on another",
                   [ADDED, SHARE])
    bench_rr = setup.tool("bench_rr")
    miruo, tcpdump = bench_link.monitors(setup)[:2]
    references = {"empty tcx program": bench_link.Monitor("", [bench_rr, "empty", bench_link.DEVICE]), AF_PACKET: tcpdump}
    beside = {**references, "miruo": miruo}
    added, shares, alone = {who: [] for who in beside}, {who: [] for who in beside}, []
    with bench_link.Link() as link:
        names = [f"/run/netns/{link.names[side]}" for side in ("client", "server")]
        rr = RequestResponse(link, [bench_rr, *names, bench_link.ADDRESS["server"]])
        alone.append(rr.windows())
        for _ in rounds(seconds, 2, 25):
            for who, monitor in beside.items():
                found = watched(link, rr, monitor)
                alone.append(rr.windows())
                added[who].append(found - (alone[-2] + alone[-1]) / 2)
            for who in beside:
                if added[AF_PACKET][-1] > 0:
                    shares[who].append(added[who][-1] / added[AF_PACKET][-1])
    report.row("a packet in all", "none", {ADDED: alone})
    for who in beside:
        report.row("added to a packet", who, {ADDED: added[who], SHARE: shares[who]})
