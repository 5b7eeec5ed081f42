# SPDX-License-Identifier: GPL-3.0-or-later
"""ladders.py MIRUO [CASE]: what goes wrong between two real hosts is shown as the ladder that it must be.

Times, sequence numbers, ports and other values that differ between runs are compared as #; all else line by line."""
import os
import re
import signal
import socket
import time

import lab
import raw_tcp
import sockets
from sockets import PORT

UNUSED = "10.77.0.77"  # nobody has it: no kernel answers in its name


def normal(text):
    for pattern, by in ((r"\d\d:\d\d:\d\d\.\d{3}", "##:##:##.###"), (r"\.\d{3} (\||s\b)", r".### \1"),
                        (r"(10\.77\.0\.1):\d{5}", r"\1:#####"),
                        (r"[0-9A-F]{8}/[0-9A-F]{8}", "########/########"), (r"timestamp \d+ \d+", "timestamp # #"),
                        (r"timestamp (#|\d+) 0", "timestamp # #"), (r"wscale=\d+", "wscale=#")):
        text = re.sub(pattern, by, text)
    return text.splitlines()


def shows(miruo, wanted):
    found, wanted = normal(miruo.out), wanted.strip("\n").splitlines()
    if found != wanted:
        print("found:", *found, "must be:", *wanted, sep="\n")
    assert found == wanted, "another ladder"
    print(f"ok: {len(wanted)} lines", flush=True)


def forget_numbers(miruo):
    """Of a session with as many segments as came about: only the handshake has numbers that are known."""
    miruo.out = re.sub(r"Total \d+ segments, \d+ bytes(, \d+ retransmitted)?", "Total # segments, # bytes", miruo.out)
    miruo.out = re.sub(r"^0001:(?!000[012])\d{4}", "0001:####", miruo.out, flags=re.M)


def forget_duration(miruo):
    """Of a session that lasts a second or so: on a busy machine a little more."""
    miruo.out = re.sub(r"^(0001 +)[0-2](\.\d{3} \|)", r"\1#\2", miruo.out, flags=re.M)


def forget_short_waits(miruo):
    """What the host itself is late with, beside seconds that somebody waits on purpose."""
    miruo.out = re.sub(r"( s)(, [a-z ]+ \d+\.\d+ ms)+", r"\1", miruo.out)


def answer(stall_s=0):
    """One request, one answer, and a close some time after the client's, so that each is acknowledged for itself."""
    s = sockets.accept(sockets.listen())
    s.recv(1000)
    time.sleep(stall_s)
    s.send(b"y" * 200)
    s.recv(1000)
    time.sleep(0.3)
    s.close()
    time.sleep(0.2)


def ask():
    s = sockets.connect()
    s.send(b"x" * 100)
    s.recv(1000)
    time.sleep(0.3)
    s.close()


def watch(net, server, *options):
    """miruo at the client, and the server's process."""
    pid = None
    if server:
        pid = net.server.python(*server)
        lab.wait_for("the server", lambda: net.server.listens(PORT))
    return lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", *options), pid


def finish(net, miruo, pid):
    if pid:
        assert os.waitpid(pid, 0)[1] == 0, "the server failed"
    time.sleep(0.2)
    miruo.stop()
    miruo.lost_nothing()


def refused_port(net):
    miruo, _ = watch(net, None)

    def refused():
        try:
            sockets.connect()
        except ConnectionRefusedError:
            return
        raise AssertionError("not refused")
    net.client.call(refused)
    finish(net, miruo, None)
    shows(miruo, """
0001             0.### |      10.77.0.1:##### == 10.77.0.2:8000       | Total 2 segments, 128 bytes | rst
0001:0000 ##:##:##.### |          SYN_SENT >----S-> SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0001 ##:##:##.### |            CLOSED <-A-R--< CLOSED            | ########/########   54 - <>
""")


def dropped_syn(net):
    net.server.drop("b0", f"{{{PORT},DROP_SYN,1,1,0}}")
    miruo, server = watch(net, (answer,))
    net.client.call(ask)
    finish(net, miruo, server)
    shows(miruo, """
0001             1.### |      10.77.0.1:##### == 10.77.0.2:8000       | Total 12 segments, 1116 bytes, 1 retransmitted | syn
0001:0000 ##:##:##.### |          SYN_SENT >----S-> SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0001 ##:##:##.### |          SYN_SENT >----S-> SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0002 ##:##:##.### |       ESTABLISHED <-A--S-< SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0003 ##:##:##.### |       ESTABLISHED >-A----> ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:****              |                                              |
0001:0008 ##:##:##.### |         FIN_WAIT1 >-A---F> ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:0009 ##:##:##.### |         FIN_WAIT2 <-A----< CLOSE_WAIT        | ########/########   66 - <timestamp # #>
0001:0010 ##:##:##.### |         FIN_WAIT2 <-A---F< LAST_ACK          | ########/########   66 - <timestamp # #>
0001:0011 ##:##:##.### |         TIME_WAIT >-A----> CLOSED            | ########/########   66 - <timestamp # #>
""")


def killed_client(net):
    def stream():
        s = sockets.accept(sockets.listen())
        try:
            for _ in range(100):
                s.send(b"y" * 1000)
                time.sleep(0.05)
        except (BrokenPipeError, ConnectionResetError):
            return
        raise AssertionError("no reset")

    def hold():
        s = sockets.connect()
        time.sleep(20)
        s.close()
    miruo, server = watch(net, (stream,))
    client = net.client.python(hold)
    time.sleep(1)
    os.kill(client, signal.SIGKILL)
    os.waitpid(client, 0)
    finish(net, miruo, server)
    forget_numbers(miruo)
    forget_duration(miruo)
    shows(miruo, """
0001             #.### |      10.77.0.1:##### == 10.77.0.2:8000       | Total # segments, # bytes | rst
0001:0000 ##:##:##.### |          SYN_SENT >----S-> SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0001 ##:##:##.### |       ESTABLISHED <-A--S-< SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0002 ##:##:##.### |       ESTABLISHED >-A----> ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:****              |                                              |
0001:#### ##:##:##.### |            CLOSED >-A-R--> CLOSED            | ########/########   66 - <timestamp # #>
""")


def stalled_server(net):
    miruo, server = watch(net, (answer, 2), "-t", "1500")
    net.client.call(ask)
    finish(net, miruo, server)
    forget_short_waits(miruo)
    shows(miruo, """
0001             2.### |      10.77.0.1:##### == 10.77.0.2:8000       | Total 11 segments, 1042 bytes; server 2.### s | long-delay
0001:0000 ##:##:##.### |          SYN_SENT >----S-> SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0001 ##:##:##.### |       ESTABLISHED <-A--S-< SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0002 ##:##:##.### |       ESTABLISHED >-A----> ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:****              |                                              |
0001:0004 ##:##:##.### |       ESTABLISHED <-A----< ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:0005 ##:##:##.### |       ESTABLISHED <-AP---< ESTABLISHED       | ########/########  266 - <timestamp # #> server 2.### s
0001:****              |                                              |
0001:0007 ##:##:##.### |         FIN_WAIT1 >-A---F> ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:0008 ##:##:##.### |         FIN_WAIT2 <-A----< CLOSE_WAIT        | ########/########   66 - <timestamp # #>
0001:0009 ##:##:##.### |         FIN_WAIT2 <-A---F< LAST_ACK          | ########/########   66 - <timestamp # #>
0001:0010 ##:##:##.### |         TIME_WAIT >-A----> CLOSED            | ########/########   66 - <timestamp # #>
""")


def forged_rst(net):
    def wait_for_end():
        s = sockets.accept(sockets.listen())
        s.recv(1000)
        time.sleep(2)

    def forge():
        s = raw_tcp.sniffer("b0")
        ports, _, ack, _ = raw_tcp.next_tcp(s, lambda ports, seq, ack, flags: ports[1] == PORT and flags & 8)
        time.sleep(0.3)
        raw_tcp.send_ip(lab.SERVER, lab.CLIENT, raw_tcp.tcp_segment(lab.SERVER, lab.CLIENT, ports[::-1], ack, 0, 4))

    def be_reset():
        time.sleep(0.3)
        s = sockets.connect()
        s.send(b"x" * 100)
        try:
            s.recv(1000)
        except ConnectionResetError:
            return
        raise AssertionError("no reset")
    miruo, server = watch(net, (wait_for_end,))
    forger = net.server.python(forge)
    net.client.call(be_reset)
    os.waitpid(forger, 0)
    finish(net, miruo, server)
    shows(miruo, """
0001             0.### |      10.77.0.1:##### == 10.77.0.2:8000       | Total 6 segments, 500 bytes | rst
0001:0000 ##:##:##.### |          SYN_SENT >----S-> SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0001 ##:##:##.### |       ESTABLISHED <-A--S-< SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0002 ##:##:##.### |       ESTABLISHED >-A----> ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:****              |                                              |
0001:0005 ##:##:##.### |            CLOSED <---R--< CLOSED            | ########/########   54 - <>
""")


def zero_window(net):
    def pour():
        s = sockets.accept(sockets.listen())
        s.sendall(b"y" * 200000)
        s.recv(1000)
        time.sleep(0.3)
        s.close()
        time.sleep(0.2)

    def read_late():
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        s.settimeout(20)
        s.connect((lab.SERVER, PORT))
        time.sleep(1.5)
        left = 200000
        while left:
            left -= len(s.recv(left))
        time.sleep(0.3)
        s.close()
    miruo, server = watch(net, (pour,), "--all")
    net.client.call(read_late)
    finish(net, miruo, server)
    lab.expect("retransmitted", miruo.stats["RetransSegs"], net.server.counters()["TcpRetransSegs"])
    assert miruo.stats["ZeroWinProbe"] >= 2, "no probes of the closed window"
    forget_numbers(miruo)
    shows(miruo, """
0001             2.### |      10.77.0.1:##### == 10.77.0.2:8000       | Total # segments, # bytes | all
0001:0000 ##:##:##.### |          SYN_SENT >----S-> SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0001 ##:##:##.### |       ESTABLISHED <-A--S-< SYN_RECV          | ########/########   74 - <mss=1460, sackOK, timestamp # #, wscale=#>
0001:0002 ##:##:##.### |       ESTABLISHED >-A----> ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:****              |                                              |
0001:#### ##:##:##.### |         FIN_WAIT1 >-A---F> ESTABLISHED       | ########/########   66 - <timestamp # #>
0001:#### ##:##:##.### |         FIN_WAIT2 <-A----< CLOSE_WAIT        | ########/########   66 - <timestamp # #>
0001:#### ##:##:##.### |         FIN_WAIT2 <-A---F< LAST_ACK          | ########/########   66 - <timestamp # #>
0001:#### ##:##:##.### |         TIME_WAIT >-A----> CLOSED            | ########/########   66 - <timestamp # #>
""")


def fragments(net):
    mac = net.client.run("cat", "/sys/class/net/a0/address").strip()
    net.server.run("ip", "neigh", "replace", UNUSED, "lladdr", mac, "dev", "b0", "nud", "permanent")

    def receive():
        s = sockets.accept(sockets.listen())
        assert len(s.recv(1000, socket.MSG_WAITALL)) == 1000
        time.sleep(0.5)

    def speak():
        s = raw_tcp.sniffer("a0")
        ports, data = (40000, PORT), b"x" * 1000
        raw_tcp.send_ip(UNUSED, lab.SERVER, raw_tcp.tcp_segment(UNUSED, lab.SERVER, ports, 1000, 0, 2))
        seq = raw_tcp.next_tcp(s, lambda p, seq, ack, flags: p == ports[::-1] and flags == 0x12)[1]
        raw_tcp.send_ip(UNUSED, lab.SERVER, raw_tcp.tcp_segment(UNUSED, lab.SERVER, ports, 1001, seq + 1 & 0xffffffff, 0x10))
        whole = raw_tcp.tcp_segment(UNUSED, lab.SERVER, ports, 1001, seq + 1 & 0xffffffff, 0x18, data)
        raw_tcp.send_ip(UNUSED, lab.SERVER, whole[:552], fragment=0x2000, ip_id=7)
        raw_tcp.send_ip(UNUSED, lab.SERVER, whole[552:], fragment=552 // 8, ip_id=7)
        raw_tcp.next_tcp(s, lambda p, seq, ack, flags: p == ports[::-1] and ack == 2001)
        raw_tcp.send_ip(UNUSED, lab.SERVER, raw_tcp.tcp_segment(UNUSED, lab.SERVER, ports, 2001, seq + 1 & 0xffffffff, 0x14))
    miruo, server = watch(net, (receive,))
    net.client.call(speak)
    finish(net, miruo, server)
    shows(miruo, """
0001             0.### |     10.77.0.77:40000 == 10.77.0.2:8000       | Total 6 segments, 1 fragments, 1362 bytes | rst fragment
0001:0000 ##:##:##.### |          SYN_SENT >----S-> SYN_RECV          | ########/########   54 - <>
0001:0001 ##:##:##.### |       ESTABLISHED <-A--S-< SYN_RECV          | ########/########   58 - <mss=1460>
0001:0002 ##:##:##.### |       ESTABLISHED >-A----> ESTABLISHED       | ########/########   54 - <>
0001:0003 ##:##:##.### |       ESTABLISHED >-AP---> ESTABLISHED       | ########/########  586 F <>
0001:****              |                                              |
0001:0005 ##:##:##.### |            CLOSED >-A-R--> CLOSED            | ########/########   54 - <>
""")


if __name__ == "__main__":
    lab.main(refused_port, dropped_syn, killed_client, stalled_server, forged_rst, zero_window, fragments, tools=("ss", "clang"))
