# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a monitor keeps up with a million packets a second, which tests/tools/bench_flood lets come in on a veth device:
what it lost, and its CPU time. Each monitor runs with the priority that it gives itself."""
import os
import re
import signal
import subprocess
import time

import bench_link
from bench_report import Failed, rounds

LOST, CPU, RATE = "% lost", "CPU ms/M packets", "M packets/s"
PER_SECOND = 1000000
FLOOD_S, FLOOD_QUICK_S = 10, 2
CASES = {  # sessions, whether all CPUs are busy
    "1,000 sessions": (1000, False),
    "100,000 sessions": (100000, False),
    "1,000 sessions, all CPUs busy": (1000, True),
}


class Hogs:
    """On each CPU a loop that never ends, of usual priority."""

    def __init__(self, wanted):
        self.count = os.cpu_count() if wanted else 0

    def __enter__(self):
        self.processes = [subprocess.Popen(["taskset", "-c", str(cpu), "sh", "-c", "while :; do :; done"])
                          for cpu in range(self.count)]

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def flood(setup, link, seconds, sessions):
    """Packets that came, and how many a second after the sessions were opened."""
    argv = [setup.tool("bench_flood"), bench_link.DEVICE, str(PER_SECOND), str(seconds), str(sessions)]
    process = link.start("server", argv, out=subprocess.PIPE)
    try:
        said = process.popen.communicate(timeout=3 * seconds + 10)[0].decode()
    except subprocess.TimeoutExpired:
        raise Failed("bench_flood does not end") from None
    finally:
        process.stop(signal.SIGKILL)
    numbers = re.fullmatch(r"(\d+) packets to open the sessions, (\d+) packets in ([\d.]+) s\n", said)
    if not numbers:
        raise Failed(f"bench_flood: {process.said().strip()}")
    opening, packets = int(numbers[1]), int(numbers[2])
    return opening + packets, packets / float(numbers[3])


def measure_once(setup, link, monitor, sessions, busy):
    process = bench_link.start_monitor(link, monitor)
    try:
        cpu_s = process.cpu_s()
        with Hogs(busy):
            packets, rate = flood(setup, link, FLOOD_QUICK_S if setup.quick else FLOOD_S, sessions)
            time.sleep(0.5)
            process.check()
            cpu_s = process.cpu_s() - cpu_s
            process.stop()
    finally:
        process.stop()
    return {LOST: 100 * process.lost() / packets, CPU: cpu_s / packets * 1e9, RATE: rate / 1e6}


def measure(setup, report, seconds):
    flood_s = FLOOD_QUICK_S if setup.quick else FLOOD_S
    report.section("overload", f"a million packets a second for {flood_s} s", [LOST, CPU, RATE])
    monitors = {what: bench_link.monitors(setup, "-L", str(sessions)) for what, (sessions, _) in CASES.items()}
    found, failures = {}, {}
    with bench_link.Link() as link:
        for _ in rounds(seconds, 1, 3):
            for what, (sessions, busy) in CASES.items():
                for monitor in monitors[what]:
                    key = what, monitor.name
                    try:
                        values = {} if key in failures else measure_once(setup, link, monitor, sessions, busy)
                    except Failed as e:
                        failures[key] = str(e)
                        continue
                    for column, value in values.items():
                        found.setdefault(key, {}).setdefault(column, []).append(value)
    for what in CASES:
        for monitor in monitors[what]:
            key = what, monitor.name
            report.row(what, monitor.name, found.get(key, {}), failures.get(key, ""))
