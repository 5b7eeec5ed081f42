# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of all that is behind the ring buffer: tests/tools/bench_tracker, run several times."""
import re

from bench_report import Failed, rounds

FLOWS = {"1,000 sessions": 1000, "131,072 sessions": 131072, "1,000,000 sessions": 1000000}
MEAN, LEAST = "ms/M records", "its fastest part"
RECORDS, RECORDS_QUICK = 4000000, 2000000


def measure(setup, report, seconds):
    report.section("consumer", "CPU time of unpacking, tracking and rules; records of random sessions", [MEAN, LEAST])
    found = {what: {MEAN: [], LEAST: []} for what in FLOWS}
    for _ in rounds(seconds, 1, 9):
        for what, flows in FLOWS.items():
            said = setup.run("bench_tracker", str(flows), str(RECORDS_QUICK if setup.quick else RECORDS))
            numbers = re.search(r"([\d.]+) ns a record, fastest ([\d.]+)", said)
            if not numbers:
                raise Failed(f"bench_tracker said {said!r}")
            for column, ns in zip((MEAN, LEAST), numbers.groups()):  # ns a record are ms a million
                found[what][column].append(float(ns))
    for what, values in found.items():
        report.row(what, "miruo", values)
