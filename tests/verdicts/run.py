#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds what the tracker calls each segment of NAME.seg against what stands behind "=" on its line.

usage: run.py SEGTEXT PRINT_VERDICTS WORK NAME     one script
       run.py --words                              all scripts together must expect each word at least once

A script is one of segtext (tests/tools/README.md). A line of a segment that says nothing expects "new". Behind "=" stand

  the verdict     new retransmit out-of-order keepalive keepalive-ack probe probe-ack (of a zero window) dup-ack
                  window-update stray; copy: the same packet captured once more; nothing: not part of a session
  the reason      of a retransmission: syn syn-ack fast timeout tail-loss-probe unknown
  remarks         zero-window window-full gap acks-unseen spurious tells-spurious congestion challenge
  segments N      that the frame stands for, if not 1; resent N: of them repeat something, if not all
  who sent it     from-client, from-server, and guessed if that is a guess; checked where one of them is said

Each script is played with several offsets added to all sequence numbers.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OFFSETS = [0, 0x7ffff000, 0x80000000, 0xfffff800, 0xffffec00, 0x12345678]
WHO = {"guessed", "from-client", "from-server"}
WORDS = WHO | set("""new retransmit out-of-order keepalive keepalive-ack probe probe-ack dup-ack window-update stray copy
    nothing syn syn-ack fast timeout tail-loss-probe unknown segments resent zero-window window-full gap acks-unseen spurious
    tells-spurious congestion challenge""".split())
TIMEOUT_S = 60


def words_of(text):
    """"segments 4" is one word."""
    return set(re.findall(r"(?:segments|resent) \d+|\S+", text))


def expected(script):
    """(line number, line, words) for each frame."""
    frames = []
    for number, line in enumerate(script.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not re.match(r"[+\d]", line):
            continue
        segment, _, tail = line.partition("=")
        words = words_of(tail) or {"new"}
        unknown = {word.split()[0] for word in words} - WORDS
        if unknown:
            sys.exit(f"{script.name}:{number}: what is {' '.join(unknown)}?")
        times = re.search(r"\btimes (\d+)", segment)
        frames += [(number, line, words)] * int(times[1] if times else 1)
    return frames


def check(script, frames, lines, offset):
    if len(lines) != len(frames):
        print(f"{script.name}, offset {offset:#x}: {len(lines)} frames, not {len(frames)}")
        return False
    good = True
    for (number, line, want), got in zip(frames, map(words_of, lines)):
        if not want & WHO:
            got -= WHO
        if got != want:
            print(f"{script.name}:{number}, offset {offset:#x}: {line}\n    is {' '.join(sorted(got))}")
            good = False
    return good


def run(segtext, print_verdicts, work, name):
    script = HERE / f"{name}.seg"
    capture = pathlib.Path(work) / f"{name}.pcap"
    subprocess.run([segtext, script, capture], check=True, timeout=TIMEOUT_S)
    frames = expected(script)
    good = bool(frames)
    for offset in OFFSETS:
        done = subprocess.run([print_verdicts, capture, str(offset)], check=True, capture_output=True, text=True,
                              timeout=TIMEOUT_S)
        good &= check(script, frames, done.stdout.splitlines(), offset)
    return good


def main():
    if sys.argv[1:] == ["--words"]:
        used = {word.split()[0] for script in HERE.glob("*.seg") for _, _, words in expected(script) for word in words}
        for word in sorted(WORDS - used):
            print(f"no script expects {word}")
        return used != WORDS
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    return not run(*sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
