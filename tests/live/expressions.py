# SPDX-License-Identifier: GPL-3.0-or-later
"""expressions.py MIRUO [CASE]: what the kernel programs make of expressions, beside what libpcap makes of them."""
import os
import signal
import socket
import struct
import time

import interfaces
import lab

OTHER_PORT = 8080


def get(host, address, port=80, times=1, what="small"):
    for _ in range(times):
        host.run("curl", "-s", "-m", "5", "-o", "/dev/null", f"http://{address}:{port}/{what}")


def serve(net):
    net.server.nginx(net.work)
    other = net.work / "other"
    other.mkdir()
    net.server.nginx(other, OTHER_PORT)


def accepted(miruo):
    """Packets that the expression let pass."""
    if "seen" in miruo.stats:
        return miruo.stats["seen"] - miruo.stats["filter"]
    return miruo.stats["recv"]


def stop_all(*running):
    time.sleep(0.5)
    return [miruo.stop() for miruo in running]


def accounting(net):
    """Two expressions that are each other's opposite: each packet is let pass by one of them."""
    serve(net)
    both = [lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", "--all", *words, "tcp", "port", "80") for words in ((), ("not",))]
    get(net.client, lab.SERVER, 80, 5, "large")
    get(net.client, lab.SERVER, OTHER_PORT, 3, "large")
    one, other = stop_all(*both)
    one.lost_nothing()
    lab.expect("sessions", one.stats["Total Sessions"], 5)
    lab.expect("other sessions", other.stats["Total Sessions"], 3)
    lab.expect("headers", len([line for line in one.headers() if f"{lab.SERVER}:80 " in line]), 5)
    lab.expect("seen", one.stats["seen"], other.stats["seen"])
    lab.expect("rejected", one.stats["filter"] + other.stats["filter"], one.stats["seen"])


def as_libpcap(net):
    """The same traffic, which has packets that are not linear, counted by both for each expression. What the client sends to
    all comes back to it without a link header, and is for neither."""
    serve(net)
    expressions = ("tcp port 80", "dst port 80", f"host {lab.SERVER} and not port 80", "inbound", "outbound", "less 100",
                   "len > 1000",
                   "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[600:4] = 0x78787878", "ip[2:2] - ((ip[0] & 15) << 2) > 20",
                   "vlan", "not vlan", "udp", "portrange 8000-9000", "inbound and port 80", "not tcp", "ether multicast")
    running = [(e, lab.Miruo(net.client, "--backend=" + name, "-i", "a0", *e.split())) for e in expressions
               for name in ("ebpf", "pcap")]
    get(net.client, lab.SERVER, 80, 3, "large")
    get(net.client, lab.SERVER, OTHER_PORT, 2)
    for address in ("255.255.255.255", "224.0.0.5"):
        net.client.call(broadcast, "a0", address, 3)
    stopped = stop_all(*(miruo for _, miruo in running))
    for (expression, _), ebpf, pcap in zip(running[::2], stopped[::2], stopped[1::2]):
        lab.expect(f"{expression}: packets", accepted(ebpf), accepted(pcap))
        lab.expect(f"{expression}: any", accepted(ebpf) > 0, expression != "vlan")
    by_expression = dict(zip(expressions, stopped[::2]))
    lab.expect("sent to all", accepted(by_expression["ether multicast"]), 6)


def send_syns(devices):
    """On each device three SYNs: two with the tag of VLAN 10 in the frame, as they come from a wire, and one without."""
    ends = socket.inet_aton(lab.SERVER) + socket.inet_aton(lab.CLIENT)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 7, 0, 64, 6, 0) + ends
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        for device in devices:
            s.bind((device, 0))
            for port, tag in ((1001, b"\x81\0\0\x0a"), (1002, b"\x81\0\0\x0a"), (1003, b"")):
                tcp = struct.pack("!HHIIBBHHH", port, 80, 1000, 0, 5 << 4, 2, 8192, 0, 0)
                s.send(b"\2\0\0\0\0\2\2\0\0\0\0\1" + tag + b"\x08\0" + ip + tcp)


def vlan(net):
    """The tag of incoming packets is beside them for TC and libpcap, in the frame for XDP: the same to the expression."""
    sessions = {"tcp port 80": 3, "vlan": 2, "vlan 10 and tcp port 80": 2, "vlan 11": 0, "vlan and vlan": 0,
                "tcp port 80 and not vlan": 1, "vlan and len > 58": 0, "vlan and len > 53": 2,
                "ether[12:2] = 0x0800 and vlan 10": 2}
    devices = [f"b{number}" for number in range(1, 1 + len(sessions))]
    for device in devices:  # one for each expression: XDP takes one program
        net.client.run("ip", "link", "add", device, "type", "veth", "peer", "name", device, "netns", net.server.name)
        for host in (net.client, net.server):
            host.run("ip", "link", "set", device, "up")
    for how in ("--backend=pcap", "--hook=tc", "--hook=xdp", "--hook=xdp-generic"):
        running = [lab.Miruo(net.client, how, "-i", device, *e.split()) for device, e in zip(devices, sessions)]
        net.server.call(send_syns, devices)
        stop_all(*running)
        for (expression, wanted), miruo in zip(sessions.items(), running):
            lab.expect(f"{how}: {expression}: sessions", miruo.stats["Total Sessions"], wanted)


def vlan_without_net_raw(net):
    without = ("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw")
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", "vlan", prefix=without)
    lab.expect("status", miruo.status, 1)
    assert 'the expression "vlan"' in miruo.err and "cap_net_raw" in miruo.err, miruo.err


def tun(net):
    """Packets without link header, and with one, by one expression."""
    if not os.path.exists("/dev/net/tun"):
        lab.skip("no /dev/net/tun")
    serve(net)
    pump = os.fork()
    if not pump:
        interfaces.tun_pump(net)
        os._exit(0)
    try:
        lab.wait_for("the tunnel", lambda: "10.79.0.2" in net.server.run("ip", "addr", "show"))
        mac = net.server.run("cat", "/sys/class/net/b0/address").strip()
        wanted = {("tcp port 80", "tun0"): 3, (f"tcp port {OTHER_PORT}", "tun0"): 1, ("tcp port 80", "a0,tun0"): 5,
                  ("host 10.79.0.2 and port 80", "any"): 3, ("ip[9] = 6 and inbound", "tun0"): 4,
                  (f"ether host {mac} and port 80", "a0,tun0"): 2, (f"ether host {mac} and port 80", "any"): 2}
        running = {key: lab.Miruo(net.client, "--backend=ebpf", "-i", key[1], *key[0].split()) for key in wanted}
        get(net.client, "10.79.0.2", 80, 3)
        get(net.client, "10.79.0.2", OTHER_PORT)
        get(net.client, lab.SERVER, 80, 2)
        stop_all(*running.values())
        for key, miruo in running.items():
            lab.expect(f"{key}: sessions", miruo.stats["Total Sessions"], wanted[key])
            told = [line for line in miruo.err.splitlines() if line.startswith("miruo: tun0: passed over: bad expression")]
            lab.expect(f"{key}: passed over", len(told), int("ether" in key[0]))
        refused = lab.Miruo(net.client, "--backend=ebpf", "-i", "tun0", "ether", "host", mac)
        lab.expect("no interface left: status", refused.status, 2)
        lab.expect("no interface left: one line", len(refused.err.splitlines()), 1)
        assert "ether host" in refused.err and "link type RAW" in refused.err, refused.err
    finally:
        os.kill(pump, signal.SIGKILL)
        os.waitpid(pump, 0)


def broadcast(device, address, times):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        for _ in range(times):
            s.sendto(b"x", (address, 9))


def netmasks(net):
    """What is a broadcast address depends on the interface; one that has no address yet cannot be watched so."""
    interfaces.second_pair(net)
    net.client.run("ip", "addr", "flush", "dev", "a1")
    net.client.run("ip", "addr", "add", "10.78.0.1/16", "dev", "a1")
    net.client.run("ip", "link", "add", "a2", "type", "veth", "peer", "name", "b2")
    expression = ("ip", "broadcast")
    by_name = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0,a1,a2", *expression)
    any_one = lab.Miruo(net.client, "--backend=ebpf", "-i", "any", *expression)
    pcap = lab.Miruo(net.client, "--backend=pcap", "-i", "a0,a1", *expression)
    net.client.run("ip", "link", "add", "a3", "type", "veth", "peer", "name", "b3")
    net.client.call(broadcast, "a0", "255.255.255.255", 3)
    net.client.call(broadcast, "a1", "255.255.255.255", 2)
    net.client.call(broadcast, "a1", "10.78.255.255", 5)
    lab.wait_for("the new interface", lambda: "a3: passed over" in any_one.error_text())
    stop_all(by_name, any_one, pcap)
    for miruo in (by_name, any_one):
        lab.expect("packets", accepted(miruo), accepted(pcap))
        lab.expect("rejected", miruo.stats["filter"] > 0, True)
        assert "miruo: a2: passed over: the expression asks for its netmask" in miruo.err, miruo.err
    lab.expect("any", accepted(pcap) > 0, True)


def comes_later(net):
    """The filter is there before the interface is."""
    serve(net)
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "any", "tcp", "port", "80")
    interfaces.second_pair(net)
    time.sleep(0.3)
    get(net.client, "10.78.0.2", 80, 3)
    get(net.client, "10.78.0.2", OTHER_PORT, 2)
    time.sleep(0.3)
    miruo.stop()
    lab.expect("sessions", miruo.stats["Total Sessions"], 3)


def refusals(net):
    """Not silently accepted, not silently left to libpcap."""
    for backend in ("auto", "ebpf"):
        for expression, words in (("ip protochain 6", ("protochain", "cannot be run in the kernel", "--backend=pcap")),
                                  ("tcp prot 80", ("bad expression", "syntax error"))):
            miruo = lab.Miruo(net.client, f"--backend={backend}", "-i", "a0", *expression.split())
            lab.expect(f"{backend}: {expression}: status", miruo.status, 2)
            lab.expect(f"{backend}: {expression}: lines", len(miruo.err.splitlines()), 1)
            for word in (f'"{expression}"', *words):
                assert word in miruo.err, miruo.err
    miruo = lab.Miruo(net.client, "--backend=pcap", "-i", "a0", "ip", "protochain", "6")
    lab.expect("libpcap: status", miruo.stop().status, 0)
    hosts = " or ".join(f"host 10.99.{i % 256}.{i // 256 * 9}" for i in range(1500))
    for what in ("inbound", "tcp[600:4] = 0x78787878"):
        miruo = lab.Miruo(net.client, "--backend=pcap", "-i", "a0", *f"{what} and ({hosts})".split())
        lab.expect(f"libpcap, {what} and a long list: status", miruo.status, 2)
        lab.expect(f"libpcap, {what} and a long list: lines", len(miruo.err.splitlines()), 1)
        assert "too long for libpcap's filter in the kernel" in miruo.err and f'"{what}' in miruo.err, miruo.err
    miruo = lab.Miruo(net.client, "--backend=pcap", "-i", "a0", *hosts.split())
    lab.expect("libpcap, a long list: status", miruo.stop().status, 0)


def long_list(net):
    """1,000 hosts are loaded within seconds, and the one that is meant is found."""
    serve(net)
    hosts = " or ".join(f"host 10.99.{i // 256}.{i % 256}" for i in range(999))
    start = time.monotonic()
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", *f"{hosts} or host {lab.SERVER}".split())
    lab.expect("started within 10 s", time.monotonic() - start < 10, True)
    get(net.client, lab.SERVER, 80, 2)
    miruo = stop_all(miruo)[0]
    lab.expect("sessions", miruo.stats["Total Sessions"], 2)
    lab.expect("rejected", miruo.stats["filter"], 0)


if __name__ == "__main__":
    lab.main(accounting, as_libpcap, vlan, vlan_without_net_raw, tun, netmasks, comes_later, refusals, long_list,
             tools=("nginx", "curl", "ethtool", "setpriv"))
