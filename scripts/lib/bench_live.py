# SPDX-License-Identifier: GPL-3.0-or-later
"""What a monitor costs the traffic that it watches, over veth between two network namespaces.

The workload goes on all the time while monitors are started and stopped beside it: none, the first one, none, the second one
and so on. Each window with a monitor is compared with the mean of the two windows without one around it, so that what else
the machine does cancels out. Throughput is what the kernel counted on the link, in bytes, both ways; a packet is what the
kernel counts as one, with offloads dozens of segments.
"""
import os
import pathlib
import re
import shlex
import signal
import statistics
import subprocess
import tempfile
import time

LIB = pathlib.Path(__file__).resolve().parent
DEVICE = "eth0"
ADDRESS = {"client": "192.0.2.1", "server": "192.0.2.2"}
URL = f"http://{ADDRESS['server']}/"
SETTLE_S = 0.2  # after a start or stop, before a window
START_S = 15.0  # for the line with which capture begins: the kernel checks programs for seconds when it is busy
PEER_START_S = 2.0  # a peer may have no such line
STOP_S = 5.0

THREADS = str(min(4, os.cpu_count()))
WRK = ["wrk", "-t", THREADS, "-c", "50", "-d", "3600"]
IPERF = ["iperf3", "-c", ADDRESS["server"], "-t", "3600", "-i", "0"]
WORKLOADS = [
    ("wrk keep-alive", [*WRK, URL]),
    ("wrk close", [*WRK, "-H", "Connection: close", URL]),
    ("iperf3, 1 stream", IPERF),
    ("iperf3, 8 streams", [*IPERF, "-P", "8"]),
    ("iperf3, 64-byte segments", [*IPERF, "-P", "2", "-l", "64", "-N"]),
]

NGINX_CONF = """daemon off;
user root;
worker_processes auto;
pid {work}/nginx.pid;
error_log {work}/nginx.log;
events {{ worker_connections 1024; }}
http {{
	access_log off;
	keepalive_requests 1000000000;
	client_body_temp_path {work}/body;
	proxy_temp_path {work}/proxy;
	fastcgi_temp_path {work}/fastcgi;
	uwsgi_temp_path {work}/uwsgi;
	scgi_temp_path {work}/scgi;
	server {{ listen 80; location / {{ return 200 "hello\\n"; }} }}
}}
"""

# lost packets in the last words of miruo, of those that print like it, and of tcpdump
LOST = re.compile(r"^\s*(?:(?:if)?drop|full)\s*:\s*(\d+)|^(\d+) packets? dropped by (?:kernel|interface)", re.MULTILINE)


class Failed(Exception):
    pass


def install_packages():
    names = '"${packages_build[@]}" "${packages_bpf[@]}" "${packages_bench[@]}"'
    script = f'source "$1" && packages_install {names} || true'
    subprocess.run(["bash", "-c", script, "bench", LIB / "packages.sh"], check=True)


def monitors(miruo, peers):
    """Name to command line and the time that it has to start."""
    found = {
        "miruo": ([miruo, "--backend=ebpf", "-i", DEVICE], START_S),
        "miruo --backend=pcap": ([miruo, "--backend=pcap", "-i", DEVICE], START_S),
        "tcpdump": (["tcpdump", "-i", DEVICE, "-s", "128", "-w", "/dev/null", "tcp"], START_S),
    }
    for peer in peers:
        name, _, command = peer.partition("=")
        if not name or not command:
            raise Failed(f"--peer takes NAME=PATH, not '{peer}'")
        found[name] = ([*shlex.split(command), "-i", DEVICE], PEER_START_S)
    return found


class Process:
    """A program in one of the namespaces; its standard error is kept."""

    def __init__(self, link, side, argv):
        self.argv = argv
        self.log = tempfile.TemporaryFile("w+", dir=link.work)
        self.popen = subprocess.Popen(["ip", "netns", "exec", link.names[side], *argv], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=self.log)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def check(self):
        if self.popen.poll() is not None:
            last = self.said().strip().splitlines()[-1:]
            raise Failed(f"{self.argv[0]} ended with status {self.popen.returncode}: {''.join(last)}")

    def wait_for_capture(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and "listening on" not in self.said():
            time.sleep(0.02)
            self.check()

    def cpu_s(self):
        """User and system time of all threads so far."""
        ns = 0
        for thread in pathlib.Path(f"/proc/{self.popen.pid}/task").iterdir():
            ns += int((thread / "schedstat").read_text().split()[0])
        return ns / 1e9

    def stop(self, how=signal.SIGINT):
        if self.popen.poll() is None:
            self.popen.send_signal(how)
        try:
            self.popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


class Link:
    """Two namespaces with a veth pair between them, and servers in one; gone when the with statement ends."""

    def __init__(self):
        self.names = {side: f"miruo-bench-{side}-{os.getpid()}" for side in ADDRESS}
        self.servers = []

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="miruo-bench-")
        self.work = self.folder.name
        try:
            self.make()
            self.start_servers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.stop(signal.SIGTERM)
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
        self.folder.cleanup()

    def make(self):
        run = lambda *argv: subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        for name in self.names.values():
            run("ip", "netns", "add", name)
        run("ip", "link", "add", DEVICE, "netns", self.names["client"], "type", "veth",
            "peer", "name", DEVICE, "netns", self.names["server"])
        for side, name in self.names.items():
            run("ip", "-n", name, "address", "add", f"{ADDRESS[side]}/24", "dev", DEVICE)
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "link", "set", DEVICE, "up")
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65000",
                "net.ipv4.tcp_autocorking=0")

    def start_servers(self):
        conf = pathlib.Path(self.work, "nginx.conf")
        conf.write_text(NGINX_CONF.format(work=self.work))
        self.servers.append(Process(self, "server", ["nginx", "-e", f"{self.work}/nginx.log", "-c", conf]))
        self.servers.append(Process(self, "server", ["iperf3", "-s"]))
        time.sleep(0.5)
        for server in self.servers:
            server.check()

    def counted(self):
        """Bytes and packets that the link carried so far, both ways."""
        text = pathlib.Path(f"/proc/{self.servers[0].popen.pid}/net/dev").read_text()
        fields = text.split(f"{DEVICE}:")[1].split()
        return int(fields[0]) + int(fields[8]), int(fields[1]) + int(fields[9])


class Window:
    """The link, and the monitor if there is one, for so many seconds."""

    def __init__(self, link, workload, seconds, monitor=None):
        time.sleep(SETTLE_S)
        start, cpu, begin = link.counted(), monitor.cpu_s() if monitor else 0, time.monotonic()
        time.sleep(seconds)
        end, used, elapsed = link.counted(), monitor.cpu_s() - cpu if monitor else 0, time.monotonic() - begin
        workload.check()
        self.rate = (end[0] - start[0]) / elapsed
        self.packet_rate = (end[1] - start[1]) / elapsed
        self.cpu_per_million = used / max(1, end[1] - start[1]) * 1e6
        if not self.rate:
            raise Failed(f"{workload.argv[0]} moves nothing over the link")


class Cost:
    """What was found about one monitor beside one workload."""

    def __init__(self, start_s):
        self.start_s = start_s
        self.relative, self.cpu, self.lost, self.packets, self.failure = [], [], 0, 0, None

    def measure(self, link, workload, seconds, argv):
        """One window; None: the monitor does not run."""
        if self.failure:
            return None
        before = link.counted()[1]
        monitor = Process(link, "server", argv)
        try:
            monitor.wait_for_capture(self.start_s)
            window = Window(link, workload, seconds, monitor)
            monitor.check()
        except (Failed, OSError) as e:
            workload.check()
            self.failure = str(e)
            return None
        finally:
            monitor.stop()
        self.packets += link.counted()[1] - before
        self.lost += sum(int(a or b) for a, b in LOST.findall(monitor.said()))
        self.cpu.append(window.cpu_per_million)
        return window

    def row(self):
        if self.failure:
            return f"  {self.failure}"
        lost = f"{self.lost} ({100 * self.lost / max(1, self.packets):.1f} %)" if self.lost else "0"
        return f"{spread(self.relative, '.3f'):>20}  {spread(self.cpu, '.3f'):>22}  {lost:>18}"


def spread(values, form):
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def measure_workload(link, argv, programs, rounds, seconds):
    costs, idle = {name: Cost(start_s) for name, (_, start_s) in programs.items()}, []
    workload = Process(link, "client", argv)
    try:
        time.sleep(1)
        idle.append(Window(link, workload, seconds))
        for _ in range(rounds):
            for name, (program, _) in programs.items():
                window = costs[name].measure(link, workload, seconds, program)
                if window:
                    idle.append(Window(link, workload, seconds))
                    costs[name].relative.append(window.rate * 2 / (idle[-2].rate + idle[-1].rate))
    finally:
        workload.stop()
    return costs, idle


def bench(miruo, peers, rounds, seconds):
    programs = monitors(miruo, peers)
    print(f"Throughput beside each monitor relative to none, CPU seconds of its process per million packets, packets lost:\n"
          f"medians and range of {rounds} windows of {seconds:g} s, each between two without a monitor.\n")
    print(f"{'workload':<26}{'monitor':<22}{'relative':>20}  {'CPU s/million':>22}  {'lost':>18}")
    with Link() as link:
        for text, argv in WORKLOADS:
            costs, idle = measure_workload(link, argv, programs, rounds, seconds)
            print(f"{text:<26}{'none':<22}{statistics.median(w.packet_rate for w in idle) / 1e3:>11.0f} k packets/s, "
                  f"{statistics.median(w.rate for w in idle) * 8e-9:.2f} Gbit/s")
            for name, cost in costs.items():
                print(f"{'':<26}{name:<22}{cost.row()}", flush=True)
