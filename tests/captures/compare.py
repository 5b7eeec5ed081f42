#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the sessions that miruo finds in captures with the TCP streams that tshark finds in them.

usage: compare.py [--list] DUMP_SESSIONS CAPTURES DIFFERENCES

Every stream of CAPTURES/oracle/<capture>.streams.tsv must be one session with the same client, frames and bytes each way.
A difference is fine only if DIFFERENCES has a row for it that gives the same values and says why; a row without its
difference is an error too. --list prints the differences that lack a row, in the format of that file.

Kinds of differences, and their values (a and b are the sides of the stream in the oracle):
  missing  no session                                  -
  extra    a session of which there is no stream       its ends (the stream is "-")
  split    one stream, several sessions                how many
  joined   the stream goes on in the session of        number of that stream
           another one, with which it is compared
  frames   other frames from a / from b                ours - theirs, each way
  bytes    same frames, other bytes                    ours - theirs, each way
  client   the other side is the client                our client
  opening  the opening SYN was seen by only one of us  "seen" or "mid-stream", by us

  resent   other retransmissions than every       ours; tshark's; tcptrace's; the recount's, each way; "-": it
           witness, or than most of them          has none of that stream

Which segments are retransmissions is a judgement. There are three witnesses: tshark, tcptrace, and a plain recount of what
repeats sequence numbers (recount.c). They count frames, and a packet captured twice as a retransmission, so frames are what
is compared, ours with the copies that carry data. All streams must agree with one witness, and of those in which anybody
sees a retransmission, RESENT_MAJORITY with two.
"""

import argparse
import collections
import concurrent.futures
import csv
import ipaddress
import pathlib
import subprocess
import sys

SKIPPED = 77
TIMEOUT_S = 60
RESENT_MAJORITY = 0.99

Difference = collections.namedtuple("Difference", "capture stream kind value")


def table(lines):
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def nanoseconds(text):
    seconds, fraction = text.split(".")
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))


def endpoint(addr, port):
    return ipaddress.ip_address(addr), int(port)


class Session:
    def __init__(self, row):
        self.vlan = row["vlan"]
        self.ends = [endpoint(row[f"addr_{i}"], row[f"port_{i}"]) for i in (0, 1)]
        self.client = self.ends[int(row["client"])]
        self.mid_stream = row["mid_stream"] == "1"
        self.first_ns = int(row["first_ns"])
        self.frames = [int(row[f"segments_{i}"]) + int(row[f"fragments_{i}"]) + int(row[f"copies_{i}"]) for i in (0, 1)]
        self.bytes = [int(row[f"bytes_{i}"]) for i in (0, 1)]
        self.resent = [int(row[f"resent_{i}"]) + int(row[f"copies_of_data_{i}"]) for i in (0, 1)]
        self.repeats = [int(row[f"repeats_{i}"]) for i in (0, 1)]

    def of(self, values, end):
        return values[self.ends.index(end)]


class Stream:
    def __init__(self, row):
        self.number = row["stream"]
        self.a = endpoint(row["a_addr"], row["a_port"])
        self.b = endpoint(row["b_addr"], row["b_port"])
        self.client = {"A": self.a, "B": self.b}.get(row["client"])
        self.opened = int(row["syn"]) > 0
        self.first_ns, self.last_ns = nanoseconds(row["first_ts"]), nanoseconds(row["last_ts"])
        self.frames = [int(row["frames_ab"]), int(row["frames_ba"])]
        self.bytes = [int(row["bytes_ab"]), int(row["bytes_ba"])]
        self.tshark = [int(row["retrans_ab"]), int(row["retrans_ba"])]
        self.tcptrace = None

    def key(self):
        return frozenset((self.a, self.b)) if self.a != self.b else (self.a, self.b)


def key_of(session):
    a, b = session.ends
    return frozenset((a, b)) if a != b else (a, b)


def run_dump(dump, path):
    done = subprocess.run([dump, path], capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{dump} {path}: status {done.returncode}: {done.stderr.strip()}")
    rows = sorted(table(done.stdout.splitlines()), key=lambda row: int(row["id"]))
    return [Session(row) for row in rows], done.stderr.strip()


def assign(streams, sessions):
    """Each session to the stream of the same ends that had begun last when it began. Returns lists, and what is left."""
    by_key = collections.defaultdict(list)
    for stream in streams:
        by_key[stream.key()].append(stream)
    owned, extra = collections.defaultdict(list), []
    for session in sessions:
        candidates = by_key.get(key_of(session))
        if not candidates:
            extra.append(session)
            continue
        begun = [s for s in candidates if s.first_ns <= session.first_ns]
        owned[(begun[-1] if begun else candidates[0]).number].append(session)
    return owned, extra, by_key


def sums(sessions, values, stream):
    return [sum(s.of(getattr(s, values), end) for s in sessions) for end in (stream.a, stream.b)]


def minus(ours, theirs):
    return "/".join(f"{o - t:+d}" if o != t else "0" for o, t in zip(ours, theirs))


def compare_stream(stream, sessions, frames, octets):
    """frames and octets: the oracle's, those of joined streams added."""
    if len(sessions) > 1:
        yield "split", str(len(sessions))
    our_frames, our_bytes = sums(sessions, "frames", stream), sums(sessions, "bytes", stream)
    if our_frames != frames:
        yield "frames", minus(our_frames, frames)
    elif our_bytes != octets:
        yield "bytes", minus(our_bytes, octets)
    if stream.client and stream.client != sessions[0].client:
        yield "client", "a" if sessions[0].client == stream.a else "b"
    if stream.opened == sessions[0].mid_stream:
        yield "opening", "mid-stream" if stream.opened else "seen"


def joined_to(stream, owned, by_key):
    """The stream before it of the same ends that has a session."""
    before = [s for s in by_key[stream.key()] if owned.get(s.number) and s.first_ns <= stream.first_ns]
    return before[-1] if before else None


def compare(streams, sessions):
    owned, extra, by_key = assign(streams, sessions)
    totals = {s.number: (s, list(s.frames), list(s.bytes)) for s in streams}
    for stream in streams:
        if owned.get(stream.number):
            continue
        other = joined_to(stream, owned, by_key)
        if not other:
            yield stream.number, "missing", "-"
            continue
        yield stream.number, "joined", other.number
        same = other.a == stream.a
        _, frames, octets = totals[other.number]
        for i in (0, 1):
            frames[i] += stream.frames[i if same else 1 - i]
            octets[i] += stream.bytes[i if same else 1 - i]
    for number, (stream, frames, octets) in totals.items():
        if owned.get(number):
            for kind, value in compare_stream(stream, owned[number], frames, octets):
                yield number, kind, value
    for session in extra:
        yield "-", "extra", " ".join(f"{addr}:{port}" for addr, port in session.ends)


def compare_capture(args, capture):
    with open(args.captures / "oracle" / f"{capture}.streams.tsv", encoding="ascii") as file:
        streams = [Stream(row) for row in table(file)]
    sessions, message = run_dump(args.dump, args.captures / capture)
    found = [Difference(capture, *d) for d in compare(streams, sessions)]
    return found, streams, sessions, message


def read_tcptrace(oracle):
    """Each way by (capture, stream); the parts of a stream that tcptrace cut in two are added up."""
    found = {}
    with open(oracle / "tcptrace.tsv", encoding="ascii") as file:
        for row in table(file):
            if row["tt_rexmt_ab"].isdigit() and row["tt_rexmt_ba"].isdigit():
                ends = found.setdefault((row["file"], row["stream"]), collections.Counter())
                ends[endpoint(row["a_addr"], row["a_port"])] += int(row["tt_rexmt_ab"])
                ends[endpoint(row["b_addr"], row["b_port"])] += int(row["tt_rexmt_ba"])
    return found


def resent(streams, sessions):
    """For each stream that has sessions: it, ours, and those of the witnesses; joined streams are added up.

    tshark and tcptrace know no VLANs: what is captured in two of them is sent again to them. There they are no witnesses.
    """
    owned, _, by_key = assign(streams, sessions)
    theirs = {s.number: [s.tshark, s.tcptrace] for s in streams}
    for stream in streams:
        other = None if owned.get(stream.number) else joined_to(stream, owned, by_key)
        if other:
            order = 1 if other.a == stream.a else -1
            theirs[other.number] = [have and add and [h + a for h, a in zip(have, add[::order])]
                                    for have, add in zip(theirs[other.number], theirs[stream.number])]
    for stream in streams:
        if owned.get(stream.number):
            one_vlan = len({session.vlan for session in owned[stream.number]}) == 1
            yield (stream, sums(owned[stream.number], "resent", stream),
                   (theirs[stream.number] if one_vlan else []) + [sums(owned[stream.number], "repeats", stream)])


def most(values):
    """What at least two say, or None."""
    return next((v for v in values if v is not None and values.count(v) > 1), None)


def each_way(values):
    return "-" if values is None else "/".join(map(str, values))


class Agreement:
    """With the witnesses, over all captures."""

    def __init__(self):
        self.any = self.majority = self.agreed = self.lonely = 0

    def judge(self, capture, streams, sessions):
        for stream, ours, witnesses in resent(streams, sessions):
            majority = most(witnesses)
            if any(sum(v) for v in [ours, *witnesses] if v):
                self.any += 1
                self.majority += majority is not None
                self.agreed += ours == majority
            self.lonely += ours not in witnesses
            if ours not in witnesses or (majority is not None and ours != majority):
                yield Difference(capture, stream.number, "resent", "; ".join(map(each_way, [ours, *witnesses])))

    def report(self):
        print(f"retransmissions: {self.any} streams in which anybody sees any; two witnesses agree in {self.majority} of them,"
              f" and we with them in {self.agreed}; with no witness in {self.lonely} of all streams")
        return self.agreed >= RESENT_MAJORITY * self.majority


def numbers(text, streams):
    """"*" or a list as in 0,3-5."""
    if text == "*":
        return [s.number for s in streams]
    result = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        result += [part] if part == "-" else [str(n) for n in range(int(first), int(last or first) + 1)]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("dump")
    parser.add_argument("captures", type=pathlib.Path)
    parser.add_argument("differences", type=pathlib.Path)
    args = parser.parse_args()
    oracle = args.captures / "oracle"
    if not oracle.is_dir():
        print(f"skipped: {oracle} is not there (set MIRUO_SHARED_CAPTURES to the folder of the captures)")
        return SKIPPED

    names = sorted(str(p.relative_to(oracle))[:-len(".streams.tsv")] for p in oracle.glob("*/*.streams.tsv"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = dict(zip(names, pool.map(lambda name: compare_capture(args, name), names)))

    with open(args.differences, encoding="ascii") as file:
        rows = table(line for line in file if not line.startswith("#"))
    explained = {Difference(r["capture"], n, r["kind"], r["value"]): r["reason"]
                 for r in rows for n in numbers(r["stream"], results[r["capture"]][1])}
    found = {d for result in results.values() for d in result[0]}
    agreement, tcptrace = Agreement(), read_tcptrace(oracle)
    for capture, (_, streams, sessions, _) in results.items():
        for stream in streams:
            ends = tcptrace.get((capture, stream.number))
            stream.tcptrace = ends and [ends[stream.a], ends[stream.b]]
        found.update(agreement.judge(capture, streams, sessions))
    for d in sorted(found - explained.keys(), key=lambda d: (d.capture, d.stream.zfill(6), d.kind)):
        print("\t".join(d) + "\t" + ("" if args.list else "NOT EXPLAINED"))
    for d in sorted(explained.keys() - found):
        print("\t".join(d) + "\tEXPLAINED BUT NOT THERE")
    enough = agreement.report()
    streams = sum(len(result[1]) for result in results.values())
    sessions = sum(len(result[2]) for result in results.values())
    print(f"{len(names)} captures, {streams} streams, {sessions} sessions, {len(found)} differences,"
          f" {len(found - explained.keys())} not explained, {len(explained.keys() - found)} not needed")
    return found != explained.keys() or not enough


if __name__ == "__main__":
    sys.exit(main())
