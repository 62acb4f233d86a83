"""What `kill -HUP` says is active is active: one test for each key that a reload changes (the list is in
tests/unit/settings/reload_keys_test.cc), and nothing is changed by it that nobody asked for."""
import http.server
import json
import shutil
import signal
import threading
from pathlib import Path

import pytest

from api import post_event
from conftest import GUIDE, SECRET, remote_model, wait_until


@pytest.fixture
def model():
    """A remote model that keeps what it is asked: `.asked` (bodies), `.answer` (text), `.status`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.asked.append(body)
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "echo-1",
                     "choices": [{"index": 0, "delta": {"role": "assistant", "content": self.server.answer}, "finish_reason": "stop"}]}
            data = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode() if self.server.status == 200 else b"{}"
            self.send_response(self.server.status)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answer, server.status = [], "fine", 200
    server.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


BREAKER_OFF = "router: {retries: 0, breaker: {failures: 1000}}\n"


def configuration(model, more):
    return f'models: [{remote_model(model.url)}]\n{BREAKER_OFF}channels: [{{name: hook, default: true, secret: "{SECRET}", sync_deadline: 1s}}]\n{more}'


def reload(server, yaml, key):
    """Reloads with this configuration; the log says that the key is active now."""
    before = server.log().count("config.reloaded")
    server.configure(yaml)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: server.log().count("config.reloaded") > before and key in server.log(), f"{key} is reloaded")


@pytest.fixture
def change(make_server, model):
    """Starts with these lines of configuration; what it returns reloads with others."""
    def begin(before):
        server = make_server(configuration(model, before)).start()
        return server, lambda after, key: reload(server, configuration(model, after), key)
    return begin


def converse(server, text="hello", room="room"):
    """A turn of a conversation: its answer."""
    status, body = server.json("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": text}]}, {"X-Ai-Bot-Conversation": room})
    assert status == 200, body
    return body["choices"][0]["message"]["content"]


def test_system_prompt(change, model):
    server, reloaded = change("assistant: {system_prompt: before}\n")
    converse(server)
    reloaded("assistant: {system_prompt: after}\n", "assistant.system_prompt")
    converse(server)
    assert [asked["messages"][0]["content"].split()[0] for asked in model.asked] == ["before", "after"]


def test_max_answer_tokens(change, model):
    server, reloaded = change("assistant: {max_answer_tokens: 100}\n")
    converse(server)
    reloaded("assistant: {max_answer_tokens: 50}\n", "assistant.max_answer_tokens")
    converse(server)
    assert [asked["max_tokens"] for asked in model.asked] == [100, 50]


def test_max_answer(change, model):
    model.answer = "word " * 1000
    server, reloaded = change("assistant: {max_answer: 64KiB}\n")
    assert len(converse(server)) >= 4999
    reloaded("assistant: {max_answer: 1KiB}\n", "assistant.max_answer")
    assert len(converse(server)) < 2000


def test_history_messages(change, model):
    server, reloaded = change("assistant: {history_messages: 100}\n")
    for number in range(6):
        converse(server, f"question {number}")
    assert len(model.asked[-1]["messages"]) == 1 + 10 + 1
    reloaded("assistant: {history_messages: 2}\n", "assistant.history_messages")
    converse(server, "the last")
    assert len(model.asked[-1]["messages"]) <= 1 + 2 + 1


def test_retry_min_and_max(change, model):
    model.status = 503
    server, reloaded = change("assistant: {retry_min: 1h, retry_max: 2h}\n")
    assert post_event(server, SECRET, "e1", "first", conversation="a")[0] == 202
    wait_until(lambda: len(model.asked) >= 1, "the model was asked")
    asked = len(model.asked)
    reloaded("assistant: {retry_min: 10ms, retry_max: 20ms}\n", "assistant.retry_min")
    assert "assistant.retry_max" in server.log()
    assert post_event(server, SECRET, "e2", "second", conversation="b")[0] == 202
    wait_until(lambda: len(model.asked) >= asked + 4, "it was asked again and again")


def test_retry_for(change, model):
    model.status = 503
    server, reloaded = change("assistant: {retry_min: 10ms, retry_max: 10ms, retry_for: 1d}\n")
    assert post_event(server, SECRET, "e1", "first")[0] == 202
    wait_until(lambda: len(model.asked) >= 3, "it is tried again")
    assert server.health()["inbox"] == {"open": 1, "dead": 0}
    reloaded("assistant: {retry_min: 10ms, retry_max: 10ms, retry_for: 0s}\n", "assistant.retry_for")
    wait_until(lambda: server.health()["inbox"] == {"open": 0, "dead": 1}, "it is given up")


def test_log(change):
    server, reloaded = change("log: {level: info, format: json, message_text: false}\n")
    post_event(server, SECRET, "e1", "the first text")
    assert "the first text" not in server.log()
    reloaded("log: {level: debug, format: text, message_text: true}\n", "log.level")
    post_event(server, SECRET, "e2", "the second text")
    wait_until(lambda: "the second text" in server.log(), "the text is logged")
    assert not next(line for line in server.log().splitlines() if "the second text" in line).startswith("{")


OTHER = "fedcba9876543210fedcba9876543210"


def channels(*lines):
    return "channels:\n" + "".join(f"  - {line}\n" for line in lines)


def test_channels_come_change_and_go(make_server, model):
    """Each is built anew beside the others where its settings changed; the others are not touched."""
    models = f"models: [{remote_model(model.url)}]\n"
    hook, other = f'{{name: hook, secret: "{SECRET}", sync_deadline: 20s}}', f'{{name: other, secret: "{OTHER}", sync_deadline: 20s}}'
    server = make_server(models + channels(hook)).start()
    answered = lambda secret, event_id, name: post_event(server, secret, event_id, "hello", path=f"/api/webhook/{name}", conversation=event_id)[0]
    assert (answered(SECRET, "e1", "hook"), answered(OTHER, "e1", "other")) == (200, 404)
    reload(server, models + channels(hook, other), "channels[1].name")
    assert "config.needs_restart" not in server.log()
    assert (answered(SECRET, "e2", "hook"), answered(OTHER, "e2", "other")) == (200, 200)
    reload(server, models + channels(hook.replace(SECRET, OTHER), other), "channels[0].secret")
    assert (answered(SECRET, "e3", "hook"), answered(OTHER, "e3", "hook")) == (401, 200), "the new secret"
    reload(server, models + channels(other), "channels[1].name")
    assert (answered(OTHER, "e4", "hook"), answered(OTHER, "e4", "other")) == (404, 200)
    assert "config.needs_restart" not in server.log()


def test_a_connection_begins_and_ends_with_its_channel(make_server, model):
    from test_platforms import MAKERS
    telegram = MAKERS["telegram"]()
    telegram.webhook = ""
    models = f'models: [{remote_model(model.url)}]\n'
    hook = f'{{name: hook, secret: "{SECRET}"}}'
    server = make_server(models + channels(hook)).start()
    threads = lambda: len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))
    reload(server, models + channels(hook, telegram.connect_config(telegram.api)), "channels[1].name")
    telegram.offer(telegram.direct("are you there?"))
    wait_until(lambda: "fine" in telegram.texts(), lambda: server.log()[-2000:])
    connected = threads()
    reload(server, models + channels(hook), "channels[1].name")
    assert "connections" not in server.health()
    wait_until(lambda: threads() < connected, "the connection's thread ended")
    telegram.offer(telegram.direct("is anybody there?"))
    reload(server, models + channels(hook, telegram.connect_config(telegram.api)), "channels[1].name")
    wait_until(lambda: telegram.texts().count("fine") == 2, "what came meanwhile is answered by the new one")


def test_reloads_do_not_add_what_waits_again(make_server, model):
    """X17: 30 reloads made 12,000 of 400 waiting messages, and new ones were refused."""
    model.status = 503
    server = make_server(configuration(model, "assistant: {retry_min: 1h, retry_max: 1h}\ndatabase: {max_pending: 100}\n")).start()
    for number in range(30):
        assert post_event(server, SECRET, f"e{number}", "hello", conversation=f"room-{number}")[0] == 202
    wait_until(lambda: server.health()["turns"] == {"waiting": 30, "running": 0}, lambda: server.health()["turns"])
    for number in range(10):
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: server.log().count("inbox.resumed") > number, "a reload")
    assert server.health()["turns"] == {"waiting": 30, "running": 0}
    assert post_event(server, SECRET, "one more", "hello", conversation="another")[0] == 202


def test_what_is_wrong_with_a_new_configuration_is_in_the_log(change):
    server, _ = change("log: {format: json}\n")
    server.configure("log: {format: json}\nassistant: {retry_min: soon}\n")
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "config.reload_failed" in server.log(), "it is refused")
    entries = [json.loads(line) for line in server.log().splitlines()]
    (finding,) = [entry for entry in entries if entry["event.action"] == "config.finding"]
    assert finding["log.level"] == "error" and finding["ai_bot.key"] == "assistant.retry_min"
    assert finding["log.origin.file.name"] == str(server.config) and finding["log.origin.file.line"] > 1
    assert "duration" in finding["message"] or "time" in finding["message"], finding


def local_models(folder, **files):
    """A configuration with these local models, in this order."""
    return "models:\n" + "".join(f"  - {{name: {name}, type: local, path: {folder / file}}}\n" for name, file in files.items())


def test_a_models_file_goes_to_the_model_of_that_name(make_server, folder):
    for name in ("A.gguf", "B.gguf", "C.gguf"):
        shutil.copy(GUIDE, folder / name)
    server = make_server(local_models(folder, a="A.gguf")).start()
    reload_models = lambda **files: (server.configure(local_models(folder, **files)), server.process.send_signal(signal.SIGHUP))
    reload_models(b="B.gguf", a="A.gguf")
    wait_until(lambda: "config.needs_restart" in server.log(), "a further model needs a restart")
    reload_models(b="B.gguf", a="C.gguf")
    running = lambda: [(model["name"], model["detail"]) for model in server.health()["models"]]
    wait_until(lambda: running() == [("a", str(folder / "C.gguf"))], "it has its new file")
    swaps = [json.loads(line)["file.path"] for line in server.log().splitlines() if "engine.swap_begun" in line]
    assert swaps == [str(folder / "C.gguf")]
