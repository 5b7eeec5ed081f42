# SPDX-License-Identifier: GPL-3.0-or-later
"""blame.py MIRUO [CASE]: who made the user wait: the network, the server, the client, or a reader that stopped.

A client asks a server that thinks for known times, over a wire that takes 20 ms there and back, and idles between its
requests. The split of each pause must be what the two processes and the wire did, at either host, in plain text and under
TLS."""
import collections
import json
import os
import re
import signal
import socket
import ssl
import struct
import time

import lab
import sockets
import wire

RTT = 0.02
THINK = (0, 0.05, 0.5, 2)
IDLE = 0.3
# By which processes may run late on a busy machine. How long they thought and idled they measure, the wire how late it was.
# The server's time is from when the request arrived, as the wire sees it, not from when it was read.
LATE = 0.005
SO_TIMESTAMPNS = 35
HEADERS = 66  # a longer frame has data
PART = re.compile(r"(network|server|client|zero window|idle) (\d+\.\d+) (ms|s)")
SEGMENT = re.compile(r"^\d+:\d+ \S+ \| +\S+ ([<>])-\S+ \S+ +\| \S+ +(\d+) [-F] <[^>]*>(.*)")


def certificate(work):
    lab.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", "/CN=lab", "-keyout", work / "key.pem", "-out", work / "cert.pem")


def server_side(s, work, tls):
    if not tls:
        return s
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(work / "cert.pem", work / "key.pem")
    return context.wrap_socket(s, server_side=True)


def client_side(s, tls):
    if not tls:
        return s
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(s)


def notice_stalls(cpu, longest):
    """longest: for how long this CPU did not run a process that was due. Never returns."""
    os.sched_setaffinity(0, [cpu])
    wire.be_on_time()
    while True:
        due = time.monotonic() + 0.001
        time.sleep(0.001)
        longest.note(time.monotonic() - due)


class Stalls:
    """with Stalls(net): what no process can help, as where a virtual machine has to wait for another one."""

    def __init__(self, net):
        self.longest = {cpu: wire.Longest() for cpu in os.sched_getaffinity(0)}
        self.net = net

    def __enter__(self):
        self.watchers = [self.net.client.python(notice_stalls, *each) for each in self.longest.items()]
        return self

    def __exit__(self, *_):
        for watcher in self.watchers:
            os.kill(watcher, signal.SIGKILL)
            os.waitpid(watcher, 0)

    def seconds(self):
        return max(longest.seconds() for longest in self.longest.values())


def arrival(s):
    """When the next bytes that are to be read came to the kernel, even if this process comes late; seconds since 1970."""
    ancillary = s.recvmsg(1, 64, socket.MSG_PEEK)[1]
    seconds, ns = struct.unpack("qq", ancillary[0][2]) if ancillary else (time.time(), 0)
    return seconds + ns / 1e9


def think(work, tls):
    """Answers each request after the time that it asks for, and writes down how long that was since it arrived."""
    wire.be_on_time()
    connection = sockets.accept(sockets.listen())
    below = connection.dup()
    below.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    s = server_side(connection, work, tls)
    took = []
    while True:
        arrived = arrival(below)
        request = s.recv(1000)
        if not request:
            break
        time.sleep(float(request.decode().strip("x")))
        took.append(time.time() - arrived)
        s.send(b"y" * 500)
    (work / "thinking").write_text(json.dumps(took))


def ask(work, tls):
    wire.be_on_time()
    s = client_side(sockets.connect(), tls)
    idled = []
    for seconds in THINK:
        start = time.monotonic()
        time.sleep(IDLE)
        idled.append(time.monotonic() - start)
        s.send(str(seconds).encode().rjust(100, b"x"))
        s.recv(1000)
    s.close()
    (work / "idling").write_text(json.dumps(idled))


def parts_of(text):
    return {what: float(value) / (1 if unit == "s" else 1000) for what, value, unit in PART.findall(text)}


def totals(miruo):
    return parts_of(next(line for line in miruo.headers()))


def waits_for_answers(miruo):
    """For each request that came after a long pause: what that pause was, and what there was up to the answer."""
    waits, waiting = [], False
    for line in miruo.out.splitlines():
        found = SEGMENT.match(line)
        if not found:
            continue
        from_client, has_data, parts = found[1] == ">", int(found[2]) > HEADERS, parts_of(found[3])
        if from_client and has_data and sum(parts.values()) > IDLE / 2 and not waiting:
            waits.append((parts, collections.Counter()))
            waiting = True
        elif waiting:
            waits[-1][1].update(parts)
            waiting = from_client or not has_data
    return waits


def near(what, found, wanted, late):
    early = late - LATE + 0.001
    assert wanted - early <= found <= wanted + late, f"{what}: {found * 1000:.1f} ms, but it was {wanted * 1000:.1f} ms"
    print(f"ok: {what}: {found * 1000:.1f} ms, it was {wanted * 1000:.1f} ms", flush=True)


def thinking(net, tls):
    link = wire.Wire(net)
    link.delay(RTT)
    if tls:
        certificate(net.work)

    def traffic():
        with stalls:
            net.server.python(think, net.work, tls)
            lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
            net.client.call(ask, net.work, tls)
    stalls = Stalls(net)
    run = lab.BothEnds(net, traffic, "--all", "-t", "1", "-v", "1000")
    took, idled = (json.loads((net.work / name).read_text()) for name in ("thinking", "idling"))
    late = LATE + 2 * (link.late() + stalls.seconds())
    print(f"the wire was late by {link.late() * 1000:.1f} ms at most, a CPU by {stalls.seconds() * 1000:.1f} ms")
    for where, miruo, network in (("client", run.client, RTT), ("server", run.server, 0)):
        waits = waits_for_answers(miruo)
        assert len(waits) == len(THINK), f"{len(waits)} requests at the {where}:\n{miruo.out}"
        for i, (before, after) in enumerate(waits):
            what = f"{THINK[i]} s of thinking, at the {where}"
            near(f"{what}: server", after["server"], took[i], late)
            near(f"{what}: network", after["network"], network, late)
            assert set(after) <= {"server", "network"}, f"{what}: blamed {dict(after)}"
            if i:
                near(f"{what}: idle before", before["idle"], idled[i], late)
        # Under TLS the server also makes keys, and its second session ticket waits for the ACK of the first (Nagle).
        near(f"in all, at the {where}: server", totals(miruo)["server"], sum(took),
             len(THINK) * late + (0.08 if tls else 0))


def plain(net):
    thinking(net, False)


def tls(net):
    thinking(net, True)


def answer_at_once():
    s = sockets.accept(sockets.listen())
    while s.recv(1000):
        s.send(b"y" * 500)


def lost_request(net):
    """The request does not get through for a time: the server has nothing to answer, and is not blamed."""
    link = wire.Wire(net)
    link.delay(RTT)
    broken = 0.5

    def ask_into_the_gap():
        s = sockets.connect()
        for _ in range(3):
            s.send(b"x" * 100)
            s.recv(1000)
        time.sleep(IDLE)
        link.change(wire.TO_SERVER, lost=1)
        s.send(b"x" * 100)
        time.sleep(broken)
        link.change(wire.TO_SERVER, held=1)
        s.recv(1000)
        s.close()

    def traffic():
        net.server.python(answer_at_once)
        lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
        net.client.call(ask_into_the_gap)
    run = lab.BothEnds(net, traffic, "--all", "-t", "1", "-v", "1000")
    after = waits_for_answers(run.client)[-1][1]
    late = LATE + 2 * link.late()
    assert after["network"] >= broken and after["server"] <= late, f"blamed {dict(after)}:\n{run.client.out}"
    print(f"ok: a request that was lost: {dict(after)}", flush=True)


def read_late(stop_s):
    s = sockets.accept(sockets.listen())
    time.sleep(stop_s)
    while s.recv(100000):
        pass


def pour():
    s = sockets.connect()
    s.sendall(b"x" * 10000000)
    s.close()


def stopped_reader(net):
    stop_s = 1.5

    def traffic():
        net.server.python(read_late, stop_s)
        lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
        net.client.call(pour)
    run = lab.BothEnds(net, traffic, "--all", "-t", "1", "--zero-window", "1000")
    for where, miruo in (("client", run.client), ("server", run.server)):
        found = totals(miruo)
        # The window is full within some milliseconds, and the first that is read opens it.
        assert stop_s - 0.2 <= found["zero window"] <= stop_s + 0.05, f"{found} at the {where}:\n{miruo.out}"
        assert found.get("server", 0) + found.get("client", 0) < 0.2, f"blamed {found} at the {where}"
        assert " zero-window" in miruo.headers()[0], f"not looked up at the {where}:\n{miruo.out}"
        print(f"ok: at the {where}: {found}", flush=True)


def read_slowly():
    listening = sockets.listen()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    s = sockets.accept(listening)
    while s.recv(4096):
        time.sleep(0.02)


def pour_a_little():
    s = sockets.connect()
    s.sendall(b"x" * 200000)
    s.close()


def slow_reader(net):
    """The window is hardly ever closed, but always full: the sender's application made nobody wait."""
    def traffic():
        net.server.python(read_slowly)
        lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
        net.client.call(pour_a_little)
    run = lab.BothEnds(net, traffic, "--all", "-t", "1")
    for where, miruo in (("client", run.client), ("server", run.server)):
        found = totals(miruo)
        assert found["zero window"] >= 0.8 * sum(found.values()), f"{found} at the {where}:\n{miruo.out}"
        assert found.get("client", 0) < 0.2, f"blamed {found} at the {where}"
        print(f"ok: at the {where}: {found}", flush=True)


def slow_client(net):
    """The client stops in the middle of its request: neither the network nor the server made anybody wait."""
    link = wire.Wire(net)
    link.delay(RTT)

    def ask_in_two_parts():
        s = sockets.connect()
        s.send(b"x" * 50)
        time.sleep(0.5)
        s.send(b"x" * 50)
        s.recv(1000)
        s.close()

    def answer():
        s = sockets.accept(sockets.listen())
        left = 100
        while left:
            left -= len(s.recv(left))
        s.send(b"y" * 500)
        s.recv(1000)

    def traffic():
        net.server.python(answer)
        lab.wait_for("the server", lambda: net.server.listens(sockets.PORT))
        net.client.call(ask_in_two_parts)
    run = lab.BothEnds(net, traffic, "--all", "-t", "1")
    for where, miruo in (("client", run.client), ("server", run.server)):
        found = totals(miruo)
        # The client's totals have the time from the handshake to its first segment too.
        near(f"at the {where}: client", found["client"], 0.5 - RTT, RTT + 4 * LATE + 2 * link.late())
        assert found.get("server", 0) <= LATE + 2 * link.late(), f"blamed {found}"


if __name__ == "__main__":
    lab.main(plain, tls, lost_request, stopped_reader, slow_reader, slow_client, tools=("ss", "ethtool", "clang", "openssl"))
