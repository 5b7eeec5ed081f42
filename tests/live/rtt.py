# SPDX-License-Identifier: GPL-3.0-or-later
"""rtt.py MIRUO [CASE]: the round-trip time of a session is that of the sender's kernel (ss -ti), within 5 %.

Over a wire that takes a known time, while a steady flow runs. The kernel's figure is smoothed over few ACKs and follows each
hiccup of a busy machine, so miruo is stopped when that figure has been steady for a while."""
import collections
import re
import subprocess
import time

import lab
import sockets
import wire

TOLERANCE = 0.05
STEADY = 0.03  # between the least and the most of SAMPLES
SAMPLES = 8


def kernel_rtt_ms(host, filter_):
    shown = host.run("ss", "-Htin", "state", "established", filter_)
    # The connection that carries the load: iperf3 has another one for its own use.
    flows = [(int(re.search(r"bytes_sent:(\d+)", line)[1]), float(re.search(r" rtt:([\d.]+)/", line)[1]))
             for line in shown.splitlines() if " rtt:" in line and "bytes_sent:" in line]
    return max(flows)[1]


def told_rtt_ms(miruo):
    """Of the largest session."""
    sizes = {found[1]: int(found[2]) for found in re.finditer(r"^(\d+) .* == .* (\d+) bytes", miruo.out, re.M)}
    number = max(sizes, key=sizes.get)
    found = re.search(rf"^{number}: .*round trip (\d+\.\d+) (s|ms)", miruo.out, re.M)
    assert found, f"no round trip of session {number}:\n{miruo.out}"
    return float(found[1]) * (1000 if found[2] == "s" else 1)


def rtt_matches(net, host, filter_, delay, start):
    link = wire.Wire(net)
    link.delay(delay)
    miruo = lab.Miruo(host, "--backend=ebpf", "-i", "a0" if host is net.client else "b0", "--all", "--explain", "-l", "0")
    start()
    time.sleep(2)
    samples = collections.deque(maxlen=SAMPLES)

    def is_steady():
        samples.append(kernel_rtt_ms(host, filter_))
        return len(samples) == SAMPLES and max(samples) <= (1 + STEADY) * min(samples)
    lab.wait_for("a steady round trip", is_steady, 30)
    miruo.stop()
    samples.append(kernel_rtt_ms(host, filter_))
    found = told_rtt_ms(miruo)
    what = f"wire {delay * 1000:g} ms, kernel {min(samples)} to {max(samples)} ms, miruo {found} ms"
    assert min(samples) >= delay * 1000, f"{what}: the wire is too short"
    assert min(samples) * (1 - TOLERANCE) <= found <= max(samples) * (1 + TOLERANCE), what
    print(f"ok: {what}", flush=True)


def bulk(net, control, delay):
    net.server.iperf3_server()
    net.client.run("ip", "route", "replace", "10.77.0.0/24", "dev", "a0", "congctl", control)
    rtt_matches(net, net.client, "( dport = 5201 )", delay,
                lambda: net.client.start("iperf3", "-c", lab.SERVER, "-t40", "--fq-rate", "50M", stdout=subprocess.DEVNULL))


def bulk_cubic(net):
    bulk(net, "cubic", 0.02)


def bulk_bbr(net):
    if "bbr" not in open("/proc/sys/net/ipv4/tcp_available_congestion_control").read().split():
        lab.skip("this kernel has no bbr")
    bulk(net, "bbr", 0.02)


def bulk_far(net):
    bulk(net, "cubic", 0.1)


def answer():
    s = sockets.accept(sockets.listen())
    while s.recv(1000):
        s.send(b"y" * 500)


def ask():
    s = sockets.connect()
    end = time.monotonic() + 40
    while time.monotonic() < end:
        s.send(b"x" * 100)
        s.recv(1000)


def request_response(net, host, filter_):
    def start():
        net.server.python(answer)
        lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
        net.client.python(ask)
    rtt_matches(net, host, filter_, 0.02, start)


def requests_at_the_client(net):
    request_response(net, net.client, f"( dport = {sockets.PORT} )")


def requests_at_the_server(net):
    request_response(net, net.server, f"( sport = {sockets.PORT} )")


if __name__ == "__main__":
    lab.main(bulk_cubic, bulk_bbr, bulk_far, requests_at_the_client, requests_at_the_server,
             tools=("iperf3", "ss", "ethtool", "clang"))
