# SPDX-License-Identifier: GPL-3.0-or-later
"""rst.py MIRUO [CASE]: a RST that somebody on the way has made is told; those of the two hosts are never doubted.

The kernel makes RSTs in several ways: with the socket's timestamps and the next IP id where there is a socket, without
timestamps and with id 0 where there is none."""
import os
import signal
import socket
import struct
import time

import lab
import raw_tcp
import sockets
import wire

DOUBT = "does not look sent by this peer"
RST = 4


def exchange(s, rounds=5):
    for _ in range(rounds):
        s.send(b"x" * 100)
        s.recv(1000)


def answer(s, rounds=5):
    for _ in range(rounds):
        s.recv(1000)
        s.send(b"y" * 200)


def rst_lines(miruo):
    return [line for line in miruo.out.splitlines() if "R--" in line]


def resets(net, server, client, first=None):
    """A connection between two functions, seen from both hosts. server, client: called with their sockets."""
    def serve():
        listener = sockets.listen()
        s = sockets.accept(listener)
        listener.close()
        server(s)

    def use():
        client(sockets.connect())

    def traffic():
        pid = net.server.python(serve)
        lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
        helper = first() if first else None
        net.client.call(use)
        for child in filter(None, (pid, helper)):
            os.waitpid(child, 0)
    return lab.BothEnds(net, traffic, "--all", "-R", "2")


def is_genuine(run, what):
    for where, miruo in (("client", run.client), ("server", run.server)):
        assert rst_lines(miruo), f"{what}: no RST at the {where}, the case says nothing\n{miruo.out}"
        doubts = [line for line in miruo.out.splitlines() if DOUBT in line]
        assert not doubts, f"{what}, at the {where}: doubted without reason\n{miruo.out}"
        print(f"ok: {what}, at the {where}: not doubted, {len(rst_lines(miruo))} RST", flush=True)


def forged_on_the_way(net):
    """By somebody between the hosts, with the right numbers. It comes from elsewhere, and has passed other routers."""
    link = wire.Wire(net)
    addresses = raw_tcp.mac(net.client, "a0") + raw_tcp.mac(net.server, "b0")

    def forge():
        with raw_tcp.sniffer("r0") as s:
            ports, ack = raw_tcp.next_tcp(s, lambda ports, seq, ack, flags: ports[1] == sockets.PORT and flags & 8)[0:3:2]
        time.sleep(0.5)
        seq = ack + 5 * 200 & 0xffffffff
        segment = raw_tcp.tcp_segment(lab.SERVER, lab.CLIENT, ports[::-1], seq, 0, RST)
        frame = addresses + b"\x08\x00" + raw_tcp.ip_packet(lab.SERVER, lab.CLIENT, segment, ttl=61)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
            s.bind(("r0", 0))
            s.send(frame)
            time.sleep(0.2)

    def wait_for_answer(s):
        time.sleep(0.3)  # until the sniffer is there
        exchange(s)
        try:
            s.recv(1000)
        except ConnectionResetError:
            return
        raise AssertionError("no reset")

    def say_nothing_more(s):
        answer(s)
        time.sleep(1)

    def start_forger():
        return link.host.python(forge)
    run = resets(net, say_nothing_more, wait_for_answer, start_forger)
    lines = rst_lines(run.client)
    print(*lines, sep="\n")
    assert DOUBT in run.client.out, f"taken for the server's own:\n{run.client.out}"
    print("ok: told at the client", flush=True)


def set_linger(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def read_to_the_end(s):
    answer(s)
    try:
        s.recv(1000)
    except ConnectionResetError:
        pass


def linger(net):
    def end(s):
        exchange(s)
        set_linger(s)
        s.close()
    is_genuine(resets(net, read_to_the_end, end), "SO_LINGER of the client")

    def end_of_server(s):
        answer(s)
        set_linger(s)
        s.close()

    def use(s):
        exchange(s)
        try:
            s.recv(1000)
        except ConnectionResetError:
            pass
    is_genuine(resets(net, end_of_server, use), "SO_LINGER of the server")


def closed_port(net):
    def traffic():
        def refused():
            for _ in range(20):
                try:
                    sockets.connect()
                except ConnectionRefusedError:
                    continue
                raise AssertionError("not refused")
        net.client.call(refused)
    is_genuine(lab.BothEnds(net, traffic, "--all", "-R", "2"), "closed port")


def unread_data(net):
    """The server closes while there is data that it did not read."""
    def leave(s):
        answer(s)
        time.sleep(0.2)
        s.close()

    def send_more(s):
        exchange(s)
        try:
            s.send(b"x" * 5000)
            s.recv(1000)
        except ConnectionResetError:
            pass
    is_genuine(resets(net, leave, send_more), "unread data")


def killed(net):
    """The process dies while the other side goes on sending: a RST of the kernel in its name, then of no socket at all."""
    def send_on(s):
        try:
            for _ in range(100):
                s.send(b"y" * 1000)
                time.sleep(0.02)
        except (BrokenPipeError, ConnectionResetError):
            return

    def die(s):
        s.recv(1000)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)

    def traffic():
        def serve():
            send_on(sockets.accept(sockets.listen()))

        def use():
            die(sockets.connect())
        server = net.server.python(serve)
        lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
        os.waitpid(net.client.python(use), 0)
        os.waitpid(server, 0)
    is_genuine(lab.BothEnds(net, traffic, "--all", "-R", "2"), "killed process")


def half_closed(net):
    """The client has closed; what the server sends then is answered by a RST of no socket."""
    def send_late(s):
        answer(s)
        s.recv(1000)
        try:
            for _ in range(5):
                time.sleep(0.1)
                s.send(b"y" * 100)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def close(s):
        exchange(s)
        s.close()
    is_genuine(resets(net, send_late, close), "data for a closed socket")


def gave_up(net):
    """A sender whose peer is gone resets after its time limit (TCP_USER_TIMEOUT)."""
    link = wire.Wire(net)

    def vanish(s):
        answer(s)
        time.sleep(6)

    def give_up(s):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000)
        exchange(s)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 2)):
            s.setsockopt(socket.IPPROTO_TCP, option, value)
        link.change(wire.TO_CLIENT, lost=1)
        try:
            s.recv(1000)
        except TimeoutError:
            link.change(wire.TO_CLIENT)
            return
        raise AssertionError("did not give up")
    is_genuine(resets(net, vanish, give_up), "keep-alives without answer")


if __name__ == "__main__":
    lab.main(forged_on_the_way, linger, closed_port, unread_data, killed, half_closed, gave_up,
             tools=("ss", "ethtool", "clang", "bpftool"))
