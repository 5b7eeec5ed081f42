# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time and peak memory of reading captures, beside tcpdump's bare copy of the same file."""
import os
import statistics
import subprocess
import sys

# name, what it is, miruo's options for it
FILES = [
    ("sessions", "200,000 sessions, 500 open at once", []),
    ("open", "20,000 sessions open at once", ["-L", "20000"]),
    ("bulk", "10 bulk sessions", []),
    ("million", "1,000,000 sessions open at once", ["-L", "1000000"]),
]


def capture(build, name):
    path = build / "captures" / f"{name}.pcap"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        part = path.with_suffix(".part")
        subprocess.run([build / "tests/tools/genload", name, part], check=True, stdout=subprocess.DEVNULL)
        part.rename(path)
    return path


def packets(path):
    """From classic pcap record headers, so that no other program's count is trusted."""
    count = 0
    with open(path, "rb", buffering=1 << 20) as f:
        f.seek(24)
        while header := f.read(16):
            count += 1
            f.seek(int.from_bytes(header[8:12], "little"), os.SEEK_CUR)
    return count


def cost(build, argv):
    """CPU seconds and peak memory in MB of one run."""
    with open(os.devnull, "w") as null, open(build / "bench.out", "w") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=null)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: {' '.join(map(str, argv))} ended with status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def bench(build, runs):
    print(f"{'capture':<36}{'packets':>10}  {'tcpdump -w':>18}  {'miruo -f':>18}  {'ratio':>5}  {'ns/packet':>9}  {'MB':>5}")
    for name, text, options in FILES:
        path = capture(build, name)
        count = packets(path)
        commands = {
            "tcpdump": ["tcpdump", "-r", path, "-w", "/dev/null"],
            "miruo": [build / "user/miruo", *options, "-f", path],
        }
        seconds = {who: [] for who in commands}
        for _ in range(runs):
            for who, argv in commands.items():
                used, memory = cost(build, argv)
                seconds[who].append(used)
        median = {who: statistics.median(s) for who, s in seconds.items()}
        spread = {who: f"{median[who]:.2f} ({min(s):.2f}-{max(s):.2f})" for who, s in seconds.items()}
        print(f"{text:<36}{count:>10}  {spread['tcpdump']:>18}  {spread['miruo']:>18}  "
              f"{median['miruo'] / median['tcpdump']:>5.2f}  {median['miruo'] / count * 1e9:>9.0f}  {memory:>5.0f}", flush=True)
