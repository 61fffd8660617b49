namespace Rabbit.Tests.Support;

/// <summary>Services and visitors that run in another network namespace, where this process has no sockets.</summary>
internal static class PythonPeer
{
    /// <summary>Listens on a port, says so, and sends back what it gets, on each connection until its end.</summary>
    public const string Echo = """
        import socket, sys, threading
        def serve(s):
            while data := s.recv(65536):
                s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            s.close()
        listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=100)
        print('ready', flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
        """;

    /// <summary>Connects, says so, sends so many bytes, reads until they are all back, and says 'echoed' or what was wrong.</summary>
    public const string Visit = """
        import os, socket, sys, threading
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        said = os.urandom(int(sys.argv[3]))
        threading.Thread(target=lambda: (s.sendall(said), s.shutdown(socket.SHUT_WR)), daemon=True).start()
        heard = b''
        while data := s.recv(65536):
            heard += data
        print('echoed' if heard == said else f'{len(heard)} bytes, beginning with {heard[:200]}', flush=True)
        """;

    /// <summary>Listens on a port, says so, and on each connection reads a byte and sends so many.</summary>
    public const string Flood = """
        import socket, sys, threading
        def serve(s):
            try:
                s.recv(1)
                s.sendall(bytes(int(sys.argv[2])))
                s.shutdown(socket.SHUT_WR)
                s.recv(1)
            except OSError:
                pass
            s.close()
        listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=100)
        print('ready', flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
        """;

    /// <summary>Connects, says so after the first byte, reads nothing until a line comes in on a FIFO, and then says how many bytes came.</summary>
    public const string ReadLater = """
        import socket, sys
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        s.sendall(b'?')
        count = len(s.recv(1))
        print('stopped', flush=True)
        open(sys.argv[3]).read()
        try:
            while data := s.recv(1 << 20):
                count += len(data)
            print(count, 'bytes', flush=True)
            s.close()
        except OSError as e:
            print('broken after', count, e, flush=True)
        """;

    /// <summary>Connects and reads a little at a time.</summary>
    public const string ReadSlowly = """
        import socket, sys, time
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        s.sendall(b'?')
        while s.recv(65536):
            time.sleep(0.03)
        """;

    /// <summary>Starts a script by a program that becomes it.</summary>
    public static RunningProcess Start(string name, string[] launcher, string script, params string[] arguments) =>
        RunningProcess.Start(name, launcher[0], [.. launcher[1..], "python3", "-c", script, .. arguments]);
}
