"""A TCP proxy on loopback that harms what goes through it, in a way that can be changed while it runs."""
import socket
import struct
import threading
import time

# silent     takes every connection and every byte, hands nothing on, answers nothing, closes nothing
# half-open  hands the request on and never brings the answer back: what was done is done, and nobody hears of it
# slow       brings the answer back a byte at a time
# reset      breaks a connection off (RST) when the first byte of a request arrives
# refusing   nobody listens
# garbage    answers what is no HTTP
MODES = ("silent", "half-open", "slow", "reset", "refusing", "garbage")
SLOW = 0.5  # seconds a byte


class Chaos:
    """In front of a port of this machine. `mode`: "pass" or one of MODES."""

    def __init__(self, target):
        self.target, self.mode, self.accepted = target, "pass", 0
        self.listener = self.listen(0)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.run, daemon=True).start()

    @staticmethod
    def listen(port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
        return listener

    def set(self, mode):
        """For new connections and for those that are open: a server's network does not fail between two requests only."""
        assert mode == "pass" or mode in MODES
        before, self.mode = self.mode, mode
        if mode == "refusing":
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            self.listener.close()
        elif before == "refusing":
            self.listener = self.listen(self.port)
            threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        listener = self.listener
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.forth, args=(client, server), daemon=True).start()
            threading.Thread(target=self.back, args=(client, server), daemon=True).start()

    def forth(self, client, server):
        while data := self.receive(client):
            if self.mode == "garbage":
                self.send(client, b"\x00\xffthis is no HTTP\r\n\r\n")
                return self.end(client, server)
            if self.mode in ("reset", "refusing"):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return self.end(client, server)
            if self.mode != "silent":
                self.send(server, data)
        self.end(client, server)

    def back(self, client, server):
        while data := self.receive(server):
            while self.mode == "slow" and data:
                self.send(client, data[:1])
                data = data[1:]
                time.sleep(SLOW)
            if self.mode in ("pass", "slow"):
                self.send(client, data)
        # Whose request was swallowed is not told that the other end is tired of waiting.
        if self.mode not in ("silent", "half-open"):
            self.end(client, server)

    @staticmethod
    def receive(end):
        try:
            return end.recv(65536)
        except OSError:
            return b""

    @staticmethod
    def send(end, data):
        try:
            end.sendall(data)
        except OSError:
            pass

    @staticmethod
    def end(*ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
