# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sections of scripts/bench share: repeated measurements within a time, the table, and the same as JSON."""
import json
import os
import pathlib
import platform
import re
import statistics
import time


class Failed(Exception):
    """A section, or one of its rows, cannot be measured; the text says why."""


def rounds(seconds, least, most):
    """Numbers of rounds: as many as fit into the time, but at least and at most so many."""
    begin = time.monotonic()
    for done in range(most):
        used = time.monotonic() - begin
        if done >= least and used + used / done > seconds:
            return
        yield done


def repeat(seconds, command, pattern):
    """Runs a command again and again; pattern finds two names and a number in each line: the names to the numbers."""
    found = {}
    for _ in rounds(seconds, 1, 9):
        for first, second, value in re.findall(pattern, command(), re.MULTILINE):
            found.setdefault((first, second), []).append(float(value))
    return found


def summary(values):
    """Median, quartiles and number of the values."""
    q1, q3 = (values[0],) * 2 if len(values) == 1 else statistics.quantiles(values, n=4, method="inclusive")[::2]
    return {"median": statistics.median(values), "q1": q1, "q3": q3, "n": len(values)}


def number(value):
    """With three digits that count."""
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"


def cell(found):
    """Median and quartiles as in the table."""
    if not found:
        return "-"
    if found["n"] == 1:
        return number(found["median"])
    return f"{number(found['median'])} ({number(found['q1'])} to {number(found['q3'])})"


def machine():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpu": models[0] if models else platform.machine(), "cpus": os.cpu_count(), "memory_gb": round(memory / 1e9, 1),
            "kernel": platform.release(), "load_at_start": os.getloadavg()[0]}


class Report:
    """Prints each row as soon as it is known and keeps the file up to date, so that a run that is broken off is not lost."""

    def __init__(self, path, quick):
        self.path = path
        self.found = {"machine": machine(), "quick": quick, "sections": {}}
        m = self.found["machine"]
        print(f"{m['cpu']}, {m['cpus']} CPUs, {m['memory_gb']:g} GB, Linux {m['kernel']}, load {m['load_at_start']:g}")
        print("Medians, quartiles in parentheses.", flush=True)

    def section(self, name, about, columns):
        """A heading; the rows that follow are of this section."""
        self.columns, self.rows = columns, []
        self.found["sections"][name] = {"about": about, "columns": columns, "rows": self.rows}
        print(f"\n{name}: {about}\n{'':<36}{'':<20}" + "".join(f"{c:>24}" for c in columns), flush=True)

    def row(self, what, who, values, note=""):
        """values: column to list of measurements; a column without any shows as -."""
        found = {column: summary(values[column]) if values.get(column) else None for column in self.columns}
        self.rows.append({"what": what, "who": who, "values": found, "note": note})
        cells = note if note and not any(found.values()) else "".join(f"{cell(f):>24}" for f in found.values()) + "  " + note
        print(f"{what:<36}{who:<20}{cells}".rstrip(), flush=True)
        self.write()

    def write(self):
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.found, indent=1) + "\n")
        part.rename(self.path)


def print_markdown(path):
    """The tables of a file that a Report wrote."""
    for name, section in json.loads(path.read_text())["sections"].items():
        print(f"\n{name}: {section['about']}\n\n| | | {' | '.join(section['columns'])} |")
        print("|---" * (2 + len(section["columns"])) + "|")
        for row in section["rows"]:
            print(f"| {row['what']} | {row['who']} | {' | '.join(cell(f) for f in row['values'].values())} |")
