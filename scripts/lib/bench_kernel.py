# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel programs cost a packet, by BPF_PROG_TEST_RUN: tests/tools/bench_kernel, run several times."""
from bench_report import repeat


def measure(setup, report, seconds):
    report.section("kernel", "least ns a packet, an empty program subtracted; reader: a segment out of the rings", ["ns"])
    for (hook, name), ns in repeat(seconds, lambda: setup.run("bench_kernel"), r"^(tc|xdp|reader) +(.*?) +(-?\d+)$").items():
        report.row(name, hook, {"ns": ns})
