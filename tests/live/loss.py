# SPDX-License-Identifier: GPL-3.0-or-later
"""loss.py MIRUO [CASE]: with every 100th or 20th packet lost, the retransmitted segments are those that the kernel counts.

The packets are lost at the peer's ingress, so that the sender's interface sees them all. It sees what the peer sends again
too."""
import re

import lab


def retransmitted(*hosts):
    return sum(host.counters()["TcpRetransSegs"] for host in hosts)


def retransmissions_match(net, sender, offloads, every, port, traffic):
    host, device = (net.client, "a0") if sender == "client" else (net.server, "b0")
    peer, peer_device = (net.server, "b0") if sender == "client" else (net.client, "a0")
    for end, name in ((host, device), (peer, peer_device)):
        end.offloads(name, offloads)
    peer.drop(peer_device, f"{{{port},DROP_DATA,10,1,{every}}}")
    before = retransmitted(host, peer)
    miruo = lab.Miruo(host, "--backend=ebpf", "-i", device, "--all", "-L", "0", "-l", "0", "--ring-size", "16384")
    traffic()
    lab.wait_for("the end of all connections", lambda: host.quiet() and peer.quiet(), 30)
    miruo.stop()
    wanted = retransmitted(host, peer) - before
    in_headers = sum(int(n) for line in miruo.headers() for n in re.findall(r", (\d+) retransmitted", line))
    what = f"{sender}, offloads {'on' if offloads else 'off'}, 1 of {every}"
    miruo.lost_nothing()
    assert wanted >= 10, f"{what}: only {wanted} retransmissions, the case says nothing"
    lab.expect(f"{what}: retransmitted by the statistics", miruo.stats["RetransSegs"], wanted)
    lab.expect(f"{what}: retransmitted by the headers", in_headers, wanted)
    peer.drop_nothing(peer_device)


def both_ways(net, sender, port, traffic):
    for offloads in (True, False):
        for every in (100, 20):
            retransmissions_match(net, sender, offloads, every, port, traffic)


def iperf3(net):
    net.server.iperf3_server()
    both_ways(net, "client", 5201, lambda: net.client.run("iperf3", "-c", lab.SERVER, "-t2"))


def curl(net):
    """One connection a request; the answers come from the host that miruo watches."""
    net.server.nginx(net.work)
    one = "for i in $(seq {}); do curl -s -m 20 -o /dev/null http://" + lab.SERVER + "/{}; done"
    requests = one.format(200, "small") + ";" + one.format(60, "large")
    both_ways(net, "server", 80, lambda: net.client.run("sh", "-c", requests, timeout=100))


if __name__ == "__main__":
    lab.main(iperf3, curl, tools=("iperf3", "nginx", "curl", "ss", "ethtool", "clang"))
