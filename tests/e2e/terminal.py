"""A program on a terminal: what it showed so far, in order, and what is typed."""
import os
import pty
import select
import signal


class Terminal:
    def __init__(self, command, environment, wait_until):
        self.wait_until, self.status = wait_until, None
        self.shown, self.at = b"", 0  # all that was shown; what is before `at` was looked for and found
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, {**environment, "TERM": "xterm-256color"})

    def read(self):
        while self.file is not None and select.select([self.file], [], [], 0)[0]:
            try:
                data = os.read(self.file, 65536)
            except OSError:  # it ended
                return
            if not data:
                return
            asked = self.shown.count(b"\x1b[6n")
            self.shown += data
            # A terminal tells where its cursor is when it is asked.
            for _ in range(self.shown.count(b"\x1b[6n") - asked):
                os.write(self.file, b"\x1b[1;1R")

    def shows(self, text):
        """Waits for the text, after the one that was waited for before."""
        def found():
            self.read()
            at = self.shown.find(text.encode(), self.at)
            if at >= 0:
                self.at = at + len(text.encode())
            return at >= 0

        self.wait_until(found, lambda: f"{text!r} in {self.shown[self.at:]!r}, after {self.shown[:self.at]!r}")

    def types(self, text):
        os.write(self.file, text.encode())

    def close(self):
        """As a window that is closed."""
        os.close(self.file)
        self.file = None

    def ended(self):
        if self.status is None:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid == self.pid else None
        return self.status is not None

    def exit_code(self):
        """Waits until the program has ended."""
        self.wait_until(self.ended, lambda: f"the end; it showed {self.shown!r}")
        return os.waitstatus_to_exitcode(self.status)

    def kill(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.file is not None:
            self.close()
