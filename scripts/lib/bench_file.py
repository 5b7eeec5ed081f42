# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time and peak memory of reading captures: miruo's output to a file, tcpdump's bare copy of the same file, others."""
import math
import re
import statistics
import subprocess
import tempfile

from bench_report import Failed, rounds

COLUMNS = ["CPU s", "M packets/s", "MB", "CPU of tcpdump's"]
CAPTURES = {
    "sessions": ("200,000 sessions, 500 open at once", []),
    "open": ("20,000 sessions open at once", ["-L", "20000"]),
    "bulk": ("10 bulk sessions", []),
    "million": ("1,000,000 sessions open at once", ["-L", "1000000"]),
}
SLOW = {  # what they read in a full run, and in a quick one
    "tcptrace": (["tcptrace", "FILE"], ["sessions", "open", "bulk", "million"], ["sessions"]),
    "argus": (["argus", "-X", "-r", "FILE", "-w", "/dev/null"], ["sessions"], []),
    "tshark": (["tshark", "-r", "FILE", "-q", "-z", "conv,tcp"], ["sessions"], []),
}
SLOW_ROUNDS, SLOW_ROUNDS_QUICK = 2, 1
LIMIT_S, LIMIT_QUICK_S = 45, 12  # of one run
MEMORY_MB = 512  # that the machine has at hand for a run; then as much as the program took
STATUS = {124: "not done after {limit} s", 127: "not installed"}


def capture_make(build, name):
    """Path of a capture and its number of packets; made if it is not there."""
    path = build / "captures" / f"{name}.pcap"
    count = path.with_suffix(".packets")
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or not count.exists():
        part = path.with_suffix(".part")
        argv = [build / "tests/tools/genload", name, part]
        said = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
        part.rename(path)
        count.write_text(re.search(r"(\d+) packets", said)[1])
    return path, int(count.read_text())


def cost(setup, argv, memory_mb):
    """CPU seconds and peak memory in MB of one run, for which the machine has so much memory at hand."""
    limit = LIMIT_QUICK_S if setup.quick else LIMIT_S
    with tempfile.TemporaryFile(dir=setup.build) as out:
        done = subprocess.run([setup.tool("bench_cost"), str(limit), str(math.ceil(memory_mb)), *argv], stdout=out,
                              stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed(done.stderr.strip())
    user_us, system_us, peak_kb, status = map(int, done.stderr.split())
    if status:
        raise Failed(STATUS.get(status, "ended with status {status}").format(limit=limit, status=status))
    return (user_us + system_us) / 1e6, peak_kb / 1024


class Reader:
    """A program that reads a capture, and what it took so far."""

    def __init__(self, argv):
        self.argv = argv
        self.seconds, self.memory, self.ratios, self.failure = [], [], [], ""

    def run(self, setup, reference_s=None):
        """CPU seconds, or None; after a failure it is not run again."""
        if self.failure:
            return None
        try:
            seconds, memory = cost(setup, self.argv, max(self.memory, default=MEMORY_MB))
        except Failed as e:
            self.failure = str(e)
            return None
        self.seconds.append(seconds)
        self.memory.append(memory)
        if reference_s:
            self.ratios.append(seconds / reference_s)
        return seconds


def slow_readers(setup, name, path):
    """The peers are among them: nobody knows how long they take."""
    found = {}
    for peer in setup.peers:
        if command := peer.command("FILE", str(path), "-f"):
            found[peer.name] = Reader(command)
    for who, (argv, captures, quick) in SLOW.items():
        if name in (quick if setup.quick else captures):
            found[who] = Reader([str(path) if word == "FILE" else word for word in argv])
    return found


def measure_capture(setup, report, name, seconds):
    path, packets = capture_make(setup.build, name)
    copy = Reader(["tcpdump", "-r", path, "-w", "/dev/null"])
    miruo = Reader([setup.miruo, *CAPTURES[name][1], "-f", path])
    slow = slow_readers(setup, name, path)
    for _ in rounds(seconds, 2, 9):
        miruo.run(setup, copy.run(setup))
    for reader in slow.values():
        for _ in range(SLOW_ROUNDS_QUICK if setup.quick else SLOW_ROUNDS):
            reader.run(setup, statistics.median(copy.seconds) if copy.seconds else None)
    for who, reader in {"tcpdump -w": copy, "miruo": miruo, **slow}.items():
        report.row(CAPTURES[name][0], who, {"CPU s": reader.seconds, "MB": reader.memory, "CPU of tcpdump's": reader.ratios,
                                            "M packets/s": [packets / s / 1e6 for s in reader.seconds if s]}, reader.failure)


def measure(setup, report, seconds):
    """The slow ones take their own time."""
    report.section("file", "reading captures, each with the same packets", COLUMNS)
    for name in CAPTURES:
        measure_capture(setup, report, name, seconds / len(CAPTURES))
