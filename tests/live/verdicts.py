# SPDX-License-Identifier: GPL-3.0-or-later
"""verdicts.py MIRUO [CASE]: what was sent again, and why, agrees with the kernel's own counters.

Each case sends over a wire that does harm in one direction, and miruo watches at both ends. R is what the kernels of both hosts
sent again (TcpRetransSegs).

At the sender all of it is seen: RetransSegs must be R exactly. At the receiver a segment is only known to be sent again if it
arrived before: RetransSegs must be R less what the wire lost, since for each loss one repetition is the first to arrive. What is
lost at the end of a connection that the client gives up is not sent again, so it may be one more for each connection."""
import lab
import wire

CONTROLS = "/proc/sys/net/ipv4/tcp_available_congestion_control"
# FEW: fewer segments in flight than the queues between the hosts have room for (256), so that only the wire loses any.
CONNECTIONS = 8
IPERF3 = ("iperf3", "-c", lab.SERVER)
FEW = ("-w", "150K")


class OverWire(lab.BothEnds):
    """A run of traffic over a wire, seen from the sender and from the receiver of the direction that the wire harms."""

    def __init__(self, net, link, direction, traffic):
        super().__init__(net, traffic)
        ends = [(self.client, self.kernel_client), (self.server, self.kernel_server)]
        if direction == wire.TO_CLIENT:
            ends.reverse()
        (self.sender, self.kernel_sender), (self.receiver, self.kernel_receiver) = ends
        self.wire = link.counts(direction)
        self.sent_again = self.kernel_sender["TcpRetransSegs"] + self.kernel_receiver["TcpRetransSegs"]

    def retransmissions_match(self, what):
        lab.expect(f"{what}: retransmitted, at the sender", self.sender.stats["RetransSegs"], self.sent_again)
        arrived_twice = self.sent_again - self.wire["lost_data"]
        lab.expect_between(f"{what}: retransmitted, at the receiver", self.receiver.stats["RetransSegs"], arrived_twice,
                           arrived_twice + CONNECTIONS)


def set_up(net, control, offloads):
    for host, device in ((net.client, "a0"), (net.server, "b0")):
        # As a property of the route: what the sysctl of a namespace takes, the host decides.
        host.run("ip", "route", "replace", "10.77.0.0/24", "dev", device, "congctl", control)
        host.offloads(device, offloads)


def under_loss(net, control, direction, traffic):
    if control not in open(CONTROLS).read().split():
        lab.skip(f"this kernel has no {control}")
    link = wire.Wire(net)
    for lost, offloads in ((0, True), (0.001, True), (0.01, False), (0.05, True)):
        set_up(net, control, offloads)
        link.change(direction, lost=lost)
        run = OverWire(net, link, direction, traffic)
        what = f"{control}, {lost * 100:g} % lost, offloads {'on' if offloads else 'off'}"
        assert lost == 0 or run.wire["lost_data"], f"{what}: nothing was lost, the case says nothing"
        run.retransmissions_match(what)


def bulk(net, control):
    net.server.iperf3_server()
    under_loss(net, control, wire.TO_SERVER, lambda: net.client.run(*IPERF3, *FEW, "-t2"))


def requests(net, control, *options):
    net.server.nginx(net.work)
    under_loss(net, control, wire.TO_CLIENT, lambda: net.client.run("wrk", "-t1", f"-c{CONNECTIONS}", "-d2", *options,
                                                                   f"http://{lab.SERVER}/small"))


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


def a_million(net, link, direction, what, *options):
    """A million segments and more of which none is lost."""
    run = OverWire(net, link, direction, lambda: net.client.run(*IPERF3, "-n", "1500M", *options))
    segments = run.receiver.stats["SegmentsOffload"]
    assert segments > 1000000, f"{what}: only {segments} segments"
    print(f"{what}: {segments} segments, wire {run.wire}", flush=True)
    run.retransmissions_match(what)
    return run


def loss_free(net):
    link = wire.Wire(net)
    net.server.iperf3_server()
    for offloads in (True, False):
        set_up(net, "cubic", offloads)
        link.change(wire.TO_SERVER)
        a_million(net, link, wire.TO_SERVER, f"nothing lost, offloads {'on' if offloads else 'off'}", *FEW)


def reordering(net):
    """The way back is long, so that the sender waits for what comes a little late instead of sending it again."""
    link = wire.Wire(net)
    net.server.iperf3_server()
    link.hold(to_server=0.001, to_client=0.008)
    link.change(wire.TO_CLIENT, held=1)
    for offloads in (True, False):
        set_up(net, "cubic", offloads)
        link.change(wire.TO_SERVER, held=0.001)
        run = a_million(net, link, wire.TO_SERVER, f"reordered, offloads {'on' if offloads else 'off'}",
                        "--fq-rate", "2500M")
        assert run.wire["held"] > 500
        print({k: v for k, v in run.kernel_sender.items() if v and k.startswith("Tcp")})
        print({k: v for k, v in run.kernel_receiver.items() if v and k.startswith("Tcp")})
        print(run.receiver.stats)


def duplication(net):
    link = wire.Wire(net)
    net.server.iperf3_server()
    for offloads in (True, False):
        set_up(net, "cubic", offloads)
        link.change(wire.TO_SERVER, doubled=0.01)
        run = OverWire(net, link, wire.TO_SERVER, lambda: net.client.run(*IPERF3, *FEW, "-t2"))
        print(run.wire)
        print({k: v for k, v in run.kernel_sender.items() if v and k.startswith("Tcp")})
        print({k: v for k, v in run.kernel_receiver.items() if v and k.startswith("Tcp")})
        print(run.receiver.stats)
        run.retransmissions_match(f"doubled, offloads {'on' if offloads else 'off'}")


if __name__ == "__main__":
    lab.main(bulk_cubic, bulk_bbr, requests_cubic, requests_bbr, short_sessions_cubic, short_sessions_bbr, loss_free, reordering, duplication,
             tools=("iperf3", "nginx", "wrk", "ss", "ethtool", "clang", "bpftool"))
