"""How the channels stand, as an operator sees it: in the log, in health, metrics, `channel list`, `status` and `doctor`."""
import json

import pytest

from api import event, post_event, signed
from conftest import SECRET, remote_model, wait_until
from test_connections import begin, lines, state  # noqa: F401  (begin is a fixture)
from test_platforms import connect  # noqa: F401  (a fixture)

FORGED = "another secret 12"


@pytest.fixture
def hook(make_server, echo_endpoint):
    return make_server(f"models:\n  - {remote_model(echo_endpoint)}\nchannels:\n  - {{name: hook, default: true, secret: {SECRET}}}\n").start()


def webhook(server):
    (one,) = server.health()["webhooks"]
    return one


def said(server, action):
    return [line["message"] for line in map(json.loads, server.log().splitlines()) if line["event.action"] == action]


def metric(server, name):
    (line,) = [line for line in server.request("GET", "/metrics")[2].decode().splitlines() if line.startswith(name + "{")]
    return float(line.split()[-1])


def send(server, secret=SECRET, **options):
    body = event("e1", "hi")
    return server.request("POST", "/api/webhook/hook", body, signed(secret, body, **options))


def test_a_refused_webhook_is_said_once_and_shown_until_it_works(hook):
    assert webhook(hook)["state"] == "idle"
    answers = {send(hook, FORGED)[2] for _ in range(5)}
    assert webhook(hook)["state"] == "refused" and "signature" in webhook(hook)["problem"]
    assert len(said(hook, "event.refused")) == 1
    assert metric(hook, "ai_bot_channel_refused") == 1
    assert "hook: the signature" in hook.cli("status").stdout
    assert "hook: the signature" in hook.cli("doctor").stdout
    (listed,) = json.loads(hook.cli("channel", "list", "--json").stdout)
    assert listed["state"].startswith("refused: the signature") and listed["for_s"] >= 0
    assert "refused for" in hook.cli("channel", "list").stdout
    assert post_event(hook, SECRET, "e2", "hello")[0] == 200
    assert webhook(hook)["state"] == "receiving" and "problem" not in webhook(hook)
    assert said(hook, "channel.webhook_works") == []  # it was refused before: not its first request
    assert metric(hook, "ai_bot_channel_refused") == 0
    send(hook, FORGED)  # strangers and the platform alternate: nothing new
    assert len(said(hook, "event.refused")) == 1
    assert hook.health()["status"] == "ok"
    old = send(hook, timestamp=1000)
    assert old[0] == 401 and answers == {old[2]}, "whoever is refused must not hear why"


def test_a_clock_that_is_wrong_is_named_and_only_to_the_operator(hook):
    for timestamp in (1000, 2000, 3000):
        status, _, answer = send(hook, timestamp=timestamp)
        assert status == 401 and b"clock" not in answer
    (why,) = said(hook, "event.refused")
    assert "the signature is right, but its time is more than" in why and "behind this machine's clock" in why
    assert webhook(hook)["problem"] == why
    assert SECRET not in hook.log()


def test_the_first_authentic_request_is_said(hook):
    assert post_event(hook, SECRET, "e1", "hello")[0] == 200
    assert len(said(hook, "channel.webhook_works")) == 1
    assert post_event(hook, SECRET, "e2", "hello")[0] == 200
    assert len(said(hook, "channel.webhook_works")) == 1


def test_a_connection_that_works_says_as_whom_and_since_when(begin):  # noqa: F811
    connected = begin("telegram")
    wait_until(lambda: state(connected)["state"] == "connected", lambda: state(connected))
    bot = state(connected)["as"]
    assert bot.startswith("@") and state(connected)["for_s"] >= 0
    wait_until(lambda: [line["message"] for line in lines(connected, "channel.connected")] == [f"connected as {bot}"], lambda: connected.server.log()[-2000:])
    assert f"connected as {bot} for" in connected.server.cli("channel", "list").stdout
    assert metric(connected.server, "ai_bot_channel_state_seconds") >= 0


def test_channel_test_names_a_clock_that_is_wrong(begin, monkeypatch):  # noqa: F811
    connected = begin("slack")
    monkeypatch.setattr("http.server.BaseHTTPRequestHandler.date_time_string", lambda self, timestamp=None: "Thu, 01 Jan 2026 00:00:00 GMT")
    answer = connected.server.cli("channel", "test", "--json")
    assert answer.returncode == 1 and "clock is" in answer.stdout and "ahead of the platform's" in answer.stdout
