# SPDX-License-Identifier: GPL-3.0-or-later
"""accounting.py MIRUO [CASE]: every session and every segment that the kernel counts is seen, and none is lost.

Answers are of one segment each here, so that the packets received (TcpInSegs) are segments too. A host that is too slow for its
peer loses packets behind the interface: then the kernel sends again, and that is seen and counted as well."""
import lab


def traffic_is_accounted_for(net, command, server):
    host = net.client
    before = host.counters() | host.packets("a0")
    server_before = net.server.counters()["TcpRetransSegs"]
    miruo = lab.Miruo(host, "--backend=ebpf", "-i", "a0", "-L", "0", "--ring-size", "16384")
    host.run(*command)
    lab.stop_process(server)
    lab.wait_for("the end of all connections", lambda: host.quiet() and net.server.quiet(), 20)
    miruo.stop()
    after = host.counters() | host.packets("a0")
    grown = {name: after[name] - before[name] for name in after}
    stats = miruo.stats

    miruo.lost_nothing()
    lab.expect("records", stats["sent"], grown["packets"])
    lab.expect("packets", stats["Segments"] + stats["Late"], grown["packets"])
    lab.expect("segments", stats["SegmentsOffload"], grown["TcpOutSegs"] + grown["TcpRetransSegs"] + grown["TcpInSegs"])
    # The server repeats a message now and then whose ACK is late. It counts if both arrive.
    by_server = net.server.counters()["TcpRetransSegs"] - server_before
    lab.expect_between("retransmitted", stats["RetransSegs"], grown["TcpRetransSegs"], grown["TcpRetransSegs"] + by_server)
    lab.expect("sessions", stats["Total Sessions"], grown["TcpActiveOpens"])
    lab.expect("status", miruo.status, 0)


def wrk_keep_alive(net):
    server = net.server.nginx(net.work)
    traffic_is_accounted_for(net, ["wrk", "-t1", "-c16", "-d3", f"http://{lab.SERVER}/small"], server)


def wrk_close(net):
    server = net.server.nginx(net.work)
    traffic_is_accounted_for(net, ["wrk", "-t1", "-c16", "-d3", "-H", "Connection: close", f"http://{lab.SERVER}/small"],
                             server)


def iperf3_1_stream(net):
    server = net.server.iperf3_server()
    traffic_is_accounted_for(net, ["iperf3", "-c", lab.SERVER, "-t3"], server)


def iperf3_4_streams(net):
    server = net.server.iperf3_server()
    traffic_is_accounted_for(net, ["iperf3", "-c", lab.SERVER, "-t3", "-P4"], server)


if __name__ == "__main__":
    lab.main(wrk_keep_alive, wrk_close, iperf3_1_stream, iperf3_4_streams, tools=("nginx", "wrk", "iperf3", "ss"))
