#!/usr/bin/env python3
"""Measures how long a visitor of an idle tunnel waits for its first echoed byte, with the warm pool and without it.

    first_byte.py [--visitors N] [--round-trip MS]

Started by first-byte.sh, which builds first. Four tunnels run at once, each with a delay relay between its client and its
server; visitors take turns among them, one at a time, with a pause before each in which the pool fills again.
"""
import argparse
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

START = pathlib.Path(__file__).resolve().parent / "start"
PAUSE_ROUND_TRIPS = 8  # a new data channel needs four, with TLS
TUNNELS = [
    # name, start script, the server's setting
    ("plain, pool of 8", "rabbit-plain", "8"),
    ("plain, no pool", "rabbit-plain", "0"),
    ("TLS, pool of 8", "rabbit-tls", "8"),
    ("TLS, no pool", "rabbit-tls", "0"),
]


def free_ports(count):
    """So many ports in a row that are free, below those of compare.py and of the kernel's own choice."""
    while True:
        first = random.randrange(20001, 26900)
        taken = []
        try:
            for port in range(first, first + count):
                taken.append(socket.socket())
                taken[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            pass
        finally:
            for s in taken:
                s.close()


def echo(listener):
    def serve(s):
        with s:
            while data := s.recv(4096):
                s.sendall(data)

    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


def visit(port):
    """Milliseconds from the first packet of the connection to the echo of one byte."""
    with socket.socket() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.settimeout(10)
        begin = time.perf_counter()
        s.connect(("127.0.0.1", port))
        s.sendall(b"!")
        if s.recv(1) != b"!":
            sys.exit(f"first_byte.py: the tunnel on port {port} closed the visitor's connection instead of echoing.")
        return (time.perf_counter() - begin) * 1000


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--round-trip", type=float, default=40, metavar="MS")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=echo, args=(listener,), daemon=True).start()
    service = listener.getsockname()[1]

    ids, ports, times = [], [], [[] for _ in TUNNELS]
    try:
        for _, script, pool in TUNNELS:
            port = free_ports(11)
            environment = os.environ | {"BENCH_ROUND_TRIP_MS": str(options.round_trip), "RABBIT_POOL_SIZE": pool}
            started = subprocess.run(
                [START / script, str(service), str(port), str(port + 1)],
                env=environment, stdout=subprocess.PIPE, text=True, check=True)
            ids += map(int, started.stdout.split())
            ports.append(port)
        # The first visitor of each pays for code that runs for the first time, and is not counted.
        for turn in range(options.visitors + 1):
            for port, measured in zip(ports, times):
                time.sleep(PAUSE_ROUND_TRIPS * options.round_trip / 1000)
                measured.append(visit(port))
    finally:
        for process in ids:
            try:
                os.kill(process, signal.SIGTERM)
            except ProcessLookupError:
                pass

    print(f"| {options.round_trip:g} ms round trip | median | least | 90 % |")
    print("|---|---|---|---|")
    for (name, _, _), measured in zip(TUNNELS, times):
        counted = sorted(measured[1:])
        print(f"| {name} | {statistics.median(counted):.1f} ms | {counted[0]:.1f} ms | {counted[len(counted) * 9 // 10]:.1f} ms |")


if __name__ == "__main__":
    main()
