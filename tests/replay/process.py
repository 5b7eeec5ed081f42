#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""process.py MIRUO SEGTEXT WORK CASE: miruo between slow pipes, readers that go away, signals and terminals."""
import array
import fcntl
import os
import pathlib
import select
import signal
import struct
import subprocess
import sys
import termios
import time

LIMIT_S = 20


def capture(name, script):
    """The pcap file header and the records of a segtext script, as a list of bytes."""
    text, path = WORK / f"process-{name}.seg", WORK / f"process-{name}.pcap"
    text.write_text("endpoints a=10.0.0.1:40000 b=10.0.0.2:80\n" + script)
    subprocess.run([SEGTEXT, text, path], check=True, timeout=LIMIT_S)
    data, parts, at = path.read_bytes(), [], 24
    while at < len(data):
        end = at + 16 + struct.unpack_from("=I", data, at + 8)[0]
        parts.append(data[at:end])
        at = end
    return path, [data[:24], *parts]


started = []


def start(*options, **streams):
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TZ": "UTC"}
    started.append(subprocess.Popen([MIRUO, *options], env=environment, bufsize=0, **streams))
    return started[-1]


OPENING = "0.000 a>b S\n0.001 b>a SA\n0.002 a>b A\n"


def wait_for(what, condition):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what}")
        time.sleep(0.02)


def unread(pipe):
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def stopped_growing(pipe):
    before = unread(pipe)
    time.sleep(0.3)
    return before and unread(pipe) == before


def signal_during_write():
    """A signal while a write waits for the reader: nothing of what was begun is lost, and it is no error."""
    path, _ = capture("long", OPENING + "0.1 a>b PA len 10 times 5000 every 1ms\n")
    miruo = start("-f", path, "--live")
    wait_for("a full pipe", lambda: stopped_growing(miruo.stdout))
    miruo.send_signal(signal.SIGINT)
    time.sleep(0.2)
    out, err = miruo.communicate(timeout=LIMIT_S)
    assert miruo.returncode == 0, (miruo.returncode, err)
    lines = out.decode().splitlines(keepends=True)
    assert lines[-1].endswith("destroy session (capture end)\n"), lines[-1]
    ids = [int(line[5:9]) for line in lines]
    assert ids == list(range(len(ids))), "lines are missing"


def reader_gone_from_idle_pipe():
    """Nobody reads any more: miruo ends with the next line it prints, though its own input stays open."""
    _, parts = capture("few", OPENING + "0.1 a>b PA len 10 times 9 every 1ms\n")
    miruo = start("-f", "-", "--live")
    os.write(miruo.stdin.fileno(), b"".join(parts[:2]))
    wait_for("the first line", lambda: unread(miruo.stdout))
    miruo.stdout.close()
    os.write(miruo.stdin.fileno(), parts[2])
    assert miruo.wait(LIMIT_S) == 0


def statistics_of_idle_pipe():
    """-s prints when the segments' time has come, not when there are many of them."""
    _, parts = capture("slow", OPENING + "5.0 a>b PA len 10\n")
    miruo = start("-f", "-", "-s", "2")
    os.write(miruo.stdin.fileno(), b"".join(parts))
    err = bytearray()
    while b"==============================\n" not in err:
        more = select.select([miruo.stderr], [], [], LIMIT_S)[0] and os.read(miruo.stderr.fileno(), 65536)
        assert more, "no statistics while the input is open"
        err += more
    assert b"Capture Time    : 00:00:05\n" in err, err


def statistics_wait_for_first_segment():
    """-s counts from the first segment, whatever else comes before it."""
    _, parts = capture("arp", "0.000 hex" + " ff" * 12 + " 08 06" + " 00" * 46 + "\n" + OPENING)
    miruo = start("-f", "-", "-s", "3600")
    _, err = miruo.communicate(b"".join(parts), timeout=LIMIT_S)
    assert err.count(b"Session Statistics") == 1, err


def full_disk_behind_progress():
    """What went wrong has a line of its own on a terminal that shows the progress."""
    _, parts = capture("reset", OPENING + "0.1 a>b PA len 10 times 999 every 1ms\n5.0 b>a R\n")
    terminal, stderr = os.openpty()
    miruo = start("-f", "-", stdout=open("/dev/full", "wb"), stderr=stderr)
    os.close(stderr)
    shown = b""
    for part in parts[:-1]:
        os.write(miruo.stdin.fileno(), part)
        if select.select([terminal], [], [], 0.02)[0]:
            shown += os.read(terminal, 65536)
        if b"packets/s" in shown:
            break
    assert b"packets/s" in shown, shown
    os.write(miruo.stdin.fileno(), parts[-1])
    assert miruo.wait(LIMIT_S) == 1
    shown += os.read(terminal, 65536)
    assert b"\r\x1b[Kmiruo: cannot write the results" in shown, shown


def help_on_full_disk():
    miruo = start("--help", stdout=open("/dev/full", "wb"))
    _, err = miruo.communicate(timeout=LIMIT_S)
    assert miruo.returncode == 1
    assert err == b"miruo: cannot write to standard output: No space left on device\n", err


CASES = {case.__name__: case for case in (
    signal_during_write, reader_gone_from_idle_pipe, statistics_of_idle_pipe, statistics_wait_for_first_segment,
    full_disk_behind_progress, help_on_full_disk)}

MIRUO, SEGTEXT, WORK = map(pathlib.Path, sys.argv[1:4])
WORK.mkdir(exist_ok=True)
try:
    CASES[sys.argv[4]]()
finally:
    for process in started:
        process.kill()
