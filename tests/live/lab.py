# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of two hosts for tests of the live capture: namespaces, a veth pair, servers, and miruo.

The test runs in namespaces of its own for processes, mounts and the network, so that all it starts and makes is gone when it
ends, however it ends. Every wait is bounded."""
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CLIENT, SERVER = "10.77.0.1", "10.77.0.2"
SKIPPED = 77
SOURCES = pathlib.Path(__file__).resolve().parents[2]
UNSHARE = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
miruo_path = sys.argv[1] if len(sys.argv) > 1 else ""


def skip(why):
    print(f"skipped: {why}", flush=True)
    sys.exit(SKIPPED)


def enter(*tools):
    """Starts the test anew in namespaces of its own. tools: commands it needs beside those of iproute2."""
    if not os.environ.get("MIRUO_LAB"):
        missing = [t for t in ("ip", "tc", "nstat", "unshare", *tools) if not shutil.which(t)]
        if missing:
            skip("not installed: " + ", ".join(missing))
        if subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL).returncode:
            skip("no namespaces of our own: run as root")
        os.environ["MIRUO_LAB"] = str(os.getpid())
        os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, *sys.argv])
    run("mount", "-t", "tmpfs", "none", "/run")


def run(*command, timeout=60, check=True):
    """Runs a command to its end; its output as text."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, text=True)
    if check and done.returncode:
        said = (done.stdout + done.stderr)[-2000:]
        sys.exit(f"failed (status {done.returncode}): {' '.join(map(str, command))}\n{said}")
    return done.stdout


def wait_for(what, condition, seconds=10):
    """The first true value of condition()."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def expect(what, found, wanted):
    assert found == wanted, f"{what}: {found}, but it must be {wanted}"
    print(f"ok: {what}: {found}", flush=True)


def expect_between(what, found, least, most):
    assert least <= found <= most, f"{what}: {found}, but it must be from {least} to {most}"
    print(f"ok: {what}: {found} (from {least} to {most})", flush=True)


def stop_process(process, number=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def enter_netns(name):
    fd = os.open(f"/run/netns/{name}", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, 0x40000000):  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


class Host:
    """A network namespace."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, f"{name}-{os.environ['MIRUO_LAB']}"
        run("ip", "netns", "add", self.name)
        lab.hosts.append(self)
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command, **options):
        return run("ip", "netns", "exec", self.name, *map(str, command), **options)

    def start(self, *command, **options):
        process = subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, command)], stdin=subprocess.DEVNULL, **options)
        self.lab.processes.append(process)
        return process

    def python(self, function, *arguments):
        """Runs a function of the test in this namespace, in a process of its own; its exit status is that of the process."""
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            enter_netns(self.name)
            function(*arguments)
            status = 0
        except BaseException as error:
            print(f"{function.__name__}: {error!r}", flush=True)
        finally:
            os._exit(status)

    def call(self, function, *arguments):
        status = os.waitpid(self.python(function, *arguments), 0)[1]
        assert status == 0, f"{function.__name__} ended with {status}"

    def counters(self):
        """The kernel's TCP counters of this host since it began, by the names that nstat has for them."""
        lines = self.run("nstat", "-asz", "--noupdate").splitlines()
        return {line.split()[0]: int(line.split()[1]) for line in lines if not line.startswith("#")}

    def packets(self, device):
        """Packets that went through the device, both ways, those too that the other end of a veth pair had no room for."""
        folder = pathlib.Path(f"/sys/class/net/{device}/statistics")
        names = ("tx_packets", "tx_dropped", "rx_packets")
        return {"packets": sum(int(self.run("cat", folder / name)) for name in names)}

    def listens(self, port):
        return bool(self.run("ss", "-Hltn", f"sport = :{port}").strip())

    def quiet(self):
        """No connection that still sends: all are closed, or wait for their ports to become free."""
        return not self.run("ss", "-Htn", "state", "connected", "exclude", "listening", "exclude", "time-wait").strip()

    def offloads(self, device, on):
        self.run("ethtool", "-K", device, *sum([[what, "on" if on else "off"] for what in ("tso", "gso", "gro")], []))

    def nginx(self, root, port=80):
        root = pathlib.Path(root)
        config = root / "nginx.conf"
        config.write_text(f"""daemon off; worker_processes 1; pid {root}/nginx.pid; error_log {root}/nginx.err;
            events {{ worker_connections 4096; }}
            http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {root}; proxy_temp_path {root};
            fastcgi_temp_path {root}; uwsgi_temp_path {root}; scgi_temp_path {root};
            server {{ listen {port}; root {root}; }} }}\n""")
        os.chmod(root, 0o755)
        (root / "small").write_bytes(b"x" * 600)
        (root / "large").write_bytes(b"x" * 300000)
        process = self.start("nginx", "-e", root / "nginx.err", "-c", config)
        wait_for("nginx", lambda: self.listens(port))
        return process

    def iperf3_server(self, port=5201):
        process = self.start("iperf3", "-s", "-p", port, stdout=subprocess.DEVNULL)
        wait_for("iperf3 -s", lambda: self.listens(port))
        return process

    def attach(self, device, direction, source, *options):
        """Attaches a TC program of tests/live to a device of this host."""
        clang, arch = shutil.which("clang"), os.uname().machine + "-linux-gnu"
        program = self.lab.work / f"{source}-{device}.o"
        if not clang:
            skip("not installed: clang")
        run(clang, "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-ffreestanding", "-I", SOURCES / "include", "-I",
            f"/usr/include/{arch}", *options, "-c", SOURCES / "tests/live" / source, "-o", program)
        self.run("tc", "qdisc", "replace", "dev", device, "clsact")
        self.run("tc", "filter", "replace", "dev", device, direction, "pref", "1", "handle", "1", "bpf", "da", "obj",
                 program, "sec", "tc")

    def drop(self, device, rules):
        """Lets go of chosen segments at the ingress of a device (drop.bpf.c)."""
        self.attach(device, "ingress", "drop.bpf.c", "-D", f"DROP_RULES={rules}")

    def drop_nothing(self, device):
        self.run("tc", "qdisc", "del", "dev", device, "clsact")


class Miruo:
    """miruo on a host; it watches when the constructor returns. After stop(): out, err, stats and status. stdout: where its
    output goes instead of out."""

    def __init__(self, host, *options, prefix=(), stdout=None):
        self.out_path = pathlib.Path(tempfile.mkstemp(dir=host.lab.work)[1])
        self.err_path = pathlib.Path(tempfile.mkstemp(dir=host.lab.work)[1])
        with self.out_path.open("w") as out, self.err_path.open("w") as err:
            self.process = host.start(*prefix, miruo_path, *options, stdout=stdout or out, stderr=err)
        wait_for("the listening line", lambda: self.process.poll() is not None or "listening on" in self.error_text())
        if self.process.poll() is not None:
            self.collect()
            if not prefix and ("not permitted" in self.err or "capture by eBPF needs" in self.err):
                skip("no kernel programs here: " + self.err.strip())

    def error_text(self):
        return self.err_path.read_text()

    def stop(self, number=signal.SIGINT):
        assert self.process.poll() is None, f"miruo ended by itself:\n{self.error_text()}"
        stop_process(self.process, number)
        return self.collect()

    def wait(self, seconds=10):
        self.process.wait(seconds)
        return self.collect()

    def collect(self):
        self.status = self.process.returncode
        self.out, self.err = self.out_path.read_text(), self.error_text()
        self.stats = {}
        for line in self.err.splitlines():
            found = re.fullmatch(r" *(\w[\w ]*?) *: (\d+)(?: \[ms\]|KB)?", line)
            if found:
                self.stats[found[1]] = int(found[2])
        return self

    def headers(self):
        return [line for line in self.out.splitlines() if " == " in line]

    def lost_nothing(self):
        losses = [line for line in self.err.splitlines() if "lost:" in line]
        assert self.stats["full"] == 0 and not losses, f"miruo lost segments: full {self.stats['full']}, {losses}"


class BothEnds:
    """A run of traffic that miruo watches on both hosts. After it, for each of client and server: what miruo found there, and in
    kernel_client and kernel_server by how much the kernel's counters grew."""

    def __init__(self, net, traffic, *options, quiet_s=60):
        ends = ((net.client, "a0"), (net.server, "b0"))
        before = [host.counters() for host, _ in ends]
        watching = [Miruo(host, "--backend=ebpf", "-i", device, "-L", "0", "-l", "0", "--ring-size", "32768", *options)
                    for host, device in ends]
        traffic()
        wait_for("the end of all connections", lambda: net.client.quiet() and net.server.quiet(), quiet_s)
        self.client, self.server = [miruo.stop() for miruo in watching]
        self.kernel_client, self.kernel_server = ({name: count - start.get(name, 0) for name, count in host.counters().items()}
                                                  for (host, _), start in zip(ends, before))
        for miruo in watching:
            miruo.lost_nothing()


class Lab:
    """with Lab() as lab: two hosts, lab.client with the interface a0 and lab.server with b0."""

    def __enter__(self):
        self.processes, self.hosts = [], []
        self.directory = tempfile.TemporaryDirectory(prefix="miruo-live-", dir="/run")
        self.work = pathlib.Path(self.directory.name)
        try:
            self.client, self.server = Host(self, "client"), Host(self, "server")
            self.plug(self.client, "a0", CLIENT, self.server, "b0")
            self.address(self.server, "b0", SERVER)
            self.fix_neighbours()
            wait_for("the link", lambda: "LOWER_UP" in self.client.run("ip", "link", "show", "a0"))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def plug(self, host, device, address, peer, peer_device):
        """A new pair of interfaces, one of them with an address."""
        run("ip", "link", "add", device, "netns", host.name, "type", "veth", "peer", "name", peer_device, "netns", peer.name)
        self.address(host, device, address)

    def address(self, host, device, address):
        host.run("sysctl", "-qw", f"net.ipv6.conf.{device}.disable_ipv6=1")
        host.run("ip", "addr", "add", f"{address}/24", "dev", device)
        host.run("ip", "link", "set", device, "up")

    def fix_neighbours(self):
        """No ARP, so that all packets are TCP's."""
        ends = ((self.client, "a0", CLIENT), (self.server, "b0", SERVER))
        for (host, device, _), (peer, peer_device, address) in zip(ends, reversed(ends)):
            mac = peer.run("cat", f"/sys/class/net/{peer_device}/address").strip()
            host.run("ip", "neigh", "replace", address, "lladdr", mac, "dev", device, "nud", "permanent")

    def __exit__(self, *error):
        for process in reversed(self.processes):
            stop_process(process, signal.SIGKILL)
        for host in self.hosts:
            run("ip", "netns", "del", host.name, check=False)
        self.directory.cleanup()


def main(*cases, tools=()):
    """Runs the cases, each with a network of its own. The second argument of the test chooses one by its name."""
    enter(*tools)
    chosen = sys.argv[2] if len(sys.argv) > 2 else None
    for case in cases:
        if chosen in (None, case.__name__):
            print(f"-- {case.__name__}", flush=True)
            with Lab() as lab:
                case(lab)
