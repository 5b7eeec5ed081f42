#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the cases of LIST: captures made by segtext go through miruo, its output is compared with the texts kept here.

NAME.out is all of stdout, with the escape character written as \\e. A line "[N lines]" stands for any N lines.
NAME.err, if there is one, holds lines that stderr must have in that order, blanks around ":" aside; others may stand
between them. A line that begins with "~ " is a regular expression for a whole line. If the first line is "= whole",
nothing may stand between them. CPU, VSZ and RSS are masked as "-".
"""
import argparse
import difflib
import os
import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_S = 120


def read_list():
    """Lines of NAME SCRIPT[,SCRIPT...] STATUS [OPTION...]; SCRIPT "-": no file, "<SCRIPT": on standard input."""
    cases = {}
    for number, line in enumerate((HERE / "LIST").read_text().splitlines(), 1):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if len(words) < 3 or words[0] in cases:
            sys.exit(f"LIST:{number}: too short, or a name that is there twice")
        cases[words[0]] = (words[1], int(words[2]), words[3:])
    return cases


def run_case(args, name, scripts, options):
    files = []
    command, stdin = [args.miruo], subprocess.DEVNULL
    for number, script in enumerate([] if scripts == "-" else scripts.lstrip("<").split(",")):
        files.append(os.path.join(args.work, f"{name}{number or ''}.pcap"))
        subprocess.run([args.segtext, HERE / f"{script}.seg", files[-1]], check=True, timeout=TIMEOUT_S)
    if scripts.startswith("<"):
        stdin = open(files[0], "rb")
        files = ["-"]
    for file in files:
        command += ["-f", file]
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TZ": "UTC", "LC_ALL": "C"}
    done = subprocess.run(command + options, stdin=stdin, capture_output=True, env=environment, timeout=TIMEOUT_S)
    text = [out.decode("utf-8", "backslashreplace").replace("\x1b", "\\e") for out in (done.stdout, done.stderr)]
    return done.returncode, *text


def mismatch_out(expected, actual):
    """A unified diff, or nothing. Skips what "[N lines]" covers."""
    want, have = expected.splitlines(), actual.splitlines()
    for at, line in enumerate(want):
        skip = re.fullmatch(r"\[(\d+) lines\]", line)
        if skip:
            n = int(skip[1])
            have[at:at + n] = [line] if len(have) >= at + n else have[at:at + n]
    if actual and not actual.endswith("\n"):
        have.append("\\ no newline at end")
    return list(difflib.unified_diff(want, have, "expected stdout", "stdout", lineterm=""))


def normal(line):
    line = re.sub(r"\s*:\s+", ": ", line.strip())
    return re.sub(r"^(CPU|VSZ|RSS): .*", r"\1: -", line)


def mismatch_err(expected, actual):
    want, have = expected.splitlines(), [normal(line) for line in actual.splitlines()]
    whole = want[:1] == ["= whole"]
    want, at = want[whole:], 0

    def matches(w, line):
        return re.fullmatch(w[2:], line) if w.startswith("~ ") else normal(w) == line

    for w in want:
        found = next((i for i in range(at, len(have)) if matches(w, have[i])), None)
        if found is None or (whole and found != at):
            return [f"--- stderr: not there or not in its place: {w}", *("    " + line for line in have)]
        at = found + 1
    if whole and at != len(have):
        return ["--- stderr: more than expected", *("    " + line for line in have)]
    return []


def check_case(args, name, case):
    scripts, status, options = case
    got_status, out, err = run_case(args, name, scripts, options)
    out_file, err_file = HERE / f"{name}.out", HERE / f"{name}.err"
    if args.rewrite:
        out_file.write_text(out)
        if err_file.exists():
            err_file.write_text("= whole\n" + "".join(normal(line) + "\n" for line in err.splitlines()))
        print(f"{name}: wrote what miruo says today; read it before you commit it")
        return True
    wrong = mismatch_out(out_file.read_text(), out)
    if err_file.exists():
        wrong += mismatch_err(err_file.read_text(), err)
    if got_status != status:
        wrong += [f"--- exit status {got_status} instead of {status}", *err.splitlines()[:20]]
    if wrong:
        print(f"FAILED {name}: {shlex.join(options)}", *wrong, sep="\n")
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--miruo", required=True, help="the program")
    parser.add_argument("--segtext", required=True, help="the tool that makes captures")
    parser.add_argument("--work", required=True, help="folder for the captures")
    parser.add_argument("--only", metavar="NAME", help="run one case")
    parser.add_argument("--rewrite", metavar="NAME", help="replace the expected text of one case")
    args = parser.parse_args()
    cases = read_list()
    only = args.rewrite or args.only
    if only:
        if only not in cases:
            sys.exit(f"{only} is not in LIST")
        cases = {only: cases[only]}
    os.makedirs(args.work, exist_ok=True)
    results = [check_case(args, name, case) for name, case in cases.items()]
    if not all(results):
        sys.exit(f"{results.count(False)} of {len(results)} failed")


main()
