"""A stand-in for systemd: runs one program as a Type=notify service with Restart=on-failure and a descriptor store.

    service-manager.py NOTIFY_SOCKET PROGRAM [ARGUMENT...]

It does what sd_notify(3) and sd_listen_fds(3) say of the service manager's side, and tells on standard output what it hears and does.
SIGHUP reloads the service, by the program with --takeover --background; SIGTERM ends it, and then the manager.
"""
import array
import ctypes
import os
import select
import signal
import socket
import sys

path, command = sys.argv[1], sys.argv[2:]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(path)
store = []  # (name, descriptor), in the order in which they came
stopping = False
main = 0
reload = 0
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: to hear of the end of its children's children, as PID 1 does.


def say(text):
    print("manager:", text, flush=True)


def start():
    kept = list(store)
    child = os.fork()
    if child:
        say(f"started {child} with {len(kept)} descriptors")
        return child
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: a test that fails leaves nothing running.
    # Out of the way first, so that no descriptor is overwritten before it was copied.
    high = [os.dup2(descriptor, 500 + number, inheritable=False) for number, (_, descriptor) in enumerate(kept)]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, 3 + number, inheritable=True)
    environment = dict(os.environ, NOTIFY_SOCKET=path)
    if kept:
        environment.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kept)), LISTEN_FDNAMES=":".join(name for name, _ in kept))
    os.execve(command[0], command, environment)


def hear():
    global main
    message, ancillary, _, _ = notify.recvmsg(4096, socket.CMSG_SPACE(4 * 16))
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data)
    said = dict(line.split("=", 1) for line in message.decode().split("\n") if "=" in line)
    say(" ".join(f"{key}={value}" for key, value in said.items()))
    if said.get("FDSTORE") == "1":
        for descriptor in descriptors:
            inode = os.fstat(descriptor).st_ino
            if any(os.fstat(kept).st_ino == inode for _, kept in store):
                os.close(descriptor)  # It has this one already.
            else:
                store.append((said["FDNAME"], descriptor))
    if said.get("FDSTOREREMOVE") == "1":
        for name, descriptor in [one for one in store if one[0] == said["FDNAME"]]:
            store.remove((name, descriptor))
            os.close(descriptor)
    if "MAINPID" in said:
        main = int(said["MAINPID"])


def ended():
    """Reaps what has ended; starts the service again when that was the main process, and it had failed."""
    global main
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        say(f"{child} ended with {status}")
        if child == reload:
            say(f"reload ended with {status}")
        if child == main:
            if stopping or not status:
                # Without a main process the service is over, whatever else of it still runs.
                sys.exit(0 if stopping and not status else 1)
            main = start()


def reload_service(*_):
    global reload
    reload = os.fork()
    if not reload:
        os.execve(command[0], command + ["--takeover", "--background"], dict(os.environ, NOTIFY_SOCKET=path))


def stop(*_):
    global stopping
    stopping = True
    if main:
        os.kill(main, signal.SIGTERM)


wake_read, wake_write = os.pipe()
os.set_blocking(wake_write, False)
signal.set_wakeup_fd(wake_write)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.signal(signal.SIGHUP, reload_service)
signal.signal(signal.SIGTERM, stop)
main = start()
while True:
    readable, _, _ = select.select([notify, wake_read], [], [])
    # What a process has said counts before its end.
    while select.select([notify], [], [], 0)[0]:
        hear()
    if wake_read in readable:
        os.read(wake_read, 4096)
    ended()
