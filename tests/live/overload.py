# SPDX-License-Identifier: GPL-3.0-or-later
"""overload.py MIRUO [CASE]: with a ring that is much too small, what is lost is counted exactly and told, and no session."""
import re
import signal
import socket
import time

import lab


LOSSES = r"^miruo: (\d+) segments lost, (\d+) of them with SYN, FIN or RST: the ring was full; raise --ring-size$"
SESSIONS = 20
PORT = 7001


def losses(miruo):
    """What the lines about losses told: all, and those with SYN, FIN or RST."""
    told = [(int(all_of_them), int(ends)) for all_of_them, ends in re.findall(LOSSES, miruo.err, re.M)]
    return sum(n for n, _ in told), sum(n for _, n in told), len(told)


def all_counted(miruo, packets):
    stats = miruo.stats
    assert stats["full"] > 0, "the ring was large enough, the case says nothing"
    lab.expect("delivered and lost", stats["sent"] + stats["full"], packets)
    lab.expect("delivered", stats["Segments"] + stats["Late"] + stats["Copies"], stats["sent"])
    lab.expect("the losses that were told", losses(miruo)[:2], (stats["full"], stats["full"] - stats["plain"]))


def small_packets(net):
    """The arguments of iperf3 for a flood of small packets: a queue must not make a few large ones of them."""
    net.client.run("ip", "link", "set", "a0", "gso_max_segs", 1)
    return "-c", lab.SERVER, "-l64", "-N", "-M88"


def tiny_ring(net):
    net.server.iperf3_server()
    flood = small_packets(net)
    before = net.client.packets("a0")["packets"]
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", "--ring-size", "4", "--all", "--explain")
    start = time.monotonic()
    # on both processors, so that the reader comes too late for a ring of a few batches
    net.client.run("iperf3", *flood, "-t3", "-P2")
    lab.wait_for("the end of all connections", lambda: net.client.quiet() and net.server.quiet(), 20)
    miruo.stop()
    seconds = time.monotonic() - start
    all_counted(miruo, net.client.packets("a0")["packets"] - before)
    told = losses(miruo)[2]
    assert 1 <= told <= seconds + 1, f"told {told} times in {seconds:.1f} s"
    lab.expect("told at the end", miruo.err.count(f"miruo: {miruo.stats['full']} packets were lost in all: "), 1)
    explained = [int(n) for n in re.findall(r"^\d+:     capture: packets that it has lost so far (\d+)", miruo.out, re.M)]
    assert explained and max(explained) <= miruo.stats["full"], f"losses in the explanations: {explained}"


def serve():
    listener = socket.create_server((lab.SERVER, PORT), backlog=SESSIONS)
    listener.settimeout(20)
    for _ in range(SESSIONS):
        end = listener.accept()[0]
        end.settimeout(20)
        while end.recv(1024):
            pass
        end.close()


def connect_often():
    for _ in range(SESSIONS):
        end = socket.create_connection((lab.SERVER, PORT), 20)
        end.sendall(b"x" * 100)
        end.shutdown(socket.SHUT_WR)
        assert not end.recv(1)
        end.close()


def sessions_survive(net):
    """A reader that does not run at all beside a flood: sessions that come and go meanwhile are all seen whole."""
    net.server.iperf3_server()
    before = net.client.packets("a0")["packets"]
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", "--all", "--ring-size", "256")
    flood = net.client.start("iperf3", *small_packets(net), "-t5", stdout=lab.subprocess.DEVNULL)
    lab.wait_for("the flood", lambda: net.client.packets("a0")["packets"] - before > 1000)
    miruo.process.send_signal(signal.SIGSTOP)
    stopped = net.client.packets("a0")["packets"]
    lab.wait_for("rings that are full", lambda: net.client.packets("a0")["packets"] - stopped > 10000)
    server = net.server.python(serve)
    lab.wait_for("the server", lambda: net.server.listens(PORT))
    net.client.call(connect_often)
    lab.expect("the server's end", lab.os.waitpid(server, 0)[1], 0)
    lab.expect("the flood's end", flood.wait(20), 0)
    lab.wait_for("the end of all connections", lambda: net.client.quiet() and net.server.quiet(), 20)
    miruo.process.send_signal(signal.SIGCONT)
    miruo.stop()

    all_counted(miruo, net.client.packets("a0")["packets"] - before)
    lab.expect("segments with SYN, FIN or RST that were lost", miruo.stats["full"] - miruo.stats["plain"], 0)
    lab.expect("sessions, with two of the flood", miruo.stats["Total Sessions"], SESSIONS + 2)
    lab.expect("sessions picked up in mid-stream", miruo.stats["MidStream"], 0)
    lab.expect("sessions that did not close", [line for line in miruo.out.splitlines() if "destroy session" in line], [])


def output_not_read(net):
    """Lines for a pipe that nobody reads until the end: none of the segments is lost for it, and each line is read or counted."""
    net.server.iperf3_server()
    before = net.client.packets("a0")["packets"]
    read_end, write_end = lab.os.pipe()
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", "--live", stdout=write_end)
    lab.os.close(write_end)

    def flood():
        net.client.run("iperf3", "-c", lab.SERVER, "-t1", "-l64", "-N")
        return re.search(r"^miruo: \d+ lines not printed: ", miruo.error_text(), re.M)

    lab.wait_for("the line about it", flood, 30)
    lab.wait_for("the end of all connections", lambda: net.client.quiet() and net.server.quiet(), 20)
    packets = net.client.packets("a0")["packets"] - before
    miruo.process.send_signal(signal.SIGINT)
    with open(read_end) as pipe:
        lines = pipe.read().splitlines()
    miruo.wait()
    miruo.lost_nothing()
    lab.expect("segments", miruo.stats["Segments"], packets)
    lab.expect("lines read and not printed", len(lines) + miruo.stats["DropOutput"], packets)
    whole = re.compile(r"\d{4}:\d{4,} \d\d:\d\d:\d\d\.\d{3} 10\.77\.0\.1:\d+ .*>( retransmit .*)?")
    broken = [line for line in lines if not whole.fullmatch(line)]
    lab.expect("broken lines", broken, [])
    told = [int(n) for n in re.findall(r"^miruo: (\d+) lines not printed: the reader of the output is too slow$", miruo.err, re.M)]
    assert 1 <= len(told) <= 10 and sum(told) <= miruo.stats["DropOutput"], told
    in_all = f"miruo: {miruo.stats['DropOutput']} lines in all were not printed: the reader of the output was too slow"
    lab.expect("told at the end", miruo.err.count(in_all), 1)


if __name__ == "__main__":
    lab.main(tiny_ring, sessions_survive, output_not_read, tools=("iperf3", "ss"))
