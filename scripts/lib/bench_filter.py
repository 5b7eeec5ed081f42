# SPDX-License-Identifier: GPL-3.0-or-later
"""What an expression adds to each packet, by BPF_PROG_TEST_RUN: tests/bpf/bench_filter, run several times."""
from bench_report import repeat

NAMES = {"call": "reject all: the call alone"}


def measure(setup, report, seconds):
    report.section("filter", "least ns that an expression adds to a packet that it rejects", ["ns"])
    report.row("no expression", "TC, XDP", {}, "adds nothing: there is no call")
    for (name, hook), ns in repeat(seconds, lambda: setup.run("bench_filter"), r"^(.*?) +(TC|XDP) +(-?\d+) ns$").items():
        report.row(NAMES.get(name, name), hook, {"ns": ns})
