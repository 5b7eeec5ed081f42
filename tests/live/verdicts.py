# SPDX-License-Identifier: GPL-3.0-or-later
"""verdicts.py MIRUO [CASE]: what was sent again, and why, agrees with the kernel's own counters.

Each case sends over a wire that does harm in one direction, and miruo watches at both ends. R is what the kernels of both hosts
sent again (TcpRetransSegs).

At the sender all of it is seen: RetransSegs must be R exactly. At the receiver a segment is only known to be sent again if it
arrived before: RetransSegs must be R less what the wire lost, since for each loss one repetition is the first to arrive. What is
lost at the end of a connection that the client gives up is not sent again, so it may be one more for each connection."""
import lab
import wire

OPTIONS = ("--backend=ebpf", "-L", "0", "-l", "0", "--ring-size", "32768")
CONTROLS = "/proc/sys/net/ipv4/tcp_available_congestion_control"
# Fewer segments in flight than the queues between the hosts have room for (256), so that only the wire loses any.
CONNECTIONS = 8
IPERF3 = ("iperf3", "-c", lab.SERVER, "-w", "150K")


class Watched:
    """A run of traffic, watched at both ends: what miruo counted and by how much the kernel's counters grew."""

    def __init__(self, net, link, direction, traffic):
        near, far = (net.client, net.server) if direction == wire.TO_SERVER else (net.server, net.client)
        before = near.counters(), far.counters()
        at_near, at_far = (lab.Miruo(host, *OPTIONS, "-i", "a0" if host is net.client else "b0") for host in (near, far))
        traffic()
        lab.wait_for("the end of all connections", lambda: near.quiet() and far.quiet(), 60)
        self.at_sender, self.at_receiver = at_near.stop(), at_far.stop()
        self.sender, self.receiver = ({name: count - start.get(name, 0) for name, count in host.counters().items()}
                                      for host, start in zip((near, far), before))
        self.wire = link.counts(direction)
        for miruo in (self.at_sender, self.at_receiver):
            miruo.lost_nothing()
        self.sent_again = self.sender["TcpRetransSegs"] + self.receiver["TcpRetransSegs"]

    def retransmissions_match(self, what):
        lab.expect(f"{what}: retransmitted, at the sender", self.at_sender.stats["RetransSegs"], self.sent_again)
        arrived_twice = self.sent_again - self.wire["lost_data"]
        lab.expect_between(f"{what}: retransmitted, at the receiver", self.at_receiver.stats["RetransSegs"], arrived_twice,
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
        run = Watched(net, link, direction, traffic)
        what = f"{control}, {lost * 100:g} % lost, offloads {'on' if offloads else 'off'}"
        assert lost == 0 or run.wire["lost_data"], f"{what}: nothing was lost, the case says nothing"
        run.retransmissions_match(what)


def bulk(net, control):
    net.server.iperf3_server()
    under_loss(net, control, wire.TO_SERVER, lambda: net.client.run(*IPERF3, "-t2"))


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


if __name__ == "__main__":
    lab.main(bulk_cubic, bulk_bbr, requests_cubic, requests_bbr, short_sessions_cubic, short_sessions_bbr,
             tools=("iperf3", "nginx", "wrk", "ss", "ethtool", "clang", "bpftool"))
