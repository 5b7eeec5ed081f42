# SPDX-License-Identifier: GPL-3.0-or-later
"""interfaces.py MIRUO [CASE]: the interfaces that are watched: all, several, come and gone, of another namespace, without a
link header."""
import fcntl
import os
import select
import signal
import struct
import time

import lab


def get(host, address, times=1):
    for _ in range(times):
        host.run("curl", "-s", "-m", "5", "-o", "/dev/null", f"http://{address}/small")


def sees(miruo, sessions):
    time.sleep(0.2)
    miruo.stop()
    miruo.lost_nothing()
    lab.expect("sessions", miruo.stats["Total Sessions"], sessions)
    lab.expect("retransmitted", miruo.stats["RetransSegs"], 0)
    lab.expect("status", miruo.status, 0)


def each_segment_is_copied_once(net, address, packets):
    before = net.client.counters()["TcpInSegs"] + net.client.counters()["TcpOutSegs"]
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "any")
    get(net.client, address, 20)
    sees(miruo, 20)
    counted = net.client.counters()["TcpInSegs"] + net.client.counters()["TcpOutSegs"] - before
    lab.expect("segments", miruo.stats["Segments"], packets(counted))
    # the ACK that ends a session ends it on the first interface already: its copy is late
    lab.expect("copies", miruo.stats["Copies"] + miruo.stats["Late"], miruo.stats["Segments"])
    lab.expect("late", miruo.stats["Late"] <= miruo.stats["Total Sessions"], True)


def any_loopback(net):
    """In and out of lo: the kernel counts each segment as sent and as received too."""
    net.client.nginx(net.work)
    each_segment_is_copied_once(net, "127.0.0.1", lambda counted: counted // 2)


def any_bridge(net):
    """On the bridge and on its port."""
    net.server.nginx(net.work)
    for command in ("link add br0 type bridge", "addr flush dev a0", "link set a0 master br0",
                    f"addr add {lab.CLIENT}/24 dev br0", "link set br0 up"):
        net.client.run("ip", *command.split())
    net.server.run("ip", "neigh", "flush", "all")
    net.server.run("ip", "neigh", "del", lab.CLIENT, "dev", "b0", check=False)
    lab.wait_for("the bridge", lambda: "forwarding" in net.client.run("bridge", "link", "show", "dev", "a0"), 40)
    each_segment_is_copied_once(net, lab.SERVER, lambda counted: counted)


def removed_by_name(net):
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0")
    net.client.run("ip", "link", "del", "a0")
    miruo.wait()
    lab.expect("status", miruo.status, 1)
    assert "miruo: a0: the interface is gone\n" in miruo.err, miruo.err
    assert "miruo: no interface is left to watch\n" in miruo.err, miruo.err


def second_pair(net):
    net.client.run("ip", "link", "add", "a1", "type", "veth", "peer", "name", "b1", "netns", net.server.name)
    for host, device, address in ((net.client, "a1", "10.78.0.1/24"), (net.server, "b1", "10.78.0.2/24")):
        host.run("ip", "addr", "add", address, "dev", device)
        host.run("ip", "link", "set", device, "up")


def removed_and_added_under_any(net):
    net.server.nginx(net.work)
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "any")
    net.client.run("ip", "link", "del", "a0")
    lab.wait_for("the notice", lambda: "miruo: a0: the interface is gone\n" in miruo.error_text())
    second_pair(net)
    time.sleep(0.3)
    get(net.client, "10.78.0.2", 3)
    sees(miruo, 3)


def comma_list(net):
    second_pair(net)
    net.client.nginx(net.work)
    net.server.nginx(net.work, 80)
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0,a1")
    get(net.client, lab.SERVER)
    get(net.client, "10.78.0.2")
    get(net.client, "127.0.0.1")
    sees(miruo, 2)


class Outside:
    """Where the test itself is: in neither host."""

    def __init__(self, net):
        self.lab = net

    def start(self, *command, **options):
        process = lab.subprocess.Popen(command, stdin=lab.subprocess.DEVNULL, **options)
        self.lab.processes.append(process)
        return process


def other_namespace(net, netns):
    net.server.nginx(net.work)
    miruo = lab.Miruo(Outside(net), "--backend=ebpf", "--netns", netns, "-i", "a0")
    get(net.client, lab.SERVER, 2)
    sees(miruo, 2)


def netns_by_name(net):
    other_namespace(net, net.client.name)


def netns_by_pid(net):
    other_namespace(net, str(net.client.start("sleep", "60").pid))


def tun_open(host, address):
    lab.enter_netns(host.name)
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"tun0", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
    lab.run("ip", "addr", "add", f"{address}/24", "dev", "tun0")
    lab.run("ip", "link", "set", "tun0", "up")
    return fd


def tun_pump(net):
    """Carries packets between the tun devices of both hosts."""
    ends = [tun_open(net.client, "10.79.0.1"), tun_open(net.server, "10.79.0.2")]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for fd in select.select(ends, [], [], 1)[0]:
            os.write(ends[1 - ends.index(fd)], os.read(fd, 65536))


def tun(net):
    if not os.path.exists("/dev/net/tun"):
        lab.skip("no /dev/net/tun")
    net.server.nginx(net.work)
    pump = os.fork()
    if not pump:
        tun_pump(net)
        os._exit(0)
    try:
        lab.wait_for("the tunnel", lambda: "10.79.0.2" in net.server.run("ip", "addr", "show"))
        miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "tun0", "--all")
        get(net.client, "10.79.0.2", 3)
        sees(miruo, 3)
        lab.expect("ladders", len([line for line in miruo.headers() if "== 10.79.0.2:80 " in line]), 3)
    finally:
        os.kill(pump, signal.SIGKILL)
        os.waitpid(pump, 0)


def vlan_beside_the_packet(net):
    """A tag that the network card took out of the frame is part of the session's key all the same."""
    net.server.attach("b0", "egress", "vlan_push.bpf.c")
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", "--all")
    # the client has no such VLAN and does not answer
    net.server.run("timeout", "1", "bash", "-c", "echo >/dev/tcp/" + lab.CLIENT + "/99", check=False)
    miruo.stop()
    headers = miruo.headers()
    lab.expect("sessions", len(headers), 1)
    lab.expect("header", headers[0].endswith(" vlan 10"), True)


if __name__ == "__main__":
    lab.main(any_loopback, any_bridge, removed_by_name, removed_and_added_under_any, comma_list, netns_by_name, netns_by_pid, tun,
             vlan_beside_the_packet, tools=("nginx", "curl", "ss", "bridge"))
