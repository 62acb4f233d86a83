"""What the tests take from the machine they run on, so that they depend on no more of it than this."""
import collections
import functools
import os
import random
import socket
import subprocess
import tempfile

# Proxies, locales, homes, configurations and colours of whoever runs the tests change nothing in them.
KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")


def environment(**more):
    """That of a program under test; its HOME is given with `more` where it matters."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": "/nonexistent", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **more}


claims = collections.deque(maxlen=200)  # of file descriptors, which are limited; a test needs two or three


def free_port():
    """A TCP port that nobody takes before the program does that it is for. It is below those which the system gives to
    connections (ip(7), ip_local_port_range), and a UDP socket of the same number, which is kept, tells other runs of the
    tests that it is taken."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first_given = int(file.read().split()[0])
    low, high = (first_given // 2, first_given) if first_given >= 4096 else (10000, 65536)
    while True:
        port = random.randrange(low, high)
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", port))
                listener.listen()
        except OSError:
            claim.close()
            continue
        claims.append(claim)
        return port


@functools.cache
def mounting():
    """The command that runs another with mounts of its own, and why there is none: root may, others need a user
    namespace, which containers and chroots refuse."""
    reasons = []
    for command in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        with tempfile.TemporaryDirectory() as folder:
            script = f"mount -t tmpfs none {folder} && mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}"
            tried = subprocess.run([*command, "sh", "-c", script], capture_output=True, text=True)
        if tried.returncode == 0:
            return command, None
        reasons.append(tried.stderr.strip())
    return None, "this machine refuses mounts to this user: " + "; ".join(reasons)
