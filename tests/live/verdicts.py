# SPDX-License-Identifier: GPL-3.0-or-later
"""verdicts.py MIRUO [CASE]: what was sent again, and why, agrees with the kernel's own counters.

Each case sends over a wire that does harm in one direction, and miruo watches at both ends. R is what the kernels of both
hosts sent again (TcpRetransSegs), L what the wire lost of data, SYNs and FINs, D what it doubled, all in segments.

How often. At the sender all of it is seen: RetransSegs must be R exactly. At the receiver a segment is only known to be sent
again if it arrived before: RetransSegs must be R - L, since for each loss one repetition is the first to arrive. What is
lost at the end of a connection that the client gives up is not sent again, so there may be one more for each connection. A
packet that the network doubled is a copy, unless the receiver's host joined it with what came after it (GRO): then its
identification is gone. So RetransSegs and Copies together are D more.

Why, at the sender, with the counters of both kernels:
- SYNs: TCPSynRetrans exactly.
- Unknown: at most what had been acknowledged or whose session was over when it passed: why its sender sent it all the same,
  nothing that was captured tells.
- Fast: TCPFastRetrans, less the unknown ones. While SACKs tell of losses a timeout repeats what they ask for, and cannot be
  told from that: so up to TCPTimeouts and TCPSlowStartRetrans more.
- Probes: at most TCPLossProbes, some of which carry new data; at least what no other counter accounts for, less the unknown.
- Timeouts: TCPTimeouts are events, each sends one segment; TCPSlowStartRetrans are the segments sent again behind them. The
  probe of a flight of one segment waits nearly as long as a timeout.
- Spurious: at least TCPDSACKRecvSegs; more were acknowledged before they were sent again.
Of these all but the SYNs may be off by two and 1 %: ACKs and segments cross between the capture point and the sender's TCP,
and what is lost waits for the congestion window, sometimes for as long as a timeout.

TCPSpuriousRtxHostQueues counts what was not sent again, as the original had not left the host: there is nothing to see, and R
does not count it."""
import re
import subprocess
import time

import lab
import wire

CONTROLS = "/proc/sys/net/ipv4/tcp_available_congestion_control"
CONNECTIONS = 8
WINDOW = 150000  # bytes in flight: fewer than the queues between the hosts have room for, so that only the wire loses any
IPERF3 = ("iperf3", "-c", lab.SERVER)
DOUBT = "does not look sent by this peer"


class OverWire(lab.BothEnds):
    """A run of traffic over a wire, seen from the sender and from the receiver of the direction that the wire harms."""

    def __init__(self, what, net, link, direction, traffic):
        super().__init__(net, traffic)
        self.what = what
        ends = [(self.client, self.kernel_client), (self.server, self.kernel_server)]
        if direction == wire.TO_CLIENT:
            ends.reverse()
        (self.sender, kernel_sender), (self.receiver, kernel_receiver) = ends
        self.kernel = {name.removeprefix("TcpExt"): count + kernel_receiver.get(name, 0)
                       for name, count in kernel_sender.items()}
        self.wire = link.counts(direction)
        told = {name: count for name, count in self.sender.stats.items() if count and re.match("Retrans[A-Z]|Spurious", name)}
        counted = {name: count for name, count in self.kernel.items()
                   if count and any(part in name for part in ("Retrans", "Timeouts", "Probes", "DSACKRecv", "HostQueues"))}
        print(f"{what}: miruo at the sender {told}, kernels {counted}, wire {self.wire}", flush=True)
        for miruo in (self.sender, self.receiver):
            assert DOUBT not in miruo.out, f"{what}: a RST of the hosts is doubted"

    def check(self):
        self.check_sender()
        self.check_receiver()
        self.check_why()

    def check_sender(self):
        lab.expect(f"{self.what}: retransmitted, at the sender", self.sender.stats["RetransSegs"],
                   self.kernel["TcpRetransSegs"])
        lab.expect(f"{self.what}: copies, at the sender", self.sender.stats["Copies"], 0)

    def check_receiver(self):
        arrived_twice = self.kernel["TcpRetransSegs"] - self.wire["lost_data"] + self.wire["doubled_data"]
        at_receiver = self.receiver.stats["RetransSegs"] + self.receiver.stats["Copies"]
        lab.expect_between(f"{self.what}: retransmitted and doubled, at the receiver", at_receiver,
                           arrived_twice - self.wire.get("lost_uncounted", 0),
                           arrived_twice + CONNECTIONS)

    def check_why(self):
        told, kernel = self.sender.stats, self.kernel
        unknown, by_time = told["RetransOther"], kernel["TCPTimeouts"] + kernel["TCPSlowStartRetrans"]
        probes = kernel["TcpRetransSegs"] - kernel["TCPFastRetrans"] - kernel["TCPSynRetrans"] - by_time
        bounds = {
            "RetransOther": (0, told["Spurious"] + told["Late"]),
            "RetransFast": (kernel["TCPFastRetrans"] - unknown, kernel["TCPFastRetrans"] + by_time),
            "RetransProbe": (probes - unknown, kernel["TCPLossProbes"]),
            "RetransTimeout": (0, by_time + kernel["TCPLossProbes"]),
            "Spurious": (kernel["TCPDSACKRecvSegs"], kernel["TcpRetransSegs"]),
        }
        lab.expect(f"{self.what}: SYNs", told["RetransSyn"] + told["RetransSynAck"], kernel["TCPSynRetrans"])
        for name, (least, most) in bounds.items():
            self.expect_about(name, least, most)

    def expect_about(self, name, least, most):
        slack = 2 + self.kernel["TcpRetransSegs"] // 100
        lab.expect_between(f"{self.what}: {name}", self.sender.stats[name], least - slack, most + slack)


def set_up(net, control, offloads, window=WINDOW):
    if control not in open(CONTROLS).read().split():
        lab.skip(f"this kernel has no {control}")
    for host, device in ((net.client, "a0"), (net.server, "b0")):
        # As properties of the route: what the sysctl of a namespace takes, the host decides.
        limit = ("window", window) if window else ()
        host.run("ip", "route", "replace", "10.77.0.0/24", "dev", device, "congctl", control, *limit)
        host.offloads(device, offloads)


def on_off(offloads):
    return "offloads " + ("on" if offloads else "off")


def under_loss(net, control, direction, traffic):
    link = wire.Wire(net)
    for lost, offloads in ((0, True), (0.001, True), (0.01, False), (0.05, True)):
        set_up(net, control, offloads)
        link.change(direction, lost=lost)
        run = OverWire(f"{control}, {lost * 100:g} % lost, {on_off(offloads)}", net, link, direction, traffic)
        assert lost == 0 or run.wire["lost_data"], "nothing was lost, the case says nothing"
        run.check()


def bulk(net, control):
    net.server.iperf3_server()
    under_loss(net, control, wire.TO_SERVER, lambda: net.client.run(*IPERF3, "-t1"))


def wrk(net, *options):
    net.client.run("wrk", "-t1", f"-c{CONNECTIONS}", "-d1", *options, f"http://{lab.SERVER}/small")


def requests(net, control, *options):
    net.server.nginx(net.work)
    under_loss(net, control, wire.TO_CLIENT, lambda: wrk(net, *options))


def bulk_cubic(net):
    bulk(net, "cubic")


def bulk_bbr(net):
    bulk(net, "bbr")


def requests_cubic(net):
    requests(net, "cubic")


def requests_bbr(net):
    requests(net, "bbr")


def short_sessions_cubic(net):
    requests(net, "cubic", "-H", "Connection: close")


def short_sessions_bbr(net):
    requests(net, "bbr", "-H", "Connection: close")


def outage(net):
    """For a time nothing gets through: the timers must run out, and what was in flight is sent again behind them."""
    link = wire.Wire(net)
    net.server.iperf3_server()

    def traffic():
        sender = net.client.start(*IPERF3, "-t5", stdout=subprocess.DEVNULL)
        time.sleep(1)
        link.change(wire.TO_SERVER, lost=1)
        time.sleep(0.4)
        lost.update(link.counts(wire.TO_SERVER))
        link.change(wire.TO_SERVER)
        sender.wait(30)
    for control in ("cubic", "bbr"):
        lost = {}
        set_up(net, control, True)
        link.change(wire.TO_SERVER)
        run = OverWire(f"{control}, outage", net, link, wire.TO_SERVER, traffic)
        run.wire = {**lost, "lost_uncounted": 2}  # while the wire was mended
        run.check()
        by_time = run.kernel["TCPTimeouts"] + run.kernel["TCPSlowStartRetrans"]
        assert by_time > 10, "hardly anything by time, the case says nothing"
        run.expect_about("RetransTimeout", by_time - run.sender.stats["RetransOther"], by_time + run.kernel["TCPLossProbes"])


def host_queue(net):
    """
    The sender's own queue is slow: what still waits in it is not sent again, though the timers run out. What comes out of it
    comes so late that the receiver's host may take a single byte sent again for a keep-alive.
    """
    link = wire.Wire(net)
    net.server.iperf3_server()
    set_up(net, "cubic", False)
    try:
        net.client.run("tc", "qdisc", "add", "dev", "a0", "root", "tbf", "rate", "200kbit", "burst", "3000", "latency",
                       "20s")
    except SystemExit:
        lab.skip("this kernel has no tbf")
    run = OverWire("slow queue", net, link, wire.TO_SERVER, lambda: net.client.run(*IPERF3, "-n", "100K", "-l", "10K"))
    assert run.kernel["TCPSpuriousRtxHostQueues"], "nothing waited, the case says nothing"
    run.check_sender()
    run.check_why()


def a_million(net, link, what, *options):
    """A million segments and more of which none is lost."""
    run = OverWire(what, net, link, wire.TO_SERVER, lambda: net.client.run(*IPERF3, "-n", "1500M", *options))
    for miruo in (run.sender, run.receiver):
        assert miruo.stats["SegmentsOffload"] > 1000000, f"{what}: only {miruo.stats['SegmentsOffload']} segments"
    run.check()
    lab.expect(f"{what}: out of order, at the sender", run.sender.stats["OutOfOrder"], 0)
    return run


def loss_free(net):
    link = wire.Wire(net)
    net.server.iperf3_server()
    for offloads in (True, False):
        set_up(net, "cubic", offloads)
        link.change(wire.TO_SERVER)
        a_million(net, link, f"nothing lost, {on_off(offloads)}")


def reordering(net):
    """The way back is long, so that the sender waits for what comes a little late instead of sending it again."""
    link = wire.Wire(net)
    net.server.iperf3_server()
    link.hold(to_server=0.001, to_client=0.008)
    link.change(wire.TO_CLIENT, held=1)
    for offloads in (True, False):
        set_up(net, "cubic", offloads, window=None)
        link.change(wire.TO_SERVER, held=0.001)
        run = a_million(net, link, f"reordered, {on_off(offloads)}", "--fq-rate", "2500M")
        late = run.wire["held"]
        assert late > 500, "hardly anything came late, the case says nothing"
        # Of those held back together the later ones are in order among themselves.
        lab.expect_between(f"{run.what}: out of order, at the receiver", run.receiver.stats["OutOfOrder"], late // 2,
                           run.receiver.stats["SegmentsOffload"])


def duplication(net):
    link = wire.Wire(net)
    net.server.iperf3_server()
    for offloads in (True, False):
        set_up(net, "cubic", offloads)
        link.change(wire.TO_SERVER, doubled=0.01)
        run = OverWire(f"doubled, {on_off(offloads)}", net, link, wire.TO_SERVER, lambda: net.client.run(*IPERF3, "-t1"))
        assert run.wire["doubled_data"] > 500, "hardly anything was doubled, the case says nothing"
        run.check_sender()
        run.check_receiver()
        if not offloads:
            least, most = run.wire["doubled_data"], run.wire["doubled"]  # one without data may be known as a copy too
            lab.expect_between(f"{run.what}: copies, at the receiver", run.receiver.stats["Copies"], least, most)


if __name__ == "__main__":
    lab.main(bulk_cubic, bulk_bbr, requests_cubic, requests_bbr, short_sessions_cubic, short_sessions_bbr, outage,
             host_queue, loss_free, reordering, duplication, tools=("iperf3", "nginx", "wrk", "ss", "ethtool", "clang", "bpftool"))
