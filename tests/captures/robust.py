#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs miruo over captures, whole and cut, in every output mode.

usage: robust.py [--only WORD] MIRUO CAPTURES

However damaged the input is, miruo ends within 20 s with status 0 or 1, has no sanitizer report, and prints nothing but
printable ASCII. Of a file that ends inside a packet, one line says so. A pipe or a compressed copy of a capture gives the
same sessions as the file. Cuts are random, but the same in each run: the file's name is the seed.
"""

import argparse
import concurrent.futures
import gzip
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

SKIPPED = 77
TIMEOUT_S = 20
CUTS = 20
MODES = [
    [], ["-q"], ["--all"], ["--live"], ["--all", "-C1"], ["--all", "-v", "3", "-m", "http:%:%"], ["--pickup=0", "--all"],
    ["-t", "1", "-T", "1", "-r", "1", "-R", "2"],
]
CUT_MODES = [["--live"], ["--all", "-v", "3", "-m", "http:%:%"]]
PACKED = ["nDPI/1kxun.pcap", "ptcpdump/tcp.pcapng", "zeek/ipv4-fragmented-4.pcap", "zeek/smtp.pcap",
          "zeek/vlan-collisions.pcap"]
UNPRINTABLE = re.compile(rb"[^\x20-\x7e\n]")
UNPRINTABLE_COLOURED = re.compile(rb"[^\x20-\x7e\n\x1b]")
REPORT = re.compile(rb"Sanitizer|runtime error:")
TOLD = re.compile(r"miruo: .*(broken after packet \d+|ends inside its header|not a capture file).*")
MAGICS = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}
SECTION = b"\x0a\x0d\x0d\x0a"


class Failure(Exception):
    pass


def last_line(done):
    return done.stderr.decode().rstrip("\n").rpartition("\n")[2]


def run(miruo, mode, path, stdin=None):
    """Status, stdout and stderr; raises Failure if one of them must not be."""
    environment = dict(os.environ, TZ="UTC", ASAN_OPTIONS="exitcode=99:" + os.environ.get("ASAN_OPTIONS", ""))
    what = " ".join([*mode, "-f", str(path)])
    try:
        done = subprocess.run([miruo, *mode, "-f", str(path)], input=stdin, stdin=None if stdin else subprocess.DEVNULL,
                              capture_output=True, timeout=TIMEOUT_S, env=environment, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{what}: still runs after {TIMEOUT_S} s") from error
    if done.returncode not in (0, 1) or REPORT.search(done.stderr):
        raise Failure(f"{what}: status {done.returncode}:\n{done.stderr.decode(errors='replace')}")
    bad = (UNPRINTABLE_COLOURED if "-C1" in mode else UNPRINTABLE).search(done.stdout) or UNPRINTABLE.search(done.stderr)
    if bad:
        raise Failure(f"{what}: byte {bad[0]!r} in the output")
    if done.returncode == 1 and not last_line(done).startswith("miruo: "):
        raise Failure(f"{what}: status 1, but the last line does not say why: {last_line(done)}")
    return done


def record_ends(data):
    """Offsets at which a capture may end without being cut."""
    ends = set()
    if data[:4] == SECTION:
        order, at = ("<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"), 0
        while at + 8 <= len(data):
            at += struct.unpack_from(order + "I", data, at + 4)[0]
            ends.add(at)
        return ends
    order, at = MAGICS[data[:4]], 24
    while at + 16 <= len(data):
        ends.add(at)
        at += 16 + struct.unpack_from(order + "I", data, at + 8)[0]
    ends.add(at)
    return ends


def cut_places(name, data):
    places, ends = random.Random(name), record_ends(data)
    count = min(CUTS, len(data) - 1)
    return [n for n in sorted(places.sample(range(1, len(data)), count)) if n not in ends]


def check_cut(miruo, mode, path, readable):
    done = run(miruo, mode, path)
    if done.returncode == 0:
        raise Failure(f"{path} ({mode}): cut, but the status is 0")
    if readable and not TOLD.fullmatch(last_line(done)):
        raise Failure(f"{path} ({mode}): the last line does not say that it is cut: {last_line(done)}")


def check_packed(miruo, path, folder):
    mode = ["--all"]
    packed = folder / (path.name + ".gz")
    data = path.read_bytes()
    packed.write_bytes(gzip.compress(data))
    plain = run(miruo, mode, path).stdout
    if run(miruo, mode, packed).stdout != plain:
        raise Failure(f"{path}: other sessions when it is compressed")
    if run(miruo, mode, "-", stdin=data).stdout != plain:
        raise Failure(f"{path}: other sessions from standard input")
    packed.write_bytes(packed.read_bytes()[:-20])
    check_cut(miruo, mode, packed, True)


def check_capture(miruo, path, name, folder):
    """Returns how many runs it took."""
    runs = [run(miruo, mode, path) for mode in MODES]
    readable = b"listening on" in runs[0].stderr
    data = path.read_bytes()
    count = len(runs)
    for place in cut_places(name, data):
        cut = folder / f"{place}-{path.name}"
        cut.write_bytes(data[:place])
        for mode in CUT_MODES:
            check_cut(miruo, mode, cut, readable)
            count += 1
        cut.unlink()
    if name in PACKED:
        check_packed(miruo, path, folder)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="captures with this word in their name")
    parser.add_argument("miruo")
    parser.add_argument("captures", type=pathlib.Path)
    args = parser.parse_args()
    manifest = args.captures / "MANIFEST.tsv"
    if not manifest.is_file():
        print(f"skipped: {manifest} is not there (set MIRUO_SHARED_CAPTURES to the folder of the captures)")
        return SKIPPED
    names = [line.split("\t")[0] for line in manifest.read_text(encoding="ascii").splitlines()[1:]]
    names = [name for name in names if args.only in name]
    failures = runs = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(check_capture, args.miruo, args.captures / name, name, pathlib.Path(folder)) for name in names]
        for job in concurrent.futures.as_completed(jobs):
            try:
                runs += job.result()
            except Failure as failure:
                failures += 1
                print(failure)
    print(f"{len(names)} captures, {runs} runs, {failures} captures failed")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
