# SPDX-License-Identifier: GPL-3.0-or-later
"""probes.py MIRUO [CASE]: keep-alives and probes of a closed window are told apart, and none is called a retransmission.

On the wire they look the same: no data, one below the next sequence number. The kernel counts them as TcpExtTCPKeepAlive and
TcpExtTCPWinProbe. Nothing is lost here, so both ends see all of them, and the figures must be the same."""
import os
import signal
import socket
import time

import lab
import sockets
import wire


def probes_match(run, keepalives, window_probes):
    """keepalives, window_probes: the least that the kernel must have sent for the case to say anything."""
    sent = {name: run.kernel_client[name] + run.kernel_server[name]
            for name in ("TcpExtTCPKeepAlive", "TcpExtTCPWinProbe", "TcpRetransSegs")}
    assert sent["TcpExtTCPKeepAlive"] >= keepalives and sent["TcpExtTCPWinProbe"] >= window_probes, f"too few: {sent}"
    for where, miruo in (("client", run.client), ("server", run.server)):
        lab.expect(f"keep-alives, at the {where}", miruo.stats["KeepAlive"], sent["TcpExtTCPKeepAlive"])
        lab.expect(f"window probes, at the {where}", miruo.stats["ZeroWinProbe"], sent["TcpExtTCPWinProbe"])
        lab.expect(f"retransmitted, at the {where}", miruo.stats["RetransSegs"], sent["TcpRetransSegs"])


def serve(net, function, *arguments):
    pid = net.server.python(function, *arguments)
    lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
    return pid


def keep_alive(s, idle_s=1, interval_s=1, count=9):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, idle_s), (socket.TCP_KEEPINTVL, interval_s), (socket.TCP_KEEPCNT, count)):
        s.setsockopt(socket.IPPROTO_TCP, option, value)


def answer_until_closed(keeps_alive):
    s = sockets.accept(sockets.listen())
    if keeps_alive:
        keep_alive(s)
    while s.recv(1000):
        s.send(b"y" * 200)


def ask_twice_and_idle():
    s = sockets.connect()
    keep_alive(s)
    for _ in range(2):
        s.send(b"x" * 100)
        s.recv(1000)
        time.sleep(3.5)
    s.close()


def idle(net):
    """Both sides ask whether the other is there."""
    serve(net, answer_until_closed, True)
    probes_match(lab.BothEnds(net, lambda: net.client.call(ask_twice_and_idle)), 5, 0)


def vanished_server(net):
    """Nothing reaches the server any more: the client asks in vain, then gives up."""
    link = wire.Wire(net)
    pid = serve(net, answer_until_closed, False)

    def ask_into_the_void():
        s = sockets.connect()
        keep_alive(s, count=3)
        s.send(b"x" * 100)
        s.recv(1000)
        time.sleep(0.5)
        link.change(wire.TO_SERVER, lost=1)
        try:
            s.recv(1000)
        except TimeoutError:
            return
        raise AssertionError("did not give up")

    def traffic():
        net.client.call(ask_into_the_void)
        link.change(wire.TO_SERVER)
        os.kill(pid, signal.SIGKILL)
    run = lab.BothEnds(net, traffic)
    lab.expect("keep-alives that the kernel sent", run.kernel_client["TcpExtTCPKeepAlive"], 3)
    lab.expect("keep-alives, at the client", run.client.stats["KeepAlive"], 3)
    lab.expect("keep-alives, at the server", run.server.stats["KeepAlive"], 0)
    lab.expect("retransmitted", run.client.stats["RetransSegs"] + run.server.stats["RetransSegs"], 0)


def read_late(stop_s):
    s = sockets.accept(sockets.listen())
    time.sleep(stop_s)
    while s.recv(100000):
        pass


def pour(size):
    s = sockets.connect()
    keep_alive(s)
    s.sendall(b"x" * size)
    time.sleep(0.5)
    s.close()


def stopped_reader(net):
    """
    The window closes and stays so for some seconds: probes of the kernel after 200 ms, 400 ms ... As long as data waits it
    sends no keep-alives.
    """
    serve(net, read_late, 3)
    run = lab.BothEnds(net, lambda: net.client.call(pour, 10000000), "--all", "--explain")
    probes_match(run, 0, 3)
    closed = run.kernel_server["TcpExtTCPToZeroWindowAdv"]
    probes = run.kernel_client["TcpExtTCPWinProbe"]
    unanswered = sum(count for name, count in run.kernel_server.items() if name.startswith("TcpExtTCPACKSkipped"))
    for where, miruo in (("client", run.client), ("server", run.server)):
        # Each time that it closes, and each answer to a probe of it. A segment sent again may be answered so too.
        lab.expect_between(f"zero windows, at the {where}", miruo.out.count("zero window: this side"),
                           closed + probes - unanswered, closed + probes + 2)


if __name__ == "__main__":
    lab.main(idle, vanished_server, stopped_reader, tools=("ss", "ethtool", "clang"))
