"""What becomes of messages when the database fails: full, locked, damaged, deleted under the running server."""
import collections
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import sys
import threading
import time

import pytest

from api import post_event
from conftest import SANITIZED, PLATFORMS, SECRET, free_port, remote_model, wait_until
from test_faults import on_small_disk, seen_by

sys.path.insert(0, str(PLATFORMS))
CHANNELS = f"channels:\n  - {{name: hook, secret: {SECRET}}}\n"


class Counting:
    """A model endpoint and a callback address that count; `hold` keeps requests until it is cleared."""

    def __init__(self):
        self.questions, self.answers = [], []
        self.hold = {"model": threading.Event(), "callback": threading.Event()}
        for event in self.hold.values():
            event.set()
        counting = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                is_model = self.path == "/v1/chat/completions"
                if is_model:
                    counting.questions.append(body["messages"][-1]["content"])
                else:
                    counting.answers.append(body["event_id"])
                counting.hold["model" if is_model else "callback"].wait(60)
                chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "echo-1",
                         "choices": [{"index": 0, "delta": {"content": "an answer"}, "finish_reason": "stop"}]}
                out = b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n" if is_model else b""
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def config(self, more=""):
        return (f"models:\n  - {remote_model(self.url + '/v1')}\n"
                f"channels:\n  - {{name: hook, secret: {SECRET}, mode: callback, callback_url: '{self.url}/answers'}}\n{more}")


@pytest.fixture
def counting():
    made = Counting()
    yield made
    for event in made.hold.values():
        event.set()
    made.server.shutdown()
    made.server.server_close()


def fill(server):
    filler = seen_by(server) / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    return filler


def most(list_of_strings):
    """How often the one that is there most often is there."""
    return max(collections.Counter(list_of_strings).values(), default=0)


def is_full(server):
    return any("the disk is full" in reason for reason in server.health()["reasons"])


@pytest.mark.parametrize("what", ["model", "callback"])
def test_on_a_full_disk_nothing_is_asked_or_sent_twice(make_server, counting, mounting, what):
    server = make_server(counting.config("database: {min_free_disk: 0B}\n"))
    server.start(command=on_small_disk(mounting, server, "8m"))
    counting.hold[what].clear()
    events = [f"e{i}" for i in range(4)]
    for event in events:
        assert post_event(server, SECRET, event, f"hello {event}", conversation=event)[0] == 200
    seen = counting.questions if what == "model" else counting.answers
    wait_until(lambda: len(seen) == len(events), "all are under way")
    filler = fill(server)
    # What is left in the write-ahead log is used up, too.
    number = 0
    while not is_full(server):
        number += 1
        post_event(server, SECRET, f"full-{number}", f"{number} " + "x" * 8000, conversation="full")
        assert number < 500
    counting.hold[what].set()
    time.sleep(5)  # the fault was a repetition each second
    assert most(counting.questions) == 1 and most(counting.answers) <= 1
    filler.unlink()
    wait_until(lambda: set(events) <= set(counting.answers), "all are answered")
    wait_until(lambda: server.health()["outbox"]["open"] == 0 and server.health()["inbox"]["open"] == 0, "all is done")
    assert most(counting.questions) == 1 and most(counting.answers) == 1


@pytest.mark.parametrize("mode", ["sync", "callback", "slack"])
def test_a_stop_while_another_program_holds_the_database(make_server, counting, mode):
    port = free_port()
    if mode == "slack":
        import slack
        channel = slack.Slack.config(f"http://127.0.0.1:{port}/api")
    else:
        channel = f"{{name: hook, secret: {SECRET}, mode: {mode}, callback_url: '{counting.url}/answers'}}"
    server = make_server(f"models:\n  - {remote_model(counting.url + '/v1')}\nassistant: {{max_message: 1KiB}}\nserver: {{port: $PORT, shutdown_grace: 1s}}\n"
                         f"channels:\n  - {channel}\n").start()
    other = sqlite3.connect(server.data / "ai_bot.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    def post(number):
        try:
            if mode != "slack":
                return post_event(server, SECRET, f"e{number}", "hello", conversation=f"room{number}")
            body = json.dumps({"type": "event_callback", "event_id": f"Ev{number}", "team_id": "T", "api_app_id": "A",
                               "event": {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": "x" * 3000, "ts": f"1.{number}"}}).encode()
            timestamp = str(int(time.time()))
            signature = "v0=" + hmac.new(slack.SECRET.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
            return server.request("POST", "/api/webhook/slack", body, {"Content-Type": "application/json", "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature})
        except OSError:
            return None
    threads = [threading.Thread(target=post, args=(i,), daemon=True) for i in range(12)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)  # they are queued; SQLite waits 5 s for the lock
    begun = time.monotonic()
    assert server.stop() == 0, server.log()
    assert time.monotonic() - begun < 15
    other.close()


def test_a_locked_database_refuses_all_that_wait_at_once_and_passes(make_server, counting):
    server = make_server(counting.config()).start()
    other = sqlite3.connect(server.data / "ai_bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    results = []
    threads = [threading.Thread(target=lambda i=i: results.append(post_event(server, SECRET, f"e{i}", "hi", conversation=f"c{i}")[0])) for i in range(12)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [503] * 12
    assert time.monotonic() - begun < 12
    assert server.status("/api/health") == 503
    other.execute("ROLLBACK")
    other.close()
    wait_until(lambda: server.status("/api/health") == 200, "healthy without anybody writing", patience=10)


def test_what_waits_for_the_writer_is_bounded(make_server, counting):
    server = make_server(counting.config("database: {max_pending: 3}\n")).start()
    other = sqlite3.connect(server.data / "ai_bot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waits = 'ai_bot_store_writes_waiting {}'
    threads = []
    for number in range(3):
        threads.append(threading.Thread(target=post_event, args=(server, SECRET, f"e{number}", "hi"), kwargs={"conversation": f"c{number}"}))
        threads[-1].start()
        wait_until(lambda: waits.format(number + 1).encode() in server.request("GET", "/metrics")[2], "it waits")
    status, body = post_event(server, SECRET, "one too many", "hi")
    assert status == 503 and "database.max_pending" in body["error"]["message"]
    other.execute("ROLLBACK")
    other.close()
    for thread in threads:
        thread.join()
    # Their answers are written down too, and so are the deliveries.
    wait_until(lambda: [server.health()[box]["open"] for box in ("inbox", "outbox")] == [0, 0], "all is done")
    assert post_event(server, SECRET, "now", "hi")[0] == 200


@pytest.mark.skipif(SANITIZED, reason="the leak check needs a thread of its own")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become a user whose threads are limited")
def test_too_few_threads_are_told_at_the_start(make_server, counting, folder):
    user = 64999
    server = make_server(counting.config()).let_others_in()
    os.chown(folder, user, user)
    outcomes = set()
    for limit in range(1, 40):
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "prlimit", f"--nproc={limit}"]
        server.start(ready=False, command=command)
        wait_until(lambda: server.process.poll() is not None or server.status("/api/health/live") == 200, "it serves, or ends")
        if server.process.poll() is None:
            outcomes.add("serves")
            assert post_event(server, SECRET, f"e{limit}", "hello")[0] == 200
            wait_until(lambda: f"e{limit}" in counting.answers, "answered")
            assert server.stop() == 0
            if limit > 12:
                break
            continue
        assert server.process.returncode == 1, server.log()
        assert server.log().splitlines()[-1].startswith("error: can't start a thread: "), server.log()
        outcomes.add("is told")
    assert outcomes == {"serves", "is told"}


DAMAGES = ["UPDATE inbox SET attachments='x'", "UPDATE inbox SET attachments='[[1]]'", "UPDATE inbox SET attachments=x'ff00'",
           "UPDATE inbox SET address='no json'", "UPDATE inbox SET text=cast(x'fffe' AS TEXT)", "UPDATE inbox SET received_ms='yesterday'",
           "UPDATE inbox SET next_ms=9223372036854775807", "UPDATE inbox SET channel=x'00'", "UPDATE inbox SET attempts='many'"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_row_ends_in_the_dead_letters_and_harms_nothing_else(make_server, counting, damage):
    server = make_server(counting.config("assistant: {retry_min: 50ms, retry_max: 100ms}\nserver: {port: $PORT, shutdown_grace: 0ms}\n")).start()
    counting.hold["model"].clear()
    post_event(server, SECRET, "e1", "hello")
    wait_until(lambda: counting.questions, "the turn is under way")
    server.stop(signal.SIGKILL)
    counting.hold["model"].set()
    with sqlite3.connect(server.data / "ai_bot.db") as database:
        database.execute(damage)
    database.close()
    doctor = server.cli("doctor")
    is_seen = "the row is damaged" in doctor.stdout
    assert is_seen == any(column in damage for column in ("attachments", "address", "text", "received_ms")), doctor.stdout
    assert doctor.returncode == (1 if is_seen else 0)
    server.start()
    assert post_event(server, SECRET, "e2", "and this?")[0] == 200
    wait_until(lambda: "e2" in counting.answers, "the conversation goes on")
    wait_until(lambda: server.alive() and server.health()["inbox"]["open"] == 0, "answered or buried")
    assert server.health()["inbox"]["dead"] == (1 if is_seen else 0)


def test_kills_during_the_same_message_do_not_bury_it(make_server, counting):
    server = make_server(counting.config()).start()
    counting.hold["model"].clear()
    post_event(server, SECRET, "e1", "hello")
    for life in range(1, 6):
        if life <= 3:
            wait_until(lambda: len(counting.questions) == life, "it is tried")
        server.stop(signal.SIGKILL)
        server.start(ready=False)
        wait_until(lambda: server.alive() and server.status("/api/health/live") == 200, "live")
    assert "ai_bot died several times in a row while it worked on this" in server.log()
    counting.hold["model"].set()
    post_event(server, SECRET, "e2", "hello", conversation="another")
    wait_until(lambda: "e2" in counting.answers, "others are answered at once", patience=5)
    wait_until(lambda: "e1" in counting.answers, "answered late")
    assert server.health()["inbox"] == {"open": 0, "dead": 0}


LOSSES = {
    "database": lambda data: (data / "ai_bot.db").unlink(),
    "wal": lambda data: (data / "ai_bot.db-wal").unlink(),
    "folder": shutil.rmtree,
    "moved": lambda data: data.rename(str(data) + "-moved"),
    "replaced": lambda data: (shutil.copy(data / "ai_bot.db", data / "copy"), (data / "copy").rename(data / "ai_bot.db")),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_database_that_goes_away_is_noticed(make_server, counting, loss):
    server = make_server(counting.config()).start()
    counting.hold["callback"].clear()
    assert post_event(server, SECRET, "before", "hello")[0] == 200
    wait_until(lambda: counting.answers, "an answer is on its way")
    LOSSES[loss](server.data)
    # Nothing is acknowledged into a file that is gone, not even at once.
    status, body = post_event(server, SECRET, "after", "hello", conversation="another")
    assert status == 503 and "was deleted, moved or replaced" in body["error"]["message"], body
    status, health = server.json("GET", "/api/health")
    assert status == 503 and any("was deleted, moved or replaced" in reason for reason in health["reasons"])
    counting.hold["callback"].set()
    wait_until(lambda: server.log().count("database.gone") == 1, "logged")
    time.sleep(2)
    assert server.log().count("database.gone") == 1
    assert counting.answers == ["before"]
    if loss == "moved":
        pathlib.Path(str(server.data) + "-moved").rename(server.data)
        wait_until(lambda: server.status("/api/health") == 200, "back", patience=10)
        # What was refused is as if it had never come.
        assert post_event(server, SECRET, "after", "hello")[1]["status"] == "accepted"
        wait_until(lambda: counting.answers == ["before", "after"], "answered")
    assert server.stop() == 0


def test_a_lost_database_is_noticed_while_idle(make_server, counting):
    server = make_server(counting.config()).start()
    (server.data / "ai_bot.db").unlink()
    wait_until(lambda: server.status("/api/health") == 503, "noticed", patience=5)


@pytest.mark.parametrize("spoil", [lambda f: f.write_text(""), lambda f: f.write_text("abc\n"), lambda f: f.chmod(0o644)])
def test_a_secret_that_is_none_is_refused(make_server, spoil):
    server = make_server().start()
    assert server.stop() == 0
    file = server.data / "webhook.secret"
    spoil(file)
    done = server.cli("serve")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {file} ") and "another one is made at the next start" in done.stderr
    doctor = server.cli("doctor")
    assert doctor.returncode == 1 and str(file) in doctor.stdout
    file.unlink()
    server.start()
