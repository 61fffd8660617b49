#!/usr/bin/env python3
"""Makes a loopback connection as slow to answer as one over a distance, without netem and without root.

    delay_relay.py LISTEN_ADDRESS TARGET_ADDRESS PORT ROUND_TRIP_MS

Listens on the port on one address and leads to the same port on another (Linux has all of 127.0.0.0/8): a client that is
told the server's port, as Rabbit's is, does not find a way around it.

Every byte, and the end of each direction, arrives half a round trip after it was sent. Rates are not limited.

The three-way handshake with this relay is over at once, as loopback's kernel answers it. Its round trip is charged all the
same: what the connecting side sends before it could have had the answer counts as sent when it would have had it, and the
target sees the connection when the last part of the handshake would have reached it, 1.5 round trips after the first.
"""
import queue
import socket
import sys
import threading
import time


def sleep_until(due):
    time.sleep(max(0.0, due - time.monotonic()))


def read(source, under_way, not_before, one_way):
    """Stamps what arrives with the time when it is due at the other side; the end is an empty piece. A break counts as an end."""
    data = b"-"
    while data:
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        under_way.put((max(time.monotonic(), not_before) + one_way, data))


def deliver(under_way, target):
    data = b"-"
    while data:
        due, data = under_way.get()
        sleep_until(due)
        try:
            if data:
                target.sendall(data)
            else:
                target.shutdown(socket.SHUT_WR)
        except OSError:
            return


def start(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def serve(near, target, round_trip):
    one_way = round_trip / 2
    connected = time.monotonic() + round_trip
    there, back = queue.SimpleQueue(), queue.SimpleQueue()
    with near:
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = start(read, near, there, connected, one_way)
        sleep_until(connected + one_way)
        try:
            far = socket.create_connection(target)
        except OSError:
            near.shutdown(socket.SHUT_RDWR)
            reader.join()
            return
        with far:
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threads = [reader, start(deliver, there, far), start(read, far, back, 0.0, one_way), start(deliver, back, near)]
            for thread in threads:
                thread.join()


def main():
    listen_address, target_address, port, round_trip_ms = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    listener = socket.create_server((listen_address, port), backlog=1024)
    print("listening", flush=True)
    while True:
        near, _ = listener.accept()
        start(serve, near, (target_address, port), round_trip_ms / 1000)


if __name__ == "__main__":
    main()
