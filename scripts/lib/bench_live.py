# SPDX-License-Identifier: GPL-3.0-or-later
"""What a monitor costs the traffic that it watches, over veth between two network namespaces.

The workload goes on all the time while monitors are started and stopped beside it: none, the first one, none, the second one
and so on. Each window with a monitor is compared with the mean of the two windows without one around it, so that what else
the machine does cancels out. Throughput is what the kernel counted on the link, in bytes, both ways; a packet is what the
kernel counts as one, with offloads dozens of segments.
"""
import os
import time

import bench_link
from bench_report import Failed, rounds

URL = f"http://{bench_link.ADDRESS['server']}/"
WINDOW_S, WINDOW_QUICK_S = 0.7, 0.4
KEPT, CPU, LOST, RATE, BITS = "% kept", "CPU ms/M packets", "% lost", "k packets/s", "Gbit/s"

THREADS = str(min(4, os.cpu_count()))
WRK = ["wrk", "-t", THREADS, "-c", "50", "-d", "3600"]
IPERF = ["iperf3", "-c", bench_link.ADDRESS["server"], "-t", "3600", "-i", "0"]
WORKLOADS = {
    "wrk keep-alive": [*WRK, URL],
    "wrk close": [*WRK, "-H", "Connection: close", URL],
    "iperf3, 1 stream": IPERF,
    "iperf3, 8 streams": [*IPERF, "-P", "8"],
    "iperf3, 64-byte segments": [*IPERF, "-P", "2", "-l", "64", "-N"],
}

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


def start_servers(link):
    conf = link.work / "nginx.conf"
    conf.write_text(NGINX_CONF.format(work=link.work))
    commands = [["nginx", "-e", f"{link.work}/nginx.log", "-c", conf], ["iperf3", "-s"]]
    servers = [link.start("server", command) for command in commands]
    time.sleep(0.5)
    for server in servers:
        server.check()


class Window:
    """The link, and the monitor if there is one, for so many seconds."""

    def __init__(self, link, workload, seconds, monitor=None):
        time.sleep(bench_link.SETTLE_S)
        start, cpu, begin = link.counted(), monitor.cpu_s() if monitor else 0, time.monotonic()
        time.sleep(seconds)
        end, used, elapsed = link.counted(), monitor.cpu_s() - cpu if monitor else 0, time.monotonic() - begin
        workload.check()
        packets = end[1] - start[1]
        if not packets:
            raise Failed(f"{workload.argv[0]} moves nothing over the link")
        self.rate = (end[0] - start[0]) / elapsed
        self.packet_rate = packets / elapsed
        self.cpu_per_million = used / packets * 1e6


class Cost:
    """What was found about one monitor beside one workload, or beside none."""

    def __init__(self, monitor=None):
        self.monitor, self.failure = monitor, ""
        self.values = {column: [] for column in (KEPT, CPU, LOST, RATE, BITS)}

    def add(self, window):
        self.values[RATE].append(window.packet_rate / 1e3)
        self.values[BITS].append(window.rate * 8e-9)

    def measure(self, link, workload, seconds):
        """One window; None: the monitor does not run."""
        before = link.counted()[1]
        process = None
        try:
            process = bench_link.start_monitor(link, self.monitor)
            window = Window(link, workload, seconds, process)
            process.check()
        except (Failed, OSError) as e:
            workload.check()
            self.failure = str(e)
            return None
        finally:
            if process:
                process.stop()
        self.add(window)
        self.values[CPU].append(window.cpu_per_million * 1e3)
        self.values[LOST].append(100 * process.lost() / max(1, link.counted()[1] - before))
        return window


def measure_workload(setup, link, argv, seconds):
    window_s = WINDOW_QUICK_S if setup.quick else WINDOW_S
    none, costs = Cost(), [Cost(monitor) for monitor in bench_link.monitors(setup)]
    workload = link.start("client", argv)
    try:
        time.sleep(1)
        before = Window(link, workload, window_s)
        none.add(before)
        for _ in rounds(seconds - 2, 2, 25):
            for cost in costs:
                window = None if cost.failure else cost.measure(link, workload, window_s)
                if not window:
                    continue
                after = Window(link, workload, window_s)
                none.add(after)
                cost.values[KEPT].append(100 * window.rate * 2 / (before.rate + after.rate))
                before = after
    finally:
        workload.stop()
    return none, costs


def measure(setup, report, seconds):
    report.section("live", "throughput kept beside a monitor, windows of one run with and without it in turn",
                   [KEPT, CPU, LOST, RATE, BITS])
    with bench_link.Link() as link:
        start_servers(link)
        for what, argv in WORKLOADS.items():
            try:
                none, costs = measure_workload(setup, link, argv, seconds / len(WORKLOADS))
            except Failed as e:
                report.row(what, "none", {}, str(e))
                continue
            report.row(what, "none", none.values)
            for cost in costs:
                report.row(what, cost.monitor.name, cost.values, cost.failure)
