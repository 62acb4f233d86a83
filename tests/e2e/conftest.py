"""What the end-to-end tests share: the real program with a data folder and ports of its own."""
import mmap
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import api  # noqa: E402
import machine  # noqa: E402
import terminal  # noqa: E402
from api import PATIENCE  # noqa: E402
from machine import environment, free_port  # noqa: E402, F401

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import gguf_file  # noqa: E402

ROOT = pathlib.Path(__file__).parents[2]
BINARY = os.environ.get("AI_BOT", str(ROOT / "build/release/ai_bot"))
with open(BINARY, "rb") as program, mmap.mmap(program.fileno(), 0, access=mmap.ACCESS_READ) as image:
    SANITIZED = image.find(b"__asan_init") >= 0
KEPT_FREED = 512 if SANITIZED else 0  # MiB: ASan keeps what was freed for a while, to notice its use
PLATFORMS = ROOT / "tests/platforms"
GUIDE = ROOT / "models/guide/guide-q8_0.gguf"
SECRET = "0123456789abcdef0123456789abcdef"


def wait_until(is_true, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = is_true()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail(f"not within {patience} s: {what() if callable(what) else what}")


class Server(api.Api):
    """ai_bot serve, with a configuration given as YAML text (without data_dir and port)."""

    def __init__(self, folder, yaml="", **more):
        super().__init__(free_port())
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.config = self.folder / "config.yaml"
        self.log_file = self.folder / "log.jsonl"
        self.environment = environment(HOME=str(self.folder), **more)
        self.program, self.process = BINARY, None
        self.configure(yaml)

    def configure(self, yaml):
        server = "" if "\nserver:" in "\n" + yaml else f"server: {{port: {self.port}}}\n"
        self.config.write_text(f"data_dir: {self.data}\n{server}{yaml}".replace("$PORT", str(self.port)), encoding="utf-8")

    def start(self, ready=True, command=None):
        self.process = subprocess.Popen((command or []) + [self.program, "serve", "-c", str(self.config)], env=self.environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.log_file, "ab"))
        if ready:
            wait_until(lambda: self.alive() and self.status("/api/health") == 200, lambda: "healthy\n" + self.log())
        return self

    def alive(self):
        if self.process.poll() is not None:
            pytest.fail(f"the server ended with {self.process.returncode}:\n{self.log()}")
        return True

    def log(self):
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    def stop(self, signal_number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal_number)
        return self.process.wait(PATIENCE) if self.process else None

    def cli(self, *arguments, **options):
        return cli(*arguments, "-c", str(self.config), program=self.program, env=self.environment, **options)

    def let_others_in(self):
        """Another user may look into the folder, and has the program there: the tree may be where nobody else gets."""
        os.chmod(self.folder, 0o755)
        self.program = shutil.copy(BINARY, self.folder / "ai_bot")
        return self

    def memory(self):
        """Of the process, in MiB: VmRSS and RssAnon (proc(5))."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in status if line.startswith(("VmRSS", "RssAnon"))}

    def engine_pid(self):
        return self.health()["models"][0].get("engine_pid", 0)


def cli(*arguments, program=BINARY, env=None, **options):
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    return subprocess.run([program, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE * 2,
                          env=env or environment(), **options)


@pytest.fixture
def folder():
    path = tempfile.mkdtemp(prefix="ai_bot-e2e-")
    yield pathlib.Path(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def mounting():
    """The command that runs another one with mounts of its own."""
    command, refusal = machine.mounting()
    if refusal:
        pytest.skip(refusal)
    return command


@pytest.fixture
def on_terminal():
    """Starts programs on terminals of their own, which are killed when the test is over."""
    started = []

    def on_terminal(*command, environment):
        started.append(terminal.Terminal(command, environment, wait_until))
        return started[-1]

    yield on_terminal
    for program in started:
        program.kill()


@pytest.fixture
def plain_model(folder):
    """The file of an ordinary local model."""
    gguf_file.without_lookup(GUIDE, folder / "plain.gguf")
    return folder / "plain.gguf"


@pytest.fixture
def make_server(folder):
    """Makes servers that are stopped when the test is over."""
    servers = []

    def make(yaml="", **environment):
        servers.append(Server(folder, yaml, **environment))
        return servers[-1]

    yield make
    for server in servers:
        if server.process and server.process.poll() is None:
            server.stop(signal.SIGKILL)


@pytest.fixture
def server(make_server):
    """The embedded default, ready."""
    return make_server().start()


@pytest.fixture(scope="session")
def echo_endpoint():
    """The simulated remote model: its base URL."""
    port = free_port()
    process = subprocess.Popen(["/usr/bin/python3", str(PLATFORMS / "openai_endpoint.py"), "--port", str(port)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    yield f"http://127.0.0.1:{port}/v1"
    process.kill()
    process.wait()


def remote_model(base_url, name="echo", **extra):
    fields = {"name": name, "base_url": base_url, "model": "echo-1", "api_key": "endpoint-key", **extra}
    return "{" + ", ".join(f'{k}: "{v}"' for k, v in fields.items()) + "}"
