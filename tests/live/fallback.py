# SPDX-License-Identifier: GPL-3.0-or-later
"""fallback.py MIRUO [CASE]: libpcap in place of the kernel programs, missing privileges, rest, and death."""
import os
import pathlib
import re
import shutil
import signal
import time

import lab


def curl(net, times):
    for _ in range(times):
        net.client.run("curl", "-s", "-m", "5", "-o", "/dev/null", f"http://{lab.SERVER}/large")


def sessions(miruo):
    """All that is shown but the times."""
    return sorted(re.sub(r"^\d{4} +\d+\.\d{3}", "", line) for line in miruo.headers())


def pcap_sees_the_same(net):
    net.server.nginx(net.work)
    both = [lab.Miruo(net.client, f"--backend={name}", "-i", "a0", "--all") for name in ("ebpf", "pcap")]
    curl(net, 20)
    time.sleep(0.5)
    ebpf, pcap = (miruo.stop() for miruo in both)
    lab.expect("sessions", len(sessions(ebpf)), 20)
    assert sessions(pcap) == sessions(ebpf), "\n".join([*sessions(pcap), "but", *sessions(ebpf)])


def without_privileges(net):
    program = net.work / "miruo"
    shutil.copy(lab.miruo_path, program)
    os.chmod(net.work, 0o755)
    lab.miruo_path = str(program)
    user = ("setpriv", "--reuid", "65534", "--clear-groups")
    for backend in ("auto", "ebpf", "pcap"):
        miruo = lab.Miruo(net.client, "-i", "a0", f"--backend={backend}", prefix=user)
        lab.expect(f"{backend}: status", miruo.status, 1)
        assert len(miruo.err.splitlines()) == 1 and "setcap" in miruo.err, f"{backend}: {miruo.err}"


def three_capabilities(net):
    """Those that the error line names are enough, and nothing is left of them while miruo runs."""
    program = net.work / "miruo"
    shutil.copy(lab.miruo_path, program)
    os.chmod(net.work, 0o755)
    lab.miruo_path = str(program)
    net.server.nginx(net.work)
    wanted = "-all,+bpf,+net_admin,+perfmon"
    user = ("setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps", wanted, "--ambient-caps", wanted)
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0", "--all", prefix=user)
    status = pathlib.Path(f"/proc/{miruo.process.pid}/status").read_text()
    lab.expect("capabilities", re.findall(r"^Cap(?:Inh|Prm|Eff|Amb):\s*0*(\d+)$", status, re.M), ["0"] * 4)
    curl(net, 1)
    time.sleep(0.3)
    miruo.stop()
    lab.expect("sessions", len(sessions(miruo)), 1)


def idle(net):
    miruo = lab.Miruo(net.client, "--backend=ebpf", "-i", "a0")
    status = pathlib.Path(f"/proc/{miruo.process.pid}/status")

    def wake_ups():
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read_text(), re.M)[1])
    time.sleep(1)
    before, start = wake_ups(), time.monotonic()
    time.sleep(5)
    woken, seconds = wake_ups() - before, time.monotonic() - start
    miruo.stop()
    assert woken <= 2 * seconds + 1, f"{woken} wake-ups in {seconds:.1f} s"
    print(f"ok: {woken} wake-ups in {seconds:.1f} s")


def attached(net):
    host = net.client
    return (host.run("tc", "qdisc", "show", "dev", "a0"), host.run("tc", "filter", "show", "dev", "a0", "ingress", check=False),
            host.run("bpftool", "net", "show", "dev", "a0"), "xdp" in host.run("ip", "link", "show", "a0"))


def killed(net):
    net.server.nginx(net.work)
    before = attached(net)
    for hook in ("tc", "xdp"):
        miruo = lab.Miruo(net.client, "--backend=ebpf", "--hook", hook, "-i", "a0")
        lab.stop_process(miruo.process, signal.SIGKILL)
        lab.wait_for(f"{hook}: nothing left behind", lambda: attached(net) == before)
        miruo = lab.Miruo(net.client, "--backend=ebpf", "--hook", hook, "-i", "a0", "--all")
        curl(net, 1)
        time.sleep(0.3)
        miruo.stop()
        lab.expect(f"{hook}: sessions after a new start", len(sessions(miruo)), 1)
        lab.expect(f"{hook}: nothing is left behind after the end", attached(net) == before, True)


if __name__ == "__main__":
    lab.main(pcap_sees_the_same, without_privileges, three_capabilities, idle, killed, tools=("nginx", "curl", "setpriv", "bpftool"))
