# SPDX-License-Identifier: GPL-3.0-or-later
"""overload.py MIRUO [CASE]: with a ring that is much too small, what is lost is counted exactly and told."""
import re
import time

import lab


def tiny_ring(net):
    net.server.iperf3_server()
    before = net.client.packets("a0")["packets"]
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", "--ring-size", "4", "--all", "--explain")
    start = time.monotonic()
    net.client.run("iperf3", "-c", lab.SERVER, "-t3")
    lab.wait_for("the end of all connections", lambda: net.client.quiet() and net.server.quiet(), 20)
    miruo.stop()
    seconds = time.monotonic() - start
    stats = miruo.stats
    told = [int(n) for n in re.findall(r"^miruo: (\d+) segments lost: the ring was full; raise --ring-size$", miruo.err, re.M)]

    assert stats["full"] > 0, "the ring was large enough, the case says nothing"
    lab.expect("delivered and lost", stats["sent"] + stats["full"], net.client.packets("a0")["packets"] - before)
    lab.expect("delivered", stats["Segments"] + stats["Late"] + stats["Copies"], stats["sent"])
    lab.expect("the losses that were told", sum(told), stats["full"])
    assert 1 <= len(told) <= seconds + 1, f"told {len(told)} times in {seconds:.1f} s"
    explained = [int(n) for n in re.findall(r"^\d+:     capture: packets that it has lost so far (\d+)", miruo.out, re.M)]
    assert explained and max(explained) <= stats["full"], f"losses in the explanations: {explained}"
    lab.expect("told at the end", miruo.err.count(f"miruo: {stats['full']} packets were lost in all: "), 1)


if __name__ == "__main__":
    lab.main(tiny_ring, tools=("iperf3", "ss"))
