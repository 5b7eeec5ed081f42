# SPDX-License-Identifier: GPL-3.0-or-later
"""What a monitor adds to a packet's way through the stack: TCP requests and responses over veth, pinned to one CPU, while
monitors on another one are started and stopped beside them: none, the first, none, the second and so on. Each is compared with
none right before and after it.

bench_stack.py MIRUO BENCH_RR [ROUNDS]: prints medians and range."""
import os
import statistics
import subprocess
import sys
import threading
import time

DEVICE = "eth0"
ADDRESS = {"client": "192.0.2.1", "server": "192.0.2.2"}
SETTLE_S = 0.3
WINDOWS = 6  # of 50 ms
START_S = 20.0


class Link:
    """Two namespaces with a veth pair between them."""

    def __init__(self):
        self.names = {side: f"miruo-stack-{side}-{os.getpid()}" for side in ADDRESS}

    def __enter__(self):
        run = lambda *argv: subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        for name in self.names.values():
            run("ip", "netns", "add", name)
        run("ip", "link", "add", DEVICE, "netns", self.names["client"], "type", "veth",
            "peer", "name", DEVICE, "netns", self.names["server"])
        for side, name in self.names.items():
            run("ip", "-n", name, "address", "add", f"{ADDRESS[side]}/24", "dev", DEVICE)
            run("ip", "-n", name, "link", "set", DEVICE, "up")
        return self

    def __exit__(self, *_):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)

    def start(self, argv):
        """A monitor on the server's side, on the last CPU, once it captures."""
        argv = ["ip", "netns", "exec", self.names["server"], "taskset", "-c", str(os.cpu_count() - 1), *argv]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            line = process.stderr.readline()
            if not line:
                raise SystemExit(f"bench_stack: {argv[6]} ended")
            if "listening on" in line:
                return process
        raise SystemExit(f"bench_stack: {argv[6]} does not capture")


class RequestResponse:
    """The process, and what it printed so far."""

    def __init__(self, argv):
        self.found = []
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        for line in self.process.stdout:
            self.found.append(float(line))

    def windows(self):
        """ns a packet from now on."""
        time.sleep(SETTLE_S)
        begin = len(self.found) + 1
        while len(self.found) < begin + WINDOWS:
            if self.process.poll() is not None:
                raise SystemExit("bench_stack: requests and responses have ended")
            time.sleep(0.05)
        return statistics.median(self.found[begin:begin + WINDOWS])


def measure(miruo, bench_rr, rounds):
    """Monitor to ns added a packet, each round; and ns a packet without any."""
    monitors = {
        "empty program": [bench_rr, "empty", DEVICE],
        "miruo": [miruo, "--backend=ebpf", "-i", DEVICE],
        "AF_PACKET (tcpdump)": ["tcpdump", "-i", DEVICE, "-s", "128", "-w", "/dev/null", "tcp"],
    }
    added, alone = {name: [] for name in monitors}, []
    with Link() as link:
        names = [f"/run/netns/{link.names[side]}" for side in ("client", "server")]
        rr = RequestResponse([bench_rr, *names, ADDRESS["server"]])
        try:
            alone.append(rr.windows())
            for _ in range(rounds):
                for name, argv in monitors.items():
                    monitor = link.start(argv)
                    found = rr.windows()
                    monitor.terminate()
                    monitor.communicate(timeout=10)
                    alone.append(rr.windows())
                    added[name].append(found - (alone[-2] + alone[-1]) / 2)
        finally:
            rr.process.kill()
            rr.process.wait()
    return added, alone


def main():
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    added, alone = measure(sys.argv[1], sys.argv[2], rounds)
    spread = lambda ns: f"{statistics.median(ns):7.0f} ({min(ns):.0f} to {max(ns):.0f})"
    print(f"{'ns a packet, no monitor':<24}{spread(alone)}")
    for name, ns in added.items():
        print(f"{name + ', added':<24}{spread(ns)}")


if __name__ == "__main__":
    main()
