"""Turns through the whole program: they hold no thread while they wait, and nobody waits for a command."""
import concurrent.futures
import http.server
import json
import threading
import time

import pytest

from api import post_event
from conftest import SECRET, remote_model, wait_until

CHANNEL = f"channels:\n  - {{name: hook, default: true, secret: {SECRET}, sync_deadline: 60s}}\n"


@pytest.fixture
def gate():
    """A remote model that answers nobody before `.opened` is set; `.asked` counts who asks."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            with self.server.lock:
                self.server.asked += 1
            self.server.opened.wait(120)
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gate",
                     "choices": [{"index": 0, "delta": {"content": "at last"}, "finish_reason": "stop"}]}
            data = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    class Many(http.server.ThreadingHTTPServer):
        request_queue_size = 256

    server = Many(("127.0.0.1", 0), Handler)
    server.lock, server.asked, server.opened = threading.Lock(), 0, threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.opened.set()
    server.shutdown()


def threads_of(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))


def test_a_hundred_answers_are_awaited_side_by_side_and_take_no_threads(make_server, gate):
    server = make_server(f"models: [{remote_model(gate.url)}]\n{CHANNEL}").start()
    idle = threads_of(server)
    with concurrent.futures.ThreadPoolExecutor(100) as people:
        answers = [people.submit(post_event, server, SECRET, f"e{i}", "hi", conversation=f"room{i}") for i in range(100)]
        wait_until(lambda: gate.asked == 100, lambda: f"100 are asked, not {gate.asked}")
        assert threads_of(server) <= idle + 4, "the executor's further ones at most"
        begun = time.monotonic()
        assert post_event(server, SECRET, "help", "/help", conversation="room7")[1]["text"].startswith("/help")
        assert server.request("GET", "/api/health")[0] == 200
        assert time.monotonic() - begun < 5
        gate.opened.set()
        assert {a.result()[1]["text"] for a in answers} == {"at last"}


def test_stop_reaches_a_turn_that_waits_for_its_model(make_server, gate):
    server = make_server(f"models: [{remote_model(gate.url)}]\n{CHANNEL}").start()
    with concurrent.futures.ThreadPoolExecutor(1) as person:
        answer = person.submit(post_event, server, SECRET, "e1", "hi", conversation="room")
        wait_until(lambda: gate.asked == 1, "it is asked")
        assert post_event(server, SECRET, "e2", "/stop", conversation="room")[1]["text"] == "The answer was stopped."
        assert answer.result()[1]["text"] == "(stopped)"


def test_who_waits_behind_a_message_that_no_model_could_answer_is_told_at_once(make_server):
    server = make_server(f'models: [{remote_model("http://127.0.0.1:1/v1")}]\nassistant: {{retry_min: 1h, retry_max: 1h}}\n{CHANNEL}').start()
    first = post_event(server, SECRET, "e1", "hi", conversation="room")
    assert first[0] == 202 and "no model can answer right now" in first[1]["text"], first
    second = post_event(server, SECRET, "e2", "你好", conversation="room")
    assert second[0] == 202 and "目前没有可用的模型" in second[1]["text"], second
